"""What the meter tells about energy: all registers, power factors, demand, and what a house with
generation took and gave by period. Rules and sources: docs/registers.md.

Quantities are decimal texts; a ratio of nothing is None.
"""

from micropython import const

from joulegate.core import quadrants
from joulegate.core.amounts import format_ratio
from joulegate.core.civil import TIME_MIN, date_of, format_time, parse_time, weekday
from joulegate.storage.freeze_store import PART

_DAY_S = const(86400)
_ENTRIES_MAX = const(256)
"""Intervals looked at for a day: 100 at most, and what a clock set back has made twice."""
_APPARENT_AT = const(2)
"""Of +VAh in what a monthly freeze has `more`; after it comes -VAh."""

_NAMES = (
    "import_kWh", "export_kWh", "reactive_import_kvarh", "reactive_export_kvarh",
    "quadrant_1_kvarh", "quadrant_2_kvarh", "quadrant_3_kvarh", "quadrant_4_kvarh",
    "apparent_import_kVAh", "apparent_export_kVAh")
_QUADRANTS = ("I inductive", "II capacitive", "III inductive", "IV capacitive")


def registers(app: object) -> dict:
    """Return all registers, the quadrant and power factor of the moment, and of the month."""
    everything = quadrants.everything(app.state.registers)
    report = {name: format_ratio(everything[i], 1000, 3) for i, name in enumerate(_NAMES)}
    reading = app.metering.reading
    report["pf"] = format_ratio(reading.power_factor_milli, 1000, 3)
    report["quadrant"] = _QUADRANTS[quadrant(reading.active_W, reading.reactive_var) - 1]
    active, apparent = _month_begin(app)
    for i, name in enumerate(("month_pf", "month_pf_export")):
        report[name] = power_factor(everything[i] - active[i], everything[8 + i] - apparent[i])
    return report


def quadrant(active_W: int, reactive_var: int) -> int:
    """Return the quadrant, 1 to 4, of a power; nothing is as positive (IEC 62053-23, annex C)."""
    if active_W < 0:
        return 3 if reactive_var < 0 else 2
    return 4 if reactive_var < 0 else 1


def power_factor(active_Wh: int, apparent_VAh: int) -> "str | None":
    """Return the average power factor of an energy, 0.000 to 1.000, None of nothing."""
    if apparent_VAh <= 0:
        return None
    # The registers are whole Wh each, so a small energy may seem more than its apparent one.
    return format_ratio(min(active_Wh * 1000 // apparent_VAh, 1000), 1000, 3)


def _month_begin(app: object) -> tuple:
    """Return ([+A, -A], [+VA, -VA]) where the billing month began: zeros before the first freeze
    of a month, also when it is no longer kept."""
    if app.records is not None:
        ring = app.records.freezes.month_ring
        for sequence in range(ring.next - 1, max(-1, ring.next - 1 - ring.capacity), -1):
            entry = ring.read(sequence)
            if entry is not None and not entry["flags"] & PART:
                return entry["wh"][:2], entry["more"][_APPARENT_AT:]
    return [0, 0], [0, 0]


def month_power_factor(entry: dict, before: "dict | None") -> "str | None":
    """Return the power factor of what was imported in a month, by its freeze and the last."""
    if before is None or before["month"] != entry["month"] - 1:
        return None
    return power_factor(
        entry["wh"][0] - before["wh"][0],
        entry["more"][_APPARENT_AT] - before["more"][_APPARENT_AT])


# --- demand -------------------------------------------------------------------------------

def demand(app: object) -> dict:
    """Return mean powers running, last, highest of the month and of the month before."""
    found = app.state.demand
    if found is None:
        raise RuntimeError("demand: is off, the setting demand_minutes is 0")
    maxima = found.maxima
    before = found.previous
    sums = found.cumulative
    ended = _time(found.last_time)
    return {
        "minutes": found.minutes, "subperiods": found.subperiods,
        "columns": ["demand", "import_W", "at", "export_W", "export_at"],
        "rows": [
            ["running", found.running(0), None, found.running(1), None],
            ["last", found.last(0), ended, found.last(1), ended],
            ["maximum", maxima[0], _time(maxima[1]), maxima[2], _time(maxima[3])],
            ["month before", before[0], _time(before[1]), before[2], _time(before[3])],
            ["sum of maxima", sums[0], None, sums[1], None],
        ],
    }


def _time(second: int) -> "str | None":
    return format_time(second) if second >= TIME_MIN and second else None


# --- what a house with generation took and gave -------------------------------------------

def green(app: object, day: "str | None" = None) -> dict:
    """Return what was imported and exported on a local day, by period of the tariff.

    Out of the load profile; today unless a day is given. Netted is what was imported and
    exported in one and the same interval: energy that a meter which balances over its
    intervals would not have seen. Intervals that are longer, after an outage, net nothing.
    """
    if app.records is None:
        raise RuntimeError("records: none are kept in safe mode")
    if app.state.billing is None:
        raise RuntimeError("meter: is not provisioned")
    billing = app.state.billing
    zone = billing.zone
    now = app.clock.now()
    number = (now + zone.offset(now)) // _DAY_S if day is None else parse_time(day) // _DAY_S
    document = billing.tariff.document
    sums = [[0, 0, 0] for _ in document.periods]
    intervals = 0
    unknown = 0
    for entry in _intervals(app.records.profile, zone, number):
        given = entry.get("import_Wh"), entry.get("export_Wh")
        if given[0] is None or given[1] is None:
            unknown += 1
            continue
        intervals += 1
        begin = entry["time"] - entry["minutes"] * 60
        row = sums[_period(billing, begin + zone.offset(begin))]
        row[0] += given[0]
        row[1] += given[1]
        if entry["since"] == begin:
            row[2] += min(given)
    sums.append([sum([row[i] for row in sums]) for i in range(3)])
    return {
        "day": format_time(number * _DAY_S)[:10], "intervals": intervals, "unknown": unknown,
        "columns": ["period", "import_kWh", "export_kWh", "netted_kWh", "exported_share"],
        "rows": [[name] + [format_ratio(n, 1000, 3) for n in row] + [share(row[1], row[0])]
                 for name, row in zip(list(document.periods) + ["total"], sums)],
    }


def share(exported: int, imported: int) -> "str | None":
    """Return the share of exported in both, 0.000 to 1.000, None of nothing."""
    both = exported + imported
    return format_ratio(exported * 1000 // both, 1000, 3) if both else None


def _intervals(profile: object, zone: object, number: int) -> object:
    """Yield the intervals that ended in a local day, found by halving."""
    first = zone.first_instant(number)
    last = zone.first_instant(number + 1)
    ring = profile.ring
    low = max(0, ring.next - ring.capacity)
    high = ring.next
    while low < high:
        middle = (low + high) // 2
        entry = ring.read(middle)
        if entry is not None and entry["time"] > first:
            high = middle
        else:
            low = middle + 1
    for looked, entry in enumerate(profile.intervals(start=low)):
        if entry["time"] > last or looked >= _ENTRIES_MAX:
            break
        if entry["time"] > first:
            yield entry


def _period(billing: object, local: int) -> int:
    """Return the period of the tariff in force now, at a second of the local clock."""
    day = local // _DAY_S
    minute = local % _DAY_S // 60
    year, month, mday = date_of(day)
    ends, periods = billing.tariff.plan(month, weekday(day), year * 10000 + month * 100 + mday)
    i = 0
    while minute >= ends[i]:
        i += 1
    period: int = periods[i]
    return period
