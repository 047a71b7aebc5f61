"""What may stand in a plan: kinds of values with their ranges, and the words of each test.

The order of TESTS is that of a run: first who the meter is, then what may harm, last what takes
a source and time.
"""

import re
from dataclasses import dataclass
from typing import Any

from tools.meterctl.errors import BadInput, clean

REQUIRED = object()
"""Stands for the default of a value that must be given."""


class Kind:
    """A kind of value; `check` returns it as it is used, or says what is wrong."""

    default: Any = REQUIRED

    def check(self, at: str, value: Any) -> Any:
        raise NotImplementedError


@dataclass(frozen=True)
class Number(Kind):
    """A number of a unit, both ends included; `whole` for no fraction."""

    low: float
    high: float
    unit: str = ""
    default: Any = REQUIRED
    whole: bool = True

    def check(self, at: str, value: Any) -> Any:
        kinds = (int,) if self.whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not (
                self.low <= value <= self.high):
            what = "a whole number of " if self.whole else ""
            raise wrong(at, value, f"{what}{self.low:g} to {self.high:g}"
                        + (f" {self.unit}" if self.unit else ""))
        return value


@dataclass(frozen=True)
class Range(Kind):
    """[low, high] of a unit, within limits of its own."""

    low: float
    high: float
    unit: str
    default: Any = REQUIRED

    def check(self, at: str, value: Any) -> Any:
        if (not isinstance(value, list) or len(value) != 2
                or any(isinstance(end, bool) or not isinstance(end, int | float)
                       for end in value)
                or not self.low <= value[0] <= value[1] <= self.high):
            raise wrong(at, value, f"[low, high] within {self.low:g} to {self.high:g} "
                        f"{self.unit}, rising")
        return tuple(value)


@dataclass(frozen=True)
class Text(Kind):
    """A text that a pattern matches as a whole."""

    rule: str
    pattern: str = r"[ -~]{1,64}"
    default: Any = REQUIRED

    def check(self, at: str, value: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value):
            raise wrong(at, value, self.rule)
        return value


@dataclass(frozen=True)
class Choice(Kind):
    """One of some texts."""

    words: tuple[str, ...]
    default: Any = REQUIRED

    def check(self, at: str, value: Any) -> Any:
        if not isinstance(value, str) or value not in self.words:
            raise wrong(at, value, "one of " + ", ".join(self.words))
        return value


@dataclass(frozen=True)
class Flag(Kind):
    """true or false."""

    default: Any = False

    def check(self, at: str, value: Any) -> Any:
        if not isinstance(value, bool):
            raise wrong(at, value, "true or false")
        return value


@dataclass(frozen=True)
class Tables(Kind):
    """A list of tables of the same words."""

    words: dict[str, Kind]
    most: int

    def check(self, at: str, value: Any) -> Any:
        if not isinstance(value, list) or not 1 <= len(value) <= self.most:
            raise wrong(at, value, f"a list of 1 to {self.most} tables")
        return [check_table(f"{at}[{i}]", item, self.words) for i, item in enumerate(value)]


@dataclass(frozen=True)
class Regular(Kind):
    """A regular expression."""

    default: Any = REQUIRED
    longest: int = 100

    def check(self, at: str, value: Any) -> Any:
        if not isinstance(value, str) or not 1 <= len(value) <= self.longest:
            raise wrong(at, value, f"a regular expression of 1 to {self.longest} characters")
        try:
            return re.compile(value)
        except re.error as e:
            raise wrong(at, value, f"a regular expression ({e})") from e


def wrong(at: str, value: Any, rule: str) -> BadInput:
    return BadInput(f"{at}: {clean(repr(value))[:60]}: must be {rule}")


def check_table(at: str, value: Any, words: dict[str, Kind]) -> dict[str, Any]:
    """Return the values of a table by name, defaults filled in; BadInput."""
    if not isinstance(value, dict):
        raise wrong(at, value, "a table")
    for name in value:
        if name not in words:
            raise BadInput(f"{at}.{clean(name)[:40]}: must be one of {', '.join(words)}")
    found = {}
    for name, kind in words.items():
        if name in value:
            found[name] = kind.check(f"{at}.{name}", value[name])
        elif kind.default is REQUIRED:
            raise BadInput(f"{at}.{name}: is missing")
        else:
            found[name] = kind.default
    return found


SECONDS = Number(1, 300, "s", 20)
"""How long somebody has for what he is asked to do."""
_VERSION = "1 to 64 printable characters"

SERIAL = {
    "pattern": Regular(),
    "check_digit": Choice(("none", "luhn"), "none"),
}
POINT = {
    "voltage_V": Number(50, 500, "V", whole=False),
    "current_A": Number(0.01, 200, "A", whole=False),
    "power_factor": Number(0.1, 1, "", 1, whole=False),
    "side": Choice(("inductive", "capacitive"), "inductive"),
}
TESTS: dict[str, dict[str, Kind]] = {
    "identity": {
        "board": Text("the name of a board, such as METER_RP2350", r"[A-Z0-9_]{1,32}"),
        "profile": Choice(("production", "development")),
        "firmware": Text(_VERSION),
        "micropython": Text(_VERSION, default=None),
        "image": Text("the path of a UF2 file", r"[^\0]{1,200}", default=None),
    },
    "self_test": {
        "ignore": Text("names of self tests with commas", r"[ -~]{0,200}",
                       default="relay,clock"),
    },
    "supply": {
        "voltage_V": Range(50, 500, "V"),
        "frequency_Hz": Range(40, 70, "Hz", (49, 51)),
        "brown_out": Flag(False),
        "seconds": SECONDS,
    },
    "flash": {
        "free_KiB": Number(0, 65536, "KiB", 64),
        "write_KiB": Number(1, 32, "KiB", 16),
    },
    "fram": {"size": Number(8192, 32768, "bytes", 8192)},
    "element": {},
    "clock": {
        "seconds": Number(2, 600, "s", 20),
        "limit_ppm": Number(5, 200000, "ppm", 1000),
        "battery_s": Number(0, 600, "s", 0),
    },
    "relay": {
        "cycles": Number(1, 8, "", 2),
        "open_mA": Number(0, 10000, "mA", 40),
        "load_side": Flag(True),
    },
    "cover": {"seconds": SECONDS},
    "terminal_cover": {"seconds": SECONDS},
    "magnet": {"seconds": SECONDS},
    "button": {"seconds": SECONDS},
    "keypad": {
        "keys": Text("different keys of 123456789*0#", r"(?!.*(.).*\1)[1-9*0#]{1,12}",
                     "123456789*0#"),
        "seconds": SECONDS,
    },
    "display": {},
    "lamps": {"names": Text("names of lamps with commas", r"[a-z_]{1,20}(,[a-z_]{1,20}){0,7}",
                            "credit,alarm")},
    "buzzer": {},
    "rs485": {
        "port": Text("a serial port or socket://HOST:NUMBER", r"[^\0]{1,200}"),
        "baud": Number(1200, 115200, "baud", 9600),
        "parity": Choice(("none", "even", "odd"), "none"),
    },
    "modem": {
        "baud": Choice(("9600", "115200"), "115200"),
        "press_ms": Number(0, 5000, "ms", 0),
        "seconds": Number(1, 60, "s", 15),
        "sim": Flag(True),
        "signal_dBm": Number(-113, -51, "dBm", None),
    },
    "wifi": {
        "network": Text("a network's name, 1 to 32 characters", r"[ -~]{1,32}", default=None),
        "signal_dBm": Number(-100, -10, "dBm", -80),
    },
    "metering": {
        "points": Tables(POINT, 12),
        "limit_V": Number(0.05, 20, "%", 1, whole=False),
        "limit_A": Number(0.05, 20, "%", 1, whole=False),
        "limit_W": Number(0.05, 20, "%", 1, whole=False),
        "settle_s": Number(1, 30, "s", 3),
    },
    "watchdog": {"seconds": Number(5, 60, "s", 20)},
}
"""The tests by name, and the words of each; a plan runs those that it names."""
