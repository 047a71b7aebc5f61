"""The relay of a board with an RP2040 or RP2350: each coil has a state machine of PIO 0.

The Wi-Fi chip of the W boards takes one of PIO 1.
"""

import machine
import rp2
from meter_parts import load_side

import pins
from joulegate.drivers.pulse_pio import FREQUENCY_HZ, PROGRAM, PioPulse


def relay() -> tuple:
    """Return the closing coil, the opening coil and the load-side detector."""
    return _coil(0, pins.RELAY_CLOSE), _coil(1, pins.RELAY_OPEN), load_side()


def _coil(number: int, pin: int) -> PioPulse:
    # As a plain pin first: a state machine that a soft reset stopped may have left it high.
    line = machine.Pin(pin, machine.Pin.OUT, value=0)
    state_machine = rp2.StateMachine(number, PROGRAM, freq=FREQUENCY_HZ, set_base=line)
    state_machine.active(1)
    return PioPulse(state_machine)
