"""The examples in README.md and docs/*.md: each bench command, and the output quoted after it.

A console block quotes lines of the output, in order; a JSON block after a command with --json
quotes some of its fields. Files that an example names and the project does not hold are made
from the complete document in docs/tariff-document.md.

A bill that quotes nothing is run on the first day of its load; tests/system/test_bills.py has the
month. Bills that quote fields are each run on the first day too, and all tariffs of a load
together for the month, as riders on one meter: that alters no bill, says test_bills.py.
"""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tools.bench.documents import find
from tools.bench.process import ROOT, JsonFile

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PYTHON = ".venv/bin/python"
_BENCH = ["-m", "tools.bench"]

# What an example's file changes in the complete document.
FILES = {
    "example.json": [],
    "bad.json": [('"price": "0.1310"', '"price": 0.1310')],
    "short.json": [('"to": "22:00"', '"to": "21:00"')],
}


@dataclass(frozen=True)
class Example:
    line: int
    command: list[str]
    lines: list[str]
    """The lines quoted after the command, stripped, without empty ones."""
    fields: dict[str, Any] | None = None
    """The fields quoted in the JSON block after the command."""


def examples(text: str) -> Iterator[Example]:
    """Yield the commands `tools.bench bill` and `tools.bench run` of a Markdown page."""
    blocks = list(_BLOCK.finditer(text))
    for i, block in enumerate(blocks):
        if block[1] != "console":
            continue
        following = blocks[i + 1] if i + 1 < len(blocks) else None
        line = text.count("\n", 0, block.start()) + 2
        for command, lines in _commands(block[2]):
            if command[1:3] != _BENCH or command[3:4] not in (["bill"], ["run"]):
                continue
            fields = None
            if "--json" in command and not lines and following and following[1] == "json":
                fields = json.loads(following[2])
            yield Example(line, command, lines, fields)


def _commands(block: str) -> Iterator[tuple[list[str], list[str]]]:
    for part in re.split(r"^\$ ", block.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
        command, *lines = (line.strip() for line in part.splitlines())
        yield shlex.split(command), [line for line in lines if line]


def make_file(name: str, folder: Path) -> str:
    """Write an example's tariff file and return its path."""
    page = (ROOT / "docs" / "tariff-document.md").read_text(encoding="utf-8")
    found = [b[2] for b in _BLOCK.finditer(page) if b[1] == "json" and '"format": 1' in b[2]]
    assert len(found) == 1, "docs/tariff-document.md: must have one complete document"
    text = found[0]
    for old, new in FILES[name]:
        assert text.count(old) == 1, f"{name}: {old} must stand once in the complete document"
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def holds(value: Any, quoted: Any) -> bool:
    """Whether a JSON value has all that is quoted of it; objects may leave fields out."""
    if isinstance(quoted, dict) and isinstance(value, dict):
        return all(key in value and holds(value[key], quoted[key]) for key in quoted)
    if isinstance(quoted, list) and isinstance(value, list):
        return len(value) == len(quoted) and all(map(holds, value, quoted))
    return bool(value == quoted)


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a JSON value, whatever it is in."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from objects(item)


def missing_lines(output: str, quoted: list[str]) -> list[str]:
    """Return what is quoted from the first line on that is not in the output, in order."""
    rest = iter([line.strip() for line in output.splitlines()])
    for i, line in enumerate(quoted):
        if line not in rest:  # which takes all up to the line out of the rest
            return quoted[i:]
    return []


def first_day(load: str, folder: Path) -> str:
    """Write the first day of a load file whose rows are no longer than 15 minutes; its path."""
    header, *rows = (ROOT / load).read_text(encoding="utf-8").splitlines(keepends=True)
    path = folder / Path(load).name
    path.write_text(header + "".join(row for row in rows if row[:10] == rows[0][:10]))
    return str(path)


def option(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


def run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300,
        check=False)


def month_bills(load: str, folder: Path) -> dict[str, Any]:
    """Return by its --tariff what each example with fields quotes of the load's whole month."""
    if load not in _month_bills:
        names = [option(case.values[0].command, "--tariff") for case in CASES
                 if is_bill_of(case.values[0], load) and case.values[0].fields is not None]
        documents = [find(make_file(name, folder) if name in FILES else name)[0]
                     for name in names]
        with JsonFile(documents) as path:
            done = run([*_BENCH, "bill", "--load", load, "--tariff", f"{path}#*", "--json"])
        assert done.returncode == 0, done.stderr
        _month_bills[load] = dict(zip(names, json.loads(done.stdout), strict=True))
    return _month_bills[load]


_month_bills: dict[str, dict[str, Any]] = {}


def is_bill_of(example: Example, load: str) -> bool:
    return example.command[3] == "bill" and option(example.command, "--load") == load


def cases() -> Iterator[Any]:
    for page in PAGES:
        name = page.relative_to(ROOT).as_posix()
        for example in examples(page.read_text(encoding="utf-8")):
            group = f"examples-{name}"
            if example.command[3] == "bill" and example.fields is not None:
                group = "examples-" + option(example.command, "--load")  # one run for all
            yield pytest.param(
                example, id=f"{name}:{example.line}", marks=pytest.mark.xdist_group(group))


CASES = list(cases())


@pytest.mark.parametrize("example", CASES)
def test_prints_what_the_page_quotes(example: Example, tmp_path: Path) -> None:
    assert example.command[0] == _PYTHON
    arguments = [make_file(a, tmp_path) if a in FILES else a for a in example.command[1:]]
    if example.command[3] == "bill":
        load = option(example.command, "--load")
        arguments[arguments.index(load)] = first_day(load, tmp_path)
    done = run(arguments)
    refused = any(line.startswith("error: ") for line in example.lines)
    assert done.returncode == (2 if refused else 0), done.stderr
    output = done.stderr if refused else done.stdout
    assert missing_lines(output, example.lines) == [], output
    if example.fields is not None:
        printed = json.loads(output)
        if example.command[3] == "bill":  # this was its first day
            assert printed["bills"], output
            printed = month_bills(load, tmp_path)[option(example.command, "--tariff")]
        assert any(holds(found, example.fields) for found in objects(printed)), printed


def test_every_page_with_examples_is_found() -> None:
    pages = {case.id.rpartition(":")[0] for case in CASES}
    assert pages == {"README.md", "docs/bench.md", "docs/charges.md", "docs/tariff-document.md"}


def test_a_page_is_read_as_it_looks() -> None:
    page = (
        "```console\n$ make run\n```\n"
        "```console\n$ .venv/bin/python -m tools.bench run \\\n    --until 'a b'\none\n\n two\n"
        "$ .venv/bin/python -m tools.bench bill --json\n```\nwords\n```json\n{\"a\": 1}\n```\n")
    bench = [_PYTHON, *_BENCH]
    assert list(examples(page)) == [
        Example(5, [*bench, "run", "--until", "a b"], ["one", "two"]),
        Example(5, [*bench, "bill", "--json"], [], {"a": 1}),
    ]


def test_a_wrong_quotation_is_seen() -> None:
    assert missing_lines("one\n two\nthree\n", ["one", "three"]) == []
    assert missing_lines("one\ntwo\n", ["two", "one"]) == ["one"]
    assert missing_lines("one two\n", ["two"]) == ["two"]
    assert holds({"a": 1, "b": {"c": [2], "d": 3}}, {"b": {"c": [2]}})
    assert not holds({"a": "1"}, {"a": "2"})
    assert not holds({"a": "1"}, {"b": "1"})
    assert not holds({"c": [2, 3]}, {"c": [2]})
