"""What the meter's messages say, for a person or a program to read."""

from datetime import UTC, datetime
from typing import Any

from tools.vend import instructions
from tools.vend.errors import VendError

CODE, TIME, METER, NUMBER, OLDEST, DISCARDED = 0, 1, 7, 9, 10, 11
WHAT, ROWS, UNREADABLE, FIRST, NEXT, CELLS, READINGS_DISCARDED = 12, 13, 14, 15, 16, 17, 18

KINDS = {1: "receipt", 2: "reading", 3: "event", 4: "freeze", 5: "status"}
"""Code and last part of the topic."""

READING = ("time", "import_Wh", "export_Wh", "balance", "voltage_cV", "current_mA", "active_W",
           "reactive_var", "power_factor_milli", "frequency_cHz", "supply")
_DIFFERENCES = ("time", "import_Wh", "export_Wh", "balance")
EVENT = ("sequence", "time", "code", "value", "lasted_s", "missed", "import_Wh")
_ACCOUNT = ("time", "day", "flags", "counts_per_kWh", "unit_places", "tariff", "balance",
            "charges", "credits", "import_Wh", "export_Wh", "reactive_import_varh",
            "reactive_export_varh")
DAY = (*_ACCOUNT, "day_charges", "day_credits")
MONTH = (*_ACCOUNT, "month", "days_charged", "months_charged", "import_counts",
         "export_counts", "energy", "adders", "fixed", "export_credit", "before_tax", "tax",
         "total", "quadrant_2_varh", "quadrant_3_varh", "apparent_import_VAh",
         "apparent_export_VAh", "demand_minutes", "demand_import_W", "demand_import_at",
         "demand_export_W", "demand_export_at")
STATUS = ("version", "uptime_s", "reset_cause", "safe_level", "time_known", "connected",
          "reasons", "relay_fault", "commits", "tariff", "signal_dBm", "bytes_today",
          "receipts_discarded")


def shown(body: dict[int, Any]) -> dict[str, Any]:
    """A message by names, with times in ISO 8601; VendError for one not of docs/uplink.md."""
    try:
        if body[CODE] == 1:
            return _numbers(body) | {"kind": "receipt"} | instructions.shown(body)
        return _numbers(body) | _CONTENTS[body[CODE]](body)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise VendError(f"message: is none of docs/uplink.md: {error!r}") from None


def _numbers(body: dict[int, Any]) -> dict[str, Any]:
    names = {METER: "meter", NUMBER: "outbox", OLDEST: "oldest_held", NEXT: "next",
             DISCARDED: "discarded", READINGS_DISCARDED: "readings_discarded",
             UNREADABLE: "unreadable"}
    return {name: body[key] for key, name in names.items() if key in body}


def _readings(body: dict[int, Any]) -> dict[str, Any]:
    readings: list[dict[str, Any]] = []
    before: dict[str, Any] = {}
    for row in body[ROWS]:
        named = _named(READING, row)
        if before:
            named |= {name: before[name] + named[name] for name in _DIFFERENCES}
        before = named
        supply = named["supply"]
        readings.append({**named, "time": iso(named["time"]), "supply": bool(supply & 1),
                         "reasons": supply >> 1})
    return {"kind": "reading", "readings": readings}


def _events(body: dict[int, Any]) -> dict[str, Any]:
    found = [_named(EVENT, row) for row in body[ROWS]]
    return {"kind": "event", "class": instructions.EVENT_CLASSES[body[WHAT]],
            "events": [{**row, "time": iso(row["time"])} for row in found]}


def _freeze(body: dict[int, Any]) -> dict[str, Any]:
    monthly = body[WHAT] == 1
    row = _named(MONTH if monthly else DAY, body[ROWS])
    row |= {"time": iso(row["time"]), "tariff": row["tariff"].hex()}
    if monthly:
        row["cells"] = body[CELLS]
        row |= {name: iso(row[name]) for name in ("demand_import_at", "demand_export_at")}
    return {"kind": "freeze", "of": "month" if monthly else "day", "freeze": row}


def _status(body: dict[int, Any]) -> dict[str, Any]:
    row = _named(STATUS, body[ROWS])
    return {"kind": "status", "time": iso(body[TIME]),
            "status": row | {"tariff": row["tariff"].hex()}}


_CONTENTS = {2: _readings, 3: _events, 4: _freeze, 5: _status}


def _named(names: tuple[str, ...], row: list[Any]) -> dict[str, Any]:
    if len(row) != len(names):
        raise ValueError(f"{len(row)} values, must be {len(names)}")
    return dict(zip(names, row, strict=True))


def iso(seconds: int | None) -> str | None:
    """ISO 8601 of Unix seconds, None for a time that nobody knew."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()
