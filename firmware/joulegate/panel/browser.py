"""Which page is shown while nobody types: one that was chosen, or one of those that roll."""

from joulegate.panel.figures import UNKNOWN, Figures
from joulegate.panel.page import Page
from joulegate.panel.pages import FIRST, ROLLED, UNPROVISIONED, Pages, is_slow

SUPPLY = 500
"""The page of the supply: it rolls along only while supply is off."""
SLOW_S = 10
"""Pages from flash or from the month's statement are filled anew so often."""


class Browser:
    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self.pages = Pages(figures)
        self.code = FIRST
        """Of the page that is shown."""
        self.rolling = True
        self._rolled: tuple = ROLLED
        self._display_s = 0
        self._place = -1
        self._turned_s = 0
        self._filled = -1
        self._filled_s = 0

    def configure(self, values: object) -> None:
        """Take the settings by name."""
        self._display_s = values["display_seconds"]
        self._rolled = tuple(values["display_pages"]) or ROLLED
        self._filled = -1

    def title(self, code: int) -> str:
        """Return the title of a page, "" if there is none of this code."""
        return self.pages.title(code)

    def choose(self, code: int) -> None:
        """Show the page of a code from now on."""
        self.rolling = False
        self.code = code
        self._filled = -1

    def choose_first(self) -> None:
        """Show the balance from now on."""
        self.choose(FIRST if self._figures.billing is not None else UNPROVISIONED)

    def hold(self) -> None:
        """Stay at the page that is shown."""
        self.rolling = False

    def turn(self, page: Page, step: int) -> None:
        """Go to the next page, 1, or the one before, -1, that this meter has."""
        self.choose(self.pages.beside(page, self.code, step))

    def roll(self, up: int) -> None:
        """Roll from now on. up: seconds since the start."""
        if not self.rolling:
            self.rolling = True
            self._place = -1
            self._turned_s = up - self._display_s

    def fill(self, page: Page, up: int, anew: bool) -> None:
        """Fill a page with what is shown at a second since the start; anew: whatever it holds."""
        if self.rolling and (self._place < 0 or up - self._turned_s >= self._display_s):
            self._turned_s = up
            self._next(page)
        elif anew or self.code != self._filled or not is_slow(self.code) \
                or up - self._filled_s >= SLOW_S:
            self.pages.fill(page, self.code)
        else:
            return
        self._filled = self.code
        self._filled_s = up

    def _next(self, page: Page) -> None:
        """Fill a page with the next that rolls and has anything to say."""
        codes = self._rolled
        if self._figures.billing is None:
            codes = (UNPROVISIONED,) + codes
        for _ in range(len(codes)):
            self._place = (self._place + 1) % len(codes)
            code = codes[self._place]
            if code == SUPPLY and self._figures.app.switch.closed == 1:
                continue
            if self.pages.fill(page, code) and page.value != UNKNOWN:
                self.code = code
                return
        self.choose_first()
        self.pages.fill(page, self.code)
