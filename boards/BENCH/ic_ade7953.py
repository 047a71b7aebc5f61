"""An ADE7953 on the BENCH board: its bus, and its nominal constants."""

import time

import machine

import pins
from joulegate.drivers.ade7953 import Ade7953
from joulegate.drivers.ade7953_calibration import Calibration

OVERCURRENT_MA = 0
"""Above this instantaneous current the chip pulls IRQ low; 0 while that is not wired."""


def driver(constants: Calibration, strap: int) -> Ade7953:
    """Return the driver on the board's bus; an ADE7953 has no strap."""
    spi = machine.SPI(
        pins.METER_SPI, baudrate=1000000, polarity=1, phase=1, sck=machine.Pin(pins.METER_SCK),
        mosi=machine.Pin(pins.METER_MOSI), miso=machine.Pin(pins.METER_MISO))
    cs = machine.Pin(pins.METER_CS, machine.Pin.OUT, value=1)
    return Ade7953(spi, cs, constants, time.sleep_ms, OVERCURRENT_MA)


def calibration(**found: int) -> Calibration:
    """Return the constants, the nominal ones with `found` in their place.

    Nominal are 3200 imp/kWh, 200 microohm shunt at gain 16 (110 A at full scale), 1.25 mV a volt
    (282 V), a transformer of 4.8 mV an ampere in the neutral (73 A), 5 A, 220 V.
    """
    values = dict(
        meter_constant=3200, voltage_V=220, current_A=5, divider_uV_per_V=1250,
        shunt_uV_per_A=200, gain=16, neutral_uV_per_A=4800)
    values.update(found)
    return Calibration(**values)
