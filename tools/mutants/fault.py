"""A planted fault: a text of the firmware, what stands there instead, and who must notice.

tests/mutants/*.toml hold them, an array of tables `fault` each:

    name     as the table shows it, one of a kind
    breaks   what a meter with this fault does wrong
    file     of the firmware, from the root of the tree
    find     text that stands in it exactly once
    replace  what takes its place
    tests    "tests/FOLDER/FILE.py::Class::test"; each must fail, on each interpreter it runs on
"""

import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from tests.harness.names import read_contents

FOLDER = Path("tests/mutants")
TEXTS = ("name", "breaks", "file", "find", "replace")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
TEST = re.compile(r"(tests/(?:unit|micropython)/\w+\.py)::(\w+::test\w*)")


class FaultError(ValueError):
    """A fault that cannot be planted or judged; says which and why."""


@dataclass(frozen=True)
class Fault:
    """One planted fault; the module says what the fields mean."""

    name: str
    breaks: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]


def split_test(test: str) -> tuple[str, str]:
    """(file, "Class::test") of a named test; FaultError for another form."""
    found = TEST.fullmatch(test)
    if found is None:
        raise FaultError(f"test {test!r}: must be tests/FOLDER/FILE.py::Class::test")
    return found[1], found[2]


def _read_fault(table: dict[str, object], where: str) -> Fault:
    wanted = {field.name for field in fields(Fault)}
    if set(table) != wanted:
        odd = ", ".join(sorted(wanted ^ set(table)))
        raise FaultError(f"{where}: {table.get('name')}: missing or unknown: {odd}")
    for key in TEXTS:
        if not isinstance(table[key], str):
            raise FaultError(f"{where}: {table['name']}: {key}: must be a text")
    tests = table["tests"]
    if not isinstance(tests, list) or not tests:
        raise FaultError(f"{where}: {table['name']}: tests: must name at least one test")
    fault = Fault(
        str(table["name"]),
        str(table["breaks"]),
        str(table["file"]),
        str(table["find"]),
        str(table["replace"]),
        tuple(str(test) for test in tests),
    )
    where = f"{where}: {fault.name}"
    if not NAME.fullmatch(fault.name):
        raise FaultError(f"{where}: a name is lower-case words with hyphens")
    if not fault.file.startswith("firmware/"):
        raise FaultError(f"{where}: {fault.file}: must be a file of the firmware")
    if not fault.find.strip() or fault.find == fault.replace:
        raise FaultError(f"{where}: find: must be a text, and another than replace")
    for test in fault.tests:
        split_test(test)
    return fault


def load_faults(folder: Path) -> list[Fault]:
    """All faults of the *.toml files of `folder`; FaultError for one that is not as it must be."""
    faults: dict[str, Fault] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            document = tomllib.loads(path.read_text("utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise FaultError(f"{path.name}: {error}") from None
        tables = document.get("fault", [])
        if set(document) != {"fault"} or not isinstance(tables, list):
            raise FaultError(f"{path.name}: must hold tables [[fault]] and nothing else")
        for table in tables:
            fault = _read_fault(table, path.name)
            if fault.name in faults:
                raise FaultError(f"{path.name}: {fault.name}: there is one of this name already")
            faults[fault.name] = fault
    if not faults:
        raise FaultError(f"{folder}: no fault found")
    return list(faults.values())


def planted(root: Path, fault: Fault) -> str:
    """The text of the fault's file under `root` with the fault in it.

    FaultError unless the text to find stands there exactly once and what results is Python.
    """
    path = root / fault.file
    if not path.is_file():
        raise FaultError(f"{fault.name}: {fault.file}: there is no such file")
    text = path.read_text("utf-8")
    count = text.count(fault.find)
    if count != 1:
        raise FaultError(
            f"{fault.name}: {fault.file}: text to find stands there {count} times, must be once"
        )
    text = text.replace(fault.find, fault.replace)
    try:
        compile(text, fault.file, "exec")
    except SyntaxError as error:
        why = f"with the fault no Python: {error}"
        raise FaultError(f"{fault.name}: {fault.file}: {why}") from None
    return text


def check_fault(root: Path, fault: Fault) -> None:
    """FaultError unless the fault can be planted in the tree `root` and its tests are there."""
    planted(root, fault)
    for test in fault.tests:
        file, name = split_test(test)
        path = root / file
        if not path.is_file() or name not in read_contents(path).tests:
            raise FaultError(f"{fault.name}: {test}: there is no such test")
