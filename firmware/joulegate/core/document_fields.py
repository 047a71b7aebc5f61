"""Fields of a decoded JSON document: checked one by one, refused by name.

Each function takes the field's name for the error, such as "energy.*/*[1].price", and the
value, and returns what it is worth or raises TariffError with both and the rule.
"""

from micropython import const

from joulegate.core.amounts import parse_decimal
from joulegate.core.civil import parse_time

PRICE_PLACES = const(8)


class TariffError(ValueError):
    """A document that is refused: `field`, `value` and `rule` say what and why."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        super().__init__("tariff: %s: %r: %s" % (field, value, rule))
        self.field = field
        self.value = value
        self.rule = rule


def check_object(field: str, value: object, required: tuple, optional: tuple = ()) -> dict:
    """Return an object that has every required key, and none that is not named here."""
    if not isinstance(value, dict):
        raise TariffError(field, value, "must be an object")
    for key in required:
        if key not in value:
            raise TariffError(at_key(field, key), None, "is required")
    for key in value:
        if key not in required and key not in optional:
            raise TariffError(at_key(field, key), value[key], "is no field of this object")
    return value


def at_key(field: str, key: object) -> str:
    """Return the name of what an object or a list holds at a key."""
    if isinstance(key, int):
        return "%s[%d]" % (field, key)
    return "%s.%s" % (field, key) if field else str(key)


def check_list(field: str, value: object, low: int, high: int) -> list:
    """Return a list of `low` to `high` items."""
    if not isinstance(value, list) or not low <= len(value) <= high:
        raise TariffError(field, value, "must be a list of %d to %d" % (low, high))
    return value


def check_text(field: str, value: object, limit: int = 64) -> str:
    """Return a text of 1 to `limit` characters."""
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise TariffError(field, value, "must be a text of 1 to %d characters" % limit)
    return value


def check_id(field: str, value: object) -> str:
    """Return an id that can stand in a price cell's name."""
    if not isinstance(value, str) or not 0 < len(value) <= 16 or value == "*":
        raise TariffError(field, value, "must be an id of 1 to 16 characters")
    for c in value:
        if c in "/#" or not " " < c < "\x7f":
            raise TariffError(field, value, "must be printable ASCII without '/' and '#'")
    return value


def check_choice(field: str, value: object, choices: tuple) -> int:
    """Return the index of a text among the choices."""
    if not isinstance(value, str) or value not in choices:
        raise TariffError(field, value, "must be one of " + ", ".join(choices))
    return choices.index(value)


def read_decimal(field: str, value: object, places: int = PRICE_PLACES) -> tuple:
    """Return (integer, places used) of a decimal text with at most so many places."""
    try:
        return parse_decimal(value, places)
    except ValueError as e:
        raise TariffError(field, value, str(e)) from None


def read_minute(field: str, value: object) -> int:
    """Return the minute of the day of "hh:mm", "24:00" allowed."""
    if isinstance(value, str) and len(value) == 5 and value[2] == ":":
        digits = value[:2] + value[3:]
        if all("0" <= c <= "9" for c in digits):
            minute = int(value[:2]) * 60 + int(value[3:])
            if int(value[3:]) < 60 and minute <= 1440:
                return minute
    raise TariffError(field, value, "must be a time from 00:00 to 24:00")


def check_date(field: str, value: object) -> str:
    """Return a text YYYY-MM-DD that is a day of the calendar."""
    if len(check_text(field, value, 10)) != 10:
        raise TariffError(field, value, "must be a date YYYY-MM-DD")
    try:
        parse_time(value)
    except ValueError as e:
        raise TariffError(field, value, str(e)) from None
    return value
