"""Plant every fault of tests/mutants in a copy of the tree and print who caught it.

    python -m tools.mutants [NAME ...] [--jobs N]

Exit code: 0 when every fault was caught by every test it names, 1 when one was not or could
not be planted, 2 for a wrong command line. The whole is left in build/mutants.json.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from tools.mutants.fault import FOLDER, Fault, FaultError, load_faults, split_test
from tools.mutants.trial import Trial, try_all

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "build/mutants.json"


def caught_by(fault: Fault) -> str:
    """The tests of a fault as the table shows them, the folder left out."""
    names = []
    for test in fault.tests:
        file, name = split_test(test)
        names.append(f"{Path(file).stem}::{name.partition('::')[2]}")
    return ", ".join(names)


def row(trial: Trial, width: int) -> str:
    """A line of the table: fault, caught by, seconds."""
    by = caught_by(trial.fault) if trial.caught else f"*** {trial.why}"
    return f"{trial.fault.name:{width}} {trial.seconds:5.1f} s  {by}"


def chosen(faults: list[Fault], names: list[str]) -> list[Fault]:
    """The faults of these names, all when there are none; FaultError for an unknown name."""
    unknown = set(names) - {fault.name for fault in faults}
    if unknown:
        raise FaultError(f"no fault of this name: {', '.join(sorted(unknown))}")
    return [fault for fault in faults if not names or fault.name in names]


def write_result(trials: list[Trial], seconds: float) -> None:
    """Leave what was found where other tools can read it."""
    rows = [
        {
            "name": trial.fault.name,
            "breaks": trial.fault.breaks,
            "caught": trial.caught,
            "tests": trial.fault.tests,
            "how": trial.how,
            "why": trial.why,
            "seconds": round(trial.seconds, 2),
        }
        for trial in trials
    ]
    RESULT.parent.mkdir(exist_ok=True)
    result = {"seconds": round(seconds, 1), "faults": rows}
    RESULT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these faults")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at a time")
    options = parser.parse_args()
    if options.jobs < 1:
        parser.error(f"--jobs {options.jobs}: must be 1 or more")
    try:
        every = load_faults(ROOT / FOLDER)
    except FaultError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        faults = chosen(every, options.names)
    except FaultError as error:
        parser.error(str(error))
    begin = time.monotonic()
    width = max(len(fault.name) for fault in faults)
    print(f"{'fault':{width}} {'time':>7}  caught by")
    trials = []
    for trial in try_all(ROOT, faults, options.jobs):
        trials.append(trial)
        print(row(trial, width), flush=True)
    seconds = time.monotonic() - begin
    missed = [trial for trial in trials if not trial.caught]
    print(f"{len(trials)} faults, {len(trials) - len(missed)} caught, {seconds:.0f} s")
    write_result(trials, seconds)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
