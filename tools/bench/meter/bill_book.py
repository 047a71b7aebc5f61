"""The bill book: writes down what the firmware's statements say, month by month."""

from joulegate.core.amounts import format_ratio
from joulegate.core.billing import Billing, Listener
from joulegate.core.civil import date_of
from joulegate.core.statement import Statement
from meter.money import minor_places


class BillBook(Listener):
    """Listens to a Billing; `bills` are JSON objects in the form that docs/bench.md gives."""

    def __init__(self) -> None:
        self.bills = []
        self._carried = 0
        self._days = {}

    def day_end(self, billing: Billing, day: int) -> None:
        statement = billing.statement()
        self._days["%04d-%02d-%02d" % date_of(day)] = format_ratio(
            statement.energy, statement.denominator, 6)

    def month_end(self, billing: Billing, statement: Statement) -> None:
        d = statement.denominator
        t = statement.tax_denominator
        counts = statement.tariff.d1
        currency = statement.tariff.document.currency
        self.bills.append({
            "month": "%04d-%02d" % (statement.month // 12, statement.month % 12 + 1),
            "import_kWh": _kWh(statement.import_counts, counts),
            "export_kWh": _kWh(statement.export_counts, counts),
            "kWh_by_price_cell": {
                name: _kWh(n, counts) for name, n in statement.cells.items()},
            "energy_cost_to_end_of_day": self._days,
            "energy": format_ratio(statement.energy, d, 6),
            "adders": format_ratio(statement.adders, d, 6),
            "fixed": format_ratio(statement.fixed, d, 6),
            "export_credit": format_ratio(statement.export_credit, d, 6),
            "before_tax": format_ratio(statement.before_tax, d, 6),
            "tax": format_ratio(statement.tax, t, 6),
            "total_6": format_ratio(statement.total, t, 6),
            "total": format_ratio(statement.total, t, minor_places(currency)),
        })
        self._days = {}
        self._carried = statement.carried

    def close(self, billing: Billing) -> None:
        """Write down a month that the load file leaves unfinished."""
        statement = billing.statement(closing=True)
        if self._days or statement.import_counts or statement.export_counts != self._carried:
            self.day_end(billing, billing.day)
            self.month_end(billing, statement)


def _kWh(counts: int, per_kWh: int) -> str:
    """Return counts in kWh, to every decimal that a count has at 3200 imp/kWh."""
    return format_ratio(counts, per_kWh, 8)
