"""An ATM90E32AS on the BENCH board: its bus, and its nominal constants."""

import time

import machine

import pins
from joulegate.drivers.atm90e32 import Atm90e32
from joulegate.drivers.atm90e32_calibration import Calibration


def driver(constants: Calibration, strap: int) -> Atm90e32:
    """Return the driver on the board's bus. strap: of no meaning here."""
    spi = machine.SPI(
        pins.METER_SPI, baudrate=1000000, polarity=1, phase=1, sck=machine.Pin(pins.METER_SCK),
        mosi=machine.Pin(pins.METER_MOSI), miso=machine.Pin(pins.METER_MISO))
    cs = machine.Pin(pins.METER_CS, machine.Pin.OUT, value=1)
    return Atm90e32(spi, cs, constants, time.sleep_ms)


def calibration(**found: int) -> Calibration:
    """Return the constants, the nominal ones with `found` in their place.

    Nominal are 320 imp/kWh, which make 32000 counts a kWh, 1 mV a volt, 5 mV an ampere, 5 A,
    220 V. The gains are those of a full scale of 720 mV.
    """
    values = dict(
        meter_constant=320, voltage_V=220, current_A=5, u_gain_A=25456, u_gain_B=25456,
        u_gain_C=25456, i_gain_A=50912, i_gain_B=50912, i_gain_C=50912)
    values.update(found)
    return Calibration(**values)
