"""Tier lists and exact numbers of a tariff document.

Source: the `schema` block of data/tariffs/tariffs.json.
"""

from fractions import Fraction

Tier = tuple[Fraction | None, Fraction]  # upper limit in kWh (inclusive, None: open), price


def one_of(value: str, allowed: tuple[str, ...], name: str) -> str:
    """Return the value, or raise ValueError when it is not among those allowed."""
    if value not in allowed:
        raise ValueError(f"{name} {value!r}: one of {', '.join(allowed)}")
    return value


def exact(value: object, name: str) -> Fraction:
    """Return a document's decimal string (or integer) as a fraction, never by way of float."""
    if not isinstance(value, (str, int)):
        raise ValueError(f"{name} {value!r}: a decimal string")
    return Fraction(value)


def read_tiers(entries: list[dict], name: str) -> list[Tier]:
    """Return a document's tier list, checked: limits rise and only the last is open."""
    tiers: list[Tier] = []
    below = Fraction(0)
    for entry in entries:
        if tiers and tiers[-1][0] is None:
            raise ValueError(f"{name}: an open tier must be the last")
        price = exact(entry["price"], f"{name} price")
        if entry["up_to_kWh"] is None:
            tiers.append((None, price))
            continue
        limit = exact(entry["up_to_kWh"], f"{name} up_to_kWh")
        if limit <= below:
            raise ValueError(f"{name} up_to_kWh {limit}: above the limit before it, {below}")
        tiers.append((limit, price))
        below = limit
    if not tiers or tiers[-1][0] is not None:
        raise ValueError(f"{name}: the last tier must be open (up_to_kWh null)")
    return tiers


def band(tiers: list[Tier], position: Fraction) -> int:
    """Return the number, from 1, of the tier a total lies in; a limit belongs to its own tier."""
    for number, (limit, _) in enumerate(tiers, 1):
        if limit is None or position <= limit:
            return number
    raise ValueError("tiers: the last tier must be open")


def split(tiers: list[Tier], position: Fraction, kWh: Fraction) -> list[tuple[int, Fraction]]:
    """Split energy that begins at a position: a list of (tier number, kWh above 0)."""
    parts = []
    for number, (limit, _) in enumerate(tiers, 1):
        room = kWh if limit is None else limit - position
        part = min(kWh, room)
        if part > 0:
            parts.append((number, part))
            position += part
            kWh -= part
    return parts


def step(steps: list, kWh: Fraction, name: str) -> Fraction:
    """Return the amount of the first step whose inclusive limit holds the month's energy."""
    for limit, amount in steps:
        if limit is None or kWh <= exact(limit, name):
            return exact(amount, name)
    raise ValueError(f"{name}: no step holds {kWh} kWh; the last must be open (null)")
