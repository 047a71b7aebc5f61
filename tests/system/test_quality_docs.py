"""The settings in docs/quality.md and docs/load-control.md are those of the firmware, and the
examples of rules are taken."""

import re
from pathlib import Path

import pytest

from tools.docs import firmware

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("page", "topic"), [("quality", "quality"), ("load-control", "outputs")])
def test_settings(page: str, topic: str) -> None:
    text = (ROOT / f"docs/{page}.md").read_text(encoding="utf-8")
    rules = firmware.load("joulegate.storage.setting_rules").TOPICS[topic]
    expected = ["| `{}` | {} | {} to {} | {} |".format(*line.split(" ", 4))
                for line in rules.split("\n") if line]
    table = text.partition("## Settings")[2]
    assert [row for row in table.split("\n") if row.startswith("| `") and
            not row.startswith("| `outputs` |")] == expected


def test_rules() -> None:
    text = (ROOT / "docs/load-control.md").read_text(encoding="utf-8")
    rules = firmware.load("joulegate.core.output_rules")
    entries = re.findall(r"^\| `([1-4] [^`]+)` \|", text, re.MULTILINE)
    assert len(rules.parse(entries)) == 8
    block = text.partition("```\n")[2].partition("```")[0]
    assert len(rules.parse(block.strip().split("\n"))) == 4
    assert f"at most {rules.ENTRIES_MAX} texts" in text


def test_pins_of_the_bench() -> None:
    pins = (ROOT / "boards/BENCH/pins.py").read_text(encoding="utf-8")
    found = re.findall(r"^OUTPUTS = \((.*)\)$", pins, re.MULTILINE)
    assert found == ["24, 25, 27, 28"]
    for page in ("bench", "load-control"):
        assert re.search("24, 25, 27(,| and) 28", (ROOT / f"docs/{page}.md").read_text("utf-8"))
