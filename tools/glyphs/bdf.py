"""Glyphs out of a bitmap font of fixed width in the Glyph Bitmap Distribution Format (BDF)."""

import re
from pathlib import Path

_GLYPH = re.compile(
    r"^ENCODING (\d+)$.*?^BBX (\d+) (\d+) .*?^BITMAP$\n(.*?)^ENDCHAR$", re.DOTALL | re.MULTILINE)


def read(path: Path) -> dict[int, list[str]]:
    """The rows of every glyph of a font, by code point."""
    found = {}
    for code, width, _, bitmap in _GLYPH.findall(path.read_text(encoding="ascii")):
        rows = bitmap.split()
        found[int(code)] = [
            format(int(row, 16), f"0{4 * len(row)}b")[:int(width)].replace("0", ".").replace(
                "1", "#") for row in rows]
    return found
