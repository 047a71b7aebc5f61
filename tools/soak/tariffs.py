"""Random tariffs of a soak, and what they cost: worked out here from the words of
docs/charges.md, in exact fractions, with nothing of the firmware."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS = 10 ** 5
"""Credit units to the currency unit."""
EPOCH = datetime(2020, 1, 1)
ZONES = ("UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "IST-5:30", "<-03>3")
_OFFSETS = {"UTC0": 0, "IST-5:30": 330, "<-03>3": -180}


def local_time(zone: str, second: int) -> datetime:
    """Return the local time of a UTC second since 2020 in one of ZONES."""
    utc = EPOCH + timedelta(seconds=second)
    if zone in _OFFSETS:
        return utc + timedelta(minutes=_OFFSETS[zone])
    summer = _last_sunday(utc.year, 3) <= utc < _last_sunday(utc.year, 10)
    return utc + timedelta(hours=2 if summer else 1)


def day_of(zone: str, second: int) -> int:
    """Return the local day since 2020 at a UTC second."""
    return (local_time(zone, second) - EPOCH).days


def first_instant(zone: str, day: int) -> int:
    """Return the UTC second at which a local day since 2020 begins; none of ZONES changes
    at midnight."""
    second = day * 86400
    for _ in range(2):
        wanted = EPOCH + timedelta(days=day)
        second += int((wanted - local_time(zone, second)).total_seconds())
    return second


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1)
    return last - timedelta(days=(last.weekday() + 1) % 7)


@dataclass(frozen=True)
class SoakTariff:
    """A tariff of two seasons and two periods, with tiers by the month's import."""

    name: str
    text: str
    limits: tuple[int, ...]
    """Upper limits of the tiers but the last, kWh."""
    prices: dict[tuple[str, str], tuple[Fraction, ...]]
    """Credit units a kWh, tax inside, by season and period and tier."""
    exports: dict[str, Fraction]
    per_day: Fraction
    per_month: Fraction
    default: str
    edges: dict[str, tuple[int, int]]
    """Minutes between which a working day is dear, by season."""

    def season(self, month: int) -> str:
        return "warm" if 4 <= month <= 9 else "cold"

    def period(self, local: datetime) -> str:
        """Return the period at a local time."""
        if local.weekday() == 6 or (local.month, local.day) == (12, 25):
            return "low"
        begin, end = self.edges[self.season(local.month)]
        return "high" if begin <= local.hour * 60 + local.minute < end else "low"


def random_tariff(rng: Random, number: int) -> SoakTariff:
    """Return a tariff that the meter takes."""
    rate = Fraction(rng.choice(("0", "0.05", "0.19", "0.125")))
    places = rng.choice((2, 4, 6))
    count = rng.randrange(1, 4)
    limits = tuple(sorted(rng.sample(range(20, 600), count - 1)))
    texts: dict[str, list[dict[str, Any]]] = {}
    prices = {}
    for season in ("warm", "cold"):
        for period in ("low", "high"):
            values = [_amount(rng, 5, 60, places) for _ in range(count)]
            texts[f"{season}/{period}"] = [
                {"up_to_kWh": limit, "price": value}
                for limit, value in zip([str(n) for n in limits] + [None], values, strict=True)]
            prices[season, period] = tuple(_units(v, rate) for v in values)
    per_day, per_month = _amount(rng, 0, 60, 2), _amount(rng, 0, 900, 2)
    export = _amount(rng, 1, 9, 3)
    edges = {season: (60 * rng.randrange(5, 10) + rng.choice((0, 30)), 60 * rng.randrange(17, 23))
             for season in ("warm", "cold")}
    default = rng.choice(("low", "high"))
    document: dict[str, Any] = {
        "id": f"soak-{number}", "currency": "EUR",
        "day_types": {day: "free" if day == "sun" else "work" for day in DAYS},
        "special_days": [{"date": "12-25", "day_type": "free"}],
        "seasons": [{"id": "warm", "months": [4, 5, 6, 7, 8, 9]},
                    {"id": "cold", "months": [10, 11, 12, 1, 2, 3]}],
        "periods": {
            "*/free": [{"from": "00:00", "to": "24:00", "period": "low"}],
            **{f"{season}/work": _day(*edges[season]) for season in edges}},
        "tiers": {"window": "month", "count": "all_energy", "mode": "marginal"},
        "energy": texts, "default_period": default,
        "fixed": [{"name": "day", "per": "day", "amount": per_day},
                  {"name": "month", "per": "month", "amount": per_month}],
        "export": {"mode": "net_billing", "prices": {"*/*": export}},
        "tax": {"rate": str(float(rate)), "included_in_prices": False},
    }
    return SoakTariff(
        document["id"], json.dumps(document), limits, prices,
        {"low": _units(export, rate), "high": _units(export, rate)},
        _units(per_day, rate), _units(per_month, rate), default, edges)


def bad_tariff(rng: Random) -> str:
    """Return the text of a tariff that no meter may take."""
    tariff = random_tariff(rng, 0).text
    old, new = rng.choice((
        ('"currency": "EUR"', '"currency": "USD"'), ('"window": "month"', '"window": "moon"'),
        ('"default_period": "', '"default_period": "un'), ("24:00", "23:59"),
        ("{", "{{")))
    return tariff.replace(old, new)


def _day(begin: int, end: int) -> list[dict[str, str]]:
    times = [f"{m // 60:02}:{m % 60:02}" for m in (0, begin, end, 1440)]
    return [{"from": a, "to": b, "period": p}
            for a, b, p in zip(times, times[1:], ("low", "high", "low"), strict=False)]


def _amount(rng: Random, low: int, high: int, places: int) -> str:
    """Return a decimal text of low to high hundredths."""
    value = rng.randrange(low * 10 ** (places - 2), high * 10 ** (places - 2) + 1)
    return f"{value // 10 ** places}.{value % 10 ** places:0{places}}"


def _units(amount: str, rate: Fraction) -> Fraction:
    return Fraction(amount) * (1 + rate) * UNITS
