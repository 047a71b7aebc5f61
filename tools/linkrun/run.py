"""Starts the runs of a tortured link, each lot in a MicroPython of its own."""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.bench.process import PROGRAMS, ROOT, interpreter
from tools.bench.process import environment as bench_environment

FIRMWARE = ROOT / "firmware"
PROGRAM = PROGRAMS / "link_run.py"
HEAP = "6m"
"""More only makes it slower: it no longer fits into the processor's cache."""
LOT = 50
"""Runs in one process."""
RUN_TIMEOUT_S = 20
BINS = 24


@dataclass
class Slices:
    """How long turns of one kind took, in real time on this computer."""

    count: int = 0
    total_us: int = 0
    longest_us: int = 0
    bins: list[int] = field(default_factory=lambda: [0] * BINS)
    """How many took less than 2 ** (index + 1) microseconds, but not less than half."""

    def add(self, other: dict[str, Any]) -> None:
        self.count += other["count"]
        self.total_us += other["total_us"]
        self.longest_us = max(self.longest_us, other["longest_us"])
        self.bins = [mine + theirs for mine, theirs in zip(self.bins, other["bins"], strict=True)]

    def below_us(self, part: float) -> int:
        """Return the microseconds below which this part of the turns stayed."""
        seen = 0
        index = 0
        while index < BINS - 1 and seen < part * self.count:
            seen += self.bins[index]
            index += 1
        return 1 << index


@dataclass
class Found:
    """What all runs together showed."""

    runs: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[dict[str, Any]] = field(default_factory=list)
    settled_s: int = 0
    """Longest time from the last fault until all had come right."""
    late_us: int = 0
    """Longest that a tick was late, without the turns in which flash was erased."""
    late_with_erases_us: int = 0
    slices: dict[str, Slices] = field(default_factory=dict)

    def add(self, run: dict[str, Any]) -> None:
        self.runs += 1
        self.counts.update(run["counts"])
        self.settled_s = max(self.settled_s, run["settled_s"])
        self.late_us = max(self.late_us, run["late_us"])
        self.late_with_erases_us = max(self.late_with_erases_us, run["late_with_erases_us"])
        for name, slices in run["slices"].items():
            self.slices.setdefault(name, Slices()).add(slices)
        if run["wrong"]:
            self.violations.append(
                {"seed": run["seed"], "wrong": run["wrong"], "story": run["story"]})

    def merge(self, other: "Found") -> None:
        """Take in what another lot showed."""
        self.runs += other.runs
        self.counts.update(other.counts)
        self.violations += other.violations
        self.settled_s = max(self.settled_s, other.settled_s)
        self.late_us = max(self.late_us, other.late_us)
        self.late_with_erases_us = max(self.late_with_erases_us, other.late_with_erases_us)
        for name, slices in other.slices.items():
            self.slices.setdefault(name, Slices()).add(vars(slices))


def _lot(arguments: list[str], runs: int, firmware: Path) -> Found:
    """Have a process do its runs; one that ends early is a violation of the run it was in."""
    found = Found()
    places = bench_environment()
    places["MICROPYPATH"] = places["MICROPYPATH"].replace(str(FIRMWARE), str(firmware))
    command = [interpreter(), "-X", f"heapsize={HEAP}", str(PROGRAM), *arguments]
    why = ""
    try:
        done = subprocess.run(
            command, env=places, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60 + runs * RUN_TIMEOUT_S, check=False)
        output = done.stdout
        if done.returncode:
            why = (done.stderr.strip() or output.strip())[-2000:]
    except subprocess.TimeoutExpired as error:
        output = error.stdout.decode() if isinstance(error.stdout, bytes) else error.stdout or ""
        why = "took too long"
    for line in output.splitlines():
        if line.startswith("{") and line.endswith("}"):
            found.add(json.loads(line))
    if why or found.runs != runs:
        found.violations.append({
            "seed": f"{' '.join(arguments)}, after {found.runs} runs",
            "wrong": why or "the process ended early", "story": []})
    return found


def _lots(seed: int, runs: int, size: int) -> Iterator[tuple[list[str], int]]:
    for first in range(seed, seed + runs, size):
        count = min(size, seed + runs - first)
        yield [str(first), str(count)], count


def _byte_lots(first: int, last: int, step: int) -> Iterator[tuple[list[str], int]]:
    sizes = range(first, last + 1, step)
    for at in range(0, len(sizes), LOT // 4):
        some = sizes[at:at + LOT // 4]
        yield ["bytes", str(some[0]), str(some[-1]), str(step)], 4 * len(some)


def torture(
    seed: int, runs: int, jobs: int = os.cpu_count() or 1, firmware: Path = FIRMWARE,
    lot: int = LOT,
) -> Iterator[Found]:
    """Do runs of seeds from `seed` on, some at a time; yield what each lot showed."""
    yield from _do(_lots(seed, runs, lot), jobs, firmware)


def cut_bytes(
    first: int, last: int, step: int = 1, jobs: int = os.cpu_count() or 1,
    firmware: Path = FIRMWARE,
) -> Iterator[Found]:
    """Cut one session after every `step` bytes, in four ways; yield what each lot showed."""
    yield from _do(_byte_lots(first, last, step), jobs, firmware)


def _do(
    lots: Iterator[tuple[list[str], int]], jobs: int, firmware: Path
) -> Iterator[Found]:
    if jobs == 1:
        yield from (_lot(lot[0], lot[1], firmware) for lot in lots)
        return
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda lot: _lot(lot[0], lot[1], firmware), lots)
