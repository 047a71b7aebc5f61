"""Pages of the tariff: the price now, the tier, the price that follows."""

from joulegate.core.civil import TIME_MIN
from joulegate.panel.figures import UNKNOWN, Figures
from joulegate.panel.page import Page


def price(figures: Figures, page: Page) -> bool:
    """The price of a kWh now, its period and its tier."""
    billing = figures.billing
    if not figures.put_price(page, billing.season, billing.period, billing.tier):
        return False
    page.detail[0] = figures.period_text(billing.period)
    page.detail[1] = figures.tier_text(billing.tier)
    return True


def tier(figures: Figures, page: Page) -> bool:
    """The kWh until the next tier begins."""
    billing = figures.billing
    text = figures.words.text
    page.detail[0] = figures.tier_text(billing.tier)
    if not page.detail[0]:
        return False
    left = billing.pricing.to_next_tier()
    if left < 0:
        page.value = UNKNOWN
        page.detail[1] = text("word.last_tier")
    else:
        figures.put_energy(page, left, billing.tariff.d1)
        page.detail[1] = text("word.to_next") % (billing.tier + 2)
    return True


def next_price(figures: Figures, page: Page) -> bool:
    """The price of the next period, and when it begins."""
    change = figures.forecast.next_change(figures.app.clock.now())
    if change is None or change[0] < TIME_MIN:
        return False
    second, season, period = change
    if not figures.put_price(page, season, period, figures.billing.tier):
        return False
    page.detail[0] = figures.period_text(period)
    page.detail[1] = figures.words.text("word.from") % figures.local_time(second)[5:16].replace(
        "T", " ")
    return True
