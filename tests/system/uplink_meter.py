"""The meter of tests/uplink_server.py, in a MicroPython of its own."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.harness.execution import MICROPYTHON, micropython, search_path
from tests.system.message_meter import KEYS, METER
from tools.vend.key_file import Key

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "tests" / "uplink_server.py"
HEAD_END = Key(METER, "head_end", b"H1", bytes(range(0x50, 0x60)))
ALL_KEYS = [*KEYS.values(), HEAD_END]


class UplinkMeter:
    """Use it with `with`; it ends with its standard input."""

    def __init__(self, folder: Path) -> None:
        paths = search_path(ROOT, SERVER, MICROPYTHON)
        folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [micropython(), "-X", "heapsize=8M", str(SERVER), str(folder)], cwd=ROOT,
            env={**os.environ, "MICROPYPATH": ":".join(str(path) for path in paths)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "UplinkMeter":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)

    def __call__(self, *command: Any) -> Any:
        """Say a command; AssertionError with what the meter printed when it has fallen over."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline()
        try:
            return json.loads(said)
        except ValueError:
            raise AssertionError((command, said + self._process.stdout.read())) from None
