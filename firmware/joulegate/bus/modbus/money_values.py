"""What the registers say of money at the moment: the rows of its block, in the order of the table.

Wide amounts go out by their limbs and prices as bytes that are kept, so that an answer allocates
nothing.
"""

from joulegate.bus.modbus.kept_bytes import PriceBytes, TextBytes
from joulegate.bus.modbus.period_begin import PeriodBegin
from joulegate.bus.modbus.period_energy import wh_of
from joulegate.bus.modbus.register_index import RegisterIndex
from joulegate.core.forecast import Forecast
from joulegate.core.supply_reasons import EMERGENCY


class MoneyValues:
    def __init__(self, app: object, index: RegisterIndex, begin: PeriodBegin) -> None:
        """app: the meter's parts, looked at anew at each call; index: takes the values."""
        self._app = app
        self._index = index
        self._begin = begin
        self._forecast = Forecast(app)
        self._period = TextBytes()
        self._season = TextBytes()
        self._price = PriceBytes()
        self._export_price = PriceBytes()
        self._next_price = PriceBytes()

    def put(self, rows: int) -> None:
        """Put credit and price; rows: of the block."""
        app = self._app
        index = self._index
        billing = app.state.billing
        if billing is None:
            index.put_unknown_rows(rows)
            return
        account = app.state.account
        index.put(account.balance)
        index.put(self._available(account.balance))
        index.put(self._forecast.tenths_left())
        self._put_price(billing)
        index.put_bytes(self._period.of(billing.tariff.document.periods[billing.period]))
        index.put_bytes(self._season.of(billing.tariff.document.seasons[billing.season]))
        index.put_limbs(account.credits_high, account.credits_low)
        index.put_limbs(account.charges_high, account.charges_low)
        index.put(account.last_credit)
        begin = self._begin
        begin.look()
        index.put(begin.day_charges(account))
        index.put(begin.month_charges(account))
        debts = account.debts
        for units in debts.remaining:
            index.put(units)
        index.put_limbs(debts.recovered_high, debts.recovered_low)
        index.put(account.other_charges)
        index.put(app.state.ledger.sequence)

    def _available(self, balance: int) -> "int | None":
        """Return the credit units that may be used before supply goes off."""
        supply = self._app.state.supply
        if supply.remote is not None:
            return None
        if supply.emergency is not None and supply.kept & EMERGENCY:
            left: int = supply.emergency.left(supply.kept, balance)
            return left
        return max(0, balance - supply.credit.cut_off)

    def _put_price(self, billing: object) -> None:
        index = self._index
        tariff = billing.tariff
        season = billing.season
        period = billing.period
        tier = billing.tier
        index.put_bytes(self._price.of(tariff.price(season, period, tier), tariff))
        export = None
        if tariff.export_prices:
            export = tariff.export_prices[season * tariff.n_periods + period]
        if export is None:
            index.put_unknown()
        else:
            index.put_bytes(self._export_price.of(export, tariff))
        index.put(season + 1)
        index.put(period + 1)
        index.put(tier + 1)
        index.put(tariff.tiers)
        left = billing.pricing.to_next_tier()
        index.put(None if left < 0 else wh_of(left, tariff.d1))
        change = self._forecast.next_change(self._app.clock.now())
        if change is None:
            index.put_unknown_rows(3)
            return
        index.put(change[0])
        index.put(change[2] + 1)
        price = tariff.price(change[1], change[2], tier)
        if price is None:
            index.put_unknown()
        else:
            index.put_bytes(self._next_price.of(price, tariff))
