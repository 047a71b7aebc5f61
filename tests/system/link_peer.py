"""The link of tests/link_meter.py, in a MicroPython of its own, as a test handles it."""

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

from tests.harness.execution import MICROPYTHON, micropython, search_path
from tests.system.brokers import wait_until

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "tests" / "link_meter.py"
METER = "01234567890"
DOWN = f"joulegate/1/{METER}/down"
LINK = f"joulegate/1/{METER}/link"


class LinkPeer:
    """Use it with `with`; it ends with its standard input."""

    def __init__(
        self, folder: Path, port: int, options: dict[str, Any] | None = None, **settings: Any
    ) -> None:
        """folder: for its settings, certificates in it. options: see link_meter.py."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "link.json"
        file.write_text(json.dumps({
            "host": "127.0.0.1", "port": port, "tls": False, "transports": ["socket"],
            "keepalive_s": 30, **settings}))
        paths = search_path(ROOT, PROGRAM, MICROPYTHON)
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            [micropython(), "-X", "heapsize=192wK", str(PROGRAM), str(file), str(folder),
             json.dumps(options or {})],
            cwd=ROOT, env={**os.environ, "MICROPYPATH": ":".join(str(path) for path in paths)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> "LinkPeer":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it as a power failure does."""
        self._process.kill()
        self._process.wait(timeout=10)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    def say(self, line: str) -> None:
        """Give it a command."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def tell(self) -> dict[str, Any]:
        """What it knows of itself."""
        before = len(self.said("told"))
        self.say("tell")
        wait_until(lambda: len(self.said("told")) > before, 20, lambda: str(self.lines[-20:]))
        return dict(json.loads(self.said("told")[before]))

    def said(self, word: str) -> list[str]:
        """The rest of the lines that begin with a word."""
        return [line[len(word) + 1:] for line in list(self.lines) if line.startswith(word + " ")]

    def wait_for(self, line: str, count: int = 1, seconds: float = 20) -> None:
        """Wait until it has said a line so often."""
        wait_until(
            lambda: self.lines.count(line) >= count, seconds, lambda: str(self.lines[-20:]))
