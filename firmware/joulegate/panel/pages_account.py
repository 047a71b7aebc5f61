"""Pages of the account: what is left, for how long, purchases and debts."""

from joulegate.core.civil import TIME_MIN
from joulegate.core.debt_state import DEBTS
from joulegate.core.supply import REMOTE_WH
from joulegate.core.supply_reasons import EMERGENCY
from joulegate.panel.figures import UNKNOWN, Figures
from joulegate.panel.page import Page


def balance(figures: Figures, page: Page) -> bool:
    """The balance, rounded down, and the days it lasts."""
    figures.put_money(page, figures.app.state.account.balance, True)
    tenths = figures.forecast.tenths_left()
    if tenths is not None:
        text = figures.words.text
        page.detail[0] = "%s: %d" % (text("title.days_left"), tenths // 10)
    return True


def available(figures: Figures, page: Page) -> bool:
    """What may be used before supply goes off, emergency credit with it."""
    app = figures.app
    supply = app.state.supply
    if supply.remote is not None:
        if supply.kept & REMOTE_WH:
            figures.put_energy(page, max(0, supply.left))
        else:
            figures.put_money(page, max(0, supply.left), True)
        return True
    floor = supply.credit.cut_off
    if supply.emergency is not None:
        floor -= app.state.settings.values["emergency_credit"]
        page.detail[0] = figures.words.text("word.with_emergency")
    figures.put_money(page, max(0, app.state.account.balance - floor), True)
    return True


def days_left(figures: Figures, page: Page) -> bool:
    """Whole days that the balance lasts at the mean of the last days."""
    tenths = figures.forecast.tenths_left()
    text = figures.words.text
    if tenths is None:
        page.value = UNKNOWN
        page.detail[0] = text("word.not_known")
    else:
        page.value = str(tenths // 10)
        page.detail[0] = text("word.mean")
    figures.put_unit(page, "d")
    return figures.app.state.supply.remote is None


def emergency(figures: Figures, page: Page) -> bool:
    """What is left of the emergency credit, and whether it is offered or in use."""
    app = figures.app
    supply = app.state.supply
    found = supply.emergency
    if found is None or supply.remote is not None:
        return False
    size = app.state.settings.values["emergency_credit"]
    if supply.kept & EMERGENCY:
        size = min(size, found.left(supply.kept, app.state.account.balance))
        page.detail[0] = figures.words.text("word.in_use")
    elif found.offered:
        figures.words.lines("word.offered", page.detail)
    else:
        page.detail[0] = figures.words.text("word.not_in_use")
    figures.put_money(page, size, True)
    return True


def purchase(figures: Figures, page: Page, number: int) -> bool:
    """The last purchase, 1, or one before."""
    page.title += " %d" % number
    records = figures.app.records
    if records is None:
        return False
    ring = records.purchases.credits
    entry = ring.read(ring.next - number) if ring.next >= number else None
    if entry is None:
        return False
    figures.put_money(page, entry["units"])
    if entry["time"] >= TIME_MIN:
        page.detail[0] = figures.local_time(entry["time"])[:16].replace("T", " ")
    page.detail[1] = "%s %s" % (
        figures.words.text("word.balance"), figures.money_text(entry["after"], True))
    return True


def debt(figures: Figures, page: Page, number: int) -> bool:
    """What is left of a debt: 1 and 2 are recovered by time, 3 of top-ups."""
    page.title += " %d" % number
    units = figures.app.state.account.debts.remaining[number - 1]
    figures.put_money(page, units)
    page.detail[0] = figures.words.text("word.of_topups" if number == DEBTS else "word.by_days")
    return units > 0
