"""Values that a person types: times, identities, amounts, settings."""

import re
from datetime import UTC, datetime
from typing import Any

from tools.meterctl import firmware
from tools.meterctl.errors import BadInput

_FORM = "%Y-%m-%dT%H:%M:%S"
_WHOLE = re.compile(r"-?[0-9]{1,18}")
Value = int | str | list[int] | list[str]
"""Of a setting."""
AMOUNT_PLACES = 5
TID_MAX = (1 << 24) - 1
"""A token identifier has 24 bits (IEC 62055-41)."""


def now() -> str:
    """Return the computer's time as the meter writes times, in UTC."""
    return datetime.now(UTC).strftime(_FORM)


def read_time(text: str) -> str:
    """Return a typed time in UTC: "now", or ISO 8601, in UTC unless it says an offset."""
    if text == "now":
        return now()
    try:
        when = datetime.fromisoformat(text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        return when.astimezone(UTC).strftime(_FORM)
    except (ValueError, OverflowError):
        raise BadInput(
            f"time {text!r}: must be `now` or YYYY-MM-DDTHH:MM:SS, in UTC or with an offset "
            "such as +08:00") from None


def seconds_between(earlier: str, later: str) -> int:
    """Return the seconds from one UTC time of the meter's form to another."""
    try:
        gap = datetime.strptime(later, _FORM) - datetime.strptime(earlier, _FORM)
    except ValueError as e:
        raise BadInput(f"time: {e}") from e
    return round(gap.total_seconds())


def read_meter_id(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z]{1,13}", text):
        raise BadInput(f"meter id {text!r}: must be 1 to 13 digits or letters")
    return text


def read_amount(text: str) -> str:
    try:
        firmware.module("core.amounts").parse_decimal(text, AMOUNT_PLACES)
    except ValueError as e:
        raise BadInput(f"amount {text!r}: {e}") from e
    return text


def read_settings(
    pairs: list[str], settings: dict[str, dict[str, Any]]
) -> dict[str, Value]:
    """Return NAME=VALUE pairs as values of the kinds that the meter's settings have."""
    values: dict[str, Value] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name:
            raise BadInput(f"setting {pair!r}: must be NAME=VALUE")
        if name not in settings:
            raise BadInput(f"setting {name}: must be one of {', '.join(settings)}")
        if name in values:
            raise BadInput(f"setting {name}: is given twice")
        values[name] = _value(name, text, settings[name])
    return values


def _value(name: str, text: str, setting: dict[str, Any]) -> Value:
    if isinstance(setting["default"], str):
        return text
    unit = setting["unit"]
    if isinstance(setting["default"], list):
        items = [item.strip() for item in text.split(",")] if text.strip() else []
        if setting.get("texts"):
            return items
        if not all(_WHOLE.fullmatch(item) for item in items):
            raise BadInput(f"setting {name}: {text!r}: must be whole numbers with commas ({unit})")
        return [int(item) for item in items]
    low, high = setting["low"], setting["high"]
    if not _WHOLE.fullmatch(text) or (low is not None and int(text) < low) or (
            high is not None and int(text) > high):
        raise BadInput(f"setting {name}: {text!r}: must be {low} to {high} {unit}")
    return int(text)
