"""A ring of fixed entries in files of one flash sector each: what has happened, and no more of
it than there is room for.

Entry number n stands in slot n % capacity, so the place of every entry is known, the newest is
found at a start from the first entry of each file and one file whole, and a full ring wears
nothing by making or removing files. A file of one sector costs littlefs one erase whichever
slot is written; one of more sectors would be written again from the slot to its end. It is as
long as it will ever be from the first entry on: a shorter one would stand in its folder's
metadata and be copied with it.

What cannot be believed is skipped and counted; everything else is still read.
"""

import os
import struct
from binascii import crc32
from errno import ENOENT

from micropython import const

from joulegate.core import events as event
from joulegate.core.events import EventLog
from joulegate.storage.entry_layout import DAMAGED, Layout
from joulegate.storage.ring_search import FOREIGN, find_next

SECTOR = const(4096)
HEADER_SIZE = const(12)

_READ_SIZE = const(512)

# What a file's header says; FOREIGN is ring_search's.
_OURS = const(0)
_UNREADABLE = const(1)


class Ring:
    def __init__(self, path: str, files: int, layout: Layout) -> None:
        """path: folder and how the files' names begin; the folder is made when first needed."""
        self.path = path
        self.files = files
        self.layout = layout
        self.per_file = (SECTOR - HEADER_SIZE) // layout.size
        self._next = 0  # -1 until it is looked for
        self.damaged = 0
        """Entries that the last reading found and could not believe."""
        self.missing = 0
        """Entries that it did not find."""
        self.foreign = 0
        """Files of another layout or version that the search for the newest entry found."""
        self._failed = False

    @property
    def next(self) -> int:
        """Number of the entry that will be written next."""
        if self._next < 0:
            self._next = find_next(self)
        return self._next

    def known(self) -> "int | None":
        """Return `next`, or None while it would have to be looked for on flash."""
        return None if self._next < 0 else self._next

    @property
    def capacity(self) -> int:
        return self.files * self.per_file

    def header(self) -> bytes:
        """Return what every file begins with."""
        layout = self.layout
        head = struct.pack(
            "<4sBBH", layout.magic, layout.version, self.per_file, layout.size)
        return head + struct.pack("<I", crc32(head))

    # --- writing --------------------------------------------------------------------------

    def append(self, values: tuple) -> None:
        """Write an entry over the oldest; when this returns it is on flash.

        OSError, or ValueError for a value out of range, and the ring is as it was.
        """
        number, slot = self.place(self.next)
        self.layout.pack(self.next, values)
        try:
            found = self._overwrite(number, slot)
        except OSError as e:
            if e.errno != ENOENT:
                raise
            found = False
        if not found:
            self._create(number, slot)
        self._next += 1

    def keep(self, values: tuple, log: EventLog, now: int) -> bool:
        """Append, and report storage that begins to fail as an event instead of raising."""
        try:
            self.append(values)
        except (OSError, ValueError) as e:
            if not self._failed:
                self._failed = True
                number = e.errno if isinstance(e, OSError) else 0
                log.add(event.STORAGE_ERROR, now, number or 0)
            return False
        self._failed = False
        return True

    def restart(self, values: tuple) -> None:
        """Leave one entry, and nothing before it. Numbers go on rising. In one file: at once."""
        keep, slot = self.place(self.next)
        self.layout.pack(self.next, values)
        for number in range(self.files):
            if number != keep:
                self._remove(number)
        self._create(keep, slot)
        self._next += 1

    def forget(self) -> None:
        """Remove everything and number from 0 again: another meter's life begins."""
        for number in range(self.files):
            self._remove(number)
        self._next = 0

    def take_back(self, sequence: int) -> None:
        """Go on at an entry that stands there already: it and those after it never counted.

        Until they are overwritten a start finds them again, and must take them back again.
        """
        self._next = min(sequence, self.next)

    def full_since(self, now: int, count: int, seconds: int) -> bool:
        """Return whether the last `count` entries are all of the `seconds` before now.

        A bound on wear that survives a reset, because the entries are its memory. Their layout
        must have a `time`.
        """
        if self.next < count:
            return False
        entry = self.read(self.next - count)
        return entry is not None and 0 <= now - entry["time"] < seconds

    def _overwrite(self, number: int, slot: int) -> bool:
        """Write the entry into its file; False when the file is of another layout."""
        with open(self.file_name(number), "r+b") as f:
            state = self.look_at(f)
            if state == FOREIGN:
                return False
            if state == _UNREADABLE:
                f.seek(0)
                f.write(self.header())
            f.seek(HEADER_SIZE + slot * self.layout.size)
            f.write(self.layout.buffer)
        return True

    def _create(self, number: int, slot: int) -> None:
        """Write a file whole, with one entry in it, and put it in its place."""
        name = self.file_name(number)
        try:
            self._write_new(name + ".new", slot)
        except OSError as e:
            if e.errno != ENOENT:
                raise
            os.mkdir(self.path.rpartition("/")[0])
            self._write_new(name + ".new", slot)
        os.rename(name + ".new", name)

    def _write_new(self, name: str, slot: int) -> None:
        blank = bytes(self.layout.size)
        with open(name, "wb") as f:
            f.write(self.header())
            for i in range(self.per_file):
                f.write(self.layout.buffer if i == slot else blank)

    def _remove(self, number: int) -> None:
        try:
            os.remove(self.file_name(number))
        except OSError as e:
            if e.errno != ENOENT:
                raise

    # --- reading --------------------------------------------------------------------------

    def load(self) -> None:
        """Look for the newest entry again when it is first asked for.

        A start does not wait for every ring; the first that has an entry finds its place.
        """
        self._next = -1

    def entries(self, first: int = 0) -> object:
        """Yield the entries from a number on that are kept, oldest first, each a new dict.

        No file stays open between two entries, and entries may be appended meanwhile: those
        are left to another reading. Then see `damaged` and `missing`.
        """
        end = self.next
        self.damaged = 0
        self.missing = 0
        buffer = bytearray(self.read_entries() * self.layout.size)
        plan = self.layout.plan()
        sequence = max(first, end - self.capacity, 0)
        while sequence < end:
            number, slot = self.place(sequence)
            count = min(self.read_entries(), self.per_file - slot, end - sequence)
            if self._fill(number, slot, count, buffer) == FOREIGN:
                sequence += self.per_file - slot
                continue
            for i in range(count):
                entry = self._believe(buffer, i * self.layout.size, sequence + i, plan)
                if entry is not None:
                    yield entry
            sequence += count

    def read(self, sequence: int) -> "dict | None":
        """Return one entry by its number, None when it is not kept or cannot be believed."""
        if not max(0, self.next - self.capacity) <= sequence < self.next:
            return None
        number, slot = self.place(sequence)
        buffer = bytearray(self.layout.size)
        self._fill(number, slot, 1, buffer)
        return self._believe(buffer, 0, sequence, self.layout.plan())

    def file_name(self, number: int) -> str:
        return self.path + (".bin" if self.files == 1 else "-%02d.bin" % number)

    def place(self, sequence: int) -> tuple:
        """Return (file, slot) of an entry."""
        at = sequence % self.capacity
        return at // self.per_file, at % self.per_file

    def read_entries(self) -> int:
        """Return how many entries are read at a time."""
        return max(1, _READ_SIZE // self.layout.size)

    def look_at(self, f: object) -> int:
        """Read a file's header and return what it says."""
        head = f.read(HEADER_SIZE)
        if head == self.header():
            return _OURS
        if len(head) < HEADER_SIZE or crc32(head[:-4]) != struct.unpack("<I", head[-4:])[0]:
            return _UNREADABLE
        return FOREIGN

    def _fill(self, number: int, slot: int, count: int, buffer: bytearray) -> int:
        """Read entries into a buffer, zeros for what the file has not; return its state."""
        size = count * self.layout.size
        got = 0
        state = _UNREADABLE
        try:
            with open(self.file_name(number), "rb") as f:
                state = self.look_at(f)
                f.seek(HEADER_SIZE + slot * self.layout.size)
                got = f.readinto(memoryview(buffer)[:size]) or 0
        except OSError:
            pass
        for i in range(got, size):
            buffer[i] = 0
        return state

    def _believe(
        self, buffer: bytearray, at: int, wanted: int, plan: list
    ) -> "dict | None":
        sequence = self.layout.sequence(buffer, at)
        if sequence == wanted:
            entry = self.layout.unpack(buffer, at, plan)
            if entry is None:
                self.damaged += 1
            return entry
        if sequence == DAMAGED:
            self.damaged += 1
        elif sequence < wanted:
            self.missing += 1
        # else it has been overwritten since the reading began
        return None
