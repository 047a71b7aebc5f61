"""Netting: exported kWh offset imported kWh one for one, and what is left over is carried.

"Net metering" as the OpenEI Utility Rate Database means it, by period of the day. Within a month
export takes back what the same period has been charged, count by count, at the price of the tier
that each count lies in: the month then costs what its net import costs, in whatever order
energy came and went. Export beyond that goes to the period's bank, which later import of the
period draws first, at no charge. A bank is energy and not money, so it keeps its worth from one
season or price to another. A period with a bank has nothing charged in the month.

The state stands in the arrays of Pricing: `cells` and `positions` hold net import, and
`exports` the bank. `consume` and `produce` stand in for those of Pricing while a tariff nets;
they run in the tick: small ints only, nothing allocated while the tier stays.
"""

from micropython import const

BANK_MAX = const(0x3FFFFFFF)
"""Most counts in the bank of a period; export beyond it is not kept."""


class Netting:
    def __init__(self, pricing: object) -> None:
        """pricing: the Pricing whose arrays and price in force this works on."""
        self._pricing = pricing

    def consume(self, n: int) -> None:
        """Draw n imported counts from the bank of the period, and charge the rest."""
        pricing = self._pricing
        banked = pricing.exports[pricing.period]
        if banked:
            if banked >= n:
                pricing.exports[pricing.period] = banked - n
                return
            pricing.exports[pricing.period] = 0
            n -= banked
        pricing.consume(n)

    def produce(self, n: int) -> None:
        """Take back n exported counts of what the month was charged, and bank the rest."""
        n = self._pricing.take_back(n)
        if n:
            exports = self._pricing.exports
            period = self._pricing.period
            n += exports[period]
            exports[period] = n if n < BANK_MAX else BANK_MAX


def carry(exports: object, names: tuple, document: object, season: int) -> None:
    """Give the banks of periods so named to the periods of a document in a season.

    What a period has that the season does without goes to the season's default period.
    """
    banks = list(exports)
    for p in range(len(banks)):
        exports[p] = 0
    for p, name in enumerate(names):
        if banks[p]:
            to = document.periods.index(name) if name in document.periods else -1
            if to < 0 or not document.uses(season, to):
                to = document.default_periods[season]
            exports[to] = min(BANK_MAX, exports[to] + banks[p])
