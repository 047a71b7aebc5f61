"""The report of energies counted by pulses: this month, and the months on flash."""

from micropython import const

from joulegate.core.amounts import format_ratio
from joulegate.storage.energy_record import PART, month_ring

ROWS_MAX = const(20)
_SCALE = 10 ** 8


def energies(app: object) -> dict:
    """Return a row an energy and month, the open month's last, at most ROWS_MAX.

    Quantities and amounts are decimal texts; `missed` are pulses too short to count, since the
    start, None for a month that is over.
    """
    return {
        "columns": ["month", "input", "energy", "quantity", "unit", "cost", "register",
                    "price", "missed", "flags"],
        "rows": (_past(app) + _open(app))[-ROWS_MAX:],
        "charged": _amount(
            app.state.account.other_charges, app.state.billing.tariff.unit_places),
    }


def _past(app: object) -> list:
    found: list = []
    # A ring that is written to goes by its own idea of where it ends.
    record = app.state.ledger.energies
    ring = month_ring(app.board.FOLDER) if record is None else record.ring
    if record is None:
        ring.load()
    for entry in ring.entries():
        pulses = entry["pulses"]
        found.append([
            _month(entry["month"]), entry["input"], _text(entry["name"]),
            _quantity(entry["month_counts"] * entry["size"], pulses), _text(entry["unit"]),
            _amount(entry["charged"], entry["unit_places"]),
            _quantity(entry["counts"] * entry["size"], pulses), None, None,
            "part" if entry["flags"] & PART else ""])
        if len(found) > ROWS_MAX:
            found.pop(0)
    return found


def _open(app: object) -> list:
    energies = app.state.energies
    if energies is None:
        return []
    kept = energies.state
    missed = {energy.input: counter.missed for energy, counter in energies.inputs}
    found = []
    for energy in energies.energies:
        i = energy.input - 1
        found.append([
            _month(kept.month), energy.input, energy.name,
            _quantity(kept.month_counts[i] * energy.size, energy.pulses), energy.unit,
            _amount(kept.month_charged[i], energies.unit_places),
            _quantity(kept.counts[i] * energy.size, energy.pulses),
            format_ratio(energy.price_after(kept.month_counts[i]), _SCALE, 5),
            missed.get(energy.input), "open"])
    return found


def _month(month: int) -> str:
    return "%04d-%02d" % (month // 12, month % 12 + 1)


def _text(padded: bytes) -> str:
    return padded.rstrip(b"\0").decode()


def _quantity(units: int, pulses: int) -> str:
    return format_ratio(units, pulses, 3)


def _amount(units: int, places: int) -> str:
    return format_ratio(units, 10 ** places, places)
