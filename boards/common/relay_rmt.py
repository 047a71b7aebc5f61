"""The relay of a board with an ESP32: each coil has a channel of the RMT."""

import esp32
import machine
from meter_parts import load_side

import pins
from joulegate.drivers.pulse_rmt import CLOCK_DIV, RmtPulse


def relay() -> tuple:
    """Return the closing coil, the opening coil and the load-side detector."""
    return _coil(0, pins.RELAY_CLOSE), _coil(1, pins.RELAY_OPEN), load_side()


def _coil(channel: int, pin: int) -> RmtPulse:
    line = machine.Pin(pin, machine.Pin.OUT, value=0)
    return RmtPulse(esp32.RMT(channel, pin=line, clock_div=CLOCK_DIV, idle_level=0), line)
