"""What seven segments can show.

Bit 0 is segment a, on top, and so on clockwise to f; bit 6 is g, in the middle.
"""

_SHOWN = "0123456789 -_=AbCcdEFGHhIiJLlnoOPqrStUuy"
_SEGMENTS = (
    b"\x3f\x06\x5b\x4f\x66\x6d\x7d\x07\x7f\x6f\x00\x40\x08\x48"
    b"\x77\x7c\x39\x58\x5e\x79\x71\x3d\x76\x74\x06\x04\x1e\x38\x30\x54\x5c\x3f\x73\x67\x50\x6d"
    b"\x78\x3e\x1c\x6e")


def segments_of(char: str) -> int:
    """Return the segments of a character; of a letter in the other case if only that can be
    shown, and none for what cannot be shown at all."""
    at = _SHOWN.find(char)
    if at < 0:
        at = _SHOWN.find(char.upper())
    if at < 0:
        at = _SHOWN.find(char.lower())
    return _SEGMENTS[at] if at >= 0 else 0


def shows(text: str) -> bool:
    """Whether every character of a text can be shown, points and colons between digits too."""
    for char in text:
        if char not in " .:" and not segments_of(char):
            return False
    return True
