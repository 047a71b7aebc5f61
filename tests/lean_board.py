"""A board of the fewest possible objects, to measure the firmware alone: heap and allocation.

Its metering IC answers frames from a table and lets a steady load flow; nothing is modelled.
The bench's register model is for behaviour, this is for bytes.
"""

from array import array

from joulegate.drivers.atm90e26 import Atm90e26
from joulegate.drivers.atm90e26_calibration import Calibration

NAME = "LEAN"
FOLDER = "/lean"
CAPABILITIES: dict = {}

_LAST_DATA = 0x06
_CLEARED_BY_READ = (0x01, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45)


class Chip:
    """SPI and chip select in one: 24-clock frames, checksums accepted as written."""

    def __init__(self) -> None:
        self.registers = array("H", [0] * 128)
        self.registers[0x46] = 0x0801  # L line strap
        self.registers[0x49] = 22000
        self.registers[0x48] = 1000
        self.registers[0x4C] = 5000

    def __call__(self, level: int) -> None:
        """Chip select; a frame here is whole by construction."""

    def write_readinto(self, tx: bytearray, rx: bytearray) -> None:
        address = tx[0] & 0x7F
        if tx[0] & 0x80:
            value = self.registers[address]
            rx[0] = 0xFF  # MISO has a pull-up
            rx[1] = value >> 8
            rx[2] = value & 0xFF
            if address in _CLEARED_BY_READ:
                self.registers[address] = 0
        else:
            value = tx[1] << 8 | tx[2]
            self.registers[address] = value
        self.registers[_LAST_DATA] = value


class Coil:
    def __init__(self, load: "LoadSide", closes: bool) -> None:
        self._load = load
        self._closes = closes

    def pulse(self, ms: int) -> None:
        self._load.closed = self._closes

    def busy(self) -> bool:
        return False

    def off(self) -> None:
        """Never called: a pulse is over as soon as it is begun."""


class LoadSide:
    def __init__(self) -> None:
        self.closed = False

    def __call__(self) -> bool:
        return self.closed


class Rtc:
    def datetime(self, new: "tuple | None" = None) -> "tuple | None":
        return (2026, 11, 21, 5, 12, 0, 0, 0) if new is None else None


chip = Chip()
_load = LoadSide()


def metering_ic(constants: Calibration) -> Atm90e26:
    return Atm90e26(chip, chip, constants, lambda ms: None)


def calibration(**found: int) -> Calibration:
    values = dict(
        meter_constant=3200, voltage_V=220, current_A=5, voltage_uV=250000, current_uV=1000,
        gain=24, u_gain=26400, i_gain_L=31251)
    values.update(found)
    return Calibration(**values)


def rtc() -> Rtc:
    return Rtc()


def relay() -> tuple:
    return Coil(_load, True), Coil(_load, False), _load


def mains_good() -> bool:
    return True


def on_power_fail(handler: object) -> None:
    """Mains never fails here."""


def on_overcurrent(handler: object) -> None:
    """No comparator is fitted."""


def sensors() -> dict:
    return {}


def outputs() -> list:
    return []


def cover() -> object:
    return mains_good


def pulse_inputs() -> list:
    return []


def button() -> None:
    return None


def fram() -> None:
    return None


def rs485(baudrate: int, parity: "int | None", stop: int) -> None:
    """No RS485."""


def display() -> None:
    """No display."""


def keypad() -> None:
    """No keypad."""


def lamps() -> dict:
    return {}


def buzzer() -> None:
    """No buzzer."""


def calibration_switch() -> None:
    """No switch."""


SOCKETS = False


def wlan() -> None:
    """No Wi-Fi."""


def ppp() -> None:
    """No PPP."""


def modem(baudrate: int) -> None:
    """No modem."""


def system_clock() -> Rtc:
    return Rtc()


def key_storage() -> None:
    return None


def reset_cause() -> int:
    return 0


def unique_id() -> bytes:
    return b"LEAN"
