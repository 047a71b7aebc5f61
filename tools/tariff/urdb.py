"""OpenEI URDB records as tariff documents.

Reads one record of the OpenEI Utility Rate Database (utility rates API, JSON) and writes one
tariff object of the schema in data/tariffs/tariffs.json. What that schema cannot say is refused,
never approximated.
"""

import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from .urdb_fields import (
    LIMIT,
    UrdbError,
    check_fields,
    decimal_text,
    exact_number,
    needed_text,
    text,
)
from .urdb_schedule import Season, day_rows, period_ids, read_seasons

MAX_PERIODS = 288  # one for each hour of each month
MAX_TIERS = 16
LATEST_DATE = 4_102_444_800  # 2100-01-01, in Unix seconds
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

WINDOW_OF_UNIT = {"kWh": "month", "kWh daily": "month_scaled_by_days"}
PER_OF_UNITS = {"$/month": "month", "$/day": "day"}
EXPORT_MODES = ("none", "net_billing", "net_metering")
# Net billing by the hour prices sums that a meter with two registers does not keep.
EXPORT_OF_RULE = {
    None: "none", "Net Billing Instantaneous": "net_billing", "Net Metering": "net_metering",
}
ALPHA_2 = {"USA": "US"}


@dataclass(frozen=True)
class Tier:
    """One tier of a period: limit in kWh (None: open), price and sell price a kWh."""

    limit: Decimal | None
    price: Decimal
    sell: Decimal | None
    unit: str


def read_record(path: str | Path) -> dict:
    """Read a record, its numbers exactly as written.

    The file holds a record, or an answer of the API with one record in 'items'.

    Raises:
        OSError: the file cannot be read.
        UrdbError: it holds no single record.
    """
    try:
        record = json.loads(
            Path(path).read_text(encoding="utf-8"),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
        )
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UrdbError(str(path), str(error), "JSON text") from error
    if isinstance(record, dict) and "items" in record:
        items = record["items"]
        if not isinstance(items, list) or len(items) != 1:
            raise UrdbError("items", items, "a list of exactly one record")
        record = items[0]
    if not isinstance(record, dict):
        raise UrdbError(str(path), record, "a JSON object")
    return record


def _refuse_constant(text: str) -> None:
    raise UrdbError("number", text, "a finite decimal number")


def convert(record: dict, currency: str = "USD", export: str | None = None) -> dict:
    """Return the tariff document of a URDB record.

    Args:
        record: as from read_record; fractions are Decimal, never float.
        currency: ISO 4217 code of the amounts, which URDB writes as '$'.
        export: 'none', 'net_billing' or 'net_metering' to decide the export rule in place of
            `dgrules`; a record whose rule the document cannot say is refused without it.

    Raises:
        UrdbError: names the field, its value and the rule.
    """
    record = {name: value for name, value in record.items() if value is not None}
    if not re.fullmatch("[A-Z]{3}", currency):
        raise UrdbError("currency", currency, "three capital letters (ISO 4217)")
    check_fields(record)

    structure = _read_structure(record)
    seasons = read_seasons(record, len(structure))
    in_use = {index for season in seasons for index in season.periods}
    used = {index: _read_period(structure[index], index) for index in sorted(in_use)}
    ids = {
        season.id: period_ids(season.periods, lambda i: [tier.price for tier in used[i]])
        for season in seasons
    }
    cells = {
        f"{season_key}/{'*' if len(season.periods) == 1 else ids[season.id][index]}": index
        for season, season_key in _season_keys(seasons)
        for index in season.periods
    }
    valid_from, valid_to, date_note = _read_dates(record)
    same_all_week = all(season.weekday == season.weekend for season in seasons)
    return {
        "id": f"urdb-{needed_text(record, 'label')}",
        "name": needed_text(record, "name"),
        "country": _country(record),
        "valid_from": valid_from,
        "valid_to": valid_to,
        "currency": currency,
        "day_types": _day_types(same_all_week),
        "seasons": [{"id": season.id, "months": season.months} for season in seasons],
        "periods": _periods(seasons, ids),
        "tiers": {"window": _window(used), "count": "all_energy", "mode": "marginal"},
        "energy": {key: _tier_entries(used[index]) for key, index in cells.items()},
        "adders": [],
        "fixed": _fixed(record),
        "minimum": _minimum(record),
        "tax": {"rate": "0", "included_in_prices": True},
        "export": _export(record, export, used, cells, seasons),
        "source": _source(record),
        "confidence": "approved in URDB" if record.get("approved") else "not approved in URDB",
        "notes": " ".join(filter(None, [date_note, text(record, "energycomments")])),
    }


def _country(record: dict) -> str | None:
    """Return ISO 3166-1 alpha-2 where the alpha-3 code is known, otherwise what is there."""
    country = text(record, "country", "USA")
    return ALPHA_2.get(country or "", country)


def _read_structure(record: dict) -> list:
    structure = record.get("energyratestructure")
    if not isinstance(structure, list) or not 1 <= len(structure) <= MAX_PERIODS:
        rule = f"a list of 1 to {MAX_PERIODS} periods"
        raise UrdbError("energyratestructure", structure, rule)
    return structure


def _read_period(entries: object, index: int) -> list[Tier]:
    name = f"energyratestructure[{index}]"
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_TIERS:
        raise UrdbError(name, entries, f"a list of 1 to {MAX_TIERS} tiers")
    tiers = [_read_tier(entry, f"{name}[{number}]") for number, entry in enumerate(entries)]
    below = Decimal(0)
    for number, tier in enumerate(tiers):
        here = f"{name}[{number}].max"
        if number == len(tiers) - 1:
            if tier.limit is not None:
                raise UrdbError(here, tier.limit, "none in the last tier, which must be open")
        elif tier.limit is None or tier.limit <= below:
            raise UrdbError(here, tier.limit, f"above the limit before it, {below}")
        else:
            below = tier.limit
    return tiers


def _read_tier(entry: object, name: str) -> Tier:
    if not isinstance(entry, dict):
        raise UrdbError(name, entry, "an object with rate and unit")
    unit = entry.get("unit")
    if not isinstance(unit, str) or unit not in WINDOW_OF_UNIT:
        raise UrdbError(f"{name}.unit", unit, "'kWh' or 'kWh daily'")
    price = exact_number(entry.get("rate"), f"{name}.rate")
    if entry.get("adj") is not None:
        # An adjustment may be negative; the price it makes may not.
        price += exact_number(entry["adj"], f"{name}.adj", lowest=-LIMIT)
    limit, sell = entry.get("max"), entry.get("sell")
    return Tier(
        None if limit is None else exact_number(limit, f"{name}.max"),
        exact_number(price, f"{name} rate + adj"),
        None if sell is None else exact_number(sell, f"{name}.sell"),
        unit,
    )


def _read_dates(record: dict) -> tuple[str, str | None, str]:
    start = _read_date(record, "startdate")
    if "enddate" not in record:
        return start.isoformat(), None, ""
    end = _read_date(record, "enddate")
    if end < start:
        note = f"enddate {end} of the record is before its startdate and was left out."
        return start.isoformat(), None, note
    return start.isoformat(), end.isoformat(), ""


def _read_date(record: dict, name: str) -> date:
    """Return the day whose local midnight, at most 12 h from UTC's, a field gives."""
    seconds = record.get(name)
    if type(seconds) is not int or not 0 <= seconds <= LATEST_DATE:
        raise UrdbError(name, seconds, f"Unix seconds, 0 to {LATEST_DATE}")
    return date(1970, 1, 1) + timedelta(days=(seconds + 43_200) // 86_400)


def _day_types(same_all_week: bool) -> dict[str, str]:
    if same_all_week:
        return dict.fromkeys(DAYS, "any")
    return {day: "weekend" if day in ("sat", "sun") else "weekday" for day in DAYS}


def _season_keys(seasons: list[Season]) -> list[tuple[Season, str]]:
    return [(season, "*" if len(seasons) == 1 else season.id) for season in seasons]


def _periods(seasons: list[Season], ids: dict[str, dict[int, str]]) -> dict[str, list]:
    periods = {}
    for season, key in _season_keys(seasons):
        if season.weekday == season.weekend:
            periods[f"{key}/*"] = day_rows(season.weekday, ids[season.id])
        else:
            periods[f"{key}/weekday"] = day_rows(season.weekday, ids[season.id])
            periods[f"{key}/weekend"] = day_rows(season.weekend, ids[season.id])
    return periods


def _window(used: dict[int, list[Tier]]) -> str:
    units = sorted({tier.unit for tiers in used.values() for tier in tiers})
    if len(units) > 1:
        raise UrdbError("energyratestructure unit", units, "the same in every tier")
    if all(len(tiers) == 1 for tiers in used.values()):
        return "none"
    return WINDOW_OF_UNIT[units[0]]


def _tier_entries(tiers: list[Tier]) -> list[dict]:
    return [
        {
            "up_to_kWh": None if tier.limit is None else decimal_text(tier.limit),
            "price": decimal_text(tier.price),
        }
        for tier in tiers
    ]


def _fixed(record: dict) -> list[dict[str, str]]:
    amount = exact_number(record.get("fixedchargefirstmeter", 0), "fixedchargefirstmeter")
    if not amount:
        return []
    units = text(record, "fixedchargeunits", "")
    if units not in PER_OF_UNITS:
        raise UrdbError("fixedchargeunits", units, "'$/month' or '$/day'")
    return [{"name": "fixed charge", "amount": decimal_text(amount), "per": PER_OF_UNITS[units]}]


def _minimum(record: dict) -> dict[str, str] | None:
    amount = exact_number(record.get("mincharge", 0), "mincharge")
    if not amount:
        return None
    if record.get("minchargeunits") != "$/month":
        raise UrdbError("minchargeunits", record.get("minchargeunits"), "'$/month'")
    return {"amount": decimal_text(amount), "per": "month"}


def _export(
    record: dict, choice: str | None, used: dict[int, list[Tier]], cells: dict[str, int],
    seasons: list[Season],
) -> dict:
    rule = text(record, "dgrules")
    unsaid = rule is None and any(tier.sell for tiers in used.values() for tier in tiers)
    if choice is None and (unsaid or rule not in EXPORT_OF_RULE):
        rules = " and ".join(repr(name) for name in EXPORT_OF_RULE if name)
        reason = f"only {rules} fit; choose export none, net_billing or net_metering"
        raise UrdbError("dgrules", rule, reason)
    mode = choice or EXPORT_OF_RULE[rule]
    if mode not in EXPORT_MODES:
        raise UrdbError("export", mode, f"one of {', '.join(EXPORT_MODES)}")
    if mode == "net_metering":
        _check_netted(record, used, seasons)
    if mode != "net_billing":
        return {"mode": mode}
    return {"mode": mode, "prices": {key: _sell(used[i], i) for key, i in cells.items()}}


def _check_netted(record: dict, used: dict[int, list[Tier]], seasons: list[Season]) -> None:
    """Refuse tiers that several periods move: export of one has no tier of its own."""
    for season in seasons:
        if len(season.periods) > 1 and any(len(used[i]) > 1 for i in season.periods):
            reason = ("no tiers over several periods can be netted; "
                      "choose export none or net_billing")
            raise UrdbError("dgrules", text(record, "dgrules"), reason)


def _sell(tiers: list[Tier], index: int) -> str:
    prices = {tier.sell for tier in tiers}
    price = tiers[0].sell
    if price is None or len(prices) > 1:
        name = f"energyratestructure[{index}].sell"
        raise UrdbError(name, [tier.sell for tier in tiers], "one price for every tier")
    return decimal_text(price)


def _source(record: dict) -> dict[str, str | None]:
    return {
        "page": f"OpenEI URDB record {record['label']}",
        "url": text(record, "uri"),
        "utility": text(record, "utility"),
        "published": text(record, "source") or text(record, "sourceparent"),
    }
