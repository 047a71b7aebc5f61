"""Runs the programs of this folder under the pinned Node.js."""

import contextlib
import json
import queue
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

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


class Peers(Protocol):
    """Whoever answers what a script asks."""

    answers: queue.Queue[dict[str, Any]]

    def ask(self, question: dict[str, Any]) -> None:
        """Begin to answer a question; its answer goes to `answers`."""


def run(
    task: dict[str, Any], tell: Callable[[dict[str, Any]], None], script: str = "run.mjs",
    peers: Peers | None = None,
) -> dict[str, Any]:
    """Run a scenario; `tell` is called with each check as it is made.

    Returns {"figures", "serial", "emulated_ms"} and what else the script found. Raises
    EmulateError.
    """
    with _task_file(task) as path, subprocess.Popen(
            [str(NODE), str(HERE / script), path], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout and process.stderr
        if peers is not None:
            threading.Thread(
                target=_pass_on, args=(peers.answers, process.stdin), daemon=True).start()
        result: dict[str, Any] = {}
        for line in process.stdout:
            value = json.loads(line)
            if "check" in value:
                tell(value["check"])
            elif "ask" in value and peers is not None:
                peers.ask(value)
            else:
                result = value
        said = process.stderr.read().strip()
        code = process.wait()
    if code == REFUSED or not result:
        raise EmulateError(said.removeprefix("error: ") or f"node ended with {code}")
    return result


def _pass_on(answers: queue.Queue[dict[str, Any]], to: IO[str]) -> None:
    # Until the process ends: then nobody reads what is written.
    with contextlib.suppress(OSError, ValueError):
        while True:
            to.write(json.dumps(answers.get()) + "\n")
            to.flush()


def serve(task: dict[str, Any]) -> None:
    """Run a meter in real time until standard input closes or Ctrl-C. Raises EmulateError."""
    with _task_file(task) as path:
        done = subprocess.run([str(NODE), str(HERE / "serve.mjs"), path])
    if done.returncode == REFUSED:
        raise EmulateError("the emulated meter did not start")
