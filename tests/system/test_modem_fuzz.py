"""Millions of things a modem may say, to the driver on MicroPython in the heap of a small board.

tests/unit/test_at_fuzz.py has a fixed sample of them.
"""

import os
import subprocess

import pytest

from tests.harness.execution import MICROPYTHON, micropython, search_path
from tests.system.meter_process import ROOT
from tests.system.modem_driver import HEAP

ROUNDS = 100_000


@pytest.mark.sweep
@pytest.mark.parametrize(("name", "seed"), [
    *(("quectel-ec", seed) for seed in range(1, 11)),
    *((name, seed) for name in ("simcom", "sim7080", "sim7020", "bc95") for seed in (1, 2, 3))])
def test_a_tenth_of_a_million(name: str, seed: int) -> None:
    paths = ":".join(str(path) for path in search_path(
        ROOT, ROOT / "tests" / "modem_server.py", MICROPYTHON))
    script = (f"from modem_fuzz import Fuzz; f = Fuzz({seed}, {name!r}); f.run({ROUNDS}); "
              "print(f.rounds, len(f.endings))")
    done = subprocess.run(
        [micropython(), "-X", f"heapsize={HEAP}", "-c", script], cwd=ROOT,
        env={**os.environ, "MICROPYPATH": paths}, capture_output=True, text=True, timeout=550)
    # Modems with hexadecimal have no prompt that could be missing.
    assert done.stdout.split()[:1] == [str(ROUNDS)], done.stdout + done.stderr
    assert int(done.stdout.split()[1]) >= 5
