"""Runs kinds of the power-cut sweep, each in a MicroPython of its own."""

import subprocess
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from json import JSONDecodeError, loads
from pathlib import Path
from typing import Any

from tools.bench.process import ROOT, BenchError, command, environment

FIRMWARE = ROOT / "firmware"
PROGRAM = "cut_sweep.py"
TIMEOUT_S = 1800

COUNTS = ("operations", "bytes", "whole", "torn", "byte cuts", "steps", "raised", "double",
          "recovery operations")
"""As cut_trial.py counts: flash operations and FRAM bytes of the act, cuts of the three sorts,
steps of file access and exceptions raised there, second cuts, and where those could have been."""


@dataclass
class Outcome:
    """What the sweep of a kind found; `error` when it did not come to its end."""

    kind: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTS, 0))
    violations: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether the sweep came to its end, cut something and broke nothing."""
        cuts = self.counts["whole"] + self.counts["byte cuts"]
        return not self.error and not self.violations and cuts > 0


def _run(firmware: Path, *arguments: str) -> Any:
    places = environment()
    places["MICROPYPATH"] = places["MICROPYPATH"].replace(str(FIRMWARE), str(firmware))
    done = subprocess.run(
        command(PROGRAM, *arguments), env=places, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode:
        raise BenchError(done.stderr.strip() or done.stdout.strip() or "the sweep failed")
    return loads(done.stdout)


def kinds() -> list[str]:
    """Return the names of all kinds, those that take longest first."""
    return list(_run(FIRMWARE, "kinds"))


def sweep_kind(
    kind: str, seed: int, sample: int | None = None, firmware: Path = FIRMWARE
) -> Outcome:
    """Sweep a kind. sample: operations, bytes and steps tried; None for all. Never raises."""
    began = time.monotonic()
    outcome = Outcome(kind)
    arguments = [kind, str(seed)] + ([] if sample is None else [str(sample)])
    try:
        found = _run(firmware, *arguments)
        outcome.counts = {name: found["counts"][name] for name in COUNTS}
        outcome.violations = found["violations"]
    except (BenchError, JSONDecodeError, subprocess.TimeoutExpired) as error:
        outcome.error = str(error)
    outcome.seconds = time.monotonic() - began
    return outcome


def sweep(
    names: Iterable[str], jobs: int, seed: int, sample: int | None = None,
    firmware: Path = FIRMWARE
) -> Iterator[Outcome]:
    """Sweep kinds, `jobs` at a time; yield each outcome when it is there."""
    with ThreadPoolExecutor(jobs) as pool:
        tasks = [pool.submit(sweep_kind, name, seed, sample, firmware) for name in names]
        for task in as_completed(tasks):
            yield task.result()
