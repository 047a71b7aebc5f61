"""Digits that are typed: a 20-digit token in groups of four, or the short code of a page.

They are in one buffer of fixed size, which is cleared as soon as they are used, deleted or
forgotten after a while; nothing else here keeps them.
"""

from micropython import const

DIGITS = const(20)
CODE_DIGITS = const(3)
_GROUP = const(4)
_LINE = const(12)
"""Digits in the first line of two."""
_SHOWN = const(8)


class TokenTyping:
    def __init__(self) -> None:
        self._digits = bytearray(DIGITS)
        self.count = 0

    def add(self, digit: str) -> bool:
        """Take another digit; False, and nothing is taken, when there are 20 already."""
        if self.count == DIGITS:
            return False
        self._digits[self.count] = ord(digit)
        self.count += 1
        return True

    def delete(self) -> None:
        """Forget the last digit."""
        self.count -= 1
        self._digits[self.count] = 0

    def clear(self) -> None:
        """Forget all digits."""
        for i in range(DIGITS):
            self._digits[i] = 0
        self.count = 0

    def text(self) -> str:
        """Return what is typed, for whom it is meant."""
        return bytes(self._digits[:self.count]).decode()

    @property
    def code(self) -> int:
        """The short code that is typed, -1 when it is none."""
        return int(self.text()) if self.count == CODE_DIGITS else -1

    def fill(self, page: object) -> None:
        """Show how far it is: the last group and the one before as the value, how many there
        are as the code, all of them in the details."""
        first = max(0, (self.count - 1) // _GROUP * _GROUP - _GROUP)
        page.code = self.count
        page.value = bytes(self._digits[first:self.count][-_SHOWN:]).decode()
        page.detail[0] = self._grouped(0, _LINE)
        page.detail[1] = self._grouped(_LINE, DIGITS)

    def _grouped(self, first: int, end: int) -> str:
        end = min(end, self.count)
        return " ".join([bytes(self._digits[at:min(at + _GROUP, end)]).decode()
                         for at in range(first, end, _GROUP)])
