"""What a tariff document says of netting: `export` in mode net_metering.

Energy is netted count by count at the price of the tier it lies in, so what a month costs must
follow from the net import of each period alone. The combinations in which it would not are
refused here.
"""

from joulegate.core.document_fields import TariffError, check_object

# tiers.window of a month at most, by name: none, month, month_scaled_by_days.
_MONTHS = (0, 1, 4)


def read_netting(document: object, value: dict) -> tuple:
    """Check `export` of a TariffDocument whose tiers and energy are read.

    Returns (month, price): the month, 1 to 12, in whose end a surplus ends, 0 for none, and what
    stands as the price a kWh, None where the surplus lapses.
    """
    _check_tiers(document)
    true_up = value.get("true_up")
    if true_up is None:
        return 0, None
    check_object("export.true_up", true_up, ("month",), ("price",))
    month = true_up["month"]
    if isinstance(month, bool) or not isinstance(month, int) or not 1 <= month <= 12:
        raise TariffError("export.true_up.month", month, "must be a month from 1 to 12")
    return month, true_up.get("price")


def _check_tiers(document: object) -> None:
    if document.whole:
        if document.window not in _MONTHS:
            raise TariffError(
                "tiers.mode", "whole",
                "needs a window of a month at most where export is netted: a surplus would "
                "change the price of months that are settled")
        return
    if document.count_period:
        return
    n = len(document.periods)
    for s, season in enumerate(document.seasons):
        used = [p for p in range(n) if document.uses(s, p)]
        if len(used) > 1 and any([document.energy[s * n + p][0] for p in used]):
            raise TariffError(
                "tiers.count", "all_energy",
                "tiers of several periods in season %s: export of one period has no tier of "
                "its own to take back; netting needs this_period_only or one period" % season)
