"""Runs of the whole firmware on the bench, without a screen, for tests of what became of them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.oracle.documents import DATA
from tests.oracle.records import read_image
from tools.bench.process import ROOT

LOAD = DATA / "load" / "household-1min.csv"
TARIFF = f"{DATA / 'tariffs' / 'tariffs.json'}#cn-beijing-2012"
RELAY = ("supply_connected", "supply_disconnected")
UNITS = 100000
"""Credit units in one of the tariff's currency."""


def bench(
    *arguments: str, tariff: str = TARIFF, load: Path = LOAD,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.bench", "run", "--headless", "--json", "--load", str(load),
         "--tariff", tariff, *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def run(
    state: Path, *arguments: str, tariff: str = TARIFF, load: Path = LOAD, **settings: Any,
) -> dict[str, Any]:
    """Run, and have the records that are left on flash agree with what the meter said."""
    options = [f"--setting={name}={json.dumps(value)}" for name, value in settings.items()]
    done = bench("--state", str(state), *arguments, *options, tariff=tariff, load=load)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["audit"] == ""
    records = read_image(state / "flash.bin")
    assert records.balance == records.credits - records.charges
    assert bool(records.closed) == result["supply"]["closed"]
    return result


def moments(result: dict[str, Any], *names: str) -> list[tuple[str, str]]:
    """Return (month-day and time, name) of the events of these names, in order."""
    return [(e["time"][5:16], e["event"]) for e in result["timeline"] if e["event"] in names]


def values(result: dict[str, Any], name: str) -> list[Any]:
    return [e["value"] for e in result["timeline"] if e["event"] == name]


def at(result: dict[str, Any], name: str) -> str:
    return str(next(e["time"] for e in result["timeline"] if e["event"] == name))
