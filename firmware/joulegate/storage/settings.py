"""Settings: a JSON object of named values, each with a default and a range.

What is stored is believed only value by value: a bad one falls back to its default and is
reported. Nothing that gives money its meaning is a setting; that is in the ledger.
"""

import json
import os
from errno import ENOENT

from micropython import const

from joulegate.core.civil import Zone
from joulegate.core.warning_levels import check_levels, check_percents
from joulegate.storage.commit_policy import AMPLE_WH
from joulegate.storage.load_profile import CHANNELS, MINUTES, WIDTH, ProfileError, channel_mask
from joulegate.storage.setting_rules import NumberRules

_SIZE_MAX = const(4096)
_SMS_NUMBERS_MAX = const(4)
_PAGES_MAX = const(16)
_PAGE_CODE_MAX = const(999)

CHOICES = {
    "demand_minutes": (0, 15, 30, 60), "demand_subperiods": (1, 3, 5, 15),
    "bus_baud": (0, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200),
    "language": ("en", "zh"),
}
"""Values of which only some may be; the first is the default. See core/demand.py; no RS485 bus
is served at 0 baud."""

_LISTS = (
    "warnings", "warning_percents", "friendly_hours", "energies", "sms_numbers", "outputs",
    "display_pages")
"""Settings that are lists, empty by default."""


class SettingError(ValueError):
    """A setting that is refused: says the name, the value and the rule."""


def check(name: str, value: object, values: object, numbers: NumberRules) -> None:
    """Raise SettingError unless `value` may stand under `name` beside the other values.

    values: read like a dict.
    """
    rule = numbers.get(name)  # searched once: a start checks a hundred settings
    if rule is not None:
        _, low, high, unit = rule
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise SettingError("setting %s: %r: must be %d to %d %s" % (
                name, value, low, high, unit))
    elif name == "zone":
        try:
            if not isinstance(value, str):
                raise ValueError("must be a POSIX TZ text")
            Zone(value)
        except ValueError as e:
            raise SettingError("setting zone: %r: %s" % (value, e)) from None
    elif name in CHOICES or name in ("profile_minutes", "profile_channels"):
        _check_profile(name, value)
    elif name == "warnings":
        try:
            if not isinstance(value, list) or not all(isinstance(v, int) for v in value):
                raise ValueError("must be a list of credit units")
            check_levels(values["cut_off"], tuple(value))
        except ValueError as e:
            raise SettingError("setting warnings: %r: %s" % (value, e)) from None
    elif name in ("warning_percents", "friendly_hours", "outputs", "energies", "display_pages"):
        _check_list(name, value)
    elif name == "sms_numbers":
        _check_numbers(value)
    else:
        raise SettingError("setting %s: %r: there is no such setting" % (name, value))


def _check_list(name: str, value: object) -> None:
    try:
        if not isinstance(value, list):
            raise ValueError("must be a list")
        if name == "warning_percents":
            if not all(isinstance(v, int) and not isinstance(v, bool) for v in value):
                raise ValueError("must be a list of percentages")
            check_percents(tuple(value))
        elif name == "outputs":
            if value:
                # Only here and below: few meters have these, and a module takes memory.
                from joulegate.core import output_rules
                output_rules.parse(value)
        elif name == "energies":
            if value:
                from joulegate.core import energy_setting
                energy_setting.parse(value)
        elif name == "display_pages":
            if len(value) > _PAGES_MAX or not all(
                    [isinstance(code, int) and not isinstance(code, bool)
                     and 0 < code <= _PAGE_CODE_MAX for code in value]):
                raise ValueError(
                    "must be at most %d codes, 1 to %d" % (_PAGES_MAX, _PAGE_CODE_MAX))
        elif value:
            from joulegate.core.friendly_hours import parse
            parse(value)
    except ValueError as e:
        raise SettingError("setting %s: %r: %s" % (name, value, e)) from None


def _check_choice(name: str, value: object) -> None:
    choices = CHOICES[name]
    if not isinstance(value, type(choices[0])) or isinstance(value, bool) \
            or value not in choices:
        raise SettingError("setting %s: %r: must be one of %s" % (
            name, value, ", ".join([str(choice) for choice in choices])))


def _check_profile(name: str, value: object) -> None:
    try:
        if name in CHOICES:
            _check_choice(name, value)
        elif name == "profile_channels":
            if not isinstance(value, list):
                raise ProfileError("must be a list of channels")
            channel_mask(value)
        elif not isinstance(value, int) or value not in MINUTES:
            raise ProfileError("must be 15, 30 or 60 minutes")
    except ProfileError as e:
        raise SettingError("setting %s: %r: %s" % (name, value, e)) from None


def _check_numbers(value: object) -> None:
    if not isinstance(value, list) or len(value) > _SMS_NUMBERS_MAX or not all(
            [isinstance(number, str) and _is_number(number) for number in value]):
        raise SettingError(
            "setting sms_numbers: %r: must be a list of at most %d texts like +4930123456, "
            "5 to 15 digits" % (value, _SMS_NUMBERS_MAX))


def _is_number(text: str) -> bool:
    """Return whether a text is a telephone number (ITU-T E.164: 15 digits at most)."""
    digits = text[1:]
    return text[:1] == "+" and 5 <= len(digits) <= 15 and all(
        ["0" <= c <= "9" for c in digits])


def _default(name: str, numbers: NumberRules) -> object:
    """Return the default of a setting; KeyError if there is none of this name."""
    default = numbers.default(name)
    if default is not None:
        return default
    if name in CHOICES:
        return CHOICES[name][0]
    if name in _LISTS:
        return []
    if name == "zone":
        return "UTC0"
    if name == "profile_minutes":
        return MINUTES[0]
    if name == "profile_channels":
        return list(CHANNELS[:WIDTH])
    raise KeyError(name)


def defaults(numbers: NumberRules) -> dict:
    return Values(numbers, {}).whole()


class Values:
    """What stands under each name, read like a dict.

    Kept is only what differs from its default: a dict of all names is a large piece of heap.
    A name is looked up in the tables of text, so whoever asks at every tick asks once before.
    """

    def __init__(self, numbers: NumberRules, values: dict) -> None:
        """values: some or all, checked."""
        self._numbers = numbers
        self.changed: dict = {}
        """What differs from its default, by name."""
        for name in values:
            self.put(name, values[name])

    def put(self, name: str, value: object) -> None:
        """Have a checked value stand under a name."""
        if value != _default(name, self._numbers):
            self.changed[name] = value
        elif name in self.changed:
            del self.changed[name]

    def __getitem__(self, name: str) -> object:
        if name in self.changed:
            return self.changed[name]
        return _default(name, self._numbers)

    def get(self, name: str, otherwise: object = None) -> object:
        """Return what stands under a name, or something else if there is no such setting."""
        try:
            return self[name]
        except KeyError:
            return otherwise

    def __iter__(self) -> object:
        yield from self._numbers
        yield from CHOICES
        yield from _LISTS
        yield from ("zone", "profile_minutes", "profile_channels")

    def whole(self) -> dict:
        """Return all values by name, for a while."""
        return {name: self[name] for name in self}


class Settings:
    def __init__(self, path: str, commit_least_Wh: int = AMPLE_WH) -> None:
        """commit_least_Wh: see storage/commit_policy.py."""
        self.path = path
        self.numbers = NumberRules(commit_least_Wh)
        self.values = Values(self.numbers, {})
        self.wrong: list = []
        """What the last load found wrong with the file, a text an item."""

    def load(self) -> list:
        """Read the file; return what is wrong with it, as `wrong`. Missing is not wrong."""
        self.wrong = self._read()
        return self.wrong

    def _read(self) -> list:
        try:
            if os.stat(self.path)[6] > _SIZE_MAX:
                return ["settings: longer than %d bytes" % _SIZE_MAX]
            with open(self.path) as f:
                stored = json.load(f)
        except OSError as e:
            return [] if e.errno == ENOENT else ["settings: %s" % e]
        except ValueError:
            return ["settings: are no JSON"]
        if not isinstance(stored, dict):
            return ["settings: must be an object"]
        wrong = []
        # The cut-off first: warnings are checked against it.
        for name in sorted(stored, key=lambda key: (key != "cut_off", str(key))):
            try:
                check(name, stored[name], self.values, self.numbers)
                self.values.put(name, stored[name])
            except SettingError as e:
                wrong.append(str(e))
        return wrong

    def changed(self, **changes: object) -> dict:
        """Return the values with changes made; SettingError for one that may not be."""
        values = self.values.whole()
        for name in sorted(changes, key=lambda key: (key != "cut_off", key)):
            check(name, changes[name], values, self.numbers)
            values[name] = changes[name]
        check("warnings", values["warnings"], values, self.numbers)
        return values

    def set(self, **changes: object) -> None:
        """Change settings and store them; SettingError or OSError and nothing is changed."""
        values = self.changed(**changes)
        # A rename is atomic in littlefs; the length varies, so no overwriting in place.
        text = json.dumps(values)
        with open(self.path + ".new", "w") as f:
            f.write(text)
        os.rename(self.path + ".new", self.path)
        self.values = Values(self.numbers, values)
