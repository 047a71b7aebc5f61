"""An ATM90E26 on the BENCH board: its bus, and its nominal constants."""

import time

import machine

import pins
from joulegate.drivers.atm90e26 import Atm90e26
from joulegate.drivers.atm90e26_calibration import Calibration


def driver(constants: Calibration, strap: int) -> Atm90e26:
    """Return the driver on the board's bus. strap: how MMD1:MMD0 are wired."""
    spi = machine.SPI(
        pins.METER_SPI, baudrate=125000, polarity=1, phase=1, sck=machine.Pin(pins.METER_SCK),
        mosi=machine.Pin(pins.METER_MOSI), miso=machine.Pin(pins.METER_MISO))
    cs = machine.Pin(pins.METER_CS, machine.Pin.OUT, value=1)
    return Atm90e26(spi, cs, constants, time.sleep_ms, strap)


def calibration(**found: int) -> Calibration:
    """Return the constants, the nominal ones with `found` in their place.

    Nominal are 3200 imp/kWh, 200 microohm shunt, 5 A, 220 V.

    The divider gives 1.25 mV a volt, which makes PL_Constant a whole number, 0x180000: the
    meter constant is exact. Elsewhere the register holds the floor, to a multiple of 4, and the
    meter counts up to four parts in PL_Constant too much.
    """
    values = dict(
        meter_constant=3200, voltage_V=220, current_A=5, voltage_uV=275000, current_uV=1000,
        gain=24, u_gain=24000, i_gain_L=31251)
    values.update(found)
    return Calibration(**values)
