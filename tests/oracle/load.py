"""Recorded loads as intervals of exact energy.

Reads the three layouts described in data/README.md, told apart by their header.
"""

import csv
from collections.abc import Callable, Iterator
from datetime import datetime
from fractions import Fraction
from pathlib import Path

Row = dict[str, str]
Interval = tuple[datetime, int, Fraction, Fraction]

NOTHING = Fraction(0)


def _one_minute(row: Row) -> Interval:
    # A mean power of P watts for one minute is P/60 Wh.
    energy = Fraction(row["active_W"]) / 60
    return datetime.fromisoformat(row["time_iso"]), 1, energy, NOTHING


def _quarter_hour(row: Row) -> Interval:
    energy = Fraction(row["active_W_min"]) / 60
    return datetime.fromisoformat(row["start_iso"]), 15, energy, NOTHING


def _five_minutes_both_ways(row: Row) -> Interval:
    start = datetime.fromisoformat(row["start_iso"])
    return start, 5, Fraction(row["import_Wh"]), Fraction(row["export_Wh"])


# The columns that name a layout, and the reader of its rows.
LAYOUTS: list[tuple[set[str], Callable[[Row], Interval]]] = [
    ({"time_iso", "active_W"}, _one_minute),
    ({"start_iso", "active_W_min"}, _quarter_hour),
    ({"start_iso", "import_Wh", "export_Wh"}, _five_minutes_both_ways),
]


def load_rows(path: str | Path) -> Iterator[Interval]:
    """Yield (start, minutes, import_Wh, export_Wh) for each row of a load file.

    Start is local standard time; energies are exact.

    Raises:
        ValueError: the header is none of the three layouts, or a row does not follow it.
    """
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        header = rows.fieldnames or []
        reader = next((read for columns, read in LAYOUTS if columns <= set(header)), None)
        if reader is None:
            raise ValueError(f"{path}: header {header} is not a load layout (data/README.md)")
        for row in rows:
            try:
                interval = reader(row)
            except (TypeError, ValueError) as error:
                raise ValueError(f"{path}: line {rows.line_num}: {error}") from error
            yield interval
