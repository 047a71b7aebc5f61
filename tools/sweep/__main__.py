"""Cut the power at every step of every kind of write, and judge what is found: `make sweep`.

usage: python -m tools.sweep [KIND ...] [--sample N] [--seed N] [--jobs N] [--firmware DIR]

Without KIND all are swept. --sample tries only so many operations, bytes and steps of each, by
chance from --seed; second cuts are always taken by it. Exit code: 0 when nothing broke, 1 when
something did, 2 for a wrong command line. The whole is left in build/sweep.json.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

from tools.bench.process import ROOT, BenchError
from tools.sweep.run import COUNTS, FIRMWARE, Outcome, kinds, sweep

RESULT = ROOT / "build" / "sweep.json"
WIDTH = 120
"""Of the table where no terminal says how wide it is."""
SHOWN = 5
"""Violations of a kind that are printed; all are in the file."""

HEADS = (
    ("operations", "flash\nops"), ("bytes", "FRAM\nbytes"), ("whole", "cut\nwhole"),
    ("torn", "cut\ntorn"), ("byte cuts", "cut at\na byte"), ("steps", "file\nsteps"),
    ("raised", "raised\nat a step"), ("double", "cut\ntwice"),
)


def totals(outcomes: list[Outcome]) -> dict[str, int]:
    """Return the sum of every count."""
    return {name: sum(outcome.counts[name] for outcome in outcomes) for name in COUNTS}


def table(outcomes: list[Outcome], seconds: float) -> Table:
    """Return what was found, a row a kind, and the sums."""
    shown = Table(title="Power-cut sweep")
    shown.add_column("kind", no_wrap=True)
    for _, head in HEADS:
        shown.add_column(head, justify="right")
    shown.add_column("viola-\ntions", justify="right")
    shown.add_column("s", justify="right")
    for outcome in sorted(outcomes, key=lambda each: each.kind):
        broken = "did not end" if outcome.error else str(len(outcome.violations))
        shown.add_row(
            outcome.kind, *(str(outcome.counts[name]) for name, _ in HEADS),
            broken if outcome.passed else f"[bold red]{broken}", f"{outcome.seconds:.0f}")
    total = totals(outcomes)
    shown.add_section()
    shown.add_row(
        "all", *(str(total[name]) for name, _ in HEADS),
        str(sum(len(outcome.violations) for outcome in outcomes)), f"{seconds:.0f}")
    return shown


def broken_text(outcome: Outcome) -> str:
    """Return what broke in a kind, a line each."""
    lines = [f"{outcome.kind}: {outcome.error}"] if outcome.error else []
    if not outcome.error and not outcome.passed and not outcome.violations:
        lines.append(f"{outcome.kind}: nothing was cut")
    for violation in outcome.violations[:SHOWN]:
        at = ", ".join(str(part) for part in violation["at"])
        lines.append(
            f"{outcome.kind}, round {violation['round']}, at ({at}): {violation['text']}")
    left = len(outcome.violations) - SHOWN
    return "\n".join(lines + ([f"{outcome.kind}: and {left} more"] if left > 0 else []))


def write_result(outcomes: list[Outcome], seed: int, sample: int | None, seconds: float) -> None:
    """Leave what was found where other tools can read it."""
    found = {
        "seed": seed, "sample": sample, "seconds": round(seconds, 1),
        "passed": all(outcome.passed for outcome in outcomes),
        "counts": totals(outcomes),
        "violations": sum(len(outcome.violations) for outcome in outcomes),
        "kinds": {
            outcome.kind: {
                "counts": outcome.counts, "violations": outcome.violations,
                "error": outcome.error, "seconds": round(outcome.seconds, 1),
            } for outcome in sorted(outcomes, key=lambda each: each.kind)
        },
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def options_of(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options of a command line, checked."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.sweep", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="only these kinds")
    parser.add_argument("--sample", type=int, help="operations, bytes and steps tried of each")
    parser.add_argument("--seed", type=int, default=1, help="of what is taken by chance")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at a time")
    parser.add_argument("--firmware", type=Path, default=FIRMWARE, help="another copy of it")
    options = parser.parse_args(arguments)
    for name in ("sample", "jobs"):
        value = getattr(options, name)
        if value is not None and value < 1:
            parser.error(f"--{name} {value}: must be 1 or more")
    if not (options.firmware / "joulegate").is_dir():
        parser.error(f"--firmware {options.firmware}: there is no joulegate in it")
    options.firmware = options.firmware.resolve()
    every = kinds()
    unknown = sorted(set(options.kinds) - set(every))
    if unknown:
        parser.error(f"no kind of this name: {', '.join(unknown)}; there are {', '.join(every)}")
    options.kinds = [name for name in every if not options.kinds or name in options.kinds]
    return options


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; return the exit code."""
    try:
        options = options_of(arguments)
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    began = time.monotonic()
    outcomes: list[Outcome] = []
    with Live(table(outcomes, 0), console=console, auto_refresh=False) as live:
        for outcome in sweep(
                options.kinds, options.jobs, options.seed, options.sample, options.firmware):
            outcomes.append(outcome)
            live.update(table(outcomes, time.monotonic() - began), refresh=True)
    for outcome in outcomes:
        if not outcome.passed:
            console.print(broken_text(outcome), markup=False, highlight=False)
    write_result(outcomes, options.seed, options.sample, time.monotonic() - began)
    passed = all(outcome.passed for outcome in outcomes)
    total = totals(outcomes)
    cuts = total["whole"] + total["torn"] + total["byte cuts"] + total["double"]
    console.print(
        f"{len(outcomes)} kinds, {cuts} cuts, {total['raised']} exceptions: "
        f"{'no violation' if passed else 'VIOLATIONS'}")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
