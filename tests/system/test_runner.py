"""The test of the test runner: what must fail the build does, on both interpreters."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.execution import CPYTHON, MICROPYTHON, command, run_file, search_path
from tests.harness.names import Contents, read_contents

ROOT = Path(__file__).parents[2]
BOTH = pytest.mark.parametrize("interpreter", [CPYTHON, MICROPYTHON])
HEAD = "import unittest\n\nclass TestIt(unittest.TestCase):\n"

PASSES = HEAD + """
    def setUp(self):
        self.value = 1

    def test_value(self):
        self.assertEqual(self.value, 1)

    def test_raises(self):
        with self.assertRaises(ValueError):
            int("x")

    @unittest.skip("not here")
    def test_skipped(self):
        self.fail()
"""
PLANTED = {
    "assertion": HEAD + "    def test_it(self):\n        self.assertEqual(1, 2)\n",
    "bare_assert": HEAD + "    def test_it(self):\n        assert 1 == 2\n",
    "error": HEAD + "    def test_it(self):\n        nothing_of_this_name()\n",
    "set_up": HEAD + "    def setUp(self):\n        1 / 0\n    def test_it(self):\n        pass\n",
    "tear_down": HEAD
    + "    def tearDown(self):\n        1 / 0\n    def test_it(self):\n        pass\n",
    "not_raised": HEAD
    + "    def test_it(self):\n        with self.assertRaises(ValueError):\n            pass\n",
    "coroutine": HEAD + "    async def test_it(self):\n        self.assertEqual(1, 1)\n",
    "crash": "1 / 0\n\n" + HEAD + "    def test_it(self):\n        pass\n",
    "exit": HEAD + "    def test_it(self):\n        raise SystemExit(0)\n",
    "killed": HEAD + "    def test_it(self):\n        import os\n        os._exit(0)\n",
    "early_exit": "import sys\nsys.exit(0)\n" + HEAD + "    def test_it(self):\n        pass\n",
    "empty": "",
    "inherited": "from faulty_base import TestBase\n\n\nclass TestIt(TestBase):\n    pass\n",
}
FAULTY_BASE = HEAD.replace("It", "Base") + "    def test_it(self):\n        self.fail()\n"


def build_tree(root: Path, folder: str) -> None:
    """Lay a repository under `root` with the harness, one good file and every planted one."""
    for name in ("pyproject.toml", "tests/conftest.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    for name in ("tests/harness", "tests/cpython"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "build").symlink_to(ROOT / "build")
    tests = root / "tests" / folder
    tests.mkdir(exist_ok=True)
    (root / "tests" / "faulty_base.py").write_text(FAULTY_BASE)
    (tests / "test_passes.py").write_text(PASSES)
    for name, text in PLANTED.items():
        (tests / f"test_{name}.py").write_text(text)


def run_pytest(root: Path, *arguments: str) -> tuple[int, dict[str, str]]:
    """Run pytest on the tree `root`; give its exit code and the outcome of each item."""
    pytest_command = [sys.executable, "-m", "pytest", "--verbose", "--numprocesses=0"]
    done = subprocess.run(
        [*pytest_command, "--tb=no", "--color=no", *arguments],
        cwd=root,
        env={name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )
    found = re.findall(r"^tests/(\S+) (PASSED|FAILED|SKIPPED|ERROR)", done.stdout, re.MULTILINE)
    return done.returncode, dict(found)


@pytest.mark.parametrize(
    ("folder", "interpreters"), [("unit", [CPYTHON, MICROPYTHON]), ("micropython", [MICROPYTHON])]
)
def test_every_planted_fault_fails_the_build(
    tmp_path: Path, folder: str, interpreters: list[str]
) -> None:
    build_tree(tmp_path, folder)
    code, outcomes = run_pytest(tmp_path)
    assert code == 1
    for interpreter in interpreters:
        for name in PLANTED:
            prefix = f"{folder}/test_{name}.py::{interpreter}::"
            fates = [fate for item, fate in outcomes.items() if item.startswith(prefix)]
            assert "FAILED" in fates, prefix
        prefix = f"{folder}/test_passes.py::{interpreter}::"
        passes = {item[len(prefix):]: f for item, f in outcomes.items() if item.startswith(prefix)}
        assert passes == {
            "TestIt::test_raises": "PASSED",
            "TestIt::test_skipped": "SKIPPED",
            "TestIt::test_value": "PASSED",
            "file": "PASSED",
        }
    assert {item.split("::")[1] for item in outcomes} == set(interpreters)


def test_a_good_file_alone_passes_the_build(tmp_path: Path) -> None:
    build_tree(tmp_path, "unit")
    code, outcomes = run_pytest(tmp_path, "tests/unit/test_passes.py")
    assert code == 0
    assert len(outcomes) == 8


def test_a_file_runs_once_an_interpreter_whatever_the_workers(tmp_path: Path) -> None:
    build_tree(tmp_path, "unit")
    runs = tmp_path / "runs"
    methods = "".join(f"    def test_{n}(self):\n        pass\n" for n in range(20))
    for name in ("one", "two"):
        note = f"with open({str(runs)!r}, 'a') as file:\n    file.write({name!r})\n"
        (tmp_path / f"tests/unit/test_{name}.py").write_text(f"{HEAD}{methods}\n{note}")
    code, _ = run_pytest(
        tmp_path, "--numprocesses=2", "tests/unit/test_one.py", "tests/unit/test_two.py"
    )
    assert code == 0
    assert sorted(re.findall("one|two", runs.read_text())) == ["one", "one", "two", "two"]


@BOTH
def test_without_asserts_nothing_passes(tmp_path: Path, interpreter: str) -> None:
    file = tmp_path / "test_passes.py"
    file.write_text(PASSES)
    interpreted = command(ROOT, file, interpreter)
    interpreted.insert(1, "-O")
    variable = "PYTHONPATH" if interpreter == CPYTHON else "MICROPYPATH"
    paths = ":".join(str(path) for path in search_path(ROOT, file, interpreter))
    done = subprocess.run(
        interpreted, env={**os.environ, variable: paths}, capture_output=True, text=True
    )
    assert done.returncode == 77
    assert "-O" in done.stdout
    assert "::ok::" not in done.stdout


@BOTH
def test_a_hang_is_ended_and_fails(tmp_path: Path, interpreter: str) -> None:
    file = tmp_path / "test_hang.py"
    text = HEAD + "    def test_a(self):\n        pass\n"
    file.write_text(text + "    def test_b(self):\n        while True:\n            pass\n")
    result = run_file(ROOT, file, interpreter, timeout_s=1)
    assert result.outcomes in ({}, {"TestIt::test_a": "ok"})
    assert "ended after 1 s" in result.output
    assert result.trouble(("TestIt::test_a", "TestIt::test_b")).startswith("stopped before")


@pytest.mark.parametrize(("header", "outcome"), [("", "ok"), ("# heapsize: 32wK\n", "FAIL")])
def test_heap_of_the_header_is_obeyed(tmp_path: Path, header: str, outcome: str) -> None:
    file = tmp_path / "test_heap.py"
    file.write_text(header + HEAD + "    def test_it(self):\n        bytearray(200_000)\n")
    result = run_file(ROOT, file, MICROPYTHON, read_contents(file).heap)
    assert result.outcomes == {"TestIt::test_it": outcome}
    assert ("MemoryError" in result.logs["TestIt::test_it"]) == (outcome == "FAIL")


def test_header_and_tests_are_read_without_running(tmp_path: Path) -> None:
    file = tmp_path / "test_marked.py"
    file.write_text("# mark: sweep\n# heapsize: 2M\n1 / 0\n" + PASSES)
    names = ("TestIt::test_raises", "TestIt::test_skipped", "TestIt::test_value")
    assert read_contents(file) == Contents(names, "2M", ("sweep",))
