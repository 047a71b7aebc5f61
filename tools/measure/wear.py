"""Flash life: erases counted on the flash model under MicroPython's littlefs, and years of life.

littlefs moves a folder's pair of sectors after 101 erases to the next free ones, and every
rewritten file takes a free sector. So wear spreads over what is free, in portions of 101 erases
that fall at random: after a time in which the mean sector has m erases, the worst has about
m + 5 sqrt(101 m). A short run shows m to be proportional to time, and its worst sector below
that; the years until the worst sector reaches its cycles follow. What is written once, such as
a tariff, is not moved: its sectors count as lost to the rest.

`python -m tools.measure.wear` prints a table for other loads too.
"""

import json
import math
import subprocess
from dataclasses import dataclass

from tools.bench.process import ROOT, environment, interpreter

PROGRAM = ROOT / "tests" / "benchmarks" / "wear.py"
CYCLES = 100_000
LIFE_YEARS = 20
PORTION = 101
"""Erases after which littlefs moves a pair: block_cycles of MicroPython's VfsLfs2 is 100."""
SPREAD = 5.0
"""Standard deviations between the mean sector and the worst of a thousand."""
LINEAR = 0.05
"""Most that the second half of a run may differ from the first."""
TIMEOUT_S = 1800
HEAP = "64m"


class WearError(RuntimeError):
    """The run did not behave as the extrapolation takes for granted; says how."""


@dataclass(frozen=True)
class Case:
    """A meter at a constant load: sectors of its storage, kW, Wh between commits, days to run."""

    sectors: int
    kW: int
    commit_Wh: int
    days: int


@dataclass(frozen=True)
class Wear:
    """What a run showed: `erases_a_year` in all, `mean_a_year` of a sector that wear reaches."""

    case: Case
    commits: int
    erases: int
    worst: int
    erases_a_year: int
    mean_a_year: float
    years: float


CASES = (
    Case(256, 1, 100, 100), Case(256, 5, 100, 60), Case(256, 20, 100, 20),
    Case(128, 1, 360, 100), Case(128, 5, 360, 60), Case(128, 20, 360, 20),
)
BENCH_CASES = (Case(256, 20, 100, 20), Case(128, 20, 360, 20))


def run(case: Case) -> Wear:
    """Let a meter live; WearError if its wear is not that of the extrapolation."""
    path = ":".join(str(ROOT / part) for part in (
        "firmware", "tools/bench", "tests", "build/micropython-lib")) + ":.frozen"
    arguments = (case.sectors, case.kW, case.commit_Wh, case.days)
    done = subprocess.run(
        [interpreter(), "-X", f"heapsize={HEAP}", str(PROGRAM), *map(str, arguments)],
        env=dict(environment(), MICROPYPATH=path), capture_output=True, text=True,
        timeout=TIMEOUT_S, check=False)
    if done.returncode:
        raise WearError(f"wear.py: {done.stderr.strip() or done.stdout.strip()}")
    return judge(case, [json.loads(line) for line in done.stdout.splitlines()])


def judge(case: Case, tenths: list[dict[str, float]]) -> Wear:
    """Work out the life from the ten steps of a run; WearError as above."""
    half, last = tenths[len(tenths) // 2 - 1], tenths[-1]
    first = half["erases"] / half["days"]
    second = (last["erases"] - half["erases"]) / (last["days"] - half["days"])
    if abs(second / first - 1) > LINEAR:
        raise WearError(f"{case}: {first:.1f} erases a day, then {second:.1f}: not linear")
    levelled = last["sectors"] - last["used"]
    for step in tenths:
        bound = worst_at(step["erases"] / levelled) + PORTION
        if step["worst"] > bound:
            raise WearError(f"{case}: the worst sector has {step['worst']} erases after "
                            f"{step['days']} days, expected at most {bound:.0f}")
    a_year = last["erases"] / last["days"] * 365
    mean = a_year / levelled
    return Wear(case, int(last["commits"]), int(last["erases"]), int(last["worst"]),
                round(a_year), mean, mean_at(CYCLES) / mean)


def worst_at(mean: float) -> float:
    """Return the erases of the worst sector when the mean one has so many."""
    return mean + SPREAD * math.sqrt(PORTION * mean)


def mean_at(worst: float) -> float:
    """Return the erases of the mean sector when the worst one has so many."""
    b = SPREAD * math.sqrt(PORTION)
    return ((math.sqrt(b * b + 4 * worst) - b) / 2) ** 2


def table(cases: tuple[Case, ...]) -> str:
    """Return a Markdown table of the lives of these cases."""
    lines = ["| storage | load | commit every | commits counted | erases counted | erases a year "
             "| a sector and year | years at 100,000 |",
             "|---|---:|---:|---:|---:|---:|---:|---:|"]
    for wear in map(run, cases):
        case = wear.case
        lines.append(
            f"| {case.sectors * 4} KiB | {case.kW} kW | {case.commit_Wh} Wh | {wear.commits} "
            f"| {wear.erases} | {wear.erases_a_year} | {wear.mean_a_year:.0f} "
            f"| {wear.years:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(CASES))
