"""tools/glyphs: a font read, a table written that the firmware finds its glyphs in."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools.bench.process import ROOT
from tools.glyphs import bdf, drawn, record
from tools.glyphs.__main__ import PANEL, wanted
from tools.glyphs.record import Glyph

FONT = """STARTFONT 2.1
FONTBOUNDINGBOX 6 3 0 0
STARTCHAR A
ENCODING 65
SWIDTH 500 0
DWIDTH 6 0
BBX 6 3 0 0
BITMAP
20
50
F8
ENDCHAR
ENDFONT
"""


def test_a_bitmap_font_is_read(tmp_path: Path) -> None:
    file = tmp_path / "font.bdf"
    file.write_text(FONT)
    assert bdf.read(file) == {65: ["..#...", ".#.#..", "#####."]}


def test_a_table_has_what_was_put_in() -> None:
    glyphs = [Glyph(0x7535, ["#.", ".#"], 2), Glyph(65, ["##"], 1)]
    table = SimpleNamespace()
    source = record.module("A table.", 2, glyphs).replace("from micropython import const", "")
    exec(source, {"const": int}, table.__dict__)
    assert table.CODES == b"\x00\x41\x75\x35"
    assert table.RECORDS == b"\x01\x01\x00\x01\x00" + b"\x02\x01\x00\x02\x00"
    assert table.COLUMNS == 2


def test_a_glyph_that_does_not_fit_is_refused() -> None:
    for glyph in (Glyph(65, ["#"] * 17, 1), Glyph(65, ["#"], 3), Glyph(65, ["#"], 0)):
        with pytest.raises(ValueError, match=r"glyph U\+0041: .* must be 16 rows and 2 columns"):
            record.record(glyph, 2)


def test_drawings_have_the_size_they_must() -> None:
    for drawing in drawn.SIGNS:
        assert [len(row) for row in drawn.rows(drawing)] == [8] * 8
    for drawing in [*drawn.CURRENCIES.values(), drawn.TOFU]:
        rows = drawn.rows(drawing)
        assert len(rows) <= 11 and {len(row) for row in rows} == {6}
    for drawing in drawn.CHINESE.values():
        assert [len(row) for row in drawn.rows(drawing)] == [11] * 12


def test_what_is_wanted_is_in_the_texts() -> None:
    text = (PANEL / "texts_zh.py").read_text(encoding="utf-8")
    assert len(wanted()) > 100
    assert all(char in text for char in wanted())


def test_a_font_that_is_not_there_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.glyphs", "latin", "nowhere"], cwd=ROOT,
        capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("glyphs: ") and "nowhere" in done.stderr
