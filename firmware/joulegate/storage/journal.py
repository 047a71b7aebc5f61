"""The purchase journal: every credit written down before the ledger takes it.

A ring of fixed entries in a folder, and so in a metadata pair, of its own. Each entry carries
the sequence of the ledger commit that is to contain it. littlefs silently falls back to an
older commit when the newest is damaged; an entry ahead of the ledger is how the meter notices,
and is applied again.
"""

import struct
from binascii import crc32

from micropython import const

ENTRIES = const(64)

_FORMAT = "<IiBBIiqqII"  # the last is the check sum
_SIZE = const(42)
_EMPTY = bytes(_SIZE)

CREDIT = const(1)


class JournalError(ValueError):
    """The journal cannot be believed; says what is wrong."""


class Entry:
    """One purchase: `sequence` of its commit, UTC `time`, `carrier`, `tid`, `units`, and the
    account's total `credits` and `balance` after it; `debt` is what of it paid a debt."""

    def __init__(
        self, sequence: int, time: int, carrier: int, tid: int, units: int, credits: int,
        balance: int, debt: int = 0,
    ) -> None:
        self.sequence = sequence
        self.time = time
        self.carrier = carrier
        self.tid = tid
        self.units = units
        self.credits = credits
        self.balance = balance
        self.debt = debt


class Journal:
    def __init__(self, path: str) -> None:
        self.path = path
        self._next = 0

    def create(self) -> None:
        """Write an empty journal, over what an earlier life of the meter left."""
        with open(self.path, "wb") as f:
            for _ in range(ENTRIES):
                f.write(_EMPTY)
        self._next = 0

    def load(self) -> list:
        """Return the entries, oldest first; OSError, or JournalError for a damaged one."""
        found = [(entry.sequence, slot, entry) for slot, entry in self._stored()]
        found.sort(key=lambda item: item[0])
        self._next = (found[-1][1] + 1) % ENTRIES if found else 0
        return [entry for _, _, entry in found]

    def find(self, tid: int) -> "Entry | None":
        """Return the newest entry of a TID, None if there is none; OSError, JournalError."""
        newest = None
        for _, entry in self._stored():
            if entry.tid == tid and (newest is None or entry.sequence > newest.sequence):
                newest = entry
        return newest

    def _stored(self) -> object:
        """Yield (slot, entry) of every slot that is used; OSError, JournalError."""
        buffer = bytearray(_SIZE)
        with open(self.path, "rb") as f:
            for slot in range(ENTRIES):
                if f.readinto(buffer) != _SIZE:
                    raise JournalError("journal: shorter than %d entries" % ENTRIES)
                entry = _decode(buffer, slot)
                if entry is not None:
                    yield slot, entry

    def append(
        self, sequence: int, time: int, carrier: int, tid: int, units: int, credits: int,
        balance: int, debt: int = 0,
    ) -> None:
        """Write an entry (see Entry) over the oldest; when this returns it is on flash."""
        buffer = bytearray(_SIZE)
        struct.pack_into(
            _FORMAT, buffer, 0, sequence, time, CREDIT, carrier, tid, units, credits, balance,
            debt, 0)
        struct.pack_into("<I", buffer, _SIZE - 4, crc32(memoryview(buffer)[:_SIZE - 4]))
        with open(self.path, "r+b") as f:
            f.seek(self._next * _SIZE)
            f.write(buffer)
        self._next = (self._next + 1) % ENTRIES


def _decode(buffer: bytearray, slot: int) -> object:
    if buffer == _EMPTY:
        return None
    sequence, time, kind, carrier, tid, units, credits, balance, debt, check = struct.unpack(
        _FORMAT, buffer)
    if check != crc32(memoryview(buffer)[:_SIZE - 4]) or kind != CREDIT:
        raise JournalError("journal: entry %d is damaged" % slot)
    return Entry(sequence, time, carrier, tid, units, credits, balance, debt)
