"""The oracle for bills: a tariff document priced in exact fractions.

Written from the `schema` block of data/tariffs/tariffs.json alone, in the plainest way, and
sharing nothing with the firmware it judges. The document's dates of validity play no part: a
Bill prices with one tariff whatever it is given.
"""

from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from numbers import Rational

from .clock import TariffClock, most_specific
from .load import load_rows
from .netting import net_import, surplus
from .tiers import Tier, band, exact, one_of, read_tiers, split, step

__all__ = ["Bill", "load_rows"]

WINDOWS = ("none", "month", "bimonth", "calendar_year", "month_scaled_by_days")
COUNTS = ("all_energy", "this_period_only")
MODES = ("marginal", "whole")
COMPONENTS = ("energy", "fixed", "export")  # what tax.applies_to may name, besides adders
EXPORT_MODES = ("none", "net_billing", "net_billing_capped_per_period", "net_metering")

Cell = tuple[str, str]  # season id, period id


@dataclass
class Month:
    """What one calendar month has gathered so far."""

    window_cost_before: Fraction
    energy: Fraction = Fraction(0)
    imported: dict[Cell, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    exported: dict[Cell, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    by_price_cell: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    energy_cost_to_end_of_day: dict[str, Fraction] = field(default_factory=dict)
    price_changes: int = 0
    carried: dict[str, Fraction] = field(default_factory=dict)  # by period, into the month


class Bill:
    """Adds up intervals of energy and makes one bill for each calendar month.

    Args:
        tariff: one tariff object of the schema, with prices as decimal strings.

    Raises:
        ValueError: the document says something the schema does not know.
    """

    def __init__(self, tariff: dict) -> None:
        self._tariff = tariff
        self._clock = TariffClock(tariff)
        rule = tariff["tiers"]
        self._window_rule = one_of(rule["window"], WINDOWS, "tiers.window")
        self._this_period_only = one_of(rule["count"], COUNTS, "tiers.count") == "this_period_only"
        self._whole = one_of(rule["mode"], MODES, "tiers.mode") == "whole"
        self._energy = {
            key: read_tiers(entries, f"energy {key}") for key, entries in tariff["energy"].items()
        }
        if self._window_rule == "none" and any(len(list_) > 1 for list_ in self._energy.values()):
            raise ValueError("tiers.window 'none': one open tier a period")
        one_of(tariff["export"]["mode"], EXPORT_MODES, "export.mode")
        self._nets = tariff["export"]["mode"] == "net_metering"
        self._check_charges()

        self._months: dict[str, Month] = {}
        self._last_start: datetime | None = None
        self._window: object = None
        self._window_kWh: dict[Cell, Fraction] = defaultdict(Fraction)
        self._in_force: tuple[str, str, int] | None = None

    def _check_charges(self) -> None:
        for charge in self._tariff["fixed"]:
            allowed = ("month",) if "by_total_kWh" in charge else ("day", "month")
            one_of(charge["per"], allowed, f"fixed {charge['name']!r} per")
        if self._tariff["minimum"]:
            one_of(self._tariff["minimum"]["per"], ("month",), "minimum.per")
        adders = tuple(adder["name"] for adder in self._tariff["adders"])
        if set(adders) & set(COMPONENTS):
            raise ValueError(f"adders {adders}: a name other than {', '.join(COMPONENTS)}")
        for name in self._tariff["tax"].get("applies_to") or []:
            one_of(name, COMPONENTS + adders, "tax.applies_to")

    def add(self, start: datetime, import_kWh: Fraction, export_kWh: Fraction) -> None:
        """Add the energy of an interval that begins at a local standard time.

        The start alone chooses the season and the period. Intervals come in order of time.

        Raises:
            ValueError: energy that is not exact or is below 0, or a start before the last one.
        """
        for name, kWh in (("import_kWh", import_kWh), ("export_kWh", export_kWh)):
            if not isinstance(kWh, Rational) or kWh < 0:
                raise ValueError(f"{name} {kWh!r}: an exact number, 0 or more")
        if self._last_start is not None and start < self._last_start:
            raise ValueError(f"start {start}: not before the last one, {self._last_start}")
        self._last_start = start

        month = self._open(start)
        cell = self._clock.cell(start)
        if self._nets:
            self._add_netted(month, cell, start, import_kWh, export_kWh)
            return
        tiers = self._tiers(cell, start)
        position = self._position(cell[1])
        parts = split(tiers, position, import_kWh)
        self._note_price(month, cell, [number for number, _ in parts] or [band(tiers, position)])

        month.imported[cell] += import_kWh
        if export_kWh:
            month.exported[cell] += export_kWh
        self._window_kWh[cell] += import_kWh
        if self._whole:
            month.energy = self._whole_window_cost(start) - month.window_cost_before
            month.by_price_cell = self._whole_month_cells(month, start)
        else:
            for number, kWh in parts:
                month.energy += kWh * tiers[number - 1][1]
                month.by_price_cell[f"{cell[0]}/{cell[1]}#{number}"] += kWh
        month.energy_cost_to_end_of_day[start.date().isoformat()] = month.energy

    def _add_netted(
        self, month: Month, cell: Cell, start: datetime, import_kWh: Fraction,
        export_kWh: Fraction,
    ) -> None:
        """Price the month's sums so far anew; the window holds its earlier months only."""
        month.imported[cell] += import_kWh
        month.exported[cell] += export_kWh
        self._note_price(month, cell, [0])
        net = self._net(month)
        month.energy = Fraction(0)
        month.by_price_cell = {}
        for (season, period), kWh in net.items():
            tiers = self._tiers((season, period), start)
            before = self._position(period)
            if self._whole:
                mine = before + sum(
                    n for (_, other), n in net.items()
                    if other == period or not self._this_period_only)
                parts = [(band(tiers, mine), kWh)]
            else:
                parts = split(tiers, before, kWh)
            for number, part in parts:
                month.energy += part * tiers[number - 1][1]
                month.by_price_cell[f"{season}/{period}#{number}"] = part
        month.energy_cost_to_end_of_day[start.date().isoformat()] = month.energy

    def _net(self, month: Month) -> dict[Cell, Fraction]:
        return net_import(month.imported, month.exported, month.carried)

    def _trued_up(self, name: str) -> bool:
        """Return whether a surplus ends with a month, "YYYY-MM"."""
        return int(name[5:]) == (self._tariff["export"].get("true_up") or {}).get("month")

    def _close_netted(self, start: datetime) -> dict[str, Fraction]:
        """Add the last month to the window; return what it carries into that of a start.

        Every month between the first and the last must have data.
        """
        if not self._nets or not self._months:
            return {}
        name, month = list(self._months.items())[-1]
        for cell, kWh in self._net(month).items():
            self._window_kWh[cell] += kWh
        if self._trued_up(name):
            return {}
        left = surplus(month.imported, month.exported, month.carried)
        week = self._clock.week(self._clock.season(start.date()))
        default = self._tariff.get("default_period")
        if default not in week:
            default = max(week, key=lambda period: week[period])
        carried: dict[str, Fraction] = defaultdict(Fraction)
        for period, kWh in left.items():
            carried[period if period in week else default] += kWh
        return carried

    def bills(self) -> list[dict]:
        """Return one bill for each calendar month that has data, all amounts exact.

        Where export is netted, import is net and export what the month leaves over.
        `price_changes` counts every step of (season, period, tier) from one instant to the
        next; the step at a month's first instant is counted in the month that begins.
        """
        return [self._bill(name, month) for name, month in self._months.items()]

    def _open(self, start: datetime) -> Month:
        """Return the month of a start, having begun a new window where there is one."""
        window = {
            "none": None,
            "month": (start.year, start.month),
            "month_scaled_by_days": (start.year, start.month),
            "bimonth": (start.year, (start.month - 1) // 2),
            "calendar_year": start.year,
        }[self._window_rule]
        name = start.strftime("%Y-%m")
        carried = {} if name in self._months else self._close_netted(start)
        if window != self._window:
            self._window = window
            self._window_kWh.clear()
        if name not in self._months:
            self._months[name] = Month(self._whole_window_cost(start), carried=carried)
        return self._months[name]

    def _tiers(self, cell: Cell, at: datetime) -> list[Tier]:
        tiers = most_specific(self._energy, *cell, "energy")
        if self._window_rule != "month_scaled_by_days":
            return tiers
        days = monthrange(at.year, at.month)[1]
        return [(limit and limit * days, price) for limit, price in tiers]

    def _position(self, period: str) -> Fraction:
        """Return the window's energy that moves the tiers of a period."""
        return sum(
            (
                kWh
                for (_, other), kWh in self._window_kWh.items()
                if other == period or not self._this_period_only
            ),
            Fraction(0),
        )

    def _band_in_force(self, cell: Cell, at: datetime) -> int:
        return band(self._tiers(cell, at), self._position(cell[1]))

    def _whole_window_cost(self, at: datetime) -> Fraction:
        """Return the window's cost when the band of the total prices every unit."""
        cost = Fraction(0)
        for cell, kWh in self._window_kWh.items():
            price = self._tiers(cell, at)[self._band_in_force(cell, at) - 1][1]
            cost += kWh * price
        return cost

    def _whole_month_cells(self, month: Month, at: datetime) -> dict[str, Fraction]:
        return {
            f"{cell[0]}/{cell[1]}#{self._band_in_force(cell, at)}": kWh
            for cell, kWh in month.imported.items()
            if kWh
        }

    def _note_price(self, month: Month, cell: Cell, numbers: list[int]) -> None:
        for number in numbers:
            now = (*cell, number)
            if self._in_force is not None and now != self._in_force:
                month.price_changes += 1
            self._in_force = now

    def _bill(self, name: str, month: Month) -> dict:
        used = self._net(month) if self._nets else month.imported
        import_kWh = sum(used.values(), Fraction(0))
        export_kWh = sum(month.exported.values(), Fraction(0))
        if self._nets:
            over = surplus(month.imported, month.exported, month.carried)
            export_kWh = sum(over.values(), Fraction(0))
        adders: dict[str, Fraction] = defaultdict(Fraction)
        for adder in self._tariff["adders"]:
            adders[adder["name"]] += import_kWh * exact(adder["price"], f"adder {adder['name']}")
        adders_total = sum(adders.values(), Fraction(0))
        fixed = self._fixed(month, import_kWh)
        export_credit = self._export_credit(month)
        if self._nets and self._trued_up(name):
            price = self._tariff["export"]["true_up"].get("price", "0")
            export_credit = export_kWh * exact(price, "export.true_up.price")
        before_tax = month.energy + adders_total + fixed - export_credit
        if self._tariff["minimum"]:
            minimum = exact(self._tariff["minimum"]["amount"], "minimum")
            top_up = max(minimum - before_tax, Fraction(0))
            fixed += top_up
            before_tax += top_up
        components = {"energy": month.energy, "fixed": fixed, "export": -export_credit, **adders}
        tax = self._tax(before_tax, components)
        return {
            "month": name,
            "import_kWh": import_kWh,
            "export_kWh": export_kWh,
            "kWh_by_price_cell": dict(month.by_price_cell),
            "energy_cost_to_end_of_day": dict(month.energy_cost_to_end_of_day),
            "energy": month.energy,
            "adders": adders_total,
            "fixed": fixed,
            "export_credit": export_credit,
            "before_tax": before_tax,
            "tax": tax,
            "total_6": before_tax + tax,
            "price_changes": month.price_changes,
        }

    def _fixed(self, month: Month, import_kWh: Fraction) -> Fraction:
        total = Fraction(0)
        for charge in self._tariff["fixed"]:
            name = f"fixed {charge['name']}"
            if "by_total_kWh" in charge:
                total += step(charge["by_total_kWh"], import_kWh, name)
            elif charge["per"] == "day":
                total += exact(charge["amount"], name) * len(month.energy_cost_to_end_of_day)
            else:
                total += exact(charge["amount"], name)
        return total

    def _export_credit(self, month: Month) -> Fraction:
        export = self._tariff["export"]
        credit = Fraction(0)
        if export["mode"] in ("none", "net_metering"):
            return credit
        for cell, kWh in month.exported.items():
            if export["mode"] == "net_billing_capped_per_period":
                kWh = min(kWh, month.imported[cell])
            price = most_specific(export["prices"], *cell, "export.prices")
            credit += kWh * exact(price, "export price")
        return credit

    def _tax(self, before_tax: Fraction, components: dict[str, Fraction]) -> Fraction:
        tax = self._tariff["tax"]
        if tax["included_in_prices"]:
            return Fraction(0)
        base = before_tax
        if tax.get("applies_to") is not None:
            base = sum((components[name] for name in tax["applies_to"]), Fraction(0))
        return base * exact(tax["rate"], "tax.rate")
