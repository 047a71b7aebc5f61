"""Pages of energy and of what it has cost: today, this month, in all.

What is of today or of this month is the register less what it was when the day or month before
was frozen; a meter that keeps no records in safe mode has no such pages. Costs are all that was
charged, standing charges, debts and other energies with it.
"""

from joulegate.panel.figures import Figures
from joulegate.panel.page import Page
from joulegate.storage.freeze_store import PART


def today(figures: Figures, page: Page) -> bool:
    """kWh imported since the day began."""
    frozen = _yesterday(figures)
    if frozen is None:
        return False
    figures.put_energy(page, figures.app.state.registers.wh[0] - frozen["wh"][0])
    return True


def today_cost(figures: Figures, page: Page) -> bool:
    """What was charged since the day began."""
    frozen = _yesterday(figures)
    if frozen is None:
        return False
    figures.put_money(page, figures.app.state.account.charges - frozen["charges"])
    return True


def month(figures: Figures, page: Page) -> bool:
    """kWh that this month's statement has; where export is netted, net ones."""
    billing = figures.billing
    figures.put_energy(
        page, billing.statement().import_counts + billing.earlier_counts, billing.tariff.d1)
    return True


def month_cost(figures: Figures, page: Page) -> bool:
    """What was charged since the month began."""
    frozen = _last_month(figures)
    if frozen is None:
        return False
    figures.put_money(page, figures.app.state.account.charges - frozen["charges"])
    return True


def total(figures: Figures, page: Page) -> bool:
    """The register of imported energy."""
    figures.put_energy(page, figures.app.state.registers.wh[0])
    return True


def export(figures: Figures, page: Page) -> bool:
    """The register of exported energy."""
    wh = figures.app.state.registers.wh[1]
    figures.put_energy(page, wh)
    return bool(wh)


def export_month(figures: Figures, page: Page) -> bool:
    """kWh exported that this month's statement has."""
    counts = figures.billing.statement().export_counts
    figures.put_energy(page, counts, figures.billing.tariff.d1)
    return bool(figures.app.state.registers.wh[1])


def _nothing() -> dict:
    """Return what stands for a freeze before an account that is younger than its day or month."""
    return {"wh": (0,), "charges": 0}


def _yesterday(figures: Figures) -> "dict | None":
    """Return the freeze of the day before this one."""
    records = figures.app.records
    if records is None:
        return None
    ring = records.freezes.day_ring
    if not ring.next:
        return _nothing()
    entry: dict | None = ring.read(ring.next - 1)
    if entry is None or entry["day"] != figures.billing.day - 1:
        return None
    return entry


def _last_month(figures: Figures) -> "dict | None":
    """Return the freeze of the month before this one."""
    records = figures.app.records
    if records is None:
        return None
    ring = records.freezes.month_ring
    for sequence in range(ring.next - 1, max(-1, ring.next - 1 - ring.capacity), -1):
        entry: dict | None = ring.read(sequence)
        if entry is not None and not entry["flags"] & PART:
            return entry if entry["month"] == figures.billing.month - 1 else None
    return None if ring.next > ring.capacity else _nothing()
