"""The bodies of the messages that the meter sends of itself; see docs/uplink.md.

Maps with the keys below, in the deterministic CBOR of vending/cbor.py. Times are Unix seconds,
None where nobody knew them. What a message holds is read from the records when it is sealed.
"""

from micropython import const

from joulegate.core.civil import TIME_MIN
from joulegate.storage.outbox import DAY, EVENTS, MONTH, Outbox
from joulegate.vending.instructions import EPOCH

# Codes; 1 is a receipt.
READING = const(2)
EVENT = const(3)
FREEZE = const(4)
STATUS = const(5)

SUFFIXES = ("", "receipt", "reading", "event", "freeze", "status")
"""The topic of each code."""

# Keys.
CODE = const(0)
TIME = const(1)
METER = const(7)
NUMBER = const(9)
OLDEST = const(10)
DISCARDED = const(11)
WHAT = const(12)
ROWS = const(13)
UNREADABLE = const(14)
FIRST = const(15)
NEXT = const(16)
CELLS = const(17)
READINGS_DISCARDED = const(18)

_DAY = const(0)
_MONTH = const(1)


def unix(time: "int | None") -> "int | None":
    """Return Unix seconds of the meter's, None for a time that nobody knew."""
    return None if time is None or time < TIME_MIN else time + EPOCH


def held_body(outbox: Outbox, number: int, meter_id: str, records: object) -> "dict | None":
    """Return the body of a message of events or freezes, None when its freeze is no more.

    records: storage's Records.
    """
    kind = outbox.kind(number)
    at = number % len(outbox.kinds)
    place = outbox.places[at]
    body = {METER: meter_id, NUMBER: number, OLDEST: outbox.first, FIRST: place}
    if outbox.discarded:
        body[DISCARDED] = outbox.discarded
    if kind == EVENTS:
        _events(body, records.events, outbox.counts[at] & 15, place, outbox.counts[at] >> 4)
        return body
    body[CODE] = FREEZE
    if kind == DAY:
        day = place - 0x8000
        body[FIRST] = day
        entry = day_freeze(records.freezes.day_ring, day)
        return None if entry is None else _day(body, entry)
    entry = records.freezes.month_ring.read(place) if kind == MONTH else None
    return None if entry is None else _month(body, entry)


def _events(body: dict, store: object, number: int, first: int, count: int) -> None:
    """Add the events of a class, and how many of them are no more."""
    rows = []
    for entry in store.rings[number].entries(first):
        if entry["sequence"] >= first + count:
            break
        time = entry["time"]
        lasted = time - entry["began"] if min(time, entry["began"]) >= TIME_MIN else 0
        rows.append([entry["sequence"], unix(time), entry["code"], entry["value"], lasted,
                     entry["missed"], entry["import_Wh"]])
    body[CODE] = EVENT
    body[WHAT] = number
    body[ROWS] = rows
    if len(rows) < count:
        body[UNREADABLE] = count - len(rows)


def day_freeze(ring: object, day: int) -> "dict | None":
    """Return the last freeze made of a day, None when it is not kept."""
    newest = ring.read(ring.next - 1)
    if newest is None:
        return None
    # Days follow each other, but for those that were left out or frozen again.
    guess = ring.read(ring.next - 1 - (newest["day"] - day))
    if guess is not None and guess["day"] == day:
        after = ring.read(guess["sequence"] + 1)
        if after is None or after["day"] != day:
            return guess
    for sequence in range(ring.next - 1, max(-1, ring.next - 1 - ring.capacity), -1):
        entry = ring.read(sequence)
        if entry is not None and entry["day"] == day:
            return entry
    return None


def _account(entry: dict) -> list:
    return [entry["counts_per_kWh"], entry["unit_places"], entry["tariff_digest"],
            entry["balance"], entry["charges"], entry["credits"]] + list(entry["wh"])


def _day(body: dict, entry: dict) -> dict:
    body[WHAT] = _DAY
    body[ROWS] = [unix(entry["time"]), entry["day"], entry["flags"]] + _account(entry) + [
        entry["day_charges"], entry["day_credits"]]
    return body


def _month(body: dict, entry: dict) -> dict:
    body[WHAT] = _MONTH
    body[ROWS] = [unix(entry["time"]), entry["day"], entry["flags"]] + _account(entry) + [
        entry["month"], entry["days_charged"], entry["months_charged"],
        entry["import_counts"], entry["export_counts"], entry["energy"], entry["adders"],
        entry["fixed"], entry["export_credit"], entry["before_tax"], entry["tax"],
        entry["total"]] + list(entry["more"]) + [entry["demand_minutes"]]
    watts, time, given, given_time = entry["demand"]
    body[ROWS] += [watts, unix(time or None), given, unix(given_time or None)]
    cells = list(entry["cells"])
    while cells and not cells[-1]:
        cells.pop()
    body[CELLS] = cells
    return body
