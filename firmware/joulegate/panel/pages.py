"""The pages by their short codes, and which of them a meter has.

Each is a function of its group's module, named as the page, that fills a Page and returns
whether this meter has anything to say there; those of a name that ends in a number share one,
which is handed the number. Groups are loaded when a page of theirs is shown.
"""

from joulegate.panel.figures import UNKNOWN, Figures
from joulegate.panel.page import Page

PAGES = """
100 balance account
101 available account
102 days_left account
103 emergency account
111 purchase_1 account
112 purchase_2 account
113 purchase_3 account
121 debt_1 account
122 debt_2 account
123 debt_3 account
200 price price
201 tier price
202 next_price price
300 today energy
301 today_cost energy
302 month energy
303 month_cost energy
310 total energy
311 export energy
312 export_month energy
400 power moment
401 voltage moment
402 current moment
403 power_factor moment
404 frequency moment
500 supply state
501 alarm state
601 energy_1 others
602 energy_2 others
603 energy_3 others
604 energy_4 others
900 meter_1 meter
901 meter_2 meter
902 date meter
903 time meter
904 firmware meter
"""
"""Code, name and group, in the order in which they are scrolled through."""

ROLLED = (501, 500, 100, 102, 200, 201, 302, 400)
"""What the display rolls through unless the setting `display_pages` says otherwise; of these 500
only while supply is off."""

FIRST = 100
UNPROVISIONED = 904
_ROW = 3
"""Digits of a code."""


class Pages:
    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def fill(self, page: Page, code: int) -> bool:
        """Fill a page with that of a code; return whether this meter has anything to say there.

        Of a page without anything to say the title is there, and a code that there is none of
        is told.
        """
        page.clear()
        page.code = code
        words = self._figures.words
        row = _row(code)
        if row is None:
            page.title = words.text("title.unknown")
            page.value = UNKNOWN
            return False
        name, _, group = row.partition(" ")
        page.title = words.text("title." + plain_name(name))
        if (self._figures.billing is not None or group in ("moment", "state", "meter")) \
                and self._say(name, group, page):
            return True
        page.value = UNKNOWN
        page.unit = page.unit_text = page.detail[1] = ""
        page.detail[0] = words.text("word.none")
        return False

    def title(self, code: int) -> str:
        """Return the title of a page, "" if there is none of this code."""
        row = _row(code)
        if row is None:
            return ""
        return self._figures.words.text("title." + plain_name(row.partition(" ")[0]))

    def beside(self, page: Page, code: int, step: int) -> int:
        """Return the code of the next page, step 1, or the one before, -1, that has anything to
        say, having filled `page` with it."""
        codes = all_codes()
        # Of a code that is no page's, the place where it would be.
        at = sum([1 for other in codes if other < code])
        if step > 0 and code not in codes:
            at -= 1
        for _ in range(len(codes)):
            at = (at + step) % len(codes)
            if self.fill(page, codes[at]):
                return codes[at]
        return code

    def _say(self, name: str, group: str, page: Page) -> bool:
        plain = plain_name(name)
        module = __import__("joulegate.panel.pages_" + group, None, None, (plain,))
        fill = getattr(module, plain)
        found: bool = fill(self._figures, page) if plain == name else fill(
            self._figures, page, int(name[-1]))
        return found


def all_codes() -> list:
    """Return the codes of all pages, for a while."""
    return [int(line[:_ROW]) for line in PAGES.split("\n") if line]


def is_slow(code: int) -> bool:
    """Return whether a page is read from flash or worked out from a month's statement."""
    return 110 <= code < 120 or 300 <= code < 320


def _row(code: int) -> "str | None":
    at = PAGES.find("\n%03d " % code)
    if at < 0:
        return None
    at += _ROW + 2
    return PAGES[at:PAGES.find("\n", at)]


def plain_name(name: str) -> str:
    """Return the name of a page without its number."""
    return name[:-2] if name[-2:-1] == "_" and name[-1:].isdigit() else name
