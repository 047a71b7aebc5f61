"""Parts of a meter's board that are missing, broken or touched: for tests of a whole device."""

import pins
from world import wiring
from world.fram import FramModel
from world.key_matrix import KEYS

_ends = {}
"""What was on a line before it was cut."""


class _Silent:
    """What is at the other end of a cut line."""

    def any(self) -> int:
        return 0

    def read(self, nbytes: int) -> bytes:
        return b""

    def write(self, data: bytes) -> None:
        """Nobody hears it."""


def _supply_good(bed: object, value: object) -> None:
    wiring.drive_pin(pins.POWER_GOOD, int(bool(value)))


def _button(bed: object, value: object) -> None:
    bed.button(bool(value))


def _rtc_ppm(bed: object, value: object) -> None:
    bed.rtc.tick()
    bed.rtc.ppm = int(value)


def _rtc(bed: object, value: object) -> None:
    bed.rtc.answering = bool(value)


def _rtc_battery(bed: object, value: object) -> None:
    bed.rtc.battery = bool(value)


def _fram(bed: object, value: object) -> None:
    bed.fram.powered = bool(value)


def _fram_protected(bed: object, value: object) -> None:
    bed.fram.write_protected = bool(value)


def _element(bed: object, value: object) -> None:
    bed.element.present = bool(value)


def _key(bed: object, value: object) -> None:
    """Press a key and let go of all others, or of all with None."""
    for key in KEYS:
        if key != value:
            bed.keys.release(key)
    if value is not None:
        bed.keys.press(value)


def _modem(bed: object, value: object) -> None:
    end = _ends.setdefault("modem", wiring.uart_end(pins.MODEM_UART))
    wiring.wire_uart(pins.MODEM_UART, end if value else _Silent())


_FAULTS = {
    "supply_good": _supply_good, "button": _button, "rtc_ppm": _rtc_ppm, "rtc": _rtc,
    "rtc_battery": _rtc_battery, "fram": _fram, "fram_protected": _fram_protected,
    "element": _element, "modem": _modem, "key": _key,
}


def fit(bed: object, spec: dict) -> None:
    """Before the start: fit what a live meter's spec asks for beyond what every bench has."""
    if spec.get("fram"):
        from meter.bed import FRAM_ADDRESS
        bed.fram = FramModel()
        wiring.wire_i2c(pins.I2C_BUS, FRAM_ADDRESS, bed.fram)
    if spec.get("modem"):
        wiring.wire_uart(pins.MODEM_UART, spec["modem"])


def look(bed: object) -> dict:
    """Return what a camera before the meter sees: the lamps that are lit, and whether all of the
    glass is dark or lit, None for something between."""
    ram = bytes(bed.display.ram) if bed.display is not None else b""
    return {"lamps": [name for name in sorted(bed.lamps) if bed.lamps[name]],
            "display": {b"\x00": "none", b"\x0f": "all"}.get(ram[:1])
            if ram == ram[:1] * len(ram) else None}


def disturb(bed: object, name: str, value: object) -> bool:
    """Change a part for good; return whether there is one of this name.

    supply_good: level of the power-fail input. button: whether it is pressed. rtc_ppm: how much
    its crystal is fast; at -999999 it stands still. rtc, fram, element, modem: false takes
    it away, true fits it again. rtc_battery, fram_protected: whether there is one, or it is.
    key: the one that is pressed, null for none.
    """
    change = _FAULTS.get(name)
    if change is None:
        return False
    change(bed, value)
    return True
