"""pytest's view of a unittest file: FILE::interpreter::Class::test, and FILE::interpreter::file.

The file runs once a worker, when its first test is wanted. The item `file` fails for what no
single test can tell: a crash, an empty file, a failing test that was inherited from another
module and so not listed.
"""

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.harness.execution import (
    CPYTHON,
    MICROPYTHON,
    SWEEP_TIMEOUT_S,
    TIMEOUT_S,
    Result,
    run_file,
)
from tests.harness.names import Contents, read_contents


class NotPassedError(Exception):
    """A test of the file failed; the message is what the interpreter printed."""


class TestFile(pytest.File):
    """A unittest file under each interpreter it is for."""

    def collect(self) -> Iterator[pytest.Collector]:
        """One collector an interpreter; MicroPython alone when its coverage is measured."""
        try:
            contents = read_contents(self.path)
        except SyntaxError as error:
            raise self.CollectError(f"{self.path}: {error}") from None
        both = self.path.parent.name == "unit" and "JOULEGATE_COVERAGE" not in os.environ
        for interpreter in (CPYTHON, MICROPYTHON) if both else (MICROPYTHON,):
            yield Interpreter.from_parent(self, name=interpreter, contents=contents)


class Interpreter(pytest.Collector):
    """The tests of one file under one interpreter."""

    def __init__(self, *, contents: Contents, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.contents = contents
        for mark in contents.marks:
            self.add_marker(mark)
        # One group is one worker: the file runs once an interpreter, whatever the number of its
        # tests, and the two one after the other, since they share its scratch folders.
        self.add_marker(pytest.mark.xdist_group(f"{self.path.parent.name}-{self.path.stem}"))

    @cached_property
    def result(self) -> Result:
        """The outcome of running the file."""
        root: Path = self.config.rootpath
        timeout_s = SWEEP_TIMEOUT_S if "sweep" in self.contents.marks else TIMEOUT_S
        return run_file(root, self.path, self.name, self.contents.heap, timeout_s)

    def collect(self) -> Iterator[pytest.Item]:
        """One item a test, and one for the file as a whole."""
        for test in self.contents.tests:
            yield TestItem.from_parent(self, name=test)
        yield FileItem.from_parent(self, name="file")


class ResultItem(pytest.Item):
    """An item that is judged from the result of its file."""

    @property
    def run(self) -> Interpreter:
        """The file under the interpreter that this item is for."""
        assert isinstance(self.parent, Interpreter)
        return self.parent

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """What the interpreter printed, without pytest's own frames."""
        if isinstance(excinfo.value, NotPassedError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the item comes from."""
        return self.path, 0, f"{self.run.name}::{self.name}"


class TestItem(ResultItem):
    """One test method."""

    def runtest(self) -> None:
        """Fail unless the file reported this test as passed."""
        result = self.run.result
        outcome = result.outcomes.get(self.name)
        if outcome is None:
            why = f"did not report, exit code {result.returncode}"
            raise NotPassedError(f"{why}\n{result.output}")
        if outcome == "skip":
            pytest.skip(result.logs[self.name])
        if outcome != "ok":
            raise NotPassedError(result.logs[self.name])


class FileItem(ResultItem):
    """The run of the file as a whole."""

    def runtest(self) -> None:
        """Fail for what the tests of the file do not tell themselves."""
        result = self.run.result
        if trouble := result.trouble(self.run.contents.tests):
            raise NotPassedError(f"{trouble}\n{result.output}")
