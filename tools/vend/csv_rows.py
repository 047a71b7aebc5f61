"""CSV files that people make: read whole, each bad row named by its line, value and rule."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tools.vend.errors import VendError

ROWS_MAX = 100_000
_SHOWN_MAX = 20
Row = TypeVar("Row")


def read(
    path: Path, needed: tuple[str, ...], optional: tuple[str, ...],
    make: Callable[[dict[str, str]], Row],
) -> list[Row]:
    """What `make` makes of each row; VendError with all bad rows, as many as can be read.

    Row numbers are the file's lines; the first has the names of the columns. What is missing of
    the optional ones is the empty text.
    """
    made: list[Row] = []
    problems: list[str] = []
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            _check_columns(path, list(reader.fieldnames or []), needed, optional)
            for row in reader:
                if len(made) + len(problems) >= ROWS_MAX:
                    raise VendError(f"{path}: must have at most {ROWS_MAX} rows")
                try:
                    made.append(make(_cells(row, needed + optional)))
                except VendError as error:
                    problems.append(f"row {reader.line_num}: {error}")
    except (OSError, ValueError, csv.Error) as error:
        raise VendError(f"{path}: {error}") from None
    if problems:
        more = len(problems) - _SHOWN_MAX
        raise VendError("\n".join([
            f"{path}: bad rows, {len(problems)} of {len(made) + len(problems)}; nothing was done",
            *problems[:_SHOWN_MAX], *([f"and {more} more"] if more > 0 else [])]))
    return made


def _check_columns(
    path: Path, found: list[str], needed: tuple[str, ...], optional: tuple[str, ...]
) -> None:
    for name in found:
        if name not in needed + optional:
            raise VendError(f"{path}: column {name!r}: must be one of "
                            f"{', '.join(needed + optional)}")
        if found.count(name) > 1:
            raise VendError(f"{path}: column {name}: stands there twice")
    for name in needed:
        if name not in found:
            raise VendError(f"{path}: column {name} is missing: the first row names the columns")


def _cells(row: dict[str | None, str | None], names: tuple[str, ...]) -> dict[str, str]:
    if None in row or None in row.values():
        raise VendError("has more or fewer cells than the first row")
    return {name: (row.get(name) or "").strip() for name in names}
