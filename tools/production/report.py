"""The report of one run on one meter: kept by serial number, numbered, never overwritten.

It is on disk from the first moment, with the verdict "interrupted", and replaced as a whole
after each test; so whatever ends a run, the last whole state is there and says what it is.
"""

import contextlib
import dataclasses
import json
import os
import re
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.meterctl.errors import BadInput

SCHEMA = "joulegate-production/1"
PASSED = "passed"
FAILED = "failed"
NOT_DONE = "not done"
INCOMPLETE = "incomplete"
INTERRUPTED = "interrupted"
RUNS_MAX = 999


@dataclass
class Check:
    """One thing measured or seen, beside its limits."""

    what: str
    passed: bool
    value: float | int | str | bool | None = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    wanted: str | None = None
    text: str = ""


@dataclass
class Result:
    """One test."""

    name: str
    verdict: str
    started: str
    seconds: float = 0.0
    checks: list[Check] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    text: str = ""


@dataclass
class Report:
    """One run."""

    serial: str
    run: int
    started: str
    operator: str
    station: str
    fixture: str
    lot: str
    tool: str
    port: str
    plan: dict[str, str]
    schema: str = SCHEMA
    ended: str = ""
    verdict: str = INTERRUPTED
    reason: str = "the run has not come to its end"
    meter: dict[str, Any] = field(default_factory=dict)
    tests: list[Result] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)
    """Parts that the board says it carries and the plan has no test of."""

    def judge(self) -> None:
        """Set the verdict of a run that has come to its end."""
        verdicts = {result.verdict for result in self.tests}
        failed = [r.name for r in self.tests if r.verdict == FAILED]
        missing = [r.name for r in self.tests if r.verdict == NOT_DONE]
        if FAILED in verdicts:
            self.verdict, self.reason = FAILED, ", ".join(failed)
        elif NOT_DONE in verdicts:
            self.verdict, self.reason = INCOMPLETE, "not done: " + ", ".join(missing)
        else:
            self.verdict, self.reason = PASSED, ""

    def as_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_whole(path: Path, text: str) -> None:
    """Put a text in a file's place as a whole, on the disk before the name; OSError."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as f:
            f.write(text)
            f.flush()
            os.fsync(f.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


class Folder:
    """Where reports are kept: FOLDER/SERIAL/SERIAL-NNN.json and .md."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def begin(self, serial: str) -> int:
        """Take the next free number of a serial number and return it; BadInput.

        Two stations that test the same meter get different ones: the file's name is taken by
        making it.
        """
        folder = self.root / serial
        try:
            folder.mkdir(parents=True, exist_ok=True)
            taken = [run for run, _ in self._runs(serial)]
            run = max(taken, default=0) + 1
            while run <= RUNS_MAX:
                try:
                    with self.path(serial, run, "json").open("x"):
                        return run
                except FileExistsError:
                    run += 1
        except OSError as e:
            raise BadInput(f"reports {folder}: cannot be written: {e.strerror}") from e
        raise BadInput(f"reports {folder}: {RUNS_MAX} runs are there already")

    def path(self, serial: str, run: int, suffix: str) -> Path:
        return self.root / serial / f"{serial}-{run:03}.{suffix}"

    def write(self, report: Report, text: str) -> None:
        """Replace both forms of a report; BadInput."""
        try:
            write_whole(self.path(report.serial, report.run, "json"),
                        json.dumps(report.as_json(), indent=1) + "\n")
            write_whole(self.path(report.serial, report.run, "md"), text)
        except OSError as e:
            raise BadInput(f"report of {report.serial}: cannot be written: {e}") from e

    def chips(self, serial: str, before: int) -> set[str]:
        """Return the chips that earlier runs of this serial number found."""
        found = set()
        for run, path in self._runs(serial):
            if run < before:
                with contextlib.suppress(OSError, ValueError, AttributeError):
                    chip = json.loads(path.read_text(encoding="utf-8"))["meter"]["unique_id"]
                    found.add(str(chip))
        return found

    def _runs(self, serial: str) -> list[tuple[int, Path]]:
        name = re.compile(re.escape(serial) + r"-([0-9]{3})\.json")
        matches = [(name.fullmatch(path.name), path)
                   for path in (self.root / serial).iterdir()]
        return sorted((int(match[1]), path) for match, path in matches if match)
