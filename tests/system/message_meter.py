"""The meter of tests/message_server.py, in a MicroPython of its own."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.harness.execution import MICROPYTHON, micropython, search_path
from tools.vend.key_file import Key

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "tests" / "message_server.py"
METER = "01234567890"
NOON = 1577836800 + 12 * 3600

KEYS = {
    role: Key(METER, role, kid, bytes(range(first, first + 16)))
    for role, kid, first in (
        ("vending", b"V1", 0x10), ("administrator", b"A1", 0x20), ("technician", b"T1", 0x30),
        ("meter", b"M1", 0x40))
}


class Answer:
    """What became of a message."""

    def __init__(self, said: list[Any]) -> None:
        (self.status, self.reason, self.text, receipt, self.changed, self.number_used,
         self.files, self.took_us) = said
        self.receipt = bytes.fromhex(receipt)


class Meter:
    """Use it with `with`; it ends with its standard input."""

    def __init__(self, folder: Path) -> None:
        paths = search_path(ROOT, SERVER, MICROPYTHON)
        folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [micropython(), "-X", "heapsize=8M", str(SERVER), str(folder)], cwd=ROOT,
            env={**os.environ, "MICROPYPATH": ":".join(str(path) for path in paths)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "Meter":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)

    def ask(self, line: str) -> list[Any]:
        """Say a line; AssertionError with what the meter printed when it has fallen over."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline()
        assert said.startswith("["), (line, said + self._process.stdout.read())
        return list(json.loads(said))

    def send(self, message: bytes) -> Answer:
        """Give the meter a message."""
        return Answer(self.ask(message.hex() or "00"))
