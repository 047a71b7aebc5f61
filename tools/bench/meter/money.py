"""Money on the bench: decimal text to credit units and back, and which unit a currency takes."""

from joulegate.core.amounts import format_ratio, parse_decimal, scaled

# Credit unit by currency, in decimals; a balance of 2**30 units must be of use.
_COARSE = {"VND": 2, "IDR": 2}
_FINE = 5

# ISO 4217 minor units where they are not 2.
_MINOR = {"VND": 0, "JPY": 0, "KRW": 0, "CLP": 0, "PYG": 0, "UGX": 0, "XOF": 0, "XAF": 0,
          "KWD": 3, "BHD": 3, "JOD": 3, "OMR": 3, "TND": 3}

# Events whose value is an amount in credit units.
_MONEY_EVENTS = (
    "low_credit", "credit_exhausted", "credited", "purchase_reapplied", "alarm_tripped",
    "emergency_offered", "emergency_over", "debt_set")


def unit_places(currency: str) -> int:
    """Return the decimals of the credit unit that the bench takes for a currency."""
    return _COARSE.get(currency, _FINE)


def minor_places(currency: str) -> int:
    """Return the decimals of a currency's cents."""
    return _MINOR.get(currency, 2)


def to_units(text: str, places: int) -> int:
    """Return decimal text in credit units of so many decimals; ValueError if it does not fit."""
    try:
        value, used = parse_decimal(text, places, signed=True)
    except ValueError as e:
        raise ValueError("amount %r: %s" % (text, e)) from None
    return scaled(value, used, places)


def from_units(units: int, places: int) -> str:
    return format_ratio(units, 10 ** places, places)


def event_value(name: str, value: int, places: int) -> object:
    """Return an event's value as people read it: amounts as decimal text."""
    return from_units(value, places) if name in _MONEY_EVENTS else value
