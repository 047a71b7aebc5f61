"""What pages are filled from: the meter, its words, and how numbers become values of 8 digits."""

from joulegate.core.amounts import format_ratio
from joulegate.core.civil import TIME_MIN, format_time
from joulegate.core.forecast import Forecast
from joulegate.panel.page import VALUE_DIGITS, Page
from joulegate.panel.words import Words

UNKNOWN = "----"
"""The value of what nobody knows."""
_PRICE_PLACES = 4


class Figures:
    def __init__(self, app: object) -> None:
        """app: the meter's parts: state, metering, switch, clock, log, records, watch, gate,
        entrance, network, restarts, board."""
        self.app = app
        self.words = Words()
        self._forecast: Forecast | None = None

    @property
    def forecast(self) -> Forecast:
        if self._forecast is None:
            self._forecast = Forecast(self.app)
        return self._forecast

    @property
    def billing(self) -> object:
        """What prices energy, None while the meter is not provisioned."""
        return self.app.state.billing

    @property
    def currency(self) -> str:
        currency: str = self.billing.tariff.document.currency
        return currency

    # --- numbers --------------------------------------------------------------------------

    def put_unit(self, page: Page, unit: str) -> None:
        """Have a page show a unit that the texts know."""
        page.unit = unit
        page.unit_text = self.words.text("unit." + unit)

    def money_text(self, units: int, down: bool = False) -> str:
        """Return credit units as text, with the unit behind it."""
        words = self.words
        return "%s %s" % (
            words.money(units, self.billing.tariff.unit_places, self.currency, down),
            words.symbol(self.currency))

    def put_money(self, page: Page, units: int, down: bool = False) -> None:
        """Have a page show credit units; down: rounded down, as a balance is."""
        words = self.words
        currency = self.currency
        value = words.money(units, self.billing.tariff.unit_places, currency, down)
        symbol = words.symbol(currency)
        if _digits(value) > VALUE_DIGITS:
            value = value.partition(".")[0]
        if _digits(value) > VALUE_DIGITS:
            value = value[:-3]
            symbol = "k" + symbol
        page.value = value
        page.unit = "kWh" if currency == "kWh" else "money"
        page.unit_text = symbol

    def put_energy(self, page: Page, numerator: int, denominator: int = 1000) -> None:
        """Have a page show kWh, numerator / denominator, with two decimals while there is room."""
        places = 2
        value = format_ratio(numerator, denominator, places)
        while _digits(value) > VALUE_DIGITS and places:
            places -= 1
            value = format_ratio(numerator, denominator, places)
        page.value = value
        self.put_unit(page, "kWh")

    def put_price(self, page: Page, season: int, period: int, tier: int) -> bool:
        """Have a page show the price of a kWh, with tax; False where the tariff has none."""
        tariff = self.billing.tariff
        price = tariff.price(season, period, tier)
        if price is None:
            return False
        page.value = self.price_text(price.amount, tariff.d2 * 10 ** tariff.unit_places)
        if _digits(page.value) > VALUE_DIGITS:
            page.value = page.value.partition(".")[0]
        page.unit = "price"
        page.unit_text = self.words.symbol(self.currency) + "/kWh"
        return True

    def price_text(self, numerator: int, denominator: int) -> str:
        """Return a price with four decimals, less what is 0 beyond those of the currency."""
        whole, _, fraction = format_ratio(numerator, denominator, _PRICE_PLACES).partition(".")
        least = self.words.decimals(self.currency)
        fraction = fraction.rstrip("0")
        fraction += "0" * (least - len(fraction))
        return whole + "." + fraction if fraction else whole

    # --- words ----------------------------------------------------------------------------

    def tier_text(self, tier: int) -> str:
        """Return the words for a tier, from 0, of those of the price in force; "" where there
        is one alone."""
        billing = self.billing
        tiers = len(billing.tariff.limits_in(billing.month, billing.period)) + 1
        return self.words.text("word.tier") % (tier + 1, tiers) if tiers > 1 else ""

    def period_text(self, period: int) -> str:
        """Return the words for a period of the tariff; "" where there is one alone."""
        periods = self.billing.tariff.document.periods
        return self.words.named("period.", periods[period]) if len(periods) > 1 else ""

    def local_time(self, second: int) -> str:
        """Return a UTC second as "YYYY-MM-DDTHH:MM:SS" of the account's zone, "" when nobody
        knew it."""
        if second < TIME_MIN:
            return ""
        billing = self.billing
        offset = 0 if billing is None else billing.zone.offset(second)
        return format_time(second + offset)


def _digits(value: str) -> int:
    return len(value) - value.count(".") - value.count("-")
