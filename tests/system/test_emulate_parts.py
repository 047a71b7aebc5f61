"""The parts of the emulator that need no UF2, under the pinned Node.js; and the metering IC's
vectors, which hold for the bench's model by itself and as an emulated chip sees it."""

import subprocess
from pathlib import Path

import pytest

from tests.harness.execution import micropython
from tools.bench.process import ROOT
from tools.setup.npm import NODE

NODE_TESTS = sorted((ROOT / "tests" / "emulate").glob("*.test.mjs"))
VECTORS = ROOT / "tests" / "vectors"


@pytest.mark.parametrize("file", NODE_TESTS, ids=lambda file: file.name.partition(".")[0])
def test_node(file: Path) -> None:
    done = subprocess.run([str(NODE), "--test", "--test-reporter=tap", str(file)],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 0" not in done.stdout


def test_vectors_on_the_bench_model() -> None:
    done = subprocess.run(
        [micropython(), str(VECTORS / "play_atm90e26.py"), str(VECTORS / "atm90e26.json")],
        env={"MICROPYPATH": str(ROOT / "tools" / "bench")}, capture_output=True, text=True,
        timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "10 vectors\n"
