"""Bytes on the bus that nobody should send: nothing falls over, and nothing is changed by them.

`make busfuzz` gives the meter a million frames; a failure names the seed and the frame.
"""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.system.bus_peer import LOAD
from tools.bench import process
from tools.bench.process import ROOT

FRAMES = int(os.environ.get("BUS_FRAMES", "1000000"))
SEED = int(os.environ.get("BUS_SEED", "1"))
RUN = 250_000
"""Frames that one meter gets."""
KINDS = 5


def fuzz(seed: int, frames: int) -> None:
    env = process.environment()
    env["MICROPYPATH"] = env["MICROPYPATH"].replace(".frozen", f"{ROOT / 'tests'}:.frozen")
    done = subprocess.run(
        [process.interpreter(), "-X", "heapsize=64m", str(ROOT / "tests" / "bus_fuzz.py"),
         str(LOAD), str(seed), str(frames)], env=env, cwd=ROOT, capture_output=True, text=True,
        timeout=1800, check=False)
    assert not done.returncode, done.stderr + done.stdout
    found = json.loads(done.stdout)
    print({name: found[name] for name in ("kinds", "answers", "counters", "unproven")})
    assert found["after"] == found["before"]
    assert (found["failures"], found["software_failed"]) == (0, False)
    # It was no idle run: each kind came, and each way of answering.
    assert sum(found["kinds"].values()) >= frames
    assert sum(count > frames // 8 for count in found["kinds"].values()) == KINDS
    assert found["answers"] > frames // 10
    assert found["unproven"]


def test_a_sample_of_frames() -> None:
    fuzz(7, 20_000)


@pytest.mark.sweep
@pytest.mark.timeout(1900)
def test_a_million_frames() -> None:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda run: fuzz(SEED + run, RUN), range(FRAMES // RUN)))
