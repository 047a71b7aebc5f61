"""Hold the firmware's bills against the oracle's: from counts exactly, from load closely."""

import struct
from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from .bill import Bill
from .load import load_rows

COUNTS_PER_KWH = 32000
TICKS_A_QUARTER = 15

# The bench's PL_Constant is the floor of 838860800 * 24 * 1 mV * 275 mV / (3200 * 220 V * 5 A),
# to a multiple of 4, so a count is worth that much less than it should be: here nothing.
_PL_EXACT = Fraction(838860800 * 24 * 275, 3200 * 220 * 5)
METER_CONSTANT_ERROR = _PL_EXACT / (_PL_EXACT.numerator // _PL_EXACT.denominator // 4 * 4) - 1

AMOUNTS = ("energy", "adders", "fixed", "export_credit", "before_tax", "tax", "total_6")


def counted(start: datetime, path: Path) -> Iterator[tuple[datetime, Fraction, Fraction]]:
    """Yield (start, import kWh, export kWh) of each quarter hour, from what the firmware read.

    No published price changes within a quarter hour, so the ticks of one may be added up.
    """
    ticks = list(struct.iter_unpack("<II", path.read_bytes()))
    for i in range(0, len(ticks), TICKS_A_QUARTER):
        quarter = ticks[i:i + TICKS_A_QUARTER]
        yield (start + timedelta(minutes=i),
               Fraction(sum(imported for imported, _ in quarter), COUNTS_PER_KWH),
               Fraction(sum(exported for _, exported in quarter), COUNTS_PER_KWH))


@lru_cache(maxsize=4)
def recorded(load: Path) -> list[tuple[datetime, Fraction, Fraction]]:
    """Return (start, import kWh, export kWh) of each quarter hour of a load file, as counted()."""
    found = []
    for start, group in groupby(
            load_rows(load), lambda row: row[0].replace(minute=row[0].minute // 15 * 15)):
        rows = list(group)
        found.append((start, sum((imported for _, _, imported, _ in rows), Fraction(0)) / 1000,
                      sum((exported for _, _, _, exported in rows), Fraction(0)) / 1000))
    return found


def unit(currency: str) -> Fraction:
    """Return the credit unit that the bench keeps an account of this currency in."""
    return Fraction(1, 100) if currency in ("VND", "IDR") else Fraction(1, 100000)


def differences_from_counts(tariff: dict, result: dict, load: Path, counts: Path) -> list[str]:
    """Return what differs by a credit unit or more from a bill of the counted energy."""
    start = next(load_rows(load))[0]
    oracle = Bill(tariff)
    for interval in counted(start, counts):
        oracle.add(*interval)
    wrong = []
    one = unit(tariff["currency"])
    expected = oracle.bills()
    if [b["month"] for b in expected] != [b["month"] for b in result["bills"]]:
        return [f"months {[b['month'] for b in result['bills']]}"]
    for ours, theirs in zip(result["bills"], expected, strict=True):
        pairs = [(name, ours[name], theirs[name]) for name in AMOUNTS]
        days = theirs["energy_cost_to_end_of_day"]
        if sorted(days) != sorted(ours["energy_cost_to_end_of_day"]):
            wrong.append(f"{ours['month']}: days {list(ours['energy_cost_to_end_of_day'])}")
            continue
        pairs += [(day, ours["energy_cost_to_end_of_day"][day], days[day]) for day in days]
        for name, got, true in pairs:
            if abs(Fraction(got) - true) >= one:
                wrong.append(f"{ours['month']} {name}: {got}, should be {float(true):.8f}")
        cells = {name: kWh for name, kWh in theirs["kWh_by_price_cell"].items() if kWh}
        if {name: Fraction(kWh) for name, kWh in ours["kWh_by_price_cell"].items()} != cells:
            wrong.append(f"{ours['month']} cells: {ours['kWh_by_price_cell']}")
    return wrong


def differences_from_load(
    tariff: dict, result: dict, load: Path, resolution: Fraction = Fraction(1, COUNTS_PER_KWH),
    constant_error: Fraction = METER_CONSTANT_ERROR,
) -> list[str]:
    """Return price cells that are off by more than counting and the meter constant explain.

    resolution: kWh that the metering IC tells at once; constant_error: by how much of itself the
    energy may be off beyond that. By default those of the bench's ATM90E26.
    """
    oracle = Bill(tariff)
    netted = tariff["export"]["mode"] == "net_metering"
    sums: dict[str, Fraction] = {}
    begun = Fraction(0)
    for start, imported, exported in recorded(load):
        oracle.add(start, imported, exported)
        month = start.strftime("%Y-%m")
        sums[month] = sums.get(month, Fraction(0)) + imported + exported
    wrong = []
    so_far = Fraction(0)
    for ours, theirs in zip(result["bills"], oracle.bills(), strict=True):
        bound = (theirs["price_changes"] + 1) * resolution
        if netted:
            # A count of each direction may have begun at a change, in the months before too.
            begun += bound * 2
            bound = begun
        got = {name: Fraction(kWh) for name, kWh in ours["kWh_by_price_cell"].items()}
        true = theirs["kWh_by_price_cell"]
        so_far += sums[theirs["month"]] if netted else theirs["import_kWh"]
        for name in got | true:
            off = abs(got.get(name, Fraction(0)) - true.get(name, Fraction(0)))
            # A full tier is full to the count: the error of all the window's energy, this month's
            # and the months' before, lies where a limit is crossed and in the last tier.
            if off > bound + so_far * constant_error:
                wrong.append(f"{ours['month']} {name}: {float(off):.8f} kWh off")
    return wrong
