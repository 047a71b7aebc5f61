"""Runs a unittest file in a process of its own, under one of the two interpreters."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.harness.names import DEFAULT_HEAP

CPYTHON = "cpython"
MICROPYTHON = "micropython"
TIMEOUT_S = 180
SWEEP_TIMEOUT_S = 540
"""Below pytest's own limit of 600 s, so that a hang is told with the output of the file."""
LINE = re.compile(r"^::(begin|ok|skip|FAIL|done):: (\S+)$")
RUNNER = Path("tests/harness/run_file.py")


@dataclass
class Result:
    """What running a file gave: the outcome and output of each test, and the whole of it."""

    returncode: int
    output: str
    outcomes: dict[str, str] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)
    done: int | None = None

    def trouble(self, listed: tuple[str, ...]) -> str:
        """Say why the file as a whole failed, given the tests it was `listed` with; "" if not.

        A listed test that fails is told by that test, not here.
        """
        if self.done is None:
            return f"stopped before its end, exit code {self.returncode}"
        if not self.outcomes:
            return "no test found"
        unlisted = sorted(
            name for name, what in self.outcomes.items() if what == "FAIL" and name not in listed
        )
        if unlisted:
            return f"failed: {', '.join(unlisted)}"
        failed = "FAIL" in self.outcomes.values()
        if self.returncode != (77 if failed else 0):
            return f"exit code {self.returncode}"
        return ""


def micropython() -> str:
    """The path of the `micropython` command: beside this Python, else the first on PATH.

    Raises FileNotFoundError when there is none.
    """
    beside = Path(sys.executable).parent / "micropython"
    found = str(beside) if beside.exists() else shutil.which("micropython")
    if found is None:
        raise FileNotFoundError("no micropython command: run `make setup`")
    return found


def search_path(root: Path, file: Path, interpreter: str) -> list[Path]:
    """The folders that `file` may import from, first wins.

    Files of tests/micropython see the bench as their board: its `machine`, `time` and `select`
    stand before the built-in ones.
    """
    firmware = Path(os.environ.get("JOULEGATE_FIRMWARE", root / "firmware"))
    folders = [firmware, root / "tools/bench", root / "boards", root / "tests"]
    if interpreter == CPYTHON:
        return [root / "tests/cpython", *folders]
    if (root / "tests/micropython") in file.parents:
        folders = [root / "boards/BENCH/shim", root / "boards/BENCH", *folders]
    return [*folders, root / "build/micropython-lib", Path(".frozen")]


def command(root: Path, file: Path, interpreter: str, heap: str = DEFAULT_HEAP) -> list[str]:
    """The command that runs `file` under `interpreter` with `heap` for MicroPython."""
    runner = [str(root / RUNNER), str(file)]
    if interpreter == CPYTHON:
        return [sys.executable, *runner]
    heap = os.environ.get("JOULEGATE_HEAP", heap)
    return [micropython(), "-X", f"heapsize={heap}", *runner]


def parse(returncode: int, output: str) -> Result:
    """Read the lines of run_file.py out of `output`."""
    result = Result(returncode, output)
    log: list[str] = []
    for line in output.splitlines():
        found = LINE.match(line)
        if found is None:
            log.append(line)
        elif found[1] == "begin":
            log = []
        elif found[1] == "done":
            result.done = int(found[2])
        else:
            result.outcomes[found[2]] = found[1]
            result.logs[found[2]] = "\n".join(log)
    return result


def run_file(
    root: Path,
    file: Path,
    interpreter: str,
    heap: str = DEFAULT_HEAP,
    timeout_s: float = TIMEOUT_S,
) -> Result:
    """Run `file` and read what it says; a run over `timeout_s` is ended and counts as a crash.

    With JOULEGATE_COVERAGE naming a folder, the lines that ran are left there under the name
    of the file.
    """
    paths = ":".join(str(folder) for folder in search_path(root, file, interpreter))
    variable = "PYTHONPATH" if interpreter == CPYTHON else "MICROPYPATH"
    arguments = command(root, file, interpreter, heap)
    if coverage := os.environ.get("JOULEGATE_COVERAGE"):
        arguments.append(str(Path(coverage) / f"{file.parent.name}-{file.stem}.json"))
    with TemporaryDirectory() as scratch:
        try:
            done = subprocess.run(
                arguments,
                cwd=root,
                env={**os.environ, variable: paths, "JOULEGATE_SCRATCH": scratch},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=timeout_s,
            )
        except subprocess.TimeoutExpired as late:
            output = (late.stdout or b"").decode(errors="replace")
            return parse(-1, f"{output}\nended after {timeout_s} s")
    return parse(done.returncode, done.stdout)
