"""`python -m tools.glyphs latin|large|signs SPLEEN` and `chinese FONT`: print a table of glyphs.

SPLEEN is the folder of Spleen's BDF files, FONT the file DroidSansFallbackFull.ttf; where they
come from is in NOTICE. Each prints a module of firmware/joulegate/panel: glyphs_latin.py,
glyphs_large.py, glyphs_signs.py, glyphs_chinese.py.
"""

import argparse
import ast
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from tools.glyphs import bdf, drawn, record
from tools.glyphs.record import Glyph

ROOT = Path(__file__).resolve().parents[2]
PANEL = ROOT / "firmware" / "joulegate" / "panel"
SPLEEN = """Made by tools/glyphs: %s.

From Spleen 2.2.0, Copyright (c) 2018-2026, Frederic Cambus, under the BSD 2-Clause licence, which
is in NOTICE; %s.
"""
DROID = """Made by tools/glyphs: the Chinese characters of the panel's texts, 12 x 12.

From Droid Sans Fallback, Copyright (c) 2006-2010 Google Corp., under the Apache License 2.0,
which is in LICENSE-APACHE; changed: drawn at 13 pixels without grey, few by hand. See NOTICE.
"""
EXTRA = "\u00a3\u00a5\u00b0\u00b1\u00b2\u00b3\u00b7\u00d7"
LARGE = " 0123456789-.:/_ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LARGE_TOP = 4
"""Rows above the digits in the cell of 12 x 24."""
SIZE = 13
"""Of the Chinese characters: 12 rows of ink, and 11 columns after an empty one."""
CELL = 12
BLACK_FROM = {"\u7f6e": 140, "\u9700": 120, "\u6700": 130, "\u914d": 130}
"""Characters whose strokes the font's own drawing at this size runs together: made from the grey
of a large one, and from which grey, of 255."""
LARGE_SIZE = 160


def latin(spleen: Path) -> str:
    """ASCII and currency signs, 6 x 12."""
    font = bdf.read(spleen / "spleen-6x12.bdf")
    glyphs = [Glyph(code, font[code], 6) for code in [*range(0x20, 0x7F), *map(ord, EXTRA)]]
    for sign, drawing in drawn.CURRENCIES.items():
        glyphs.append(Glyph(ord(sign), ["......", *drawn.rows(drawing)], 6))
    glyphs.append(Glyph(0, ["......", *drawn.rows(drawn.TOFU)], 6))
    return record.module(SPLEEN % (
        "ASCII, a few more and currency signs, 6 x 12; 0 is for what has no glyph",
        "most currency signs were drawn for this meter"), 6, glyphs)


def large(spleen: Path) -> str:
    """Digits and capitals of the value, 15 pixels high, without the empty columns about them."""
    font = bdf.read(spleen / "spleen-12x24.bdf")
    glyphs = [_trimmed(ord(char), font[ord(char)][LARGE_TOP:LARGE_TOP + record.HEIGHT])
              for char in LARGE]
    return record.module(SPLEEN % (
        "digits and capitals of the value, 15 rows",
        "of its 12 x 24, without empty columns"), 12, glyphs)


def signs(spleen: Path) -> str:
    """The signs by their bit, and digits of the short code."""
    font = bdf.read(spleen / "spleen-5x8.bdf")
    glyphs = [Glyph(bit, drawn.rows(drawing), 8) for bit, drawing in enumerate(drawn.SIGNS)]
    glyphs += [Glyph(ord(char), font[ord(char)], 5) for char in "0123456789"]
    return record.module(SPLEEN % (
        "signs, by their bit in a page's signs, and the digits of the code, 8 rows",
        "the signs were drawn for this meter"), 8, glyphs)


def chinese(path: Path) -> str:
    """The Chinese characters that the texts of the panel use, in cells of 12 x 12."""
    font = ImageFont.truetype(str(path), SIZE)
    glyphs = [Glyph(ord(char), _drawn(font, char), CELL) for char in sorted(wanted())]
    return record.module(DROID, CELL, glyphs)


def wanted() -> set[str]:
    """Every character of the panel's texts that no Latin table has."""
    found: set[str] = set()
    for path in sorted(PANEL.glob("texts_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {char for char in node.value if ord(char) >= 0x2E80}
    return found


def _drawn(font: ImageFont.FreeTypeFont, char: str) -> list[str]:
    if char in drawn.CHINESE:
        return ["." + row for row in drawn.rows(drawn.CHINESE[char])]
    picture = Image.new("1", (3 * SIZE, 3 * SIZE))
    draw = ImageDraw.Draw(picture)
    draw.fontmode = "1"
    draw.text((0, 0), char, font=font, fill=1)
    left, top, right, bottom = picture.getbbox() or (0, 3, 0, 3)
    if top < 3 or bottom > 3 + CELL or right > CELL + (left > 0):
        raise ValueError(f"{char!r}: does not fit in {CELL} x {CELL}")
    if char in BLACK_FROM:
        picture.paste(_shrunk(font, char, right - left, bottom - top), (left, top))
    first = 1 if right > CELL else 0
    return ["".join("#" if picture.getpixel((x, y)) else "." for x in range(first, first + CELL))
            for y in range(3, 3 + CELL)]


def _shrunk(font: ImageFont.FreeTypeFont, char: str, width: int, height: int) -> Image.Image:
    picture = Image.new("L", (2 * LARGE_SIZE, 2 * LARGE_SIZE))
    ImageDraw.Draw(picture).text((0, 0), char, font=font.font_variant(size=LARGE_SIZE), fill=255)
    grey = picture.crop(picture.getbbox()).resize((width, height), Image.Resampling.BOX)
    return grey.point(lambda level: 255 if level > BLACK_FROM[char] else 0).convert("1")


def _trimmed(code: int, rows: list[str]) -> Glyph:
    """A glyph without its empty columns but for one before it; digits are all as wide as 0, and
    a space is half of that."""
    used = [x for x in range(len(rows[0])) if any(row[x] == "#" for row in rows)]
    if not used:
        return Glyph(code, [""], 5)
    if chr(code).isdigit():
        used = [1, 10]
    return Glyph(code, ["." + row[used[0]:used[-1] + 1] for row in rows],
                 used[-1] - used[0] + 2)


def main() -> int:
    """Print the table that is asked for; 1 if it cannot be made."""
    makers: dict[str, Callable[[Path], str]] = {
        "latin": latin, "large": large, "signs": signs, "chinese": chinese}
    parser = argparse.ArgumentParser(prog="python -m tools.glyphs", description=__doc__)
    parser.add_argument("table", choices=makers)
    parser.add_argument("font", type=Path)
    arguments = parser.parse_args()
    try:
        print(makers[arguments.table](arguments.font), end="")
    except (OSError, ValueError) as e:
        print(f"glyphs: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
