"""Start MicroPython programs of the bench, with the search path that makes it a BENCH board."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "tools" / "bench" / "meter"
HEAP = "64m"

_PATH = (
    ROOT / "boards" / "BENCH" / "shim",
    ROOT / "boards" / "BENCH",
    ROOT / "firmware",
    ROOT / "tools" / "bench",
    ROOT / "build" / "micropython-lib",
)


class BenchError(Exception):
    """The bench refused its input or failed; the text says why."""


def interpreter() -> str:
    """Return the MicroPython beside this Python; BenchError if it is not installed."""
    found = Path(sys.executable).parent / "micropython"
    if not found.exists():
        raise BenchError("micropython: not installed beside this Python; run `make setup`")
    return str(found)


def command(program: str, *arguments: str) -> list[str]:
    return [interpreter(), "-X", f"heapsize={HEAP}", str(PROGRAMS / program), *arguments]


def environment() -> dict[str, str]:
    return dict(os.environ, MICROPYPATH=":".join([str(p) for p in _PATH] + [".frozen"]))


def run_json(program: str, *arguments: str, timeout: float | None = None) -> Any:
    """Run a program that prints one JSON value and return it; BenchError with its message."""
    done = subprocess.run(
        command(program, *arguments), env=environment(), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode:
        raise BenchError(done.stderr.strip() or done.stdout.strip() or "the bench failed")
    return json.loads(done.stdout)


class JsonFile:
    """A temporary JSON file for a program's input; removed when the `with` ends."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __enter__(self) -> str:
        handle, self.path = tempfile.mkstemp(suffix=".json")
        with os.fdopen(handle, "w") as f:
            json.dump(self._value, f)
        return self.path

    def __exit__(self, *_: object) -> None:
        os.unlink(self.path)
