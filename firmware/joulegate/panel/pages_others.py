"""Pages of energies that are counted by pulses: this month's quantity, cost and price."""

from micropython import const

from joulegate.core.amounts import format_ratio
from joulegate.panel.figures import Figures
from joulegate.panel.page import VALUE_DIGITS, Page

_PRICE_SCALE = const(100000000)
_PLACES = const(3)


def energy(figures: Figures, page: Page, number: int) -> bool:
    """What an input has counted."""
    energies = figures.app.state.energies
    for energy in energies.energies if energies is not None else ():
        if energy.input == number:
            break
    else:
        return False
    kept = energies.state
    counts = kept.month_counts[number - 1]
    places = _PLACES
    value = format_ratio(counts * energy.size, energy.pulses, places)
    while len(value) > VALUE_DIGITS + 1 and places:
        places -= 1
        value = format_ratio(counts * energy.size, energy.pulses, places)
    words = figures.words
    page.title = words.named("energy.", energy.name)
    page.value = value
    page.unit_text = energy.unit
    page.detail[0] = words.text("word.cost") % figures.money_text(kept.month_charged[number - 1])
    page.detail[1] = "%s %s/%s" % (
        figures.price_text(energy.price_after(counts), _PRICE_SCALE),
        words.symbol(figures.currency), energy.unit)
    return True
