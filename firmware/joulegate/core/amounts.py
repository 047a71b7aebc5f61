"""Exact decimal text: prices and amounts are never floats.

A decimal is kept as an integer and a number of places: "0.4883" is (4883, 4).
"""


def parse_decimal(text: str, places: int, signed: bool = False) -> tuple:
    """Return (integer, places used) of a decimal text; trailing zeros are not places.

    Raises ValueError, saying the rule, for anything but digits with at most one point, more
    than `places` decimals or more than 12 digits before the point.
    """
    rule = "must be a decimal text with at most %d places, such as \"12.50\"" % places
    if not isinstance(text, str):
        raise ValueError(rule)
    body = text[1:] if signed and text[:1] == "-" else text
    whole, point, fraction = body.partition(".")
    digits = whole + fraction
    if not whole or (point and not fraction) or not all("0" <= c <= "9" for c in digits):
        raise ValueError(rule)
    fraction = fraction.rstrip("0")
    if len(fraction) > places or len(whole) > 12:
        raise ValueError(rule)
    value = int(whole + fraction)
    return (-value if body is not text else value), len(fraction)


def scaled(value: int, places: int, to_places: int) -> int:
    """Return a decimal's integer at more places; `to_places` is never below `places`."""
    return value * 10 ** (to_places - places)


def format_ratio(numerator: int, denominator: int, places: int) -> str:
    """Return numerator / denominator as decimal text, halves rounded away from zero."""
    sign = "-" if numerator < 0 else ""
    scale = 10 ** places
    units = (2 * abs(numerator) * scale + denominator) // (2 * denominator)
    if not units:
        sign = ""
    if not places:
        return sign + str(units)
    tail = str(units % scale)
    return "%s%d.%s%s" % (sign, units // scale, "0" * (places - len(tail)), tail)
