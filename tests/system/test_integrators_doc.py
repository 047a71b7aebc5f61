"""docs/integrators.md, section "From end to end": broker, meter, head-end and vending station by
the very commands and program of the page, and what it quotes is what they say."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.system.brokers import mosquitto_command, wait_until
from tests.system.test_docs_examples import holds
from tests.system.test_link_docs import Walk
from tools.bench.process import ROOT

PAGE = (ROOT / "docs" / "integrators.md").read_text(encoding="utf-8")
SECTION = PAGE[PAGE.index("## From end to end"):].split("\n## ")[0]
PROGRAM = "build/head_end.py"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NUMBERS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_VARY = frozenset({"outbox", "oldest_held"})
"""Numbers that hang on how much was said before the head-end came."""
_DEADLINE_S = 60


class Office(Walk):
    """The page's terminals, the head-end's among them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.changes[PROGRAM] = str(folder / "head_end.py")

    def run(self, command: str, quoted: list[str]) -> None:
        if command.startswith("mosquitto") or "tools.bench" in command:
            super().run(command, quoted)
            return
        words = shlex.split(self._here(command))
        if words[0].startswith("PYTHONPATH="):
            self._listen(["env", f"PYTHONPATH={ROOT}", sys.executable, *words[2:]])
            self.wait_for(quoted)
            return
        done = subprocess.run(
            [sys.executable, *words[1:]], cwd=ROOT, env=self.environment, capture_output=True,
            text=True, timeout=_DEADLINE_S, check=False)
        assert done.returncode == 0, (words, done.stderr)
        assert list(map(shape, done.stdout.splitlines())) == list(map(shape, quoted))

    def wait_for(self, quoted: list[str]) -> None:
        """Wait until the head-end has said lines that hold what is quoted."""
        wait_until(lambda: _all_said(self.heard, quoted), _DEADLINE_S, lambda: str(self.heard))


def shape(line: str) -> Any:
    """Return a line without what differs with every run: times, numbers, readings."""
    return sorted(json.loads(line)) if line.startswith("{") else _NUMBERS.sub("0", line)


def _all_said(heard: list[str], quoted: list[str]) -> bool:
    """Whether each line "KIND JSON" was said, with all that is quoted of it. Classes of events
    may come in any order."""
    return all(any(_says(line, wanted) for line in heard) for wanted in quoted)


def _says(line: str, wanted: str) -> bool:
    (kind, _, said), (wanted_kind, _, quoted) = line.partition(" "), wanted.partition(" ")
    return kind == wanted_kind and _holds(json.loads(said), json.loads(quoted))


def _holds(said: Any, quoted: Any) -> bool:
    """As `holds`, but a list may have more than is quoted of it."""
    if isinstance(quoted, dict) and isinstance(said, dict):
        return all(key in said and _holds(said[key], quoted[key])
                   for key in quoted if key not in _VARY)
    if isinstance(quoted, list) and isinstance(said, list):
        return all(any(_holds(one, wanted) for one in said) for wanted in quoted)
    return holds(said, quoted)


def blocks(kind: str) -> Iterator[str]:
    """Yield the section's blocks of a kind."""
    return (block[2] for block in _BLOCK.finditer(SECTION) if block[1] == kind)


def steps() -> list[tuple[str, list[str]]]:
    """Return the commands of the section, each with the lines quoted after it."""
    parts = [part for block in blocks("console") for part in block.split("$ ")[1:]]
    return [(command, lines) for command, *lines in (part.splitlines() for part in parts)]


def test_the_walk(tmp_path: Path) -> None:
    mosquitto_command()
    office = Office(tmp_path)
    (program,) = blocks("python")
    (tmp_path / "head_end.py").write_text(program, encoding="utf-8")
    try:
        for command, quoted in steps():
            office.run(command, quoted)
        (seen,) = blocks("text")
        office.wait_for(seen.splitlines())
        numbers = [json.loads(line.partition(" ")[2]).get("outbox") for line in office.heard]
        held = [number for number in numbers if number is not None]
        assert len(held) == len(set(held)), "each thing once"
        state = json.loads((tmp_path / "link-meter" / "head_end.json").read_text())
        assert state["highest"] == max(held)
    finally:
        office.close()


def test_what_is_quoted_must_be_said() -> None:
    said = ['event {"a": 1, "b": [{"c": 8}, {"c": 9}]}', 'receipt {"d": 2}']
    assert _all_said(said, ['receipt {"d": 2}', 'event {"b": [{"c": 9}]}'])
    assert not _all_said(said, ['receipt {"d": 2}', 'event {"b": [{"c": 7}]}'])
    assert not _all_said(said, ['event {"e": 1}'])
    assert not _all_said(said, ['status {"a": 1}'])
    assert shape("accepted; balance 20.00; TID 7; 0.1 s") == shape(
        "accepted; balance 3; TID 12; 9 s")
    assert shape("accepted; balance 20") != shape("not accepted; balance 20")
