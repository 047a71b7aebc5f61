"""A program of the firmware in a MicroPython of its own, asked by lines of JSON."""

import json
import os
import select
import subprocess
from pathlib import Path
from typing import Any, Self

from tests.harness.execution import MICROPYTHON, micropython, search_path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "tests"
ANSWER_S, END_S = 120.0, 20.0


class MeterProcess:
    """Use it with `with`; it ends with its standard input, or is ended.

    A subclass names the program, one of tests/*.py, and its heap.
    """

    PROGRAM = ""
    HEAP = "8M"

    def __init__(self, *arguments: object, stderr: int | None = None) -> None:
        program = PROGRAMS / self.PROGRAM
        paths = search_path(ROOT, program, MICROPYTHON)
        # Not with `with`: it stays open as long as the meter runs.
        self.process = subprocess.Popen(
            [micropython(), "-X", f"heapsize={self.HEAP}", str(program), *map(str, arguments)],
            cwd=ROOT, env={**os.environ, "MICROPYPATH": ":".join(str(path) for path in paths)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(timeout=END_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it as a power failure does."""
        self.process.kill()
        self.process.wait(timeout=END_S)

    def say(self, line: str) -> None:
        """Give it a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def __call__(self, *command: Any, seconds: float = ANSWER_S) -> Any:
        """Say a command and return what it answers; see answer()."""
        return self.answer(json.dumps(command), seconds)

    def answer(self, line: str, seconds: float = ANSWER_S) -> Any:
        """Say a line and return the JSON that comes back.

        AssertionError with what the meter printed when it has fallen over or does not answer.
        """
        self.say(line)
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        said = self.process.stdout.readline() if ready else f"nothing in {seconds:g} s "
        try:
            return json.loads(said)
        except ValueError:
            self.__exit__()  # all that it has to say it says before its end
            raise AssertionError((line, said + self.process.stdout.read())) from None
