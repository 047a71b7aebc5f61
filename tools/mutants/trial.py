"""Plants a fault in a copy of the tree, runs the tests that must catch it, and judges.

A test catches a fault when it passes without it and fails with it. One that crashes, hangs or
does not report has proven nothing.
"""

import re
import shutil
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.harness.execution import CPYTHON, MICROPYTHON, run_file
from tests.harness.names import read_contents
from tools.lint.files import project_files
from tools.mutants.fault import Fault, FaultError, check_fault, planted, split_test

COPIED = ("firmware/", "tests/", "tools/bench/", "boards/")
LINKED = ("data", "build/micropython-lib")
"""What tests read and no fault changes."""
ERROR = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception)\b.{0,100}", re.MULTILINE)


@dataclass(frozen=True)
class Trial:
    """What became of a fault; `why` is empty when all its tests caught it."""

    fault: Fault
    why: str
    seconds: float
    how: tuple[str, ...] = ()
    """The error of each failing test, by test, then by interpreter."""

    @property
    def caught(self) -> bool:
        """Whether every named test caught it."""
        return not self.why


def copy_tree(root: Path, copy: Path) -> None:
    """Copy what tests need of the tree `root`, without what git ignores, to the folder `copy`."""
    for path in project_files(root):
        if path.as_posix().startswith(COPIED):
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / path, copy / path)
    for name in LINKED:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).symlink_to((root / name).resolve())


def run_tests(root: Path, tests: Iterable[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """Run the files of `tests` in the tree `root`, a file once under each of its interpreters.

    Returns (outcome, error) by (test, interpreter). The outcome is that of the harness, or "no
    report"; the error is the line of its output that names the last one, shortened.
    """
    wanted: dict[str, list[str]] = {}
    for test in tests:
        file, name = split_test(test)
        wanted.setdefault(file, []).append(name)
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for file, names in wanted.items():
        path = root / file
        heap = read_contents(path).heap
        both = path.parent.name == "unit"
        for interpreter in (CPYTHON, MICROPYTHON) if both else (MICROPYTHON,):
            result = run_file(root, path, interpreter, heap)
            for name in names:
                outcome = result.outcomes.get(name, "no report")
                errors = ERROR.findall(result.logs.get(name, result.output))
                found[f"{file}::{name}", interpreter] = (outcome, errors[-1] if errors else "")
    return found


def _survivor(outcomes: dict[tuple[str, str], tuple[str, str]]) -> str:
    """Who let a fault pass; "" if nobody."""
    passed = [
        f"{test} {interpreter}: {outcome}"
        for (test, interpreter), (outcome, _) in outcomes.items()
        if outcome not in ("FAIL", "skip")
    ]
    idle = {test for test, _ in outcomes} - {
        test for (test, _), (outcome, _) in outcomes.items() if outcome != "skip"
    }
    return "; ".join(passed + [f"{test}: skipped" for test in sorted(idle)])


def try_fault(tree: Path, fault: Fault) -> Trial:
    """Judge one fault in a copy of the tree that copy_tree made."""
    begin = time.monotonic()
    try:
        check_fault(tree, fault)
    except FaultError as error:
        return Trial(fault, f"cannot be planted: {error}", 0.0)
    with TemporaryDirectory() as folder:
        root = Path(folder) / "tree"
        shutil.copytree(tree, root, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        (root / fault.file).write_text(planted(tree, fault), "utf-8")
        outcomes = run_tests(root, fault.tests)
    survivor = _survivor(outcomes)
    how = tuple(error for outcome, error in outcomes.values() if outcome == "FAIL")
    why = f"survived: {survivor}" if survivor else ""
    return Trial(fault, why, time.monotonic() - begin, how)


def failing_without(tree: Path, faults: list[Fault]) -> dict[str, str]:
    """The tests named by `faults` that do not pass in the tree as it is, and their outcome."""
    names = {test: None for fault in faults for test in fault.tests}
    there = []
    for test in names:
        file, _ = split_test(test)
        if (tree / file).is_file():
            there.append(test)
    return {
        test: f"{interpreter}: {outcome}"
        for (test, interpreter), (outcome, _) in run_tests(tree, there).items()
        if outcome not in ("ok", "skip")
    }


def try_all(root: Path, faults: list[Fault], jobs: int) -> Iterator[Trial]:
    """Judge faults, `jobs` at a time, in a copy made at the start; in their order."""
    with TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        tree = Path(folder) / "tree"
        copy_tree(root, tree)
        bad = failing_without(tree, faults)

        def judge(fault: Fault) -> Trial:
            for test in fault.tests:
                if test in bad:
                    why = f"not judged: without the fault {test} {bad[test]}"
                    return Trial(fault, why, 0.0)
            return try_fault(tree, fault)

        yield from pool.map(judge, faults)
