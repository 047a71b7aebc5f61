"""What is typed: times, amounts, values of settings, and hexadecimal."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tools.vend.errors import VendError

_AMOUNT = re.compile(r"-?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_AMOUNT_SIZE = 20
"""Characters; so many digits are scaled exactly."""


def unix_time(text: str) -> int:
    """Unix seconds of `now`, or of ISO 8601, which is UTC unless it says otherwise."""
    if text == "now":
        return int(datetime.now(UTC).timestamp())
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise VendError(f"time {text!r}: must be now, or like 2026-01-31T12:00:00") from None
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())


def expiry(minutes: int | None) -> int | None:
    """Unix seconds so many minutes from now."""
    return None if minutes is None else unix_time("now") + int(
        timedelta(minutes=minutes).total_seconds())


def units(typed: str, places: int) -> int:
    """Credit units, 10^-places of the currency, of an amount; VendError unless it is exact."""
    if not _AMOUNT.fullmatch(typed) or len(typed) > _AMOUNT_SIZE:
        raise VendError(f"amount {typed!r}: must be a decimal number, as 12.50")
    scaled = Decimal(typed).scaleb(places)
    whole = int(scaled)
    if whole != scaled or not 0 < whole < 1 << 30:
        raise VendError(
            f"amount {typed}: must be above 0, with at most {places} decimals and below "
            f"{Decimal(1 << 30).scaleb(-places)}")
    return whole


def watt_hours(text: str) -> int:
    """The Wh of a text like 500Wh."""
    digits = text.removesuffix("Wh")
    if not digits.isascii() or not digits.isdigit() or int(digits) >= 1 << 28:
        raise VendError(f"limit {text!r}: must be 0Wh to {(1 << 28) - 1}Wh")
    return int(digits)


def amount(units: int, places: int | None, currency: str = "") -> str:
    """Credit units for a person to read; as units where their size is not known."""
    if places is None:
        return f"{units} units"
    return f"{Decimal(units).scaleb(-places):.{places}f} {currency}".strip()


def from_hex(what: str, text: str, size: int | None = None) -> bytes:
    """The bytes of hexadecimal digits; VendError."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if not found or size not in (None, len(found)):
        raise VendError(f"{what} {text!r}: must be {size or 'some'} bytes in hexadecimal")
    return found


def setting(text: str) -> int | str | list[int | str]:
    """The value of a setting: a whole number, a list with commas, or text."""
    if "," in text or text.startswith("["):
        return [_item(part.strip()) for part in text.strip("[]").split(",") if part.strip()]
    return _item(text)


def _item(text: str) -> int | str:
    return int(text) if text.removeprefix("-").isascii() and text.removeprefix(
        "-").isdigit() else text
