"""Let meters live for years and judge every step: `make soak SEED=n YEARS=y LIVES=n`.

usage: python -m tools.soak [--seed N] [--years Y] [--lives N] [--jobs N] [--until STEP]
                            [--output FILE]

Ends with 1 when an invariant breaks, having printed the seed, the step and the last actions;
`--seed N --until STEP` lives the same life up to there. What was found is left in build/soak.json.
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tools.bench.process import ROOT
from tools.soak.life import Life

OUTPUT = ROOT / "build" / "soak.json"
YEARS_MAX = 20


def lived(seeds: range, years: float, until: int, jobs: int) -> Iterator[tuple[Life, str]]:
    """Live the lives of these seeds, some at a time; yield each with what broke, in order."""

    def live(seed: int) -> tuple[Life, str]:
        life = Life(seed, years)
        return life, life.run(until)

    # The work is in the meters' own processes: threads do to wait for them.
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(live, seeds)


def show(life: Life, wrong: str) -> None:
    print(f"seed {life.seed}: {life.years:.2f} years, {life.step} steps, "
          f"{life.counts['top-ups']} top-ups, {'VIOLATION' if wrong else 'no violation'}",
          flush=True)
    if wrong:
        print(f"seed {life.seed} step {life.step}: {wrong}")
        print("  " + "\n  ".join(life.actions))
        print(f"again: python -m tools.soak --seed {life.seed} --until {life.step}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.soak")
    parser.add_argument("--seed", type=int, default=1, help="of the first life")
    parser.add_argument("--years", type=float, default=10, help="of each life, default 10")
    parser.add_argument("--lives", type=int, default=1, help="seeds from the first on, default 1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="lives at a time")
    parser.add_argument("--until", type=int, default=1 << 60, help="step to stop after")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="default build/soak.json")
    options = parser.parse_args(arguments)
    if not 0 < options.years <= YEARS_MAX:
        parser.error(f"--years {options.years}: must be above 0, at most {YEARS_MAX}")
    for name in ("lives", "jobs", "until"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} {getattr(options, name)}: must be 1 or more")
    began = time.monotonic()
    total: Counter[str] = Counter()
    violations: list[dict[str, Any]] = []
    years = lost = 0.0
    seeds = range(options.seed, options.seed + options.lives)
    for life, wrong in lived(seeds, options.years, options.until, options.jobs):
        show(life, wrong)
        total.update(life.counts)
        total["steps"] += life.step
        years += life.years
        lost = max(lost, life.most_lost_Wh)
        if wrong:
            violations.append({"seed": life.seed, "step": life.step, "text": wrong,
                               "actions": list(life.actions)})
    found = {
        "seed": options.seed, "lives": options.lives, "years": round(years, 3),
        "counts": dict(sorted(total.items())), "most_lost_Wh": round(lost, 3),
        "violations": violations, "wall_s": round(time.monotonic() - began, 1),
    }
    options.output.parent.mkdir(exist_ok=True)
    options.output.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    for name, count in sorted(total.items()):
        print(f"{name:24} {count}")
    print(f"{years:.1f} years, {total['steps']} steps, {total['top-ups']} top-ups, at most "
          f"{lost:.1f} Wh lost by a cut, {len(violations)} violations in {found['wall_s']} s")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
