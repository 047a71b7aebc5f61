"""What became of what was typed at the keypad: shown for some seconds. It keeps no digits."""

from joulegate.core import purchase_result as result
from joulegate.panel.figures import Figures
from joulegate.panel.page import Page
from joulegate.panel.signs import locked_s

TOO_SHORT = "format"
NO_KEY = "none"
"""Why nothing was entered at all: not 20 digits, no decoder key."""


class TokenAnswer:
    def __init__(self, figures: Figures, reason: str, entered: object = None) -> None:
        """reason: "" for what was done, a word of vending.sts_token, or NO_KEY. entered: the
        token_entry.Entered, where there is one."""
        self._figures = figures
        self._reason = reason
        self._units = 0
        self._waiting = 0
        if entered is not None:
            self._units = entered.units
            self._waiting = entered.waiting

    @property
    def accepted(self) -> bool:
        return not self._reason

    def fill(self, page: Page) -> None:
        """Say what became of it."""
        page.clear()
        if self.accepted:
            self._fill_accepted(page)
        elif self._reason == "locked":
            self._fill_locked(page)
        else:
            page.title = self._figures.words.text("title.refused")
            page.value = "E-%02d" % refusal_number(self._reason)
            self._figures.words.lines("token." + self._reason, page.detail)

    def _fill_accepted(self, page: Page) -> None:
        figures = self._figures
        words = figures.words
        page.title = words.text("title.accepted")
        if self._units:
            figures.put_money(page, self._units)
            page.detail[0] = "%s %s" % (words.text("word.balance"), figures.money_text(
                figures.app.state.account.balance, True))
        elif self._waiting:
            page.value = str(self._waiting)
            page.detail[0] = words.text("word.more_tokens") % self._waiting
        else:
            page.value = "donE"
            page.detail[0] = words.text("word.done")

    def _fill_locked(self, page: Page) -> None:
        """Count down what is left of the lock-out."""
        figures = self._figures
        page.title = figures.words.text("title.locked")
        page.value = str(locked_s(figures.app))
        figures.put_unit(page, "s")
        figures.words.lines("token.locked", page.detail)


def refusal_number(reason: str) -> int:
    """Return the number of a refusal, that of core.purchase_result; 0 for no key."""
    if reason == "overflow":
        return result.BALANCE
    if reason == "key":
        return result.TOKEN_KEY
    return result.REASONS.index(reason) if reason in result.REASONS else 0
