"""What a person sees: tables of the meter's answers, or the answers themselves as JSON."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tools.meterctl.errors import clean


def as_json(value: Any) -> None:
    """Print one JSON value."""
    print(json.dumps(value, indent=1))


def pairs(rows: Iterable[tuple[str, Any]]) -> None:
    """Print names and values in two columns; what is absent is left out."""
    table = Table.grid(padding=(0, 2))
    for name, value in rows:
        if value is not None and value != "":
            table.add_row(Text(name), cell(value))
    _print(table)


def rows(
    header: Sequence[str], lines: Iterable[Sequence[Any]], right: Sequence[str] = (),
) -> None:
    """Print a table with a heading; the columns named in `right` are flush right."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in header:
        table.add_column(name, justify="right" if name in right else "left")
    for line in lines:
        table.add_row(*(cell(value) for value in line))
    _print(table)


def _print(table: Table) -> None:
    """Print a table without the spaces that fill its last column."""
    console = Console()
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        print(line.rstrip())


def said(text: str) -> None:
    """Print one line that says what was done."""
    Console(soft_wrap=True).print(Text(clean(text)))


def cell(value: Any) -> Text:
    """Return a value of the meter as it may stand in a table."""
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, list):
        return Text(clean(", ".join(str(item) for item in value)) or "none")
    return Text(clean("" if value is None else str(value)))


def with_unit(value: Any, unit: str) -> str | None:
    """Return a quantity with its unit; None when the meter does not tell it."""
    return None if value is None else f"{value} {unit}"


def duration(seconds: int) -> str:
    """Return seconds as a person says them: 3 d 04:05:06."""
    days, rest = divmod(max(0, seconds), 86400)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days} d {clock}" if days else clock
