"""Tariff documents in a few words, and accounts opened on them, for the unit tests.

One count is 1 Wh here unless a test says otherwise, so that amounts can be worked out by
hand. `pico` states charges exactly: in 1e-12 of the currency.
"""

from joulegate.core.account import Account
from joulegate.core.billing import Billing
from joulegate.core.civil import Zone, parse_time
from joulegate.core.tariff import Tariff
from joulegate.core.tariff_document import TariffDocument

COUNTS_PER_KWH = 1000
UNIT_PLACES = 5

DAY_NIGHT = {"*/*": [
    {"from": "00:00", "to": "06:30", "period": "night"},
    {"from": "06:30", "to": "22:00", "period": "day"},
    {"from": "22:00", "to": "24:00", "period": "night"},
]}

SUMMER_WINTER = [
    {"id": "summer", "months": [4, 5, 6, 7, 8, 9]},
    {"id": "winter", "months": [10, 11, 12, 1, 2, 3]},
]


def document(**parts: object) -> dict:
    """Return a document of one flat price of 1, with the parts given in place of its own."""
    made = {
        "id": "test",
        "currency": "EUR",
        "day_types": {day: "any" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
        "seasons": [{"id": "all", "months": list(range(1, 13))}],
        "periods": {"*/*": [{"from": "00:00", "to": "24:00", "period": "all"}]},
        "tiers": rule("none"),
        "energy": {"*/*": flat("1")},
        "tax": {"rate": "0", "included_in_prices": True},
    }
    made.update(parts)
    return made


def flat(price: str) -> list:
    """Return the prices of one open tier."""
    return [{"up_to_kWh": None, "price": price}]


def blocks(*pairs: tuple) -> list:
    """Return tiers of (upper limit in kWh or None, price)."""
    return [{"up_to_kWh": limit, "price": price} for limit, price in pairs]


def rule(window: str, count: str = "all_energy", mode: str = "marginal") -> dict:
    """Return the `tiers` part."""
    return {"window": window, "count": count, "mode": mode}


def tax(rate: str, *applies_to: str) -> dict:
    """Return a tax on top of prices, on everything unless parts are named."""
    made = {"rate": rate, "included_in_prices": False}
    if applies_to:
        made["applies_to"] = list(applies_to)
    return made


def tariff(
    parts: dict, counts_per_kWh: int = COUNTS_PER_KWH, places: int = UNIT_PLACES
) -> Tariff:
    """Return the tariff of a document with these parts, ready for a meter."""
    return Tariff(TariffDocument(document(**parts)), counts_per_kWh, places)


def opened(
    parts: dict, at: str = "2023-01-01", zone: str = "UTC0",
    counts_per_kWh: int = COUNTS_PER_KWH, places: int = UNIT_PLACES,
) -> Billing:
    """Return the billing of a new account, opened at a UTC time."""
    billing = Billing(Account(), Zone(zone), tariff(parts, counts_per_kWh, places))
    billing.open(parse_time(at))
    return billing


def at(billing: Billing, time: str) -> int:
    """Let the clock be at a UTC time; return the flags of what happened."""
    billing.advance(parse_time(time))
    return billing.take_flags()


def pico(billing: Billing) -> int:
    """Return all charges, exactly, in 1e-12 of the currency."""
    account = billing.account
    exact = (account.charges * account.d1 * account.d2 + account.remainder) * 10 ** 12
    whole, rest = divmod(exact, account.d1 * account.d2 * 10 ** billing.tariff.unit_places)
    if rest:
        raise ValueError("charges are no whole number of 1e-12")
    return whole


def amount(text: str) -> int:
    """Return a decimal text in 1e-12."""
    whole, _, fraction = text.partition(".")
    return int((whole + fraction + "0" * 12)[:len(whole) + 12])


class Random:
    """Marsaglia's 32-bit xorshift: the same sequence on every interpreter."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def below(self, limit: int) -> int:
        x = self._state
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        self._state = x
        return x % limit

    def choice(self, items: object) -> object:
        return items[self.below(len(items))]
