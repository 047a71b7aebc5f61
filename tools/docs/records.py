"""`python -m tools.docs.records`: print docs/records.md, made from the tables of the firmware."""

import struct
from typing import Any

from tools.docs import firmware
from tools.docs.ledger import told

Field = tuple[str, str, int, int | None, int | None, str]

TYPES = {
    "B": "unsigned 8", "H": "unsigned 16", "h": "signed 16", "I": "unsigned 32",
    "i": "signed 32", "Q": "unsigned 64", "q": "signed 64", "8s": "8 bytes", "112s": "112 bytes",
    "12s": "12 bytes", "4s": "4 bytes",
}
WHOLE = {
    code: (-(1 << bits - 1), (1 << bits - 1) - 1) if code.islower() else (0, (1 << bits) - 1)
    for code, bits in (("B", 8), ("H", 16), ("h", 16), ("I", 32), ("i", 32), ("Q", 64), ("q", 64))
}
SECTOR = 4096
INTERVALS_A_DAY = 96

INTRODUCTION = """\
# Records

What the meter keeps beside its [ledger](ledger.md): events, freezes, the load profile and the
purchase log. This page is printed by `python -m tools.docs.records` from the tables in
[`storage/`](../firmware/joulegate/storage); do not edit it. `python -m tools.bench report` reads
the records out of a flash image.

## What all have in common

- A record is a ring of fixed entries ([`storage/ring.py`](../firmware/joulegate/storage/ring.py))
  in files of {sector} bytes at most, one sector of flash each, as long from the first entry on as
  they will ever be. Entry number *n* stands in slot *n* modulo the capacity: a full ring
  overwrites its oldest entry in place and never makes or removes a file.
- A start finds the newest entry from the first believable entry of each file and one file whole.
- Numbers are little-endian, fields follow each other without gaps. Seconds count from
  2020-01-01T00:00:00Z; one before the year 2000 means that nobody knew the time, and is shown as
  none. A count is a tenth of a pulse of the meter constant.
- An entry is believed only with the right check sum, in the slot of its number, and with every
  field in range. The check sum is the CRC-32 of zlib, begun with that of name, version and length
  of the layout, so that an entry of another layout is never believed.
- What cannot be believed is skipped and counted, everything else is still read. A damaged header
  is written again with the next entry. A file of another version is counted, and left alone until
  the ring comes to it.
- Storage that fails is told once as an event, and stops neither metering nor charging.

Every file begins with a header of {header} bytes:

| offset | bytes | field | type | meaning |
|---:|---:|---|---|---|
| 0 | 4 | magic | 4 bytes | which record |
| 4 | 1 | version | unsigned 8 | of the layout |
| 5 | 1 | entries | unsigned 8 | in the file |
| 6 | 2 | size | unsigned 16 | bytes of an entry |
| 8 | 4 | check | unsigned 32 | CRC-32 of all before |

## What there is

| record | files | bytes an entry | entries kept | sectors |
|---|---|---:|---:|---:|
{summary}

Each folder has a metadata pair of its own, two sectors more. An entry costs one erase and one
rewritten sector, and a commit to its folder."""

EVENTS = """\
## Events

A file a class. The log in memory is brought to flash after the tick, two events a call. Beyond
{daily} entries of a class in 24 hours an event is only counted, in `missed` of the next entry:
that bounds the wear of a flood, over restarts too, because the entries themselves are counted.
An event that ends another says in `began` when that was. Clearing a class writes an event
`events_cleared` to security first, and leaves one in the class that says how many went.

| class | code and name of its events |
|---|---|
{classes}"""

DAYS = """\
## Daily freezes

Written when a local day ends, before the ledger commit that ends it. Missed days are filled, in
order, at the next start or when the time is known again, and marked. After a power cut between
freeze and commit the day is frozen again, in the same place: so the last 62 days and more are
there, unless the clock was ahead meanwhile. `credits` less `charges` is `balance`; `day_charges`
and `day_credits` are the differences to the freeze of the day before."""

MONTHS = """\
## Monthly freezes

The statement of a month when it ends, with the account and the registers. Where the tariff
changed in the month there is one part for each, and only together they are the bill."""

PROFILE = """\
## Load profile

At 15, 30 or 60 minutes of the local clock, {days} days at 15. An interval is as long as it says
unless it is flagged: begun after power was off (128), or ended by a clock that was set (32).
Energy channels hold the register modulo 65536, so what lies between two entries is their
difference, also over an outage or a damaged entry. Channels, by bit from 0 on, at most {width} in
an entry: {channels}. The lower flags are those of the profile status of DLMS/COSEM."""

ENERGIES = """\
## Months of other energies

An entry an [input](other-energies.md) when a month ends, before the ledger commit that ends it,
and when the meter at the input or the customer changes. What a cut before that commit left over
is taken back at the next start. Only on a meter that counts any."""

PURCHASES = """\
## Purchase log

Credits and refusals, a file each. Beyond {refusals} in 24 hours a refusal is not written. A credit
cut off by a power cut is added at the next start out of the purchase journal. In the order of
`commit`, whatever the clock said."""


VOLTAGE = """\
## Voltage

The voltage by the hour of local time, where a [setting](quality.md#voltage-profile) asks for it,
{days} days. An hour cut by a power cut stands as far as it came after it."""


OUTBOX = """\
## Outbox

What goes to the head-end and is not acknowledged yet ([the uplink](uplink.md)), in the folder of
the events. `outbox.bin` is a record of {size} bytes overwritten in one write, as those of the
[ledger](ledger.md); number *n* stands in slot *n* modulo {window} of `kinds`, `counts` and
`places`. Kinds are 0 nothing, 1 events, 2 day, 3 month, 4 receipt. Receipts are a ring of their
own; beyond {receipts} in 24 hours none is held."""


def page() -> str:
    """Return the whole page."""
    store = {name: firmware.load("joulegate.storage." + name) for name in (
        "event_store", "freeze_store", "load_profile", "outbox", "purchase_log", "ring",
        "voltage_store")}
    events = store["event_store"].EventStore("", None)
    freezes = store["freeze_store"].FreezeStore("", None, None)
    profile = store["load_profile"].LoadProfile("", None)
    purchases = store["purchase_log"].PurchaseLog("", None)
    outbox = store["outbox"].Outbox("", None)
    months = firmware.load("joulegate.storage.energy_record").month_ring("")
    voltage = store["voltage_store"].VoltageStore("", None)
    summary = "\n".join(_summary(title, rings) for title, rings in (
        ("events, a class", events.rings[:1]),
        ("events, all classes", events.rings),
        ("daily freezes", [freezes.day_ring]),
        ("monthly freezes", [freezes.month_ring]),
        ("load profile", [profile.ring]),
        ("voltage", [voltage.ring]),
        ("months of other energies", [months]),
        ("credits", [purchases.credits]),
        ("refusals", [purchases.refusals]),
        ("receipts not acknowledged", [outbox.receipts])))
    parts = [
        INTRODUCTION.format(
            sector=SECTOR, header=store["ring"].HEADER_SIZE, summary=summary),
        EVENTS.format(daily=store["event_store"].DAILY, classes=_classes()),
        _table(events.rings[0]), DAYS, _table(freezes.day_ring), MONTHS,
        _table(freezes.month_ring),
        PROFILE.format(
            days=profile.ring.capacity // INTERVALS_A_DAY, width=store["load_profile"].WIDTH,
            channels=", ".join(f"`{name}`" for name in store["load_profile"].CHANNELS)),
        _table(profile.ring),
        VOLTAGE.format(days=voltage.ring.capacity // 24), _table(voltage.ring),
        ENERGIES, _table(months),
        PURCHASES.format(refusals=store["purchase_log"].REFUSALS_DAILY),
        _table(purchases.credits),
        OUTBOX.format(size=len(outbox.record.buffer), window=store["outbox"].WINDOW,
                      receipts=store["outbox"].RECEIPTS_DAILY),
        _record_table(outbox.record, told(store["outbox"].MEANINGS)),
        _table(outbox.receipts),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(title: str, rings: list[Any]) -> str:
    files = sum(ring.files for ring in rings)
    ring = rings[0]
    name = ring.file_name(0).lstrip("/")
    if files > 1:
        name += " and so on"
    kept = sum(ring.capacity for ring in rings)
    return f"| {title} | {files}: `{name}` | {ring.layout.size} | {kept} | {files} |".replace(
        " and so on`", "` and so on")


def _classes() -> str:
    classes = firmware.load("joulegate.core.event_classes")
    events = firmware.load("joulegate.core.events")
    return "\n".join(
        f"| {name} | " + ", ".join(f"{c} {events.name_of(c)}" for c in codes) + " |"
        for name, codes in zip(classes.NAMES, classes.CODES, strict=True))


def _table(ring: Any) -> str:
    layout = ring.layout
    lines = [
        f"`{layout.magic.decode()}`, version {layout.version}:", "",
        "| offset | bytes | field | type | range | meaning |",
        "|---:|---:|---|---|---|---|",
        _row(0, 4, "sequence", TYPES["I"], "", "number of the entry"),
    ]
    at = 4
    for field in layout.rows():
        width = struct.calcsize("<" + field[1]) * field[2]
        lines.append(_field_row(at, width, field))
        at += width
    lines.append(_row(at, 4, "check", TYPES["I"], "", "CRC-32 of all before"))
    if at + 4 != layout.size:
        raise ValueError(f"{layout.magic!r}: the table makes {at + 4} bytes, not {layout.size}")
    return "\n".join(lines)


def _record_table(record: Any, meanings: dict[str, str]) -> str:
    lines = [
        f"`{record.magic.decode()}`, version 1:", "",
        "| offset | bytes | field | type | range | meaning |",
        "|---:|---:|---|---|---|---|",
        _row(0, 4, "magic", "4 bytes", "", "which record"),
        _row(4, 1, "version", TYPES["B"], "", "of the layout"),
        _row(5, 4, "sequence", TYPES["I"], "", "number of the commit"),
    ]
    at = 9
    for owner, name, code, count, low, high in record.fields:
        meaning = meanings[f"{owner}.{name}"]
        width = struct.calcsize("<" + code) * count
        lines.append(_field_row(at, width, (name, code, count, low, high, meaning)))
        at += width
    lines.append(_row(at, 4, "check", TYPES["I"], "", "CRC-32 of all before"))
    if at + 4 != len(record.buffer):
        raise ValueError(f"{record.magic!r}: the table makes {at + 4} bytes")
    return "\n".join(lines)


def _field_row(at: int, width: int, field: Field) -> str:
    name, code, count, low, high, meaning = field
    kind = f"{count} x {TYPES[code]}" if count > 1 else TYPES[code]
    limits = "" if low is None or (low, high) == WHOLE[code] else f"{low} to {high}"
    return _row(at, width, name, kind, limits, meaning)


def _row(at: int, width: int, name: str, kind: str, limits: str, meaning: str) -> str:
    return f"| {at} | {width} | {name} | {kind} | {limits} | {meaning} |"


if __name__ == "__main__":
    print(page(), end="")
