"""A BL0942 on the BENCH board: its bus, and its nominal constants."""

import time
from array import array

import machine

import pins
from joulegate.drivers.bl0942 import Bl0942
from joulegate.drivers.bl0942_calibration import Calibration

kept = array("I", (0, 0))
"""Memory of the controller that a reset leaves as it is and a power loss clears."""
OVER_CURRENT_MA = 0
"""Above it the chip's pin CF2 is high; 0 while that is not wired."""


def driver(constants: Calibration, strap: int) -> Bl0942:
    """Return the driver on the board's bus. strap: of another chip."""
    spi = machine.SPI(
        pins.METER_SPI, baudrate=500000, polarity=0, phase=1, sck=machine.Pin(pins.METER_SCK),
        mosi=machine.Pin(pins.METER_MOSI), miso=machine.Pin(pins.METER_MISO))
    cs = machine.Pin(pins.METER_CS, machine.Pin.OUT, value=1)
    return Bl0942(spi, cs, constants, time.sleep_ms, kept, OVER_CURRENT_MA)


def calibration(**found: int) -> Calibration:
    """Return the constants, the nominal ones with `found` in their place.

    Nominal are 3200 imp/kWh, a shunt of 500 microohm, which carries 60 A, a divider of five times
    390 kilohm and 510 ohm, 5 A, 220 V.
    """
    values = dict(
        meter_constant=3200, voltage_V=220, current_A=5, voltage_uV=57523, current_uV=2500)
    values.update(found)
    return Calibration(**values)
