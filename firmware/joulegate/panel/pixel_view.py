"""Shows pages on 128 x 64 pixels: signs and code, title, value with its unit, two lines.

Only the lines that changed are drawn anew. The glass of an OLED ages where it is lit: everything
stands one to three columns further right for a minute at a time, and dim() is for while nobody
looks.
"""

from micropython import const

from joulegate.drivers.ssd1306 import BRIGHT, DIM, WIDTH
from joulegate.panel import glyphs_large, glyphs_signs
from joulegate.panel.glyphs import Glyphs, Letters

_SHIFTS = const(4)
_REFRESHES = const(6)
"""Of refresh(), every 10 s, to a shift."""
_SHARE = const(10)
"""Columns that one step draws, or up to a glyph more."""
_HALF = const(64)
"""Columns that one step clears."""

_SIGNS = const(0)
_TITLE = const(1)
_VALUE = const(2)
_LINE_1 = const(3)
_LINE_2 = const(4)
_LINES = const(5)

_TOPS = b"\x00\x09\x16\x27\x34"
_HEIGHTS = b"\x08\x0c\x10\x0c\x0c"
_SIGN_COLUMNS = const(10)
_CODE_COLUMNS = const(15)
_UNIT_GAP = const(4)
_UNIT_DOWN = const(4)
"""Rows that the unit stands below the top of the value, so that both end in the same row."""


class PixelView:
    """show() a page, then step() until it has nothing more to do: each below about 1 ms.

    step() raises OSError when the display does not answer; refresh() begins again.
    """

    def __init__(self, chip: object) -> None:
        """chip: a drivers.ssd1306."""
        self.chip = chip
        self._letters = Letters()
        self._large = Glyphs(glyphs_large)
        self._icons = Glyphs(glyphs_signs)
        self._texts = ["", "", "", "", ""]
        self._code = 0
        self._signs = 0
        self._unit = ""
        self._stale = (1 << _LINES) - 1
        self._line = -1
        self._page = 0
        self._cleared = 0
        self._index = 0
        self._x = 0
        self._shift = 0
        self._refreshes = 0

    def show(self, page: object) -> None:
        """Take what is on a page, a panel.page.Page, to show with the next steps."""
        self.chip.power(True)
        self.chip.all_on(False)
        if page.code != self._code or page.signs != self._signs:
            self._code = page.code
            self._signs = page.signs
            self._texts[_SIGNS] = ""
            self._stale |= 1 << _SIGNS
        if page.unit_text != self._unit:
            self._unit = page.unit_text
            self._stale |= 1 << _VALUE
        self._take(_TITLE, page.title)
        self._take(_VALUE, page.value)
        self._take(_LINE_1, page.detail[0])
        self._take(_LINE_2, page.detail[1])

    def refresh(self) -> None:
        """Have everything sent again, for what a disturbance may have changed: every 10 s."""
        self.chip.renew()
        self._refreshes += 1
        if self._refreshes == _REFRESHES:
            self._refreshes = 0
            self._shift = (self._shift + 1) % _SHIFTS
            self._stale = (1 << _LINES) - 1

    def blank(self) -> None:
        """Have it dark and asleep."""
        self.chip.power(False)

    def everything(self) -> None:
        """Light every pixel, as to see that none is missing."""
        self.chip.power(True)
        self.chip.all_on(True)

    def dim(self, on: bool) -> None:
        """Have it show faintly, or brightly again."""
        self.chip.contrast(DIM if on else BRIGHT)

    def step(self) -> bool:
        """Do a piece of what is waiting, if anything is; return whether more may be."""
        if self._line < 0:
            if not self._stale:
                return self.chip.step()
            self._begin()
        elif 8 * self._page < _TOPS[self._line] + _HEIGHTS[self._line]:
            self._clear()
        elif self._draw():
            self._line = -1
        return True

    def _take(self, line: int, text: str) -> None:
        if self._texts[line] != text:
            self._texts[line] = text
            self._stale |= 1 << line

    def _begin(self) -> None:
        line = 0
        while not self._stale >> line & 1:
            line += 1
        self._stale &= ~(1 << line)
        self._line = line
        self._page = _TOPS[line] // 8
        self._cleared = 0
        self._index = 0
        self._x = self._shift

    def _clear(self) -> None:
        """Clear, in half a page, the rows of the line that are in it."""
        top = _TOPS[self._line] - 8 * self._page
        bottom = top + _HEIGHTS[self._line]
        kept = 0xFF & ~((0xFF << max(top, 0)) & (1 << min(bottom, 8)) - 1)
        frame = self.chip.frame
        first = WIDTH * self._page + self._cleared
        for i in range(first, first + _HALF):
            frame[i] &= kept
        self.chip.mark(self._page, self._cleared, _HALF)
        self._cleared += _HALF
        if self._cleared == WIDTH:
            self._cleared = 0
            self._page += 1

    def _draw(self) -> bool:
        """Draw a share of the line; return whether it is finished."""
        if self._line == _SIGNS:
            return self._draw_signs()
        end = self._x + _SHARE
        text = self._texts[self._line]
        while self._x < end:
            if self._index < len(text):
                self._draw_char(text[self._index])
            elif self._line != _VALUE or not self._draw_unit(self._index - len(text)):
                return True
            self._index += 1
        return False

    def _draw_char(self, char: str) -> None:
        top = _TOPS[self._line]
        if self._line != _VALUE:
            self._put(self._letters.find(ord(char)), top)
            return
        large = self._large
        if not large.find(ord(char)):
            large.find(ord(char.upper()))
        self._put(large, top)

    def _draw_unit(self, index: int) -> bool:
        """Draw one character of the unit; return False when there is none left."""
        if index >= len(self._unit):
            return False
        if index == 0:
            self._x += _UNIT_GAP
        self._put(self._letters.find(ord(self._unit[index])), _TOPS[_VALUE] + _UNIT_DOWN)
        return True

    def _draw_signs(self) -> bool:
        """Draw one sign, or the code at the right; return whether it was the code."""
        icons = self._icons
        code_left = WIDTH - _SHIFTS + self._shift - _CODE_COLUMNS
        while self._signs >> self._index and self._x + _SIGN_COLUMNS <= code_left:
            bit = self._index
            self._index += 1
            if self._signs >> bit & 1:
                icons.find(bit)
                self._put(icons, 0)
                self._x += _SIGN_COLUMNS - icons.advance
                return False
        code = self._code
        if 0 < code <= 999:
            self._x = code_left
            for power in (100, 10, 1):
                icons.find(48 + code // power % 10)
                self._put(icons, 0)
        return True

    def _put(self, glyph: Glyphs, top: int) -> None:
        """Draw the glyph that was looked up, and go on behind it; outside there is nothing."""
        frame = self.chip.frame
        records = glyph.records
        at = glyph.at
        advance = records[at]
        shift = top & 7
        to = WIDTH * (top >> 3) + self._x
        for _ in range(min(advance, WIDTH - self._x)):
            bits = (records[at + 1] | records[at + 2] << 8) << shift
            if bits:
                frame[to] |= bits & 0xFF
                bits >>= 8
                if bits:
                    frame[to + WIDTH] |= bits & 0xFF
                    bits >>= 8
                    if bits:
                        frame[to + 2 * WIDTH] |= bits
            at += 2
            to += 1
        self._x += advance
