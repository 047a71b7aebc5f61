"""One page of the display, made once and filled again: what the pages say and the views show.

A view on segment glass shows `code`, `value` and the signs; one with pixels the texts besides.
"""

from micropython import const

SIGN_ALARM = const(1)
"""Something is wrong that somebody should look at."""
SIGN_OFF = const(2)
"""The relay is open."""
SIGN_LINK = const(4)
"""The head-end can be reached."""
SIGN_EXPORT = const(8)
"""Power goes to the grid."""
SIGN_LOW_CREDIT = const(16)
SIGN_T1 = const(32)
"""The first period of the tariff is in force; the next three bits are the second to fourth."""
SIGN_T2 = const(64)
SIGN_T3 = const(128)
SIGN_T4 = const(256)
SIGN_CLOCK_INVALID = const(512)
"""Nobody knows the time."""
SIGN_LOCKED = const(1024)
"""The keypad takes no tokens for a while."""
SIGN_MUTED = const(2048)
"""A warning sounds no more, by the customer's word."""

SIGNS = (
    "ALARM OFF LINK EXPORT LOW_CREDIT T1 T2 T3 T4 CLOCK_INVALID LOCKED MUTED")
"""Their names, in the order of the bits."""

VALUE_DIGITS = const(8)
"""Digits of `value` at most; points, colons and a minus come besides."""


class Page:
    """What is shown. Views read it, and change nothing.

    `value` has at most 8 digits with at most one point and a leading minus, a time with colons
    between its pairs of digits, or up to 8 letters and dashes that seven segments can show.
    `unit` is "" or a key of the texts below `unit.`: money, kWh, kW, W, V, A, Hz, d, h, s, price
    (money a kWh); `unit_text` is what is printed for it: the currency's symbol or the unit in
    the language. `detail` are two lines that only pixels show.
    """

    def __init__(self) -> None:
        self.code = 0
        self.title = ""
        self.value = ""
        self.unit = ""
        self.unit_text = ""
        self.detail = ["", ""]
        self.signs = 0

    def clear(self) -> None:
        """Have nothing on it."""
        self.code = 0
        self.title = self.value = self.unit = self.unit_text = ""
        self.detail[0] = self.detail[1] = ""
        self.signs = 0
