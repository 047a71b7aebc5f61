"""Adds up which lines ran and shows what did not."""

import ast
import json
import textwrap
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from tools.coverage.instrument import counted_lines

MISSING_WIDTH = 60


@dataclass(frozen=True)
class FileCoverage:
    """The counted lines of one file and those of them that never ran."""

    name: str
    lines: int
    missing: tuple[int, ...]


def read_hits(folder: Path) -> dict[str, set[int]]:
    """The lines that ran in any of the runs whose *.json stand in `folder`, by file."""
    hits: dict[str, set[int]] = defaultdict(set)
    for path in sorted(folder.glob("*.json")):
        for name, lines in json.loads(path.read_text("utf-8")).items():
            hits[name].update(lines)
    return hits


def measure_coverage(source: Path, hits: dict[str, set[int]]) -> list[FileCoverage]:
    """The coverage of every file under `source` that has a statement, by name."""
    found = []
    for path in sorted(source.rglob("*.py")):
        name = path.relative_to(source).as_posix()
        lines = counted_lines(ast.parse(path.read_text("utf-8"), filename=name))
        if lines:
            missing = tuple(sorted(lines - hits.get(name, set())))
            found.append(FileCoverage(name, len(lines), missing))
    return found


def ranges(numbers: tuple[int, ...]) -> str:
    """Rising line numbers as text, neighbours joined: 3-5, 9."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else str(p[0]) for p in parts)


def table(files: list[FileCoverage]) -> str:
    """A line a file, and the total, in per cent of lines that ran."""
    width = max([len(file.name) for file in files] + [len("Total")])

    def row(name: str, lines: int, missing: int, rest: str) -> str:
        share = 100.0 * (lines - missing) / lines if lines else 100.0
        return f"{name:{width}} {lines:6} {missing:6} {share:6.1f} %  {rest}".rstrip()

    rows = [f"{'File':{width}} {'lines':>6} {'missed':>6} {'ran':>8}  not run"]
    for file in files:
        missing = textwrap.shorten(ranges(file.missing), MISSING_WIDTH, placeholder=" ...")
        rows.append(row(file.name, file.lines, len(file.missing), missing))
    lines = sum(file.lines for file in files)
    rows.append(row("Total", lines, sum(len(file.missing) for file in files), ""))
    return "\n".join(rows)
