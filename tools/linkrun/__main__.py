"""Torture the meter's link, run after run: `make linkruns SEED=n RUNS=m`.

usage: python -m tools.linkrun [--seed N] [--runs M] [--jobs N] [--bytes] [--step N]
                               [--firmware DIR] [--output FILE]

Each run is a meter for hours or days of virtual time, with faults drawn by its seed. --bytes cuts
one session after every byte instead, or every --step bytes, in four ways. Ends with 1 when
something does not hold, having printed the seed and what happened; `--seed N --runs 1` does the
same run again. What was found is left in build/linkruns.json.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from tools.bench.process import ROOT
from tools.linkrun.run import FIRMWARE, Found, cut_bytes, torture

OUTPUT = ROOT / "build" / "linkruns.json"
SESSION_BYTES = 1600
"""More than the session has that --bytes cuts."""
RUNS_MAX = 1_000_000
SHOWN = 10


def result(found: Found, seconds: float) -> dict[str, Any]:
    """Return what was found, of JSON."""
    return {
        "runs": found.runs, "counts": dict(sorted(found.counts.items())),
        "violations": found.violations, "settled_s": found.settled_s,
        "late_us": found.late_us, "late_with_erases_us": found.late_with_erases_us,
        "slices": {
            name: {"count": slices.count, "mean_us": slices.total_us // max(1, slices.count),
                   "99.9 % below_us": slices.below_us(0.999), "longest_us": slices.longest_us}
            for name, slices in sorted(found.slices.items())},
        "wall_s": round(seconds, 1),
    }


def show(found: Found, seconds: float) -> None:
    for violation in found.violations[:SHOWN]:
        print(f"seed {violation['seed']}: {violation['wrong']}")
        print("".join(f"  {line}\n" for line in violation["story"]), end="")
    shown = result(found, seconds)
    for name, count in shown["counts"].items():
        print(f"{name:12} {count}")
    for name, slices in shown["slices"].items():
        print(f"turns of {name}: {slices['count']}, mean {slices['mean_us']} us, 99.9 % below "
              f"{slices['99.9 % below_us']} us, longest {slices['longest_us']} us")
    print(f"{found.runs} runs, {len(found.violations)} violations; settled within "
          f"{found.settled_s} s; ticks late by {found.late_us / 1000:.1f} ms at most, "
          f"{found.late_with_erases_us / 1000:.1f} ms with flash erases; {seconds:.0f} s")


def options_of(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options of a command line, checked."""
    parser = argparse.ArgumentParser(prog="python -m tools.linkrun")
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--runs", type=int, default=100, help="default 100")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at a time")
    parser.add_argument("--bytes", action="store_true", help="cut one session at every byte")
    parser.add_argument("--step", type=int, default=1, help="of --bytes, default 1")
    parser.add_argument("--firmware", type=Path, default=FIRMWARE, help="another copy of it")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="default build/linkruns.json")
    options = parser.parse_args(arguments)
    for name in ("seed", "jobs", "step"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} {getattr(options, name)}: must be 1 or more")
    if not 1 <= options.runs <= RUNS_MAX:
        parser.error(f"--runs {options.runs}: must be 1 to {RUNS_MAX}")
    if not (options.firmware / "joulegate").is_dir():
        parser.error(f"--firmware {options.firmware}: there is no joulegate in it")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; return the exit code."""
    options = options_of(arguments)
    firmware = options.firmware.resolve()
    lots = cut_bytes(1, SESSION_BYTES, options.step, options.jobs, firmware) if options.bytes \
        else torture(options.seed, options.runs, options.jobs, firmware)
    began = time.monotonic()
    found = Found()
    for lot in lots:
        found.merge(lot)
        if sys.stdout.isatty():
            print(f"\r{found.runs} runs, {len(found.violations)} violations", end="", flush=True)
    if sys.stdout.isatty():
        print()
    seconds = time.monotonic() - began
    show(found, seconds)
    options.output.parent.mkdir(exist_ok=True)
    options.output.write_text(json.dumps(result(found, seconds), indent=1) + "\n", "utf-8")
    return 1 if found.violations or not found.runs else 0


if __name__ == "__main__":
    sys.exit(main())
