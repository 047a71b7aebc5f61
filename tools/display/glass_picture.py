"""Draws the Joulegate reference glass: lit segments dark on a grey-green ground, others faint.

Nothing is taken from a font: letters on the glass are strokes like everything else, so that the
picture is the same on every computer.
"""


from PIL import Image, ImageDraw

from tools.display import reference_glass

WIDTH = 620
HEIGHT = 236
GROUND = (188, 198, 172)
FAINT = (180, 190, 164)
DARK = (26, 32, 24)
_SCALE = 3
"""Drawn larger and shrunk, for smooth edges."""

_SEGMENTS = {
    "a": (0, 0, 1, 0), "b": (1, 0, 1, 1), "c": (1, 1, 1, 2), "d": (0, 2, 1, 2),
    "e": (0, 1, 0, 2), "f": (0, 0, 0, 1), "g": (0, 1, 1, 1),
}
"""Ends of each segment, in widths and half heights of a digit."""

_BIG = [(50 + 58 * i, 76, 32, 42, 8) for i in range(8)]
_SMALL = [(26 + 27 * i, 194, 14, 14, 4) for i in range(3)]
"""Left, top, width, half height and thickness of the digits."""

_STROKES = {
    "A": "0,6 2,0 4,6;1,4 3,4", "F": "4,0 0,0 0,6;0,3 3,3", "H": "0,0 0,6;4,0 4,6;0,3 4,3",
    "O": "0,0 4,0 4,6 0,6 0,0", "T": "0,0 4,0;2,0 2,6", "V": "0,0 2,6 4,0",
    "W": "0,0 1,6 2,2 3,6 4,0", "a": "0,3 3,3 3,6 0,6 0,4.5 3,4.5", "d": "4,0 4,6 1,6 1,3 4,3",
    "h": "0,0 0,6;0,3 3,3 3,6", "i": "1,3 1,6;1,1 1,1.4", "k": "0,0 0,6;3,2.6 0,4.4 3,6",
    "m": "0,6 0,3 2,3 2,6;2,3 4,3 4,6", "n": "0,6 0,3 3,3 3,6", "r": "0,6 0,3 3,3",
    "s": "3,3 0,3 0,4.5 3,4.5 3,6 0,6", "v": "0,3 1.5,6 3,3", "z": "0,3 3,3 0,6 3,6",
    "3": "0,0 2,0 2,3 0,3;0.6,1.5 2,1.5", "%": "0,6 4,0;0.2,0.2 0.9,0.9;3.1,5.1 3.8,5.8",
    "1": "1,1 2,0 2,6", "2": "0,0 4,0 4,3 0,3 0,6 4,6", "4": "0,0 0,3 4,3;4,0 4,6",
    "Q": "0,0 4,0 4,3 0,3;4,3 4,6 0,6;0,0 0,0",
}
_TEXTS = {
    "kWh": (526, 84, 3.2, "kWh"), "kW": (526, 112, 3.0, "kW"), "W": (568, 112, 3.0, "W"),
    "kvarh": (526, 140, 2.5, "kvarh"), "V": (526, 163, 2.7, "V"), "A": (546, 163, 2.7, "A"),
    "Hz": (566, 163, 2.7, "Hz"), "d": (526, 188, 2.5, "d"), "h": (544, 188, 2.5, "h"),
    "min": (560, 188, 2.5, "min"), "s": (598, 188, 2.5, "s"), "%": (526, 212, 2.5, "%"),
    "m3": (548, 212, 2.5, "m3"),
    "off": (70, 22, 3.2, "OFF"), "T1": (404, 22, 3.2, "T1"), "T2": (444, 22, 3.2, "T2"),
    "T3": (492, 22, 3.2, "TQ"), "T4": (540, 22, 3.2, "T4"),
}
"""Left, top, size and letters; Q is the digit 3 of full height."""

_SIGNS: dict[str, tuple[float, float, float, str]] = {
    "alarm": (26, 18, 4, "0,6 3.5,0 7,6 0,6;3.5,2 3.5,4;3.5,5 3.5,5.1"),
    "link": (136, 18, 4, "0,6 0,4.6;2,6 2,3;4,6 4,1.5;6,6 6,0"),
    "export": (182, 18, 4, "3,4.6 3,0;1,2 3,0 5,2;0,6 6,6"),
    "low_credit": (226, 18, 4, "2,0 5,0 7,2 7,4 5,6 2,6 0,4 0,2 2,0;"
                               "3.5,1.4 3.5,3.4;3.5,4.5 3.5,4.6"),
    "clock": (272, 18, 4, "2,0 5,0 7,2 7,4 5,6 2,6 0,4 0,2 2,0;3.5,1.4 3.5,3 5.4,3"),
    "locked": (316, 18, 4, "0,3 6,3 6,6.4 0,6.4 0,3;1.2,3 1.2,0 4.8,0 4.8,3"),
    "muted": (356, 18, 4, "0,2 2,2 4,0 4,6 2,4 0,4 0,2;5.4,2 7.4,4;7.4,2 5.4,4"),
    "minus": (14, 116, 4, "0,0.5 5,0.5"),
    "per": (508, 82, 3.6, "0,6.4 3,0"),
    "yuan": (524, 48, 3.6, "1,0.6 5,0.6;0,2.4 6,2.4;2.2,2.4 2,4.6 0,6;4,2.4 4,5.8 6,5.8 6,4.6"),
    "dollar": (558, 48, 3.6, "4,1 0,1 0,3 4,3 4,5.4 0,5.4;2,0 2,6.4"),
    "money": (586, 48, 3.6, "1.2,1.2 4.8,1.2 4.8,4.8 1.2,4.8 1.2,1.2;0,0 1.2,1.2;6,0 4.8,1.2;"
                            "0,6 1.2,4.8;6,6 4.8,4.8"),
}
"""Left, top, size and strokes."""


def draw(state: dict) -> Image.Image:
    """Draw what an HT1621 shows, the state of its model, on the glass."""
    names = reference_glass.lit(state["ram"]) if state["visible"] else set()
    picture = Image.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), GROUND)
    pen = _Pen(ImageDraw.Draw(picture))
    for names_of_line in reference_glass.lines():
        for name in names_of_line:
            pen.colour = DARK if name in names else FAINT
            _draw(pen, name)
    return picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)


class _Pen:
    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self.draw = draw
        self.colour = DARK

    def stroke(self, points: list[tuple[float, float]], width: float) -> None:
        """Draw a line with round corners and ends."""
        scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
        w = width * _SCALE
        self.draw.line(scaled, self.colour, round(w))
        for x, y in scaled:
            self.draw.ellipse((x - w / 2, y - w / 2, x + w / 2, y + w / 2), self.colour)

    def polygon(self, points: list[tuple[float, float]]) -> None:
        self.draw.polygon([(x * _SCALE, y * _SCALE) for x, y in points], self.colour)


def _draw(pen: _Pen, name: str) -> None:
    if name in _TEXTS:
        _text(pen, *_TEXTS[name])
    elif name in _SIGNS:
        left, top, size, strokes = _SIGNS[name]
        _strokes(pen, left, top, size, strokes)
    elif name.startswith("point"):
        left, top, width, half, thick = _BIG[int(name[5:]) - 1]
        pen.stroke([(left + width + 13, top + 2 * half)] * 2, thick)
    elif name.startswith("colon"):
        left, top, width, half, thick = _BIG[int(name[5:]) - 1]
        for part in (0.6, 1.4):
            pen.stroke([(left + width + 13, top + part * half)] * 2, thick)
    else:
        _segment(pen, int(name[:-1]), name[-1])


def _segment(pen: _Pen, digit: int, segment: str) -> None:
    """Draw one of seven: a bar with pointed ends, that keeps clear of its neighbours."""
    left, top, width, half, thick = map(float, (_BIG + _SMALL)[digit - 1])
    x0, y0, x1, y1 = _SEGMENTS[segment]
    ax, ay = left + x0 * width, top + y0 * half
    bx, by = left + x1 * width, top + y1 * half
    r = thick / 2
    gap = thick / 6
    if y0 == y1:
        ax, bx = ax + gap, bx - gap
        pen.polygon([(ax, ay), (ax + r, ay - r), (bx - r, ay - r), (bx, ay), (bx - r, ay + r),
                     (ax + r, ay + r)])
    else:
        ay, by = ay + gap, by - gap
        pen.polygon([(ax, ay), (ax + r, ay + r), (ax + r, by - r), (ax, by), (ax - r, by - r),
                     (ax - r, ay + r)])


def _text(pen: _Pen, left: float, top: float, size: float, text: str) -> None:
    for letter in text:
        strokes = _STROKES[letter]
        _strokes(pen, left, top, size, strokes)
        widest = max(float(point.split(",")[0])
                     for line in strokes.split(";") for point in line.split())
        left += (widest + 1.6) * size


def _strokes(pen: _Pen, left: float, top: float, size: float, strokes: str) -> None:
    for line in strokes.split(";"):
        points = []
        for point in line.split():
            x, y = point.split(",")
            points.append((left + float(x) * size, top + float(y) * size))
        pen.stroke(points, 0.8 * size)


