"""The tariff document: what a supplier writes, checked field by field.

A document is the decoded JSON object that docs/tariff-document.md describes. It is taken
whole or refused with the field's name, the value and the rule; what comes out is names,
indices and integers, independent of any meter constant or credit unit.
"""

from micropython import const

from joulegate.core.amounts import scaled
from joulegate.core.document_calendar import PERIODS_MAX as PERIODS_MAX
from joulegate.core.document_calendar import DocumentCalendar, check_keys, pick
from joulegate.core.document_fields import (
    TariffError,
    at_key,
    check_choice,
    check_date,
    check_list,
    check_object,
    check_text,
    read_decimal,
)

WINDOW_NONE = const(0)
WINDOW_MONTH = const(1)
WINDOW_TWO_MONTHS = const(2)
WINDOW_YEAR = const(3)
WINDOW_MONTH_BY_DAYS = const(4)
WINDOWS = ("none", "month", "bimonth", "calendar_year", "month_scaled_by_days")

EXPORT_NONE = const(0)
EXPORT_NET_BILLING = const(1)
EXPORT_CAPPED = const(2)
EXPORT_NETTED = const(3)
EXPORTS = ("none", "net_billing", "net_billing_capped_per_period", "net_metering")

LIMIT_PLACES = const(3)
TAX_PLACES = const(4)

TIERS_MAX = const(12)
CELLS_MAX = const(24)
ADDERS_MAX = const(8)
FIXED_MAX = const(8)


class TariffDocument(DocumentCalendar):
    """A checked document. Prices are integers at `places` decimals of the currency."""

    def __init__(self, document: object) -> None:
        check_object("", document, (
            "id", "currency", "day_types", "seasons", "periods", "tiers", "energy", "tax",
        ), (
            "format", "name", "country", "valid_from", "valid_to", "special_days", "adders",
            "fixed", "minimum", "export", "default_period", "source", "confidence", "notes",
        ))
        if document.get("format", 1) != 1:
            raise TariffError("format", document["format"], "must be 1")
        self.id = check_text("id", document["id"], 40)
        self.name = check_text("name", document.get("name", self.id), 120)
        self.currency = check_text("currency", document["currency"], 3)
        for key in ("valid_from", "valid_to"):
            if document.get(key) is not None:
                check_date(key, document[key])
        super().__init__(document)
        self._amounts = []  # (value, places) in the order of reading
        self._read_tiers(document["tiers"])
        self._read_energy(document["energy"])
        self._read_adders(document.get("adders", []))
        self._read_fixed(document.get("fixed", []), document.get("minimum"))
        self._read_export(document.get("export", {"mode": "none"}))
        self._read_tax(document["tax"], document.get("adders", []))
        self._scale()

    def _read_tiers(self, value: object) -> None:
        check_object("tiers", value, ("window", "count", "mode"))
        self.window = check_choice("tiers.window", value["window"], WINDOWS)
        self.count_period = bool(check_choice(
            "tiers.count", value["count"], ("all_energy", "this_period_only")))
        self.whole = bool(check_choice("tiers.mode", value["mode"], ("marginal", "whole")))

    def _read_energy(self, value: object) -> None:
        if not isinstance(value, dict) or not value:
            raise TariffError("energy", value, "must be an object of prices")
        check_keys("energy", value, self.seasons, self.periods)
        read = {key: self._read_prices("energy." + key, value[key]) for key in sorted(value)}
        self.tiers = 0
        energy = []  # [season * periods + period] -> (limits at LIMIT_PLACES, amount indices)
        for s, season in enumerate(self.seasons):
            for p, period in enumerate(self.periods):
                entry = pick(read, season, period)
                if entry is None and self.uses(s, p):
                    raise TariffError(
                        "energy", season + "/" + period, "this period has no price")
                energy.append(entry)
                if entry is not None:
                    self.tiers = max(self.tiers, len(entry[1]))
        if self.tiers * len(self.periods) > CELLS_MAX:
            raise TariffError("energy", self.tiers * len(self.periods),
                              "periods times tiers must be at most %d" % CELLS_MAX)
        if self.whole:
            self._check_whole(energy)
        self.energy = tuple(energy)

    def _check_whole(self, energy: list) -> None:
        """One band rules the window, so it must mean the same in every period and month."""
        n = len(self.periods)
        for s in range(0 if self.count_period else len(self.seasons)):
            limits = {entry[0] for entry in energy[s * n:(s + 1) * n] if entry}
            if len(limits) > 1:
                raise TariffError("tiers.mode", "whole",
                                  "bands over all energy need equal limits in every period")
        if self.window in (WINDOW_TWO_MONTHS, WINDOW_YEAR) and len(self.seasons) > 1:
            raise TariffError("tiers.mode", "whole",
                              "needs one season when the window is longer than a month")

    def _read_prices(self, field: str, value: object) -> tuple:
        limits = []
        amounts = []
        for i, entry in enumerate(check_list(field, value, 1, TIERS_MAX)):
            at = at_key(field, i)
            check_object(at, entry, ("up_to_kWh", "price"))
            last = i == len(value) - 1
            limit = entry["up_to_kWh"]
            if last:
                if limit is not None:
                    raise TariffError(at + ".up_to_kWh", limit, "must be null in the last tier")
            else:
                limit = self._limit(at + ".up_to_kWh", limit)
                if limit <= (limits[-1] if limits else 0):
                    raise TariffError(at + ".up_to_kWh", entry["up_to_kWh"],
                                      "must be above 0 and above the limit before")
                limits.append(limit)
            amounts.append(self._amount(at + ".price", entry["price"]))
        if self.window == WINDOW_NONE and limits:
            raise TariffError("tiers.window", "none", "must name a window when prices have tiers")
        return tuple(limits), tuple(amounts)

    def _limit(self, field: str, value: object) -> int:
        number, places = read_decimal(field, value, LIMIT_PLACES)
        return scaled(number, places, LIMIT_PLACES)

    def _amount(self, field: str, value: object) -> int:
        """Keep an amount until all places are known; return its index."""
        self._amounts.append(read_decimal(field, value))
        return len(self._amounts) - 1

    def _read_adders(self, value: object) -> None:
        adders = []
        for i, entry in enumerate(check_list("adders", value, 0, ADDERS_MAX)):
            at = at_key("adders", i)
            check_object(at, entry, ("name", "price"), ("vat",))
            name = check_text(at + ".name", entry["name"])
            if name in ("energy", "fixed", "export") or name in [a[0] for a in adders]:
                raise TariffError(at + ".name", name, "must be a name of its own")
            adders.append((name, self._amount(at + ".price", entry["price"])))
        self.adders = tuple(adders)

    def _read_fixed(self, value: object, minimum: object) -> None:
        self._per_day = []
        self._per_month = []
        self.steps: tuple = ()  # ((limit at LIMIT_PLACES or None, amount), ...)
        for i, entry in enumerate(check_list("fixed", value, 0, FIXED_MAX)):
            at = at_key("fixed", i)
            check_object(at, entry, ("name", "per"), ("amount", "by_total_kWh"))
            check_text(at + ".name", entry["name"])
            monthly = check_choice(at + ".per", entry["per"], ("day", "month"))
            if ("amount" in entry) == ("by_total_kWh" in entry):
                raise TariffError(at, entry["name"], "needs one of amount and by_total_kWh")
            if "amount" in entry:
                amounts = self._per_month if monthly else self._per_day
                amounts.append(self._amount(at + ".amount", entry["amount"]))
            elif not monthly or self.steps:
                raise TariffError(at + ".by_total_kWh", entry["per"],
                                  "must be per month, and once in a tariff")
            else:
                self.steps = self._read_steps(at + ".by_total_kWh", entry["by_total_kWh"])
        self.minimum = None
        if minimum is not None:
            check_object("minimum", minimum, ("amount", "per"))
            check_choice("minimum.per", minimum["per"], ("month",))
            self.minimum = self._amount("minimum.amount", minimum["amount"])

    def _read_steps(self, field: str, value: object) -> tuple:
        steps = []
        for i, entry in enumerate(check_list(field, value, 1, TIERS_MAX)):
            at = at_key(field, i)
            if not isinstance(entry, list) or len(entry) != 2:
                raise TariffError(at, entry, "must be [limit in kWh or null, amount]")
            limit = None
            if entry[0] is not None:
                limit = self._limit(at + "[0]", entry[0])
            if (limit is None) != (i == len(value) - 1):
                raise TariffError(at + "[0]", entry[0], "must be null in the last step only")
            if limit is not None and limit <= (steps[-1][0] if steps else 0):
                raise TariffError(at + "[0]", entry[0],
                                  "must be above 0 and above the limit before")
            steps.append((limit, self._amount(at + "[1]", entry[1])))
        return tuple(steps)

    def _read_export(self, value: object) -> None:
        check_object("export", value, ("mode",), ("prices", "cap", "true_up"))
        self.export = check_choice("export.mode", value["mode"], EXPORTS)
        prices = value.get("prices", {})
        self.nets = self.export == EXPORT_NETTED
        self.true_up_month = 0
        self.true_up_price = None
        if self.nets:
            from joulegate.core.document_netting import read_netting
            self.true_up_month, price = read_netting(self, value)
            if price is not None:
                self.true_up_price = self._amount("export.true_up.price", price)
        elif "true_up" in value:
            raise TariffError("export.true_up", value["true_up"], "needs mode net_metering")
        if self.nets or self.export == EXPORT_NONE:
            if prices:
                raise TariffError("export.prices", prices,
                                  "must be absent in mode " + value["mode"])
            self.export_prices: tuple = ()
            return
        if not isinstance(prices, dict) or not prices:
            raise TariffError("export.prices", prices, "must be an object of prices")
        check_keys("export.prices", prices, self.seasons, self.periods)
        read = {k: self._amount("export.prices." + k, prices[k]) for k in sorted(prices)}
        found = []
        for s, season in enumerate(self.seasons):
            for p, period in enumerate(self.periods):
                index = pick(read, season, period)
                if index is None and self.uses(s, p):
                    raise TariffError(
                        "export.prices", season + "/" + period, "this period has no price")
                found.append(index)
        self.export_prices = tuple(found)

    def _read_tax(self, value: object, adders: list) -> None:
        check_object("tax", value, ("rate", "included_in_prices"), ("name", "applies_to"))
        rate, self.tax_places = read_decimal("tax.rate", value["rate"], TAX_PLACES)
        if rate > 10 ** self.tax_places:
            raise TariffError("tax.rate", value["rate"], "must be 0 to 1")
        included = value["included_in_prices"]
        if not isinstance(included, bool):
            raise TariffError("tax.included_in_prices", included, "must be true or false")
        names = tuple(a[0] for a in self.adders)
        known = ("energy", "fixed", "export") + names
        taxed = value.get("applies_to")
        if taxed is None:
            taxed = known
        else:
            for name in check_list("tax.applies_to", taxed, 0, len(known)):
                if name not in known:
                    raise TariffError(
                        "tax.applies_to", name, "must be one of " + ", ".join(known))
        for i, entry in enumerate(adders):
            vat = entry.get("vat", entry["name"] in taxed)
            if vat is not (entry["name"] in taxed):
                raise TariffError(at_key("adders", i) + ".vat", vat,
                                  "must agree with tax.applies_to")
        self.tax_rate = 0 if included else rate
        if not self.tax_rate:
            self.tax_places = 0
        self.tax_energy = "energy" in taxed
        self.tax_fixed = "fixed" in taxed
        self.tax_export = "export" in taxed
        self.tax_adders = tuple(name in taxed for name in names)

    def _scale(self) -> None:
        """Bring every amount to the places of the finest one."""
        self.places = max(places for _, places in self._amounts)
        table = [scaled(value, places, self.places) for value, places in self._amounts]
        self.energy = tuple(
            e and (e[0], tuple(table[i] for i in e[1])) for e in self.energy)
        self.adders = tuple((name, table[i]) for name, i in self.adders)
        self.day_charge = sum(table[i] for i in self._per_day)
        self.month_charge = sum(table[i] for i in self._per_month)
        self.steps = tuple((limit, table[i]) for limit, i in self.steps)
        if self.minimum is not None:
            self.minimum = table[self.minimum]
        if self.true_up_price is not None:
            self.true_up_price = table[self.true_up_price]
        self.export_prices = tuple(
            None if i is None else table[i] for i in self.export_prices)
        self._amounts = self._per_day = self._per_month = None
