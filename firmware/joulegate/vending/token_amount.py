"""What a token's kWh are worth to the account.

In an account that is kept in kWh, one whose tariff has the currency `kWh`, they are credited as
they are. In any other they are credited with money, at one price of the tariff: the first tier
of the period that holds while nobody knows the time, in this month's season, taxes and adders
included, rounded up to a whole unit in the customer's favour. So it is the same at every hour
and whatever was used before, and waiting for a dear hour to type a token gains nothing.

Which of the two it is stands in the tariff, and so can never differ from what it prices.
"""

from joulegate.core.billing import Billing
from joulegate.core.tariff import Price, Tariff
from joulegate.vending.sts_token import NOT_SUPPORTED, TokenError

KWH = "kWh"
_TENTHS = 10


def kept_in_kWh(tariff: Tariff) -> bool:
    """Return whether the account counts energy, not money."""
    return tariff.document.currency == KWH


def token_price(billing: Billing) -> Price:
    """Return the price at which tokens are credited this month."""
    tariff = billing.tariff
    month = billing.month
    return tariff.price(tariff.season_of(month), tariff.default_period(month), 0)


def units_of(tenths: int, tariff: Tariff, price: Price) -> int:
    """Return the credit units of so many tenths of a kWh.

    TokenError NOT_SUPPORTED when they come to none, as at a price of 0.
    """
    if kept_in_kWh(tariff):
        units = -(-tenths * 10 ** tariff.unit_places // _TENTHS)
    else:
        # The amount is that of a kWh, in 1/d2 of a unit.
        units = -(-tenths * price.amount // (_TENTHS * tariff.d2))
    if units <= 0:
        raise TokenError(NOT_SUPPORTED, "%d.%d kWh are worth nothing at this tariff" % (
            tenths // _TENTHS, tenths % _TENTHS))
    return units
