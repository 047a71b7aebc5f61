"""What a meter's records say, day by day, month by month, year by year, out of a flash image.

The files are taken out of the littlefs and read by the firmware's own iterators.
"""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from littlefs import LittleFS, LittleFSError
from rich.table import Table

from tools.bench.process import BenchError
from tools.docs import firmware

BLOCK = 4096
_E8 = 8


class Span(StrEnum):
    """What a row of the report stands for."""

    DAILY = "daily"
    MONTHLY = "monthly"
    YEARLY = "yearly"


class _Clock:
    """Reading needs none."""

    def now(self) -> int:
        return 0


def read(state: Path, span: Span) -> list[dict[str, Any]]:
    """Return the rows of a report; BenchError for a folder without a readable flash image."""
    with tempfile.TemporaryDirectory() as folder:
        _take_out(state / "flash.bin", Path(folder))
        module = firmware.load("joulegate.storage.freeze_store")
        events = firmware.load("joulegate.core.events")
        freezes = module.FreezeStore(folder, events.EventLog(), _Clock())
        freezes.load(None)
        if span is Span.DAILY:
            return [_day_row(entry, module) for entry in freezes.days()]
        tariffs = firmware.load("joulegate.storage.tariff_store").TariffStore(
            folder + "/tariffs")
        months = _months(_month_row(entry, module, tariffs) for entry in freezes.months())
        return months if span is Span.MONTHLY else _years(months)


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Return rows as CSV with a line of names; price cells have a column each."""
    flat = [_flat(row) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)
    return text.getvalue()


def as_table(rows: list[dict[str, Any]], span: Span) -> Table:
    """Return rows as a table: a row a day; a month or year, that has more to say, a column."""
    table = Table(title=f"{span} report")
    flat = [_flat(row) for row in rows]
    names = list(dict.fromkeys(name for row in flat for name in row))
    if span is Span.DAILY:
        for name in names:
            table.add_column(name, justify="right")
        for row in flat:
            table.add_row(*(row.get(name, "") for name in names))
        return table
    table.add_column("")
    for row in flat:
        table.add_column(row[names[0]], justify="right")
    for name in names[1:]:
        table.add_row(name, *(row.get(name, "") for row in flat))
    return table


def _take_out(image: Path, folder: Path) -> None:
    """Copy all files of a littlefs image into a folder."""
    if not image.is_file():
        raise BenchError(f"report: {image}: there is no flash image")
    content = image.read_bytes()
    try:
        if not content or len(content) % BLOCK:
            raise LittleFSError(-22)
        fs = LittleFS(block_size=BLOCK, block_count=len(content) // BLOCK, mount=False)
        fs.context.buffer = bytearray(content)
        fs.mount()
        for root, folders, files in fs.walk("/"):
            target = folder / root.strip("/")
            for name in folders:
                (target / name).mkdir()
            for name in files:
                with fs.open(f"{root.rstrip('/')}/{name}", "rb") as f:
                    (target / name).write_bytes(f.read())
    except LittleFSError as e:
        raise BenchError(f"report: {image}: no littlefs can be read in it: {e}") from None


def _day_row(entry: dict[str, Any], module: Any) -> dict[str, Any]:
    civil = firmware.load("joulegate.core.civil")
    marks = [name for bit, name in (
        (module.LATE, "late"), (module.CLOCK_INVALID, "clock"), (module.GAP, "gap"),
    ) if entry["flags"] & bit]
    return {
        "day": "%04d-%02d-%02d" % civil.date_of(entry["day"]),
        **_registers(entry),
        "charges": _money(entry["day_charges"], entry["unit_places"]),
        "credits": _money(entry["day_credits"], entry["unit_places"]),
        "balance": _money(entry["balance"], entry["unit_places"]),
        "flags": " ".join(marks),
    }


def _month_row(entry: dict[str, Any], module: Any, tariffs: Any) -> dict[str, Any]:
    row = {
        "month": f"{entry['month'] // 12:04d}-{entry['month'] % 12 + 1:02d}",
        "part": bool(entry["flags"] & module.PART),
        **_registers(entry),
        "import_in_month_kWh": _kWh(entry["import_counts"], entry["counts_per_kWh"]),
        "export_in_month_kWh": _kWh(entry["export_counts"], entry["counts_per_kWh"]),
        "kWh_by_price_cell": _cells(entry, tariffs),
    }
    for name in ("energy", "adders", "fixed", "export_credit", "before_tax", "tax", "total"):
        row[name] = _money(entry[name], _E8)
    row["balance"] = _money(entry["balance"], entry["unit_places"])
    return row


def _registers(entry: dict[str, Any]) -> dict[str, str]:
    wh = entry["wh"]
    return {
        "import_kWh": _money(wh[0], 3), "export_kWh": _money(wh[1], 3),
        "reactive_import_kvarh": _money(wh[2], 3), "reactive_export_kvarh": _money(wh[3], 3),
    }


def _cells(entry: dict[str, Any], tariffs: Any) -> dict[str, str]:
    """Return energy by price cell, by its names where the tariff can still be read."""
    counts = entry["counts_per_kWh"]
    try:
        tariff = tariffs.load(entry["tariff_digest"], counts, entry["unit_places"])
    except (OSError, ValueError):
        return {f"cell {i}": _kWh(n, counts) for i, n in enumerate(entry["cells"]) if n}
    season = tariff.document.month_season[entry["month"] % 12 + 1]
    return {
        tariff.cell_name(season, i // tariff.tiers, i % tariff.tiers): _kWh(n, counts)
        for i, n in enumerate(entry["cells"]) if n}


def _months(parts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the parts of each month together."""
    return list(_joined(parts, "month", lambda row: row["month"]))


def _years(months: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for row in _joined(months, "year", lambda row: row["month"][:4]):
        rows.append({
            name.replace("in_month", "in_year"): value for name, value in row.items()})
    return rows


_SUMS = (
    "import_in_month_kWh", "export_in_month_kWh", "energy", "adders", "fixed", "export_credit",
    "before_tax", "tax", "total",
)


def _joined(
    rows: Iterable[dict[str, Any]], name: str, key: Any
) -> Iterator[dict[str, Any]]:
    """Yield one row a key: amounts added up, registers and balance those of the last."""
    joined: dict[str, Any] = {}
    for row in rows:
        new = {name: key(row), **{k: v for k, v in row.items() if k not in ("month", "part")}}
        if not joined or joined[name] != new[name]:
            if joined:
                yield joined
            joined = {**new, "months": 1} if name == "year" else new
            continue
        cells = dict(joined["kWh_by_price_cell"])
        for cell, amount in new["kWh_by_price_cell"].items():
            cells[cell] = f"{Decimal(cells.get(cell, '0')) + Decimal(amount):f}"
        sums = {k: f"{Decimal(joined[k]) + Decimal(new[k]):f}" for k in _SUMS}
        count = {"months": joined["months"] + 1} if name == "year" else {}
        joined = {**new, **sums, **count, "kWh_by_price_cell": cells}
    if joined:
        yield joined


def _flat(row: dict[str, Any]) -> dict[str, str]:
    found = {}
    for name, value in row.items():
        if isinstance(value, dict):
            found.update({f"kWh {cell}": amount for cell, amount in sorted(value.items())})
        else:
            found[name] = str(value)
    return found


def _money(amount: int, places: int) -> str:
    return f"{Decimal(amount).scaleb(-places):f}"


def _kWh(counts: int, counts_per_kWh: int) -> str:
    return f"{Decimal(counts) / counts_per_kWh:.3f}"
