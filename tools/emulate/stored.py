"""The stored logs of the last runs on emulated silicon, and what they were runs of.

Of each there are in docs/emulated a .json with checks, figures and hashes, a .txt with the
printout, and a .log with what the meter said on its line. The emulator needs files that the
project does not have, so tests look at the logs instead: a log counts while the files that it is
about are those it ran.
"""

import json
from pathlib import Path
from typing import Any

from tools.bench.process import ROOT
from tools.emulate.task import sha256

FOLDER = ROOT / "docs" / "emulated"


class Log:
    """The stored log of one scenario."""

    def __init__(self, name: str, key: str, patterns: tuple[str, ...]) -> None:
        """name: of its files. key: of the hashes in the .json. patterns: below
        firmware/joulegate, of the files that it is about."""
        self.log = FOLDER / f"{name}.json"
        self.printout = FOLDER / f"{name}.txt"
        self.serial = FOLDER / f"{name}.log"
        self.key = key
        self._patterns = patterns

    def files(self, root: Path = ROOT) -> dict[str, str]:
        """Return the SHA-256 of every file that it is about, by its path in the project."""
        firmware = root / "firmware" / "joulegate"
        files = sorted(file for pattern in self._patterns for file in firmware.glob(pattern))
        return {file.relative_to(root).as_posix(): sha256(file) for file in files}

    def changed(self, log: dict[str, Any], root: Path = ROOT) -> list[str]:
        """Return the files that are not those of a log."""
        now, then = self.files(root), log[self.key]
        return sorted(name for name in now.keys() | then.keys()
                      if now.get(name) != then.get(name))

    def read(self) -> dict[str, Any]:
        """Return what is stored."""
        log: dict[str, Any] = json.loads(self.log.read_text())
        return log

    def write(self, log: dict[str, Any], printout: str, serial: str) -> None:
        """Replace what is stored."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        self.log.write_text(json.dumps(log, indent=1) + "\n")
        self.printout.write_text(printout)
        self.serial.write_text(visible(serial))


ACCEPTANCE = Log("rp2040", "tick_path", (
    "core/*.py", "metering.py", "supply_switch.py", "clock.py", "drivers/atm90e26*.py",
    "drivers/latching_relay.py", "drivers/pulse_pio.py", "storage/ledger.py",
    "storage/record.py",
))
"""About what a tick runs or may run."""

LINK = Log("link", "link_path", (
    "link/link_task.py", "link/mqtt/*.py", "link/modem/at_engine.py", "link/modem/at_line.py",
    "link/modem/byte_queue.py", "link/modem/modem.py", "link/modem/modem_transport.py",
    "link/modem/quectel_qi.py",
))
"""About the way of a message: session, link task, AT engine, and the sockets of Quectel."""


def visible(serial: str) -> str:
    """Return serial text with every control character but the line's end as an escape."""
    text = "".join(
        c if c == "\n" or c.isprintable() else f"\\x{ord(c):02x}"
        for c in serial.replace("\r\n", "\n"))
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
