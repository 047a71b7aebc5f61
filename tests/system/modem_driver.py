"""The firmware's modem task in a MicroPython of its own, on the pty of a modem model."""

import json
import os
import select
import subprocess
from pathlib import Path
from typing import Any

from tests.harness.execution import MICROPYTHON, micropython, search_path

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "tests" / "modem_server.py"
HEAP = "192wK"
SETTINGS = {
    "apn": "internet", "sim_pin": "", "ppp_number": "*99#", "apn_user": "", "apn_password": ""}


class DriverError(Exception):
    """The transport's LinkError, by its text."""


class ModemDriver:
    """Use it with `with`; it ends with its standard input."""

    def __init__(self, pty: str, **settings: str) -> None:
        paths = search_path(ROOT, SERVER, MICROPYTHON)
        self._process = subprocess.Popen(
            [micropython(), "-X", f"heapsize={HEAP}", str(SERVER), pty,
             json.dumps({**SETTINGS, **settings})], cwd=ROOT,
            env={**os.environ, "MICROPYPATH": ":".join(str(path) for path in paths)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "ModemDriver":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=20)

    def ask(self, name: str, *values: Any, timeout_s: float = 60) -> Any:
        """Call a method of the server; DriverError for a LinkError of the transport."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([name, values]) + "\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], timeout_s)
        said = self._process.stdout.readline() if ready else ""
        if not said.startswith("["):
            self._process.kill()
            raise AssertionError(
                f"{name}{values}: {said}{self._process.stdout.read()}")
        kind, value = json.loads(said)
        if kind == "error":
            raise DriverError(value)
        return value
