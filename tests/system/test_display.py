"""What the displays show, as pictures: compared with those that were looked at and found good.

`python -m tests.system.test_display` writes tests/vectors/display_shown.json anew, and the
pictures to build/display to look at.
"""

import difflib
import functools
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tools.bench.process import ROOT, BenchError, run_json
from tools.display import picture, reference_glass

PAGES = ROOT / "tests" / "vectors" / "display_pages.json"
SHOWN = ROOT / "tests" / "vectors" / "display_shown.json"
PROGRAM = "display_pages.py"
OLED_SHOWN = 3
"""The page whose picture on an OLED is in the document."""
PATH = [ROOT / "tests" / "cpython", ROOT / "firmware", ROOT / "tools" / "bench"]


@functools.cache
def states() -> list[list[dict[str, Any]]]:
    """What the two displays show of every page, under MicroPython."""
    found: list[list[dict[str, Any]]] = run_json(PROGRAM, str(PAGES))
    return found


def record(state: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a picture: its pixels' digest, and the state to tell a difference by."""
    return {"digest": picture.digest(picture.draw(state)), "state": state}


def difference(name: str, wanted: dict[str, Any], found: dict[str, Any]) -> str:
    """Lines that differ in what is to be seen; empty for none."""
    return "\n".join(difflib.unified_diff(
        picture.text(wanted).splitlines(), picture.text(found).splitlines(),
        f"{name}, as it was", f"{name}, as it is", lineterm="", n=1))


def test_pictures_are_those_that_were_found_good() -> None:
    wanted = json.loads(SHOWN.read_text(encoding="utf-8"))
    pages = json.loads(PAGES.read_text(encoding="utf-8"))
    found = states()
    assert len(wanted) == len(found) == len(pages)
    for page, shown, good in zip(pages, found, wanted, strict=True):
        for state, kept in zip(shown, good, strict=True):
            now = record(state)
            name = f"{page['title']!r} on {state['part']}"
            assert state == kept["state"], "\n" + difference(name, kept["state"], state)
            assert now["digest"] == kept["digest"], f"{name}: shows the same, is drawn otherwise"


def test_both_interpreters_show_the_same() -> None:
    program = ROOT / "tools" / "bench" / "meter" / PROGRAM
    done = subprocess.run(
        [sys.executable, str(program), str(PAGES)], capture_output=True, text=True, check=True,
        env=dict(os.environ, PYTHONPATH=":".join(map(str, PATH))))
    assert json.loads(done.stdout) == states()


def test_a_page_that_is_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "pages.json"
    file.write_text('[{"titel": "x"}]')
    with pytest.raises(BenchError, match="page: has no field 'titel'"):
        run_json(PROGRAM, str(file))


def test_a_lost_pixel_and_segment_are_told(tmp_path: Path) -> None:
    segments, pixels = states()[0]
    other = dict(segments, ram="0" + segments["ram"][1:16] + "f" + segments["ram"][17:])
    assert "+9g" in difference("x", segments, other)
    assert record(other)["digest"] != record(segments)["digest"]
    rows = list(pixels["rows"])
    rows[10] = format(int(rows[10], 16) ^ 1 << 60, "032x")
    other = dict(pixels, rows=rows)
    assert difference("x", pixels, other).count("\n+") == 2
    assert record(other)["digest"] != record(pixels)["digest"]


def glass() -> Any:
    """The firmware's own table of the glass."""
    added = [str(path) for path in PATH[:2]]
    sys.path[:0] = added
    try:
        return importlib.import_module("joulegate.panel.glass")
    finally:
        sys.path[:2] = []


def test_the_glass_is_as_its_document_has_it() -> None:
    table = glass()
    lines = reference_glass.lines()
    assert len(lines) == 29

    def name(place: int) -> str:
        return lines[place >> 2][place & 3]

    assert [name(place) for place in table.DIGITS] == [
        f"{digit}{segment}" for digit in range(1, 9) for segment in "abcdefg"]
    assert [name(place) for place in table.CODE] == [
        f"{digit}{segment}" for digit in range(9, 12) for segment in "abcdefg"]
    assert [name(place) for place in table.POINTS[:7]] == [f"point{i}" for i in range(1, 8)]
    assert [name(table.COLONS[3]), name(table.COLONS[5])] == ["colon4", "colon6"]
    assert [name(place) for place in table.UNIT_PLACES] == table.UNITS.split()
    assert [name(place) for place in (table.MINUS, table.PER, table.YUAN, table.DOLLAR,
                                      table.MONEY)] == ["minus", "per", "yuan", "dollar", "money"]
    assert [name(place) for place in table.SIGNS] == [
        "alarm", "off", "link", "export", "low_credit", "T1", "T2", "T3", "T4", "clock", "locked",
        "muted"]
    places = [place for bytes_of in (table.DIGITS, table.CODE, table.POINTS, table.COLONS,
                                     table.UNIT_PLACES, table.SIGNS) for place in bytes_of]
    places += [table.MINUS, table.PER, table.YUAN, table.DOLLAR, table.MONEY]
    used = sorted(place for place in places if place != table.NONE)
    assert used == list(range(4 * len(lines))), "each segment is used once"


def test_each_segment_is_seen_in_the_picture() -> None:
    def drawn(ram: int) -> Image.Image:
        state = {"part": "ht1621", "visible": True, "ram": format(ram, "032x")}
        return picture.draw(state)

    empty = picture.digest(drawn(0))
    seen = {picture.digest(drawn(1 << bit)) for bit in range(128 - 29 * 4, 128)}
    assert len(seen) == 29 * 4
    assert empty not in seen
    assert picture.digest(drawn((1 << 12) - 1)) == empty, "no segment on SEG 29 to 31"


def test_the_document_has_map_and_pictures() -> None:
    docs = ROOT / "docs"
    text = (docs / "display-hardware.md").read_text(encoding="utf-8")
    assert reference_glass.table() in text, "python -m tools.display map"
    kept = Image.open(docs / "images" / "display-glass.png")
    assert picture.digest(kept) == picture.digest(picture.draw(picture.ALL_SEGMENTS)), (
        "python -m tools.display glass docs/images/display-glass.png")
    kept = Image.open(docs / "images" / "display-oled.png")
    assert picture.digest(kept) == picture.digest(picture.draw(states()[OLED_SHOWN][1])), (
        "python -m tests.system.test_display")


def test_command_line(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text(json.dumps(states()[0][1]))
    target = tmp_path / "picture.png"
    command = [sys.executable, "-m", "tools.display", "draw"]
    subprocess.run([*command, str(state), str(target)], cwd=ROOT, check=True)
    assert Image.open(target).size == (528, 272)
    state.write_text('{"part": "st7735"}')
    done = subprocess.run([*command, str(state), str(target)], cwd=ROOT, capture_output=True,
                          text=True)
    assert done.returncode == 1
    assert "display 'st7735': must be one of ht1621, ssd1306" in done.stderr


if __name__ == "__main__":
    folder = ROOT / "build" / "display"
    folder.mkdir(parents=True, exist_ok=True)
    found = states()
    SHOWN.write_text(json.dumps(
        [[record(state) for state in pair] for pair in found], indent=0, ensure_ascii=False)
        + "\n", encoding="utf-8")
    for number, pair in enumerate(found):
        for state in pair:
            picture.draw(state).save(folder / f"{number:02d}-{state['part']}.png")
    picture.draw(found[OLED_SHOWN][1]).save(ROOT / "docs" / "images" / "display-oled.png")
