"""A vault in files that only the meter's own secure element can open, and only the newest.

Each record is sealed by AES-CCM under a key of its own, which the element makes of the record's
number and salt with a key that never leaves it: one AES command for each record. Enciphering
the records themselves in the element would take two commands for each 16 bytes, and hide
nothing more from who listens on the bus. The number is that of the element's monotonic counter,
so a record of an older copy of the flash is refused.

    0    4   "JGSV"
    4    1   version, 1
    5    1   which secret: its counter in the element, 0 ring, 1 decoder
    6    9   serial number of the element
   15    4   number, little-endian
   19   11   salt
   30   13.. the secret's frame, enciphered, and 8 bytes of tag over all before

A write is: the first copy with the number that comes next; the counter; the second copy. Power
may go between any two. Until the counter has moved the old copy holds, from then on the new one;
a start that finds the next number moves the counter itself. Where a write failed, the next one
seals the same number again, with another salt.
"""

import struct
from errno import EIO, ENOENT
from hashlib import sha256

from micropython import const

from joulegate.vending.crypto.aes_ccm import NONCE_SIZE, TAG_SIZE, AesCcm, TagError
from joulegate.vending.vault import SIZE_MAX, SIZE_MIN, VaultError

COUNTERS = {"ring": 0, "decoder": 1}

_MAGIC = b"JGSV"
_VERSION = const(1)
_HEADER = "<4sBB9sI11s"
_HEADER_SIZE = const(30)
_SALT_SIZE = const(11)
_DOMAIN = const(0x4A)
"""First byte of every block that is given to the element, for this use alone."""


class SealedVault:
    def __init__(self, element: object, places: object, random: object) -> None:
        """element: `serial` (9 bytes), `counter_max`, `counter(i)`, `increment(i, before)` which
        returns when the counter is before + 1, and `encrypt(block)` of 16 bytes; RuntimeError,
        OSError. places: FilePlaces. random: a function of a length, like os.urandom."""
        self._element = element
        self._places = places
        self._random = random
        # Of the record that was good last: proves an unchanged copy without the element.
        self._digests = {}
        self.where = "sealed by secure element %s" % "".join(
            ["%02x" % byte for byte in element.serial])
        self.problem = ""
        """What is wrong with one copy, while the other holds."""

    def has(self, name: str) -> bool:
        """Return whether there is a record, or was: the element remembers. OSError."""
        return self._places.has(name) or self._counter(name) > 0

    def read(self, name: str) -> bytes:
        """Return the secret; VaultError when it cannot be unsealed, OSError ENOENT when there
        never was one, EIO when the element does not answer."""
        self.problem = ""
        count = self._counter(name)
        numbers = self._numbers(name, count)
        newest = max(numbers)
        if newest < 0:
            if count == 0 and not self._places.has(name):
                self.problem = ""
                raise OSError(ENOENT, "no keys")
            raise VaultError(self.problem)
        data = self._open(name, self._places.get(name, numbers.index(newest)), count)
        if newest > count:
            self._increment(name, count)
        return data

    def write(self, name: str, data: bytes) -> None:
        """Seal a secret in place of the one there is; OSError, and that one holds.

        Only when the element falls silent between the first copy and its counter is it open
        which of the two the next start finds.
        """
        self.problem = ""
        count = self._counter(name)
        numbers = self._numbers(name, count)
        if max(numbers) > count:
            self._increment(name, count)
            count += 1
        if count >= self._element.counter_max:
            self.problem = "secure element: counter %d is used up, at %d" % (
                COUNTERS[name], count)
            raise OSError(EIO, self.problem)
        sealed = self._seal(name, data, count + 1)
        self.problem = ""  # what was wrong with a copy is written over
        # The copy that is good is overwritten last.
        order = sorted(range(len(numbers)), key=lambda copy: numbers[copy] == count)
        error = None
        first = None
        for copy in order:
            try:
                before = self._places.get(name, copy) if numbers[copy] == count else None
                self._places.put(name, copy, sealed)
                first = copy
                break
            except OSError as e:
                error = e
                self._note(name, copy, e)
        if first is None:
            raise error
        try:
            self._increment(name, count)
        except OSError:
            self._undo(name, first, before, count)
            raise
        self._digests[name] = sha256(sealed).digest()
        for copy in order:
            if copy != first:
                try:
                    self._places.put(name, copy, sealed)
                except OSError as e:
                    self._note(name, copy, e)

    def _undo(self, name: str, copy: int, before: "bytes | None", count: int) -> None:
        """Take back a first copy, if the element says for sure that its counter has not moved."""
        try:
            if self._counter(name) != count:
                return
            if before is None:
                self._places.remove(name, copy)
            else:
                self._places.put(name, copy, before)
        except OSError:
            return  # either number is good at the next start

    def _numbers(self, name: str, count: int) -> list:
        """Return the number of each copy, -1 for one that is no good."""
        numbers = []
        for copy in range(self._places.count(name)):
            numbers.append(-1)
            try:
                sealed = self._places.get(name, copy)
            except OSError as e:
                self._note(name, copy, e)
                continue
            try:
                number = self._check(name, sealed, count)
                if sha256(sealed).digest() != self._digests.get(name):
                    self._open(name, sealed, count)
                numbers[copy] = number
            except VaultError as e:
                self._note(name, copy, e)
        return numbers

    def _check(self, name: str, sealed: bytes, count: int) -> int:
        """Return the number of a record that may be opened; VaultError."""
        size = len(sealed) - _HEADER_SIZE - TAG_SIZE
        if not SIZE_MIN <= size <= SIZE_MAX:
            raise VaultError("%d bytes long, must be %d to %d" % (
                len(sealed), SIZE_MIN + _HEADER_SIZE + TAG_SIZE,
                SIZE_MAX + _HEADER_SIZE + TAG_SIZE))
        magic, version, which, serial, number, _ = struct.unpack_from(_HEADER, sealed, 0)
        if magic != _MAGIC or version != _VERSION or which != COUNTERS[name]:
            raise VaultError("is no sealed %s of version %d" % (name, _VERSION))
        if serial != self._element.serial:
            raise VaultError("is sealed by another secure element")
        if not count <= number <= count + 1:
            raise VaultError("is number %d, the secure element is at %d: %s" % (
                number, count,
                "an older copy was put back" if number < count else "its counter went back"))
        return number

    def _open(self, name: str, sealed: bytes, count: int) -> bytes:
        """Return the secret in a record; VaultError, OSError."""
        self._check(name, sealed, count)
        try:
            data = self._cipher(sealed).open(
                bytes(NONCE_SIZE), sealed[:_HEADER_SIZE], sealed[_HEADER_SIZE:])
        except TagError:
            raise VaultError("its seal is broken") from None
        self._digests[name] = sha256(sealed).digest()
        return data

    def _seal(self, name: str, data: bytes, number: int) -> bytes:
        header = struct.pack(_HEADER, _MAGIC, _VERSION, COUNTERS[name], self._element.serial,
                             number, self._random(_SALT_SIZE))
        return header + self._cipher(header).seal(bytes(NONCE_SIZE), header, data)

    def _cipher(self, header: bytes) -> AesCcm:
        """Return the cipher of one record. Its key is never another's, so the nonce is nothing."""
        block = bytes((_DOMAIN, header[5])) + header[15:18] + header[19:_HEADER_SIZE]
        return AesCcm(self._ask(self._element.encrypt, block))

    def _counter(self, name: str) -> int:
        return self._ask(self._element.counter, COUNTERS[name])

    def _increment(self, name: str, before: int) -> None:
        self._ask(self._element.increment, COUNTERS[name], before)

    def _ask(self, function: object, *arguments: object) -> object:
        try:
            return function(*arguments)
        except (RuntimeError, OSError) as e:
            self.problem = "secure element: %s" % e
            raise OSError(EIO, self.problem) from None

    def _note(self, name: str, copy: int, error: Exception) -> None:
        self.problem = "%s: %s" % (self._places.label(name, copy), error)
