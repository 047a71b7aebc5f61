"""The Joulegate reference glass as its maker would be told: which segment is where, by name.

This is the document; the firmware's table (panel/glass.py) is the other hand, and the tests
compare them through the chip's model.
"""

DIGIT = (("f", "g", "e", "d"), ("a", "b", "c"))
"""Segments of a digit on its two SEG lines, COM0 first; COM3 of the second is a mark."""

_MARKS = ["point1", "point2", "point3", "point4", "point5", "point6", "point7", "minus",
          "colon4", "colon6", "per"]
_REST = [
    ("alarm", "off", "link", "export"),
    ("low_credit", "clock", "locked", "muted"),
    ("T1", "T2", "T3", "T4"),
    ("yuan", "dollar", "money", "kWh"),
    ("kW", "W", "V", "A"),
    ("Hz", "d", "h", "s"),
    ("m3", "%", "min", "kvarh"),
]


def lines() -> list[tuple[str, ...]]:
    """The names of the segments of each SEG line, COM0 to COM3; digits are 1 to 8 from the left,
    those of the code 9 to 11."""
    found: list[tuple[str, ...]] = []
    for digit, mark in enumerate(_MARKS, 1):
        even, odd = DIGIT
        found.append(tuple(f"{digit}{segment}" for segment in even))
        found.append((*(f"{digit}{segment}" for segment in odd), mark))
    return found + _REST


def lit(ram: str) -> set[str]:
    """The names of the segments that a segment memory of 32 hexadecimal digits shows.

    Memory of SEG lines that the glass does not have shows nothing. ValueError for another length.
    """
    if len(ram) != 32:
        raise ValueError(f"segment memory {ram!r}: must be 32 hexadecimal digits")
    names = lines()
    found = set()
    for line, digit in enumerate(ram):
        for com in range(4):
            if line < len(names) and int(digit, 16) >> com & 1:
                found.add(names[line][com])
    return found


def table() -> str:
    """The map as a Markdown table."""
    rows = ["| SEG | COM0 | COM1 | COM2 | COM3 |", "|---|---|---|---|---|"]
    for number, names in enumerate(lines()):
        rows.append(f"| {number} | " + " | ".join(names) + " |")
    return "\n".join(rows) + "\n"
