"""The keys that messages are proven with, each with what it has been used for last.

A key has an id (kid), a role, and for what is not credit the number accepted last with the
answer given to it, so that a message sent again is answered again and done once. Numbers and
keys are saved together, so a key change and its answer are one.

Where the keys lie is the business of a vault: files, or a board's protected storage; the store
(`key_record.py`) gives them their packed form. `derive` is all that is ever asked of a key.
"""

from micropython import const

from joulegate.vending.crypto.hkdf import derive
from joulegate.vending.message_result import RECEIVED, reason_number

VENDING = const(1)
ADMINISTRATOR = const(2)
TECHNICIAN = const(3)
METER = const(4)
HEAD_END = const(5)

KEYS_MAX = const(10)
KEY_SIZE = const(16)
KID_MAX = const(8)
MARK_SIZE = const(4)
"""Bytes of a message's tag that tell its repetition from another message of the same number."""

_BALANCE_MAX = const(0x7FFFFFFF)


class KeyRingError(ValueError):
    """A key, or a stored ring, that cannot be used; says which and why."""


class KeyEntry:
    """One key. `factory`: set before delivery, to be changed before anything else is done.

    `retired`: has put another in its own place, and only gets that answer again.
    """

    def __init__(
        self, role: int, kid: bytes, key: bytes, factory: bool = False, retired: bool = False
    ) -> None:
        if not VENDING <= role <= HEAD_END:
            raise KeyRingError("role %r: must be 1 to 5" % (role,))
        if not 1 <= len(kid) <= KID_MAX:
            raise KeyRingError("kid: %d bytes, must be 1 to %d" % (len(kid), KID_MAX))
        if len(key) != KEY_SIZE:
            raise KeyRingError("key: %d bytes, must be %d" % (len(key), KEY_SIZE))
        if len(set(key)) == 1:
            raise KeyRingError("key: its bytes are all the same")
        self.role = role
        self.kid = bytes(kid)
        self.key = bytes(key)
        self.factory = factory
        self.retired = retired
        self.number = 0
        """Highest number accepted; what is not credit must have a higher one."""
        self.status = 0
        self.reason = 0
        self.balance = 0
        self.mark = bytes(MARK_SIZE)


class KeyRing:
    def __init__(self, store: object) -> None:
        """store: `load()` returns a list of entries, `save(entries)` puts one in its place, all
        of it or nothing. OSError, ValueError."""
        self._store = store
        self.entries = []

    @property
    def factory(self) -> bool:
        """Whether any key is still the one of the factory."""
        return any([entry.factory for entry in self.entries if not entry.retired])

    def find(self, kid: bytes) -> KeyEntry:
        """Return the key of an id, or None."""
        for entry in self.entries:
            if entry.kid == kid:
                return entry
        return None

    def own(self) -> KeyEntry:
        """Return the meter's own key; KeyRingError when there is none, as before `create`."""
        for entry in self.entries:
            if entry.role == METER:
                return entry
        raise KeyRingError("key ring: has no key of the meter")

    def derive(self, entry: KeyEntry, info: bytes, length: int) -> bytes:
        """Return bytes for a use of a key (RFC 5869, no salt): the key itself stays here."""
        return derive(entry.key, b"", info, length)

    def create(self, entries: list) -> None:
        """Save the keys of a new life of the meter; KeyRingError, OSError.

        None may be of the life before: its used numbers are forgotten.
        """
        check_entries(entries)
        try:
            old = [entry.key for entry in self._store.load()]
        except (OSError, ValueError):
            old = []  # nothing that could be believed
        for entry in entries:
            if entry.key in old:
                raise KeyRingError("key ring: a key was there before, all must be new")
        self._store.save(entries)
        self.entries = list(entries)

    def load(self) -> None:
        """Read the ring; OSError, or ValueError for one that cannot be believed or unsealed."""
        entries = self._store.load()
        check_entries(entries)
        self.entries = entries

    def take(self, entry: KeyEntry, number: int, mark: bytes) -> None:
        """Use a number up, before what it stands for is done; OSError, and it is not used.

        If power fails in between, the message sent again is answered RECEIVED: nobody knows.
        """
        self._set(
            self._standing(), entry, number, RECEIVED, reason_number("interrupted"), 0,
            mark)

    def finish(self, entry: KeyEntry, status: int, reason: int, balance: int) -> None:
        """Keep the answer to the number that was taken; OSError, and it stays interrupted."""
        self._set(self.entries, entry, entry.number, status, reason, balance, entry.mark)

    def change(self, old_kid: bytes, new: KeyEntry, by: KeyEntry, answer: tuple) -> None:
        """Put `new` in place of a key, or beside the others; None as `new` takes it away.

        Saved at once with the answer (number, status, reason, balance, mark) to the message of
        the key `by` that asked for it. A key that replaces itself stays, retired, to be given
        that answer again, until another message is taken. KeyRingError or OSError, and nothing
        has changed.
        """
        entries = self._standing()
        old = None
        if old_kid is not None:
            old = self.find(old_kid)
            if old is None or old.retired:
                raise KeyRingError("kid: there is no such key to replace")
            if new is not None and new.role != old.role:
                raise KeyRingError("role %d: the key to replace has %d" % (new.role, old.role))
            if old is not by:
                entries.remove(old)
        if new is not None:
            entries.append(new)
        by.retired = old is by
        try:
            check_entries(entries)
            self._set(entries, by, *answer)
        except (OSError, KeyRingError):
            by.retired = False
            raise

    def _standing(self) -> list:
        return [entry for entry in self.entries if not entry.retired]

    def _set(
        self, entries: list, entry: KeyEntry, number: int, status: int, reason: int,
        balance: int, mark: bytes,
    ) -> None:
        before = (entry.number, entry.status, entry.reason, entry.balance, entry.mark)
        entry.number = number
        entry.status = status
        entry.reason = reason
        entry.balance = max(-_BALANCE_MAX, min(balance, _BALANCE_MAX))
        entry.mark = mark
        try:
            self._store.save(entries)
        except OSError:
            entry.number, entry.status, entry.reason, entry.balance, entry.mark = before
            raise
        self.entries = entries


def check_entries(entries: list) -> None:
    """Raise KeyRingError unless these keys may stand side by side."""
    if len(entries) > KEYS_MAX:
        raise KeyRingError("key ring: %d keys, at most %d" % (len(entries), KEYS_MAX))
    roles = [entry.role for entry in entries if not entry.retired]
    if roles.count(METER) != 1:
        raise KeyRingError("key ring: %d keys of the meter, must be one" % roles.count(METER))
    if ADMINISTRATOR not in roles:
        raise KeyRingError("key ring: no key of an administrator, must be one at least")
    for what in ([entry.kid for entry in entries], [entry.key for entry in entries]):
        if len(set(what)) != len(what):
            raise KeyRingError("key ring: two keys have the same id or the same content")
