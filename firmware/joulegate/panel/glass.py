"""The Joulegate reference glass: which segment of it is where in the memory of its HT1621.

A place is 4 x SEG line + COM line, 0 to 127, and NONE where a glass has no such segment. The
glass is drawn in docs/display-hardware.md. Another glass is another module of these names; its
bytes are all there is to it. They stay in flash, where the firmware is frozen.
"""

from micropython import const

NONE = const(255)

DIGITS = (
    b"\x04\x05\x06\x03\x02\x00\x01"
    b"\x0c\x0d\x0e\x0b\x0a\x08\x09"
    b"\x14\x15\x16\x13\x12\x10\x11"
    b"\x1c\x1d\x1e\x1b\x1a\x18\x19"
    b"\x24\x25\x26\x23\x22\x20\x21"
    b"\x2c\x2d\x2e\x2b\x2a\x28\x29"
    b"\x34\x35\x36\x33\x32\x30\x31"
    b"\x3c\x3d\x3e\x3b\x3a\x38\x39")
"""Segments a to g of the digits of the value, from the left: SEG 0 to 15."""

POINTS = b"\x07\x0f\x17\x1f\x27\x2f\x37\xff"
"""The decimal point after each digit."""

COLONS = b"\xff\xff\xff\x47\xff\x4f\xff\xff"
"""The colon after each digit."""

MINUS = const(0x3F)
"""Before the first digit."""

CODE = (
    b"\x44\x45\x46\x43\x42\x40\x41"
    b"\x4c\x4d\x4e\x4b\x4a\x48\x49"
    b"\x54\x55\x56\x53\x52\x50\x51")
"""Segments a to g of the small digits of the short code: SEG 16 to 21."""

SIGNS = b"\x58\x59\x5a\x5b\x5c\x60\x61\x62\x63\x5d\x5e\x5f"
"""By bit of `signs` in page.py: alarm, OFF, link, export, low credit, T1 to T4, clock, lock,
muted."""

UNITS = "kWh kW W V A Hz d h s m3 % min kvarh"
"""Keys of units that stand on the glass, and below where."""
UNIT_PLACES = b"\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f\x70\x71\x72\x73"

YUAN = const(0x64)
DOLLAR = const(0x65)
MONEY = const(0x66)
"""Any other currency."""
PER = const(0x57)
"""The stroke before kWh: with it and money, a price."""
