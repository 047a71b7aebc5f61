"""Draws an OLED panel, each pixel a square with a dark edge."""

from PIL import Image, ImageDraw

GROUND = (8, 10, 14)
LIT = (150, 214, 255)
DIMMED = (70, 100, 120)
PITCH = 4
MARGIN = 8
_BITS = 128


def draw(state: dict) -> Image.Image:
    """Draw what an SSD1306 shows, the state of its model."""
    rows = [int(row, 16) for row in state["rows"]]
    size = (_BITS * PITCH + 2 * MARGIN, len(rows) * PITCH + 2 * MARGIN)
    picture = Image.new("RGB", size, GROUND)
    pen = ImageDraw.Draw(picture)
    colour = LIT if state["contrast"] >= 64 else DIMMED
    for y, row in enumerate(rows):
        for x in range(_BITS):
            if row >> (_BITS - 1 - x) & 1:
                left, top = MARGIN + x * PITCH, MARGIN + y * PITCH
                pen.rectangle((left, top, left + PITCH - 2, top + PITCH - 2), colour)
    return picture
