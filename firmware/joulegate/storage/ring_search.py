"""Where a ring goes on: the number after its newest entry, found from what the files hold.

Of most files only the first entry is read. Never raises: what cannot be read is not there.
"""

from micropython import const

from joulegate.storage.entry_layout import DAMAGED

FOREIGN = const(2)
"""What a ring says of a file of another layout or version."""


def find_next(ring: object) -> int:
    """Return the number of the entry to be written next; sets the ring's damaged and foreign."""
    ring.damaged = 0
    ring.foreign = 0
    buffer = bytearray(ring.read_entries() * ring.layout.size)
    if ring.files == 1:
        return _highest(ring, 0, buffer, False) + 1
    found = _search(ring, buffer)
    return _look_everywhere(ring, buffer) if found < 0 else found


def _search(ring: object, buffer: bytearray) -> int:
    """Find it by halving; -1 when something damaged or missing misleads.

    Files up to the newest begin with higher numbers than file 0, those after it with lower.
    """
    begin = _highest(ring, 0, buffer, True)
    newest = 0
    beyond = ring.files
    while beyond - newest > 1 and begin >= 0:
        middle = (newest + beyond) // 2
        if _highest(ring, middle, buffer, True) >= begin:
            newest = middle
        else:
            beyond = middle
    found = _highest(ring, newest, buffer, False) + 1
    if begin < 0 or ring.damaged:
        return -1
    # A full file is the newest only if the one that follows can be seen to be old.
    full = found % ring.per_file == 0
    if not full or beyond == ring.files or _highest(ring, beyond, buffer, True) >= 0:
        return found
    return -1


def _look_everywhere(ring: object, buffer: bytearray) -> int:
    ring.damaged = 0
    ring.foreign = 0
    newest = -1
    at = 0
    for number in range(ring.files):
        first = _highest(ring, number, buffer, True)
        if first > newest:
            newest = first
            at = number
    return 0 if newest < 0 else _highest(ring, at, buffer, False) + 1


def _highest(ring: object, number: int, buffer: bytearray, first_only: bool) -> int:
    """Return the highest number in a file, or that of its first good entry; -1 for none."""
    size = ring.layout.size
    highest = -1
    slot = 0
    try:
        with open(ring.file_name(number), "rb") as f:
            if ring.look_at(f) == FOREIGN:
                ring.foreign += 1
                return -1
            while slot < ring.per_file:
                got = (f.readinto(buffer) or 0) // size
                for i in range(min(got, ring.per_file - slot)):
                    sequence = _in_place(ring, buffer, i * size, number, slot + i)
                    if first_only and sequence >= 0:
                        return sequence
                    highest = max(highest, sequence)
                if not got:
                    break
                slot += got
    except OSError:
        pass
    return highest


def _in_place(ring: object, buffer: bytearray, at: int, number: int, slot: int) -> int:
    """Return the number of an entry read from a slot, -1 when it is none of that slot."""
    sequence = ring.layout.sequence(buffer, at)
    if sequence == DAMAGED:
        ring.damaged += 1
    return sequence if sequence >= 0 and ring.place(sequence) == (number, slot) else -1
