"""The month's statement, recomputed from counts: what a bill would say.

It shares nothing with the debits of the tick but the counts and the prices, so that the two
check each other (Billing.audit). Amounts are integers over `denominator`, the tax over
`tax_denominator`; all are exact. It works on big integers and is made off the tick.
"""

from joulegate.core.civil import days_in_month
from joulegate.core.tariff_document import EXPORT_CAPPED, LIMIT_PLACES


class Statement:
    def __init__(self, billing: object, closing: bool, ending: bool = False) -> None:
        """billing: the Billing to state; closing: as at the end of the month.

        ending: a netted surplus ends here and is paid for, if the tariff does. Where export is
        netted, import is net, and export is what the banks hold.
        """
        self.tariff = billing.tariff
        self.month = billing.month
        self._billing = billing
        document = self.tariff.document
        self.season = document.month_season[self.month % 12 + 1]
        self.denominator = self.tariff.d1 * 10 ** document.places
        self.tax_denominator = self.denominator * 10 ** document.tax_places
        self._read_energy()
        self._read_export(ending)
        self._read_fixed(closing)
        self.before_tax = self.energy + self.adders + self.fixed - self.export_credit
        taxed = (self.energy * document.tax_energy + self._taxed_adders
                 + self.fixed * document.tax_fixed - self.export_credit * document.tax_export)
        self.tax = taxed * document.tax_rate
        self.total = self.before_tax * 10 ** document.tax_places + self.tax
        """Over tax_denominator, as `tax`."""

    @property
    def fraction(self) -> int:
        """The total in 1/(d1 * d2) of a credit unit, exact."""
        t = self.tariff
        scale = 10 ** t.unit_places * t.d1 * t.d2
        return self.total * scale // self.tax_denominator

    def in_1e8(self, amount: int) -> int:
        """Return one of the amounts before tax in 1e-8 of the currency, rounded down."""
        return amount * 10 ** 8 // self.denominator

    def _read_energy(self) -> None:
        t = self.tariff
        document = t.document
        cells = self._billing.cells
        self.cells = {}
        self.energy = 0
        self.import_counts = 0
        for p in range(t.n_periods):
            entry = document.energy[self.season * t.n_periods + p]
            for tier in range(t.tiers):
                counts = cells[p * t.tiers + tier]
                if counts:
                    self.cells[t.cell_name(self.season, p, tier)] = counts
                    self.import_counts += counts
                    self.energy += counts * entry[1][min(tier, len(entry[1]) - 1)]
            if document.whole and entry:
                self.energy += self._earlier_months(p, entry)
        rate = sum(price for _, price in document.adders)
        taxed = sum(price for (_, price), on in zip(document.adders, document.tax_adders) if on)
        self.adders = self.import_counts * rate
        self._taxed_adders = self.import_counts * taxed

    def _earlier_months(self, p: int, entry: tuple) -> int:
        """Return what a band reached in this month adds to the window's earlier months."""
        t = self.tariff
        cells = self._billing.cells
        month = sum(cells[p * t.tiers:(p + 1) * t.tiers])
        earlier = self._billing.positions[p] - month
        first = self._billing.first_bands[p]
        if earlier <= 0:
            return 0
        days = days_in_month(self.month // 12, self.month % 12 + 1)
        limits = t.limits_of(self.season, p, days)
        position = (self._billing.positions[p] if t.document.count_period
                    else sum(self._billing.positions))
        band = 0
        while band < len(limits) and position > limits[band]:
            band += 1
        return earlier * (entry[1][band] - entry[1][first])

    def _read_export(self, ending: bool) -> None:
        t = self.tariff
        document = t.document
        self.export_counts = 0
        self.export_credit = 0
        for p in range(t.n_periods):
            exported = self._billing.exports[p]
            self.export_counts += exported
            if document.nets and ending:
                self.export_credit += exported * (document.true_up_price or 0)
            if not document.export_prices or not exported:
                continue
            if document.export == EXPORT_CAPPED:
                exported = min(
                    exported, sum(self._billing.cells[p * t.tiers:(p + 1) * t.tiers]))
            price = document.export_prices[self.season * t.n_periods + p]
            self.export_credit += exported * price
        self.carried = self.export_counts if document.nets and not ending else 0
        """Counts that go on into what follows, as netted export does."""

    def _read_fixed(self, closing: bool) -> None:
        document = self.tariff.document
        billing = self._billing
        amount = (billing.days_charged * document.day_charge
                  + billing.months_charged * document.month_charge)
        if closing:
            amount += self._step(document)
        self.fixed = amount * self.tariff.d1
        if closing and document.minimum is not None:
            minimum = document.minimum * self.tariff.d1
            before = self.energy + self.adders + self.fixed - self.export_credit
            before += billing.earlier_cost * self.denominator // 10 ** 8
            self.fixed += max(0, minimum - before)

    def _step(self, document: object) -> int:
        """Return the charge that depends on the month's whole consumption."""
        counts = self.import_counts + self._billing.earlier_counts
        for limit, amount in document.steps:
            if limit is None or counts * 10 ** LIMIT_PLACES <= limit * self.tariff.d1:
                return amount
        return 0
