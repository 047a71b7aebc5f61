"""Tariff documents for tests, published or made in a few words, and their bills in one call."""

import json
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from .bill import Bill

DATA = Path(__file__).parents[2] / "data"


def published_tariffs() -> dict[str, dict]:
    """The tariffs of data/tariffs/tariffs.json by id."""
    document = json.loads((DATA / "tariffs" / "tariffs.json").read_text(encoding="utf-8"))
    return {tariff["id"]: tariff for tariff in document["tariffs"]}


def tariff_of(**parts: object) -> dict:
    """A tariff of one flat price of 1, with the parts given in place of its own."""
    tariff = {
        "day_types": dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "any"),
        "seasons": [{"id": "all", "months": list(range(1, 13))}],
        "periods": {"*/*": [{"from": "00:00", "to": "24:00", "period": "all"}]},
        "tiers": {"window": "none", "count": "all_energy", "mode": "marginal"},
        "energy": {"*/*": flat("1")},
        "adders": [],
        "fixed": [],
        "minimum": None,
        "tax": {"rate": "0", "included_in_prices": True},
        "export": {"mode": "none"},
    }
    assert parts.keys() <= tariff.keys() | {"special_days"}
    return tariff | parts


def flat(price: str) -> list[dict]:
    """One open tier."""
    return [{"up_to_kWh": None, "price": price}]


def blocks(*pairs: tuple[str | None, str]) -> list[dict]:
    """Tiers of (upper limit in kWh, price)."""
    return [{"up_to_kWh": limit, "price": price} for limit, price in pairs]


def rule(window: str, count: str = "all_energy", mode: str = "marginal") -> dict:
    """The `tiers` part."""
    return {"window": window, "count": count, "mode": mode}


def spans(*entries: tuple[str, str, str]) -> list[dict]:
    """A day of (from, to, period)."""
    return [{"from": start, "to": end, "period": period} for start, end, period in entries]


DAY_NIGHT = {
    "*/*": spans(
        ("00:00", "07:00", "night"), ("07:00", "23:00", "day"), ("23:00", "24:00", "night")
    )
}


def bills(tariff: dict, *intervals: tuple) -> list[dict]:
    """Bills of (start, import kWh[, export kWh]) intervals."""
    bill = Bill(tariff)
    for start, kWh, *export in intervals:
        bill.add(
            datetime.fromisoformat(start),
            Fraction(kWh),
            Fraction(export[0]) if export else Fraction(0),
        )
    return bill.bills()
