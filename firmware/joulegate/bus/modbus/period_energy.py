"""Energy of the month by the periods of a tariff, from counts by price cell, in Wh.

Within the small ints: counts times a thousand would not be.
"""

from joulegate.bus.modbus.register_index import RegisterIndex
from joulegate.core.tariff_document import PERIODS_MAX


def wh_of(counts: int, counts_per_kWh: int) -> int:
    """Return counts as Wh, rounded down."""
    return counts // counts_per_kWh * 1000 + counts % counts_per_kWh * 1000 // counts_per_kWh


def put_sums(index: RegisterIndex, cells: object, exports: object, tariff: object) -> None:
    """Put all import and all export."""
    imported = 0
    for at in range(tariff.n_periods * tariff.tiers):
        imported += cells[at]
    exported = 0
    for period in range(tariff.n_periods):
        exported += exports[period]
    index.put(wh_of(imported, tariff.d1))
    index.put(wh_of(exported, tariff.d1))


def put_periods(index: RegisterIndex, counts: object, tariff: object, each: int) -> None:
    """Put the rows of all periods; counts stand by period, so many (tiers) of each. tariff: None
    for one that is not there any more, by which nobody can tell periods from tiers."""
    for period in range(PERIODS_MAX):
        if tariff is None or period >= tariff.n_periods:
            index.put_unknown()
            continue
        total = 0
        for at in range(period * each, period * each + each):
            total += counts[at]
        index.put(wh_of(total, tariff.d1))
