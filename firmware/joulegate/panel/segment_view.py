"""Shows pages on segment glass. Which segments it has is a table, see glass.py.

The value stands at the right, the minus before its first digit. A value that is longer than the
glass is shown as dashes: digits cut off would be another value.
"""

from micropython import const

from joulegate.panel.seven_segments import segments_of

_DIGITS = const(8)
_CODE_DIGITS = const(3)
_DASHES = "--------"

_SIGNS = const(0)
_CODE = const(1)
_VALUE = const(2)
_COMPARE = const(3)
_DONE = const(4)


class SegmentView:
    """show() a page, then step() until it has nothing more to do: each below about 1 ms."""

    def __init__(self, chip: object, glass: object) -> None:
        """chip: a started drivers.ht1621. glass: the table, a module like panel.glass."""
        self.chip = chip
        self._glass = glass
        self._next = bytearray(32)
        self._code = 0
        self._value = self._shown = ""
        self._unit = ""
        self._unit_place = glass.NONE
        self._money = 0
        self._signs = 0
        self._stage = _DONE
        self._left = 0
        self._position = 0

    def show(self, page: object) -> None:
        """Take what is on a page, a panel.page.Page, to show with the next steps."""
        money = self._money_place(page.unit_text)
        if (self._code == page.code and self._value == page.value and self._unit == page.unit
                and self._signs == page.signs and self._money == money):
            return
        self._code = page.code
        self._value = page.value
        self._signs = page.signs
        self._money = money
        if self._unit != page.unit:
            self._unit = page.unit
            self._unit_place = self._place_of("kWh" if page.unit == "price" else page.unit)
        self._stage = _SIGNS

    def refresh(self) -> None:
        """Have everything sent again, for what a disturbance may have changed: every 10 s."""
        self.chip.renew()

    def blank(self) -> None:
        """Show nothing at all."""
        self._stage = _COMPARE
        self._code = -1  # so that whatever is shown next is new
        self._fill(0)

    def everything(self) -> None:
        """Show every segment, as to see that none is missing."""
        self._stage = _COMPARE
        self._code = -1
        self._fill(15)

    def dim(self, on: bool) -> None:
        """A glass has no light of its own."""

    def step(self) -> bool:
        """Do a piece of what is waiting, if anything is; return whether more is."""
        stage = self._stage
        if stage == _DONE:
            return self.chip.step()
        if stage == _SIGNS:
            self._fill(0)
            self._put_signs()
            self._put_unit()
            self._begin_value()
        elif stage == _CODE:
            self._put_code()
        elif stage == _VALUE:
            if self._put_digits(2):
                return True
        else:
            self.chip.load(self._next)
        self._stage = stage + 1
        return True

    def _fill(self, nibble: int) -> None:
        for address in range(32):
            self._next[address] = nibble

    def _put(self, place: int) -> None:
        if place < 128:
            self._next[place >> 2] |= 1 << (place & 3)

    def _put_char(self, table: bytes, digit: int, char: str) -> None:
        segments = segments_of(char)
        memory = self._next
        at = 7 * digit
        while segments:
            if segments & 1:
                place = table[at]
                if place < 128:
                    memory[place >> 2] |= 1 << (place & 3)
            segments >>= 1
            at += 1

    def _put_signs(self) -> None:
        signs = self._signs
        places = self._glass.SIGNS
        for bit in range(len(places)):
            if signs >> bit & 1:
                self._put(places[bit])

    def _put_unit(self) -> None:
        if self._unit in ("money", "price"):
            self._put(self._money)
        if self._unit == "price":
            self._put(self._glass.PER)
        self._put(self._unit_place)

    def _place_of(self, unit: str) -> int:
        names = self._glass.UNITS.split()
        return self._glass.UNIT_PLACES[names.index(unit)] if unit in names else self._glass.NONE

    def _money_place(self, text: str) -> int:
        if "$" in text:
            return self._glass.DOLLAR
        if "\xa5" in text or "\u5143" in text:  # the yen and yuan sign, and yuan written
            return self._glass.YUAN
        return self._glass.MONEY

    def _put_code(self) -> None:
        code = self._code
        if not 0 < code <= 999:
            return
        for digit in range(_CODE_DIGITS - 1, -1, -1):
            self._put_char(self._glass.CODE, digit, "0123456789"[code % 10])
            code //= 10

    def _begin_value(self) -> None:
        value = self._value
        digits = len(value)
        for mark in (".", ":"):
            digits -= value.count(mark)
        if value[:1] == "-":
            digits -= 1
        self._shown = _DASHES if digits > _DIGITS else value
        self._left = len(self._shown)
        self._position = _DIGITS

    def _put_digits(self, most: int) -> bool:
        """Put so many characters, from the right; return whether any is left."""
        value = self._shown
        while self._left and most:
            self._left -= 1
            most -= 1
            char = value[self._left]
            # A mark comes before the digit that it stands after.
            if char == "." and self._position:
                self._put(self._glass.POINTS[self._position - 1])
            elif char == ":" and self._position:
                self._put(self._glass.COLONS[self._position - 1])
            elif self._position:
                self._position -= 1
                self._put_char(self._glass.DIGITS, self._position, char)
            else:
                self._put(self._glass.MINUS)
        return bool(self._left)
