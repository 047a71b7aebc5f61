"""The ledger: money, replay marks and switch intent in one record; registers in a second.

This module alone knows the layout. FIELDS and MEANINGS are the document of the hot record:
docs/ledger.md is made from them. The hot record is written first and notes how far the energy
registers were, so a cut between the two writes is mended at the next start.

On a board with FRAM the records stand there, otherwise in files.
"""

import os
from errno import EEXIST

from micropython import const

from joulegate.storage.record import Record, RecordError, restore

HOT_VERSION = const(7)
REGISTERS_VERSION = const(2)

_MARK = "ledger.fram"
"""Name of the empty file that says: the ledger stands in FRAM."""

_HOT_ROOM = const(512)
_REGISTERS_ROOM = const(256)

_SMALL = const(0x3FFFFFFF)
_LIMB = const(0x1FFFFFFF)
_HIGH = const(0x7FFF)
_WORD = const(0xFFFFFFFF)
# What core says too; names of another module would have the table made anew in the heap.
_NEVER = const(0x3FFFFFFF)
_DEBTS = const(3)
_REGISTERS_KEPT = const(8)
_DEMAND_VALUES = const(16)
_DEMAND_MARKS = const(30)
_BASE_LAST = const(2)
_MARKS = const(50)
_CELLS = const(24)
_PERIODS = const(6)

# (owner, attribute, code, count, lowest, highest); what each means stands below in a text, as
# that takes no heap.
FIELDS = (
    ("identity", "meter_id", "13s", 1, None, None),
    ("identity", "counts_per_kWh", "T", 1, 1000, 131072),
    ("account", "balance", "q", 1, None, None),
    ("account", "rem1", "T", 1, 0, 131071),
    ("account", "rem2", "T", 1, 0, 9999999),
    ("account", "charges_low", "I", 1, 0, _LIMB),
    ("account", "charges_high", "h", 1, -_HIGH - 1, _HIGH),
    ("account", "credits_low", "I", 1, 0, _LIMB),
    ("account", "credits_high", "h", 1, -_HIGH - 1, _HIGH),
    ("account", "last_credit", "I", 1, 0, _SMALL),
    ("debts", "remaining", "I", _DEBTS, 0, _SMALL),
    ("debts", "recovered_low", "I", 1, 0, _LIMB),
    ("debts", "recovered_high", "H", 1, 0, _HIGH),
    ("debts", "capped", "I", 1, 0, _SMALL),
    ("account", "other_charges", "q", 1, None, None),
    ("account", "other_state", "B", 1, 0, 254),
    ("billing", "tariff_digest", "8s", 1, None, None),
    ("billing", "next_digest", "8s", 1, None, None),
    ("billing", "next_start", "i", 1, -_NEVER, _NEVER),
    ("billing", "day", "h", 1, -10000, _HIGH),
    ("billing", "seen", "i", 1, -_NEVER, _NEVER),
    ("billing", "month", "H", 1, 0, 30000),
    ("billing", "window", "H", 1, 0, 30000),
    ("billing", "positions", "I", _PERIODS, 0, _WORD),
    ("billing", "cells", "I", _CELLS, 0, _WORD),
    ("billing", "exports", "I", _PERIODS, 0, _WORD),
    ("billing", "first_bands", "B", _PERIODS, 0, 11),
    ("billing", "days_charged", "B", 1, 0, 62),
    ("billing", "earlier_counts", "Q", 1, None, None),
    ("billing", "earlier_cost", "q", 1, None, None),
    ("billing", "settled_units", "q", 1, None, None),
    ("billing", "settled_remainder", "Q", 1, None, None),
    ("replay", "marks", "T", _MARKS, None, None),
    ("messages", "leased", "I", 1, None, None),
    ("supply", "reasons", "B", 1, 0, 255),
    ("supply", "kept", "B", 1, 0, 255),
    ("supply", "overloads", "B", 1, 0, 255),
    ("supply", "until", "i", 1, -_NEVER, _NEVER),
    ("supply", "left", "i", 1, -_LIMB, _LIMB),
    ("supply", "tries", "B", 1, 0, 255),
    ("registers", "import_mark", "I", 1, 0, _LIMB),
    ("registers", "export_mark", "I", 1, 0, _LIMB),
    ("identity", "unit_places", "u3", 1, 0, 5),
    ("replay", "base", "u2", 1, 0, _BASE_LAST),
    ("switch", "intent", "u2", 1, 0, 2),
    ("account", "entered", "u1", 1, 0, 1),
    ("billing", "opened", "u1", 1, 0, 1),
    ("billing", "months_charged", "u1", 1, 0, 1),
    ("switch", "closed", "u1", 1, 0, 1),
)

MEANINGS = """
identity.meter_id: the meter's number, ASCII, then zeros
identity.counts_per_kWh: energy counts in a kWh
account.balance: credit units
account.rem1: remainder, 1/d1 of a unit
account.rem2: remainder, 1/(d1 d2) of a unit
account.charges_low: units charged, modulo 2**29
account.charges_high: units charged, divided by 2**29
account.credits_low: units credited, modulo 2**29
account.credits_high: units credited, divided by 2**29
account.last_credit: units of the latest purchase
debts.remaining: units: two time debts, the payment debt
debts.recovered_low: units recovered, modulo 2**29
debts.recovered_high: units recovered, divided by 2**29
debts.capped: units of top-ups taken under the cap so far
account.other_charges: units charged for other energies
account.other_state: state of other energies, 0 for none
billing.tariff_digest: SHA-256 of the tariff, first 8 bytes
billing.next_digest: the same of the tariff to follow, or 0
billing.next_start: UTC second at which it follows
billing.day: last day charged, days since 2020-01-01
billing.seen: UTC second when last the clock was believed
billing.month: month of the statement, year * 12 + month - 1
billing.window: first month of the tier window
billing.positions: counts in the window, by period
billing.cells: counts in the month, by price cell
billing.exports: counts exported, by period
billing.first_bands: band at the month's begin, by period
billing.days_charged: daily charges in the month
billing.earlier_counts: counts of the month, other tariffs
billing.earlier_cost: their cost before tax, 1e-8 currency
billing.settled_units: units of closed statements
billing.settled_remainder: the rest, 1/(d1 d2) of a unit
replay.marks: TID of the latest purchases, 0 for none
messages.leased: end of the lease of message numbers
supply.reasons: why supply may not be on, a bit each
supply.kept: lifts given, press awaited, alarm tripped, account
supply.overloads: trips of the overload protection in a row
supply.until: UTC second when a temporary supply ends
supply.left: what is left of a remote account's limit
supply.tries: trips of the load limit in a row
registers.import_mark: counts imported, modulo 2**29
registers.export_mark: counts exported, modulo 2**29
identity.unit_places: decimals of the credit unit
replay.base: the marks count from: 0 1993, 1 2014, 2 2035
switch.intent: 0 none, 1 to open, 2 to close
account.entered: supply has not yet taken note of the purchase
billing.opened: account is open
billing.months_charged: monthly charges in the month
switch.closed: last proven position of the relay
"""

REGISTER_FIELDS = (
    ("registers", "wh", "I", _REGISTERS_KEPT, None, None),
    ("registers", "remainder", "I", _REGISTERS_KEPT, 0, 131071),
    ("registers", "demand", "i", _DEMAND_VALUES, -_SMALL, _SMALL),
    ("registers", "demand_marks", "H", _DEMAND_MARKS, None, None),
)

REGISTER_MEANINGS = """
registers.wh: Wh, varh, VAh: +A, -A, +R, -R, of that in quadrants II and III, +VA, -VA
registers.remainder: thousandths of a count
registers.demand: minutes * 16 + sub-periods, month, end of the sub-period; \
last W of import and export, its time; \
maxima of the month: W, time of import, of export; those of the month before; \
sums of import and export
registers.demand_marks: +A modulo 65536 where each sub-period began, then -A
"""

_HOT = (b"JGLH", HOT_VERSION, FIELDS)
_REGISTERS = (b"JGLR", REGISTERS_VERSION, REGISTER_FIELDS)

# Read by whoever builds the owners, not set on them: they are derived.
_DERIVED = (
    ("billing", "tariff_digest"), ("billing", "next_digest"),
    ("registers", "import_mark"), ("registers", "export_mark"),
)


class Identity:
    """Which meter this is, and what money and energy are counted in; fixed at provisioning."""

    def __init__(self, meter_id: bytes, unit_places: int, counts_per_kWh: int) -> None:
        self.meter_id = meter_id
        self.unit_places = unit_places
        self.counts_per_kWh = counts_per_kWh


class Ledger:
    def __init__(self, folder: str, fram: object = None) -> None:
        """folder: of the files, on the mounted file system. fram: a FRAM driver, or None."""
        self.folder = folder
        self.fram = fram
        self.hot: object = Record(folder + "/ledger.bin", *_HOT)
        self.registers: object = Record(folder + "/registers.bin", *_REGISTERS)
        self._files = (self.hot, self.registers)
        if fram is not None:
            # Only here: most meters have none, and a module takes memory.
            from joulegate.storage.fram_record import FramRecord
            self.hot = FramRecord(fram, 0, _HOT_ROOM, "fram/ledger", *_HOT)
            self.registers = FramRecord(
                fram, 2 * _HOT_ROOM, _REGISTERS_ROOM, "fram/registers", *_REGISTERS)
        self.owners = {}
        self.commits = 0
        self.energies: object = None
        """An EnergyRecord where there are energies other than electricity."""
        self._held = False

    @property
    def sequence(self) -> int:
        """The number of the last commit; it only rises."""
        return self.hot.sequence

    def exists(self) -> bool:
        """Return whether there is a hot record, believable or not, or was one in a FRAM that
        is not there any more."""
        return self.hot.exists() or self._files[0].exists() or self._marked()

    def create(self, owners: dict) -> None:
        """Write both records for the first time, the registers first.

        A cut in between leaves no ledger, so the meter counts as not provisioned and this can
        be done again.
        """
        self.owners = owners
        if self._files[0].exists():
            raise OSError(EEXIST, self._files[0].path)
        self.registers.remove()
        self.registers.create(owners)
        self.hot.create(owners)
        self._mark()

    def load(self) -> dict:
        """Return the hot record's values; OSError or RecordError when they cannot be had.

        A ledger that the meter had before it had FRAM moves there first.
        """
        if self.fram is None:
            if self._marked():
                raise RecordError("ledger: stands in FRAM, and no FRAM answers")
            return self.hot.load()
        if self._files[0].exists():
            self._move_in()
        values = self.hot.load()
        self._mark()
        return values

    def _marked(self) -> bool:
        try:
            return _MARK in os.listdir(self.folder)
        except OSError:
            return False

    def _mark(self) -> None:
        """Note on flash that there is a ledger in FRAM, once it stands there.

        A meter whose FRAM was taken away is not to be taken for a new one.
        """
        if self.fram is not None and not self._marked():
            with open(self.folder + "/" + _MARK, "wb"):
                pass

    def _move_in(self) -> None:
        """Copy the files to FRAM, the registers first, then remove them, the ledger first.

        A ledger in both places is what a cut before the removal leaves; RecordError unless they
        are the same: it could not be told which one counts.
        """
        file, registers_file = self._files
        file.load()
        if self.hot.exists():
            self.hot.load()
            if self.hot.buffer != file.buffer:
                raise RecordError("ledger: stands in FRAM and in %s, and they differ" % file.path)
        else:
            registers_file.load()
            self.registers.remove()
            self.registers.take_over(registers_file.buffer)
            self.hot.take_over(file.buffer)
        self._mark()
        file.remove()
        registers_file.remove()

    def bind(self, owners: dict, values: dict) -> int:
        """Give the owners what was loaded; return the counts that the registers missed.

        A register record that cannot be read raises: OSError or RecordError.
        """
        self.owners = owners
        kept = {key: value for key, value in values.items() if key not in _DERIVED}
        restore(kept, owners)
        restore(self.registers.load(), owners)
        return owners["registers"].catch_up(
            values["registers", "import_mark"], values["registers", "export_mark"])

    def commit(self) -> None:
        """Make the present state survive; OSError when storage fails, RecordError for a state
        that could not be read back."""
        if self._held:
            self.hot.sequence -= 1
        self.owners["registers"].gather()
        if self.energies is None:
            self.hot.commit(self.owners)
        else:
            self.energies.commit(self.hot, self.owners)
        self.registers.sequence = self.hot.sequence - 1
        self.registers.commit(self.owners)
        self.commits += 1

    def hold(self) -> None:
        """Commit under the present number from now on: entries of a journal above it wait."""
        self._held = True

    def release(self) -> None:
        """Number commits on again after `hold`."""
        self._held = False

    def rise_to(self, sequence: int) -> None:
        """Number the next commit above a sequence that a journal has already seen."""
        self.hot.sequence = max(self.hot.sequence, sequence)
