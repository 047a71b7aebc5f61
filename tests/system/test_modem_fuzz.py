"""A million things a modem may say, to the driver on MicroPython in the heap of a small board.

tests/unit/test_at_fuzz.py has a fixed sample of them.
"""

import os
import subprocess

import pytest

from tests.harness.execution import MICROPYTHON, micropython, search_path
from tests.system.modem_driver import HEAP, ROOT, SERVER

ROUNDS = 100_000


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(1, 11))
def test_a_tenth_of_a_million(seed: int) -> None:
    paths = ":".join(str(path) for path in search_path(ROOT, SERVER, MICROPYTHON))
    script = (f"from modem_fuzz import Fuzz; f = Fuzz({seed}); f.run({ROUNDS}); "
              "print(f.rounds, len(f.endings))")
    done = subprocess.run(
        [micropython(), "-X", f"heapsize={HEAP}", "-c", script], cwd=ROOT,
        env={**os.environ, "MICROPYPATH": paths}, capture_output=True, text=True, timeout=550)
    assert done.stdout.split() == [str(ROUNDS), "6"], done.stdout + done.stderr
