"""What the records on flash say: freezes, purchases and the event log, some rows a request.

Rows are lists, newest last; amounts and quantities are decimal texts, times UTC texts, None
where nobody knew the time.
"""

from micropython import const

from joulegate.core.amounts import format_ratio
from joulegate.core.civil import date_of, format_time, parse_time
from joulegate.core.event_classes import NAMES
from joulegate.storage.freeze_store import CLOCK_INVALID, GAP, LATE, PART

ROWS_MAX = const(20)
_DAY_S = const(86400)
_FLAGS = ((LATE, "late"), (CLOCK_INVALID, "clock"), (GAP, "gap"), (PART, "part"))


def days(app: object, last: "str | None" = None) -> dict:
    """Return daily freezes up to a day, at most ROWS_MAX."""
    until = 0x7FFF if last is None else parse_time(last) // _DAY_S
    return {
        "columns": ["day", "import_kWh", "export_kWh", "charges", "credits", "balance", "flags"],
        "rows": [_day(entry) for entry in _newest(_records(app).freezes.days(-0x8000, until))],
    }


def months(app: object) -> dict:
    """Return monthly freezes, at most ROWS_MAX."""
    return {
        "columns": ["month", "import_kWh", "export_kWh", "pf", "max_W", "total", "balance",
                    "flags"],
        "rows": _month_rows(_newest(_records(app).freezes.months())),
    }


def purchases(app: object) -> dict:
    """Return credits and refusals, at most ROWS_MAX."""
    places = _places(app)
    return {
        "columns": ["time", "tid", "amount", "debt", "reason", "before", "after"],
        "rows": [[_time(entry["time"]), entry["tid"], _amount(entry["units"], places),
                  _amount(entry["debt"], places), entry["reason"],
                  _amount(entry["before"], places), _amount(entry["after"], places)]
                 for entry in _newest(_records(app).purchases.entries())],
    }


def log(app: object, name: str) -> dict:
    """Return the events of a class that are on flash, at most ROWS_MAX."""
    if name not in NAMES:
        raise ValueError("class %r: must be one of %s" % (name, ", ".join(NAMES)))
    entries = _records(app).events.entries(NAMES.index(name))
    return {
        "columns": ["time", "began", "event", "value", "import_kWh", "missed"],
        "rows": [[_time(entry["time"]), _time(entry["began"]), entry["name"], entry["value"],
                  format_ratio(entry["import_Wh"], 1000, 3), entry["missed"]]
                 for entry in _newest(entries)],
    }


def clear_log(app: object, name: str) -> dict:
    """Forget the events of a class; that this was done stays in the class security."""
    if name not in NAMES:
        raise ValueError("class %r: must be one of %s" % (name, ", ".join(NAMES)))
    _records(app).events.clear(NAMES.index(name), app.clock.now(), app.state.registers)
    return {}


def _records(app: object) -> object:
    if app.records is None:
        raise RuntimeError("records: none are kept in safe mode")
    return app.records


def _places(app: object) -> int:
    return app.state.billing.tariff.unit_places if app.state.provisioned else 0


def _newest(entries: object) -> list:
    """Return the last ROWS_MAX of many entries, holding no more than those."""
    found: list = []
    for entry in entries:
        found.append(dict(entry))
        if len(found) > ROWS_MAX:
            found.pop(0)
    return found


def _day(entry: dict) -> list:
    places = entry["unit_places"]
    return ["%04d-%02d-%02d" % date_of(entry["day"]), _kWh(entry, 0), _kWh(entry, 1),
            _amount(entry["day_charges"], places), _amount(entry["day_credits"], places),
            _amount(entry["balance"], places), _flags(entry)]


def _month_rows(entries: list) -> list:
    # Only here: seldom asked for, and a module takes memory.
    from joulegate.console.energy_reports import month_power_factor
    rows = []
    before = None
    for entry in entries:
        part = entry["flags"] & PART
        rows.append(_month(entry, None if part else month_power_factor(entry, before)))
        if not part:
            before = entry
    return rows


def _month(entry: dict, power_factor: "str | None") -> list:
    """Return a row; the power factor and the highest mean power are those of import."""
    month = entry["month"]
    return ["%04d-%02d" % (month // 12, month % 12 + 1),
            format_ratio(entry["import_counts"], entry["counts_per_kWh"], 3),
            format_ratio(entry["export_counts"], entry["counts_per_kWh"], 3),
            power_factor, entry["demand"][0] if entry["demand_minutes"] else None,
            format_ratio(entry["total"], 10 ** 8, 2),
            _amount(entry["balance"], entry["unit_places"]), _flags(entry)]


def _flags(entry: dict) -> str:
    return " ".join([name for bit, name in _FLAGS if entry["flags"] & bit])


def _kWh(entry: dict, quantity: int) -> str:
    return format_ratio(entry["wh"][quantity], 1000, 3)


def _amount(units: int, places: int) -> str:
    return format_ratio(units, 10 ** places, places)


def _time(second: "int | None") -> "str | None":
    return None if second is None else format_time(second)
