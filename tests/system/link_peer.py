"""The link of tests/link_meter.py, in a MicroPython of its own, as a test handles it."""

import json
import subprocess
import threading
from pathlib import Path
from typing import Any

from tests.system.brokers import wait_until
from tests.system.meter_process import MeterProcess

METER = "01234567890"
DOWN = f"joulegate/1/{METER}/down"
LINK = f"joulegate/1/{METER}/link"


class LinkPeer(MeterProcess):
    """Use it with `with`. It talks in lines of its own, whenever it likes."""

    PROGRAM = "link_meter.py"
    HEAP = "192wK"

    def __init__(
        self, folder: Path, port: int, options: dict[str, Any] | None = None, **settings: Any
    ) -> None:
        """folder: for its settings, certificates in it. options: see link_meter.py."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "link.json"
        file.write_text(json.dumps({
            "host": "127.0.0.1", "port": port, "tls": False, "transports": ["socket"],
            "keepalive_s": 30, **settings}))
        self.lines: list[str] = []
        super().__init__(file, folder, json.dumps(options or {}), stderr=subprocess.STDOUT)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

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
