"""Runs the programs of this folder under the pinned Node.js."""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.setup.npm import NODE

HERE = Path(__file__).parent
REFUSED = 2


class EmulateError(Exception):
    """An input that is refused, or an emulator that failed: the text says why."""


@contextmanager
def _task_file(task: dict[str, Any]) -> Iterator[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(task, file)
        file.flush()
        yield file.name


def run(task: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Run the acceptance scenario; `tell` is called with each check as it is made.

    Returns {"figures", "serial", "emulated_ms"}. Raises EmulateError.
    """
    with _task_file(task) as path, subprocess.Popen(
            [str(NODE), str(HERE / "run.mjs"), path], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        result: dict[str, Any] = {}
        for line in process.stdout:
            value = json.loads(line)
            if "check" in value:
                tell(value["check"])
            else:
                result = value
        said = process.stderr.read().strip()
        code = process.wait()
    if code == REFUSED or not result:
        raise EmulateError(said.removeprefix("error: ") or f"node ended with {code}")
    return result


def serve(task: dict[str, Any]) -> None:
    """Run a meter in real time until standard input closes or Ctrl-C. Raises EmulateError."""
    with _task_file(task) as path:
        done = subprocess.run([str(NODE), str(HERE / "serve.mjs"), path])
    if done.returncode == REFUSED:
        raise EmulateError("the emulated meter did not start")
