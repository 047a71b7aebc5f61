"""Sweep one kind of write with power cuts, and print what was tried and what broke.

usage: micropython cut_sweep.py KIND SEED [SAMPLE]

KIND: of cut_kinds, or "kinds" to list them, the longest first. SAMPLE: how many operations, bytes
and steps are tried in one round, taken by SEED, with one second cut each; without it, what
cut_kinds says.
"""

import json
import random
import sys

from meter import faulty_files


class _Heap:
    """Stands for `gc`: collecting the heap of the host at every start takes longer than all the
    rest of a start. Half of it is free at all times."""

    def collect(self) -> None:
        pass

    def mem_free(self) -> int:
        return 1 << 20

    mem_alloc = mem_free


sys.modules["gc"] = _Heap()
faulty_files.install()

from meter.cut_kinds import PLAN  # noqa: E402, it imports the firmware
from meter.cut_trial import COUNTS, Trial  # noqa: E402


def main(name: str, seed: str, sample: "str | None" = None) -> None:
    _, kind, rounds, doubles, limit = [plan for plan in PLAN if plan[0] == name][0]
    if sample:
        rounds, doubles, limit = 1, min(doubles, 1), int(sample)
    random.seed(int(seed))
    counts = {count: 0 for count in COUNTS}
    violations = []
    for number, case in enumerate(kind(rounds)):
        trial = Trial(case, doubles, limit)
        trial.run()
        for count in COUNTS:
            counts[count] += trial.counts[count]
        for violation in trial.violations:
            violation["round"] = number
            violations.append(violation)
    print(json.dumps({"counts": counts, "violations": violations}))


if sys.argv[1] == "kinds":
    print(json.dumps([name for name, *_ in PLAN]))
else:
    main(*sys.argv[1:])
