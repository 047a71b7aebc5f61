"""Pictures of displays: drawn, written, compared."""

import hashlib

from PIL import Image

from tools.display import glass_picture, oled_picture

_DRAWN = {"ht1621": glass_picture.draw, "ssd1306": oled_picture.draw}

ALL_SEGMENTS = {"part": "ht1621", "visible": True, "ram": "f" * 32}
"""A glass with everything lit, as a test shows it."""


def draw(state: dict) -> Image.Image:
    """Draw the state that a display's model exports. ValueError for an unknown part."""
    part = state.get("part")
    if part not in _DRAWN:
        raise ValueError(f"display {part!r}: must be one of {', '.join(sorted(_DRAWN))}")
    return _DRAWN[part](state)


def digest(picture: Image.Image) -> str:
    """What says that two pictures have the same pixels, however they are stored."""
    width, height = picture.size
    pixels = picture.convert("RGB").tobytes()
    return hashlib.sha256(f"{width}x{height}".encode() + pixels).hexdigest()[:16]


def text(state: dict) -> str:
    """What a display shows as text to read in a report of differences: names of lit segments
    or rows of pixels, a line each."""
    if state["part"] == "ht1621":
        from tools.display.reference_glass import lit
        return "\n".join(sorted(lit(state["ram"]))) if state["visible"] else "dark"
    rows = (format(int(row, 16), "0128b") for row in state["rows"])
    return "\n".join(row.replace("0", ".").replace("1", "#") for row in rows)
