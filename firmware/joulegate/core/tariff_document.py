"""The tariff document: what a supplier writes, checked field by field.

A document is the decoded JSON object that docs/tariff-document.md describes. It is taken
whole or refused with the field's name, the value and the rule; what comes out is names,
indices and integers, independent of any meter constant or credit unit.
"""

from micropython import const

from joulegate.core.amounts import parse_decimal, scaled
from joulegate.core.civil import days_in_month, parse_time

WINDOW_NONE = const(0)
WINDOW_MONTH = const(1)
WINDOW_TWO_MONTHS = const(2)
WINDOW_YEAR = const(3)
WINDOW_MONTH_BY_DAYS = const(4)
WINDOWS = ("none", "month", "bimonth", "calendar_year", "month_scaled_by_days")

EXPORT_NONE = const(0)
EXPORT_NET_BILLING = const(1)
EXPORT_CAPPED = const(2)
EXPORTS = ("none", "net_billing", "net_billing_capped_per_period")

PRICE_PLACES = const(8)
LIMIT_PLACES = const(3)
TAX_PLACES = const(4)

SEASONS_MAX = const(4)
DAY_TYPES_MAX = const(6)
PERIODS_MAX = const(6)
TIERS_MAX = const(12)
CELLS_MAX = const(24)
EDGES_MAX = const(48)
ADDERS_MAX = const(8)
FIXED_MAX = const(8)
SPECIAL_DAYS_MAX = const(40)

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class TariffError(ValueError):
    """A document that is refused: `field`, `value` and `rule` say what and why."""

    def __init__(self, field: str, value: object, rule: str) -> None:
        super().__init__("tariff: %s: %r: %s" % (field, value, rule))
        self.field = field
        self.value = value
        self.rule = rule


def _object(field: str, value: object, required: tuple, optional: tuple = ()) -> dict:
    if not isinstance(value, dict):
        raise TariffError(field, value, "must be an object")
    for key in required:
        if key not in value:
            raise TariffError(_at(field, key), None, "is required")
    for key in value:
        if key not in required and key not in optional:
            raise TariffError(_at(field, key), value[key], "is no field of this object")
    return value


def _at(field: str, key: object) -> str:
    if isinstance(key, int):
        return "%s[%d]" % (field, key)
    return "%s.%s" % (field, key) if field else str(key)


def _items(field: str, value: object, low: int, high: int) -> list:
    if not isinstance(value, list) or not low <= len(value) <= high:
        raise TariffError(field, value, "must be a list of %d to %d" % (low, high))
    return value


def _text(field: str, value: object, limit: int = 64) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise TariffError(field, value, "must be a text of 1 to %d characters" % limit)
    return value


def _name(field: str, value: object) -> str:
    """Return an id that can stand in a price cell's name."""
    if not isinstance(value, str) or not 0 < len(value) <= 16 or value == "*":
        raise TariffError(field, value, "must be an id of 1 to 16 characters")
    for c in value:
        if c in "/#" or not " " < c < "\x7f":
            raise TariffError(field, value, "must be printable ASCII without '/' and '#'")
    return value


def _choice(field: str, value: object, choices: tuple) -> int:
    if not isinstance(value, str) or value not in choices:
        raise TariffError(field, value, "must be one of " + ", ".join(choices))
    return choices.index(value)


def _decimal(field: str, value: object, places: int = PRICE_PLACES) -> tuple:
    try:
        return parse_decimal(value, places)
    except ValueError as e:
        raise TariffError(field, value, str(e)) from None


def _minute(field: str, value: object) -> int:
    """Return the minute of the day of "hh:mm", "24:00" allowed."""
    if isinstance(value, str) and len(value) == 5 and value[2] == ":":
        digits = value[:2] + value[3:]
        if all("0" <= c <= "9" for c in digits):
            minute = int(value[:2]) * 60 + int(value[3:])
            if int(value[3:]) < 60 and minute <= 1440:
                return minute
    raise TariffError(field, value, "must be a time from 00:00 to 24:00")


def pick(table: dict, first: str, second: str) -> object:
    """Return the entry of the most specific key for two ids, or None.

    The order is "a/b", "*/b", "a/*", "*/*".
    """
    for key in (first + "/" + second, "*/" + second, first + "/*", "*/*"):
        if key in table:
            return table[key]
    return None


class TariffDocument:
    """A checked document. Prices are integers at `places` decimals of the currency."""

    def __init__(self, document: object) -> None:
        _object("", document, (
            "id", "currency", "day_types", "seasons", "periods", "tiers", "energy", "tax",
        ), (
            "format", "name", "country", "valid_from", "valid_to", "special_days", "adders",
            "fixed", "minimum", "export", "source", "confidence", "notes",
        ))
        if document.get("format", 1) != 1:
            raise TariffError("format", document["format"], "must be 1")
        self.id = _text("id", document["id"], 40)
        self.name = _text("name", document.get("name", self.id), 120)
        self.currency = _text("currency", document["currency"], 3)
        for key in ("valid_from", "valid_to"):
            if document.get(key) is not None:
                self._date(key, document[key])
        self._amounts = []  # (value, places) in the order of reading
        self._read_seasons(document["seasons"])
        self._read_day_types(document["day_types"], document.get("special_days", []))
        self._read_periods(document["periods"])
        self._read_tiers(document["tiers"])
        self._read_energy(document["energy"])
        self._read_adders(document.get("adders", []))
        self._read_fixed(document.get("fixed", []), document.get("minimum"))
        self._read_export(document.get("export", {"mode": "none"}))
        self._read_tax(document["tax"], document.get("adders", []))
        self._scale()

    def _date(self, field: str, value: object) -> int:
        try:
            if len(_text(field, value, 10)) == 10:
                return parse_time(value)
        except TariffError:
            raise
        except ValueError as e:
            raise TariffError(field, value, str(e)) from None
        raise TariffError(field, value, "must be a date YYYY-MM-DD")

    def _read_seasons(self, value: object) -> None:
        names = []
        self.month_season = bytearray(b"\xff" * 13)
        for i, season in enumerate(_items("seasons", value, 1, SEASONS_MAX)):
            at = _at("seasons", i)
            _object(at, season, ("id", "months"))
            name = _name(at + ".id", season["id"])
            if name in names:
                raise TariffError(at + ".id", name, "must not repeat")
            names.append(name)
            for month in _items(at + ".months", season["months"], 1, 12):
                if type(month) is not int or not 1 <= month <= 12:
                    raise TariffError(at + ".months", month, "must be a month from 1 to 12")
                if self.month_season[month] != 0xFF:
                    raise TariffError(at + ".months", month, "must be in one season only")
                self.month_season[month] = i
        for month in range(1, 13):
            if self.month_season[month] == 0xFF:
                raise TariffError("seasons", month, "every month must be in a season")
        self.seasons = tuple(names)

    def _read_day_types(self, value: object, special: object) -> None:
        _object("day_types", value, _WEEKDAYS)
        names = []
        self.weekday_type = bytearray(7)
        for i, weekday in enumerate(_WEEKDAYS):
            name = _name("day_types." + weekday, value[weekday])
            if name not in names:
                names.append(name)
            self.weekday_type[i] = names.index(name)
        # Keys: year * 10000 + month * 100 + day, the year 0 for every year.
        self.special_days = {}
        for i, entry in enumerate(_items("special_days", special, 0, SPECIAL_DAYS_MAX)):
            at = _at("special_days", i)
            _object(at, entry, ("date", "day_type"), ("name",))
            name = _name(at + ".day_type", entry["day_type"])
            if name not in names:
                names.append(name)
            key = self._special_key(at + ".date", entry["date"])
            if key in self.special_days:
                raise TariffError(at + ".date", entry["date"], "must not repeat")
            self.special_days[key] = names.index(name)
        if len(names) > DAY_TYPES_MAX:
            raise TariffError("day_types", names, "at most %d day types" % DAY_TYPES_MAX)
        self.day_types = tuple(names)

    def _special_key(self, field: str, value: object) -> int:
        if isinstance(value, str) and len(value) == 5 and value[2] == "-":
            month, day = value[:2], value[3:]
            if all("0" <= c <= "9" for c in month + day):
                # 2000 was a leap year, so 29 February can be a yearly special day.
                if 1 <= int(month) <= 12 and 1 <= int(day) <= days_in_month(2000, int(month)):
                    return int(month) * 100 + int(day)
            raise TariffError(field, value, "must be a day of the calendar, MM-DD")
        self._date(field, value)
        return int(value[:4]) * 10000 + int(value[5:7]) * 100 + int(value[8:])

    def _read_periods(self, value: object) -> None:
        if not isinstance(value, dict) or not value:
            raise TariffError("periods", value, "must be an object of day schedules")
        self._check_keys("periods", value, self.seasons, self.day_types)
        names = []
        plans = {key: self._read_day("periods." + key, value[key], names)
                 for key in sorted(value)}
        schedule = []
        for season in self.seasons:
            for day_type in self.day_types:
                plan = pick(plans, season, day_type)
                if plan is None:
                    raise TariffError(
                        "periods", season + "/" + day_type, "this day has no schedule")
                schedule.append(plan)
        self.periods = tuple(names)
        self.schedule = tuple(schedule)  # [season * day types + day type] -> (ends, periods)

    def _check_keys(self, field: str, table: dict, first: tuple, second: tuple) -> None:
        for key in table:
            a, slash, b = key.partition("/") if isinstance(key, str) else ("", "", "")
            if not slash or (a != "*" and a not in first) or (b != "*" and b not in second):
                raise TariffError(
                    field, key, "key must be one of %s or *, '/', one of %s or *"
                    % (", ".join(first), ", ".join(second)))

    def _read_day(self, field: str, value: object, names: list) -> tuple:
        ends = []
        periods = bytearray()
        minute = 0
        for i, entry in enumerate(_items(field, value, 1, EDGES_MAX)):
            at = _at(field, i)
            _object(at, entry, ("from", "to", "period"))
            if _minute(at + ".from", entry["from"]) != minute:
                raise TariffError(at + ".from", entry["from"],
                                  "must begin where the one before ends, the first at 00:00")
            end = _minute(at + ".to", entry["to"])
            if end <= minute:
                raise TariffError(at + ".to", entry["to"], "must be after its beginning")
            name = _name(at + ".period", entry["period"])
            if name not in names:
                if len(names) >= PERIODS_MAX:
                    raise TariffError(at + ".period", name, "at most %d periods" % PERIODS_MAX)
                names.append(name)
            ends.append(end)
            periods.append(names.index(name))
            minute = end
        if minute != 1440:
            raise TariffError(field, entry["to"], "the last entry must end at 24:00")
        return tuple(ends), bytes(periods)

    def _read_tiers(self, value: object) -> None:
        _object("tiers", value, ("window", "count", "mode"))
        self.window = _choice("tiers.window", value["window"], WINDOWS)
        self.count_period = bool(_choice(
            "tiers.count", value["count"], ("all_energy", "this_period_only")))
        self.whole = bool(_choice("tiers.mode", value["mode"], ("marginal", "whole")))

    def _read_energy(self, value: object) -> None:
        if not isinstance(value, dict) or not value:
            raise TariffError("energy", value, "must be an object of prices")
        self._check_keys("energy", value, self.seasons, self.periods)
        read = {key: self._read_prices("energy." + key, value[key]) for key in sorted(value)}
        self.tiers = 0
        energy = []  # [season * periods + period] -> (limits at LIMIT_PLACES, amount indices)
        for s, season in enumerate(self.seasons):
            for p, period in enumerate(self.periods):
                entry = pick(read, season, period)
                if entry is None and self._used(s, p):
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

    def _used(self, season: int, period: int) -> bool:
        n = len(self.day_types)
        return any(period in plan[1] for plan in self.schedule[season * n:(season + 1) * n])

    def _read_prices(self, field: str, value: object) -> tuple:
        limits = []
        amounts = []
        for i, entry in enumerate(_items(field, value, 1, TIERS_MAX)):
            at = _at(field, i)
            _object(at, entry, ("up_to_kWh", "price"))
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
        number, places = _decimal(field, value, LIMIT_PLACES)
        return scaled(number, places, LIMIT_PLACES)

    def _amount(self, field: str, value: object) -> int:
        """Keep an amount until all places are known; return its index."""
        self._amounts.append(_decimal(field, value))
        return len(self._amounts) - 1

    def _read_adders(self, value: object) -> None:
        adders = []
        for i, entry in enumerate(_items("adders", value, 0, ADDERS_MAX)):
            at = _at("adders", i)
            _object(at, entry, ("name", "price"), ("vat",))
            name = _text(at + ".name", entry["name"])
            if name in ("energy", "fixed", "export") or name in [a[0] for a in adders]:
                raise TariffError(at + ".name", name, "must be a name of its own")
            adders.append((name, self._amount(at + ".price", entry["price"])))
        self.adders = tuple(adders)

    def _read_fixed(self, value: object, minimum: object) -> None:
        self._per_day = []
        self._per_month = []
        self.steps = ()  # ((limit at LIMIT_PLACES or None, amount), ...)
        for i, entry in enumerate(_items("fixed", value, 0, FIXED_MAX)):
            at = _at("fixed", i)
            _object(at, entry, ("name", "per"), ("amount", "by_total_kWh"))
            _text(at + ".name", entry["name"])
            monthly = _choice(at + ".per", entry["per"], ("day", "month"))
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
            _object("minimum", minimum, ("amount", "per"))
            _choice("minimum.per", minimum["per"], ("month",))
            self.minimum = self._amount("minimum.amount", minimum["amount"])

    def _read_steps(self, field: str, value: object) -> tuple:
        steps = []
        for i, entry in enumerate(_items(field, value, 1, TIERS_MAX)):
            at = _at(field, i)
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
        _object("export", value, ("mode",), ("prices", "cap"))
        self.export = _choice("export.mode", value["mode"], EXPORTS)
        prices = value.get("prices", {})
        if self.export == EXPORT_NONE:
            if prices:
                raise TariffError("export.prices", prices, "must be absent in mode none")
            self.export_prices = ()
            return
        if not isinstance(prices, dict) or not prices:
            raise TariffError("export.prices", prices, "must be an object of prices")
        self._check_keys("export.prices", prices, self.seasons, self.periods)
        read = {k: self._amount("export.prices." + k, prices[k]) for k in sorted(prices)}
        found = []
        for s, season in enumerate(self.seasons):
            for p, period in enumerate(self.periods):
                index = pick(read, season, period)
                if index is None and self._used(s, p):
                    raise TariffError(
                        "export.prices", season + "/" + period, "this period has no price")
                found.append(index)
        self.export_prices = tuple(found)

    def _read_tax(self, value: object, adders: list) -> None:
        _object("tax", value, ("rate", "included_in_prices"), ("name", "applies_to"))
        rate, self.tax_places = _decimal("tax.rate", value["rate"], TAX_PLACES)
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
            for name in _items("tax.applies_to", taxed, 0, len(known)):
                if name not in known:
                    raise TariffError(
                        "tax.applies_to", name, "must be one of " + ", ".join(known))
        for i, entry in enumerate(adders):
            vat = entry.get("vat", entry["name"] in taxed)
            if vat is not (entry["name"] in taxed):
                raise TariffError(_at("adders", i) + ".vat", vat,
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
        self.export_prices = tuple(
            None if i is None else table[i] for i in self.export_prices)
        self._amounts = self._per_day = self._per_month = None
