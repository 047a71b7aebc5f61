"""Characters as pixels: Latin letters and currency signs, and Chinese where a text has them.

A table is bytes that are searched by halves; they stay in flash where the firmware is frozen. It
is made by tools/glyphs, which says what a record is.
"""

from joulegate.panel import glyphs_latin

_CHINESE_FROM = 0x2E80


class Glyphs:
    """A table with one of its glyphs looked up; `columns` is the widest."""

    def __init__(self, table: object) -> None:
        """table: a module with COLUMNS, CODES and RECORDS."""
        self._codes = table.CODES
        self.records = table.RECORDS
        self.columns = table.COLUMNS
        self._size = 1 + 2 * table.COLUMNS
        self.at = 0
        """Where the record of the glyph is: the advance, then two bytes a column."""

    def find(self, code: int) -> bool:
        """Look a code up; False, and the first glyph of the table, if it has none."""
        codes = self._codes
        low = 0
        high = len(codes) // 2
        while low < high:
            middle = (low + high) // 2
            found = codes[2 * middle] << 8 | codes[2 * middle + 1]
            if found == code:
                self.at = self._size * middle
                return True
            if found < code:
                low = middle + 1
            else:
                high = middle
        self.at = 0
        return False

    @property
    def advance(self) -> int:
        """How many columns the glyph takes."""
        return self.records[self.at]


class Letters:
    """All characters of 12 rows that there are."""

    def __init__(self) -> None:
        self._latin = Glyphs(glyphs_latin)
        self._chinese: object = None

    def find(self, code: int) -> Glyphs:
        """Return the table that has a character, looked up; a hollow box if there is none."""
        if code >= _CHINESE_FROM:
            if self._chinese is None:
                # Here: a meter that speaks English never needs it.
                from joulegate.panel import glyphs_chinese
                self._chinese = Glyphs(glyphs_chinese)
            if self._chinese.find(code):
                return self._chinese
        self._latin.find(code)
        return self._latin

    def width(self, text: str) -> int:
        """Return how many columns a text takes."""
        columns = 0
        for char in text:
            columns += self.find(ord(char)).advance
        return columns
