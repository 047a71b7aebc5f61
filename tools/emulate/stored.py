"""The stored log of the last run on emulated silicon, and what it was a run of.

docs/emulated/rp2040.json holds checks, figures and hashes, rp2040.txt the printout, rp2040.log
what the meter sent on its serial line. The emulator needs files that the project does not have,
so tests look at the log instead: it counts while the files of the tick path are those it ran.
"""

import json
from pathlib import Path
from typing import Any

from tools.bench.process import ROOT
from tools.emulate.task import sha256

FOLDER = ROOT / "docs" / "emulated"
LOG = FOLDER / "rp2040.json"
PRINTOUT = FOLDER / "rp2040.txt"
SERIAL = FOLDER / "rp2040.log"

TICK_PATH = (
    "core/*.py", "metering.py", "supply_switch.py", "clock.py", "drivers/atm90e26*.py",
    "drivers/latching_relay.py", "drivers/pulse_pio.py", "storage/ledger.py",
    "storage/record.py",
)
"""Patterns below firmware/joulegate: what a tick runs or may run."""


def tick_path(root: Path = ROOT) -> dict[str, str]:
    """Return the SHA-256 of every file of the tick path, by its path in the project."""
    firmware = root / "firmware" / "joulegate"
    files = sorted(file for pattern in TICK_PATH for file in firmware.glob(pattern))
    return {file.relative_to(root).as_posix(): sha256(file) for file in files}


def changed(log: dict[str, Any], root: Path = ROOT) -> list[str]:
    """Return the files of the tick path that are not those of the log."""
    now, then = tick_path(root), log["tick_path"]
    return sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))


def read() -> dict[str, Any]:
    """Return the stored log."""
    log: dict[str, Any] = json.loads(LOG.read_text())
    return log


def write(log: dict[str, Any], printout: str, serial: str) -> None:
    """Replace the stored log."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    LOG.write_text(json.dumps(log, indent=1) + "\n")
    PRINTOUT.write_text(printout)
    SERIAL.write_text(visible(serial))


def visible(serial: str) -> str:
    """Return serial text with every control character but the line's end as an escape."""
    text = "".join(
        c if c == "\n" or c.isprintable() else f"\\x{ord(c):02x}"
        for c in serial.replace("\r\n", "\n"))
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
