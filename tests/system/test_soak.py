"""The soak: a short fixed set of lives, and that it notices a fault of the firmware."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools.bench.process import ROOT
from tools.mutants.fault import FOLDER, load_faults, planted
from tools.mutants.trial import copy_tree
from tools.soak.__main__ import main
from tools.soak.life import Life

FAULTS = {fault.name: fault for fault in load_faults(ROOT / FOLDER)}
HAPPEN = (
    "adjust", "bad-command", "brown-out", "cuts torn", "cuts whole", "debt", "fail", "fill",
    "forge", "jump", "lose", "outage", "pull", "records", "repeat", "reset", "set-clock",
    "settings", "tariff", "top-ups", "top-ups refused",
)
SOAK = [sys.executable, "-m", "tools.soak"]


def soak(tree: Path, output: Path, *arguments: str) -> tuple[int, str, dict[str, Any]]:
    """Run the command in a tree; return its exit code, what it printed and what it left."""
    done = subprocess.run([*SOAK, *arguments, "--output", str(output)], cwd=tree,
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr, json.loads(output.read_text("utf-8"))


def test_lives_without_violation(tmp_path: Path) -> None:
    code, text, found = soak(
        ROOT, tmp_path / "soak.json", "--seed", "101", "--years", "0.35", "--lives", "4")
    assert (code, found["violations"]) == (0, []), text
    assert found["years"] >= 1.4
    assert [name for name in HAPPEN if not found["counts"].get(name)] == []
    assert 0 < found["most_lost_Wh"] < 250
    assert "0 violations" in text


def test_a_seed_is_lived_the_same_again() -> None:
    lives = [Life(7, 1) for _ in range(2)]
    assert [life.run(150) for life in lives] == ["", ""]
    assert lives[0].counts == lives[1].counts
    assert list(lives[0].actions) == list(lives[1].actions)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("soak") / "tree"
    copy_tree(ROOT, copy)
    shutil.copytree(ROOT / "tools" / "soak", copy / "tools" / "soak")
    return copy


@pytest.mark.parametrize("name", ["carry-lost-in-debit", "mark-after-commit"])
def test_a_planted_fault_is_caught(tree: Path, tmp_path: Path, name: str) -> None:
    fault = FAULTS[name]
    root = tmp_path / "root"
    shutil.copytree(tree, root, symlinks=True)
    (root / fault.file).write_text(planted(tree, fault), "utf-8")
    output = tmp_path / "soak.json"
    code, text, found = soak(root, output, "--seed", "1", "--years", "0.5")
    assert code == 1, text
    (violation,) = found["violations"]
    step = violation["step"]
    assert f"seed 1 step {step}: {violation['text']}" in text
    assert violation["actions"][-1] in text
    again = soak(root, output, "--seed", "1", "--years", "0.5", "--until", str(step))[2]
    assert again["violations"] == found["violations"]
    assert soak(root, output, "--seed", "1", "--until", str(step - 1))[0] == 0


def test_firmware_that_stops_is_a_violation(tree: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(tree, root, symlinks=True)
    path = root / "firmware" / "joulegate" / "core" / "replay.py"
    path.write_text(path.read_text("utf-8").replace(
        "return tid < min(self.marks)", "return tid < self.marks"), "utf-8")
    code, text, found = soak(root, tmp_path / "soak.json", "--seed", "1", "--years", "0.5")
    assert code == 1
    assert "the firmware stopped" in found["violations"][0]["text"]
    assert "TypeError" in text


def test_the_judge_knows_nothing_of_the_firmware() -> None:
    for path in (ROOT / "tools" / "soak").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                continue
            for name in names:
                own = name.startswith(("tools.soak.", "tools.bench.process"))
                assert own or name.split(".")[0] in sys.stdlib_module_names, (path.name, name)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--years", "0"], "--years 0.0: must be above 0, at most 20"),
        (["--years", "21"], "--years 21.0: must be above 0, at most 20"),
        (["--lives", "0"], "--lives 0: must be 1 or more"),
        (["--jobs", "0"], "--jobs 0: must be 1 or more"),
        (["--until", "0"], "--until 0: must be 1 or more"),
    ],
)
def test_bad_arguments_are_refused(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert why in capsys.readouterr().err
