"""The texts of one language, and how amounts of money are printed.

A language is one text, searched when a page is filled: a dict of it would stand in the heap.
"""

from joulegate.core.amounts import format_ratio

_KWH = "kWh"
_DECIMALS = 2
"""At most so many are shown of money, and so many has a currency that nobody knows."""


class Words:
    def __init__(self) -> None:
        self.language = ""
        self._texts = ""
        self._asked = ""
        self._symbol = ""
        self._decimals = _DECIMALS

    def use(self, language: str) -> None:
        """Speak "en" or "zh"; any other is English."""
        if language == self.language:
            return
        # Here: the other language takes no memory.
        if language == "zh":
            from joulegate.panel.texts_zh import TEXTS
        else:
            from joulegate.panel.texts_en import TEXTS
        self.language = language
        self._texts = TEXTS
        self._asked = ""

    def text(self, key: str) -> str:
        """Return what stands under a key, the key itself if nothing does."""
        found = _look_up(self._texts, key)
        return key if found is None else found

    def lines(self, key: str, detail: list) -> None:
        """Put a text into the two lines of a detail."""
        detail[0], _, detail[1] = self.text(key).partition("|")

    def named(self, prefix: str, name: str) -> str:
        """Return the word for a name out of a tariff, the name itself if there is none."""
        found = _look_up(self._texts, prefix + name)
        return name if found is None else found

    # --- money ----------------------------------------------------------------------------

    def symbol(self, currency: str) -> str:
        """Return what is printed for a currency."""
        self._ask(currency)
        return self._symbol

    def decimals(self, currency: str) -> int:
        """Return how many decimals are shown of an amount, 0 to 2."""
        self._ask(currency)
        return self._decimals

    def money(self, units: int, unit_places: int, currency: str, down: bool = False) -> str:
        """Return credit units as a decimal text; down: rounded down, as a balance is, else to
        the nearest."""
        places = min(unit_places, self.decimals(currency))
        one = 10 ** (unit_places - places)
        if down:
            units -= units % one
        return format_ratio(units, 10 ** unit_places, places)

    def _ask(self, currency: str) -> None:
        if currency == self._asked:
            return
        self._asked = currency
        self._symbol = currency
        self._decimals = _DECIMALS
        if currency == _KWH:
            return
        # Here: a meter has one currency, and the table is wanted once.
        from joulegate.panel.texts_currency import TEXTS
        found = _look_up(TEXTS, currency)
        if found is not None:
            self._symbol, _, decimals = found.partition(" ")
            self._decimals = int(decimals)
        self._symbol = _look_up(self._texts, "currency." + currency) or self._symbol


def _look_up(texts: str, key: str) -> "str | None":
    """Return what follows a key on its line, None without one."""
    begin = "\n" + key + " "
    at = texts.find(begin)
    if at < 0:
        return None
    at += len(begin)
    return texts[at:texts.find("\n", at)]
