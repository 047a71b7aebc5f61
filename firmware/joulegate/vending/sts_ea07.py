"""EA07, the Standard Transfer Algorithm, with tables that an integrator brings.

The tables of the live cipher are handed by the STS Association to its licensees; none are part
of this project. An integrator who may use them puts them into a file, docs/tokens.md says how.

Block and key are kept as bits, not as 64-bit numbers. Bit 0 is the lowest. In round r nibble n
goes through substitution 1 where bit 4n + 3 of the round's key is 0, else through 2; the
round's key is the key inverted, rotated right by 12 and left by r. Then the bits change places.
"""

import json

from micropython import const

BLOCK_SIZE = const(8)
KEY_SIZE = const(8)
FILE_SIZE_MAX = const(2048)

_ROUNDS = const(16)
_FIELDS = (("substitution_1", 16), ("substitution_2", 16), ("permutation", 64))


class Ea07Tables:
    """The three tables, checked; the substitutions turned round for deciphering."""

    def __init__(self, tables: dict) -> None:
        """tables: lists of integers, each a permutation of 0 to its length - 1.

        `substitution_1[n]` and `substitution_2[n]` are what nibble n becomes, and
        `permutation[i]` is where bit i goes, all on enciphering. ValueError names what is wrong.
        """
        if not isinstance(tables, dict) or sorted(tables) != sorted(f[0] for f in _FIELDS):
            raise ValueError("EA07 tables: must be an object of substitution_1, substitution_2 "
                             "and permutation")
        for name, length in _FIELDS:
            table = tables[name]
            if (not isinstance(table, list) or not all(type(n) is int for n in table)
                    or sorted(table) != list(range(length))):
                raise ValueError("EA07 tables: %s must hold each of 0 to %d once" % (
                    name, length - 1))
        self.inverse = tuple(
            bytes([tables[name].index(n) for n in range(16)])
            for name in ("substitution_1", "substitution_2"))
        self.permutation = bytes(tables["permutation"])


def load_tables(path: str) -> Ea07Tables:
    """Read a file of tables, one JSON object; OSError, or ValueError that says what is wrong."""
    with open(path) as f:
        text = f.read(FILE_SIZE_MAX + 1)
    if len(text) > FILE_SIZE_MAX:
        raise ValueError("EA07 tables: longer than %d bytes" % FILE_SIZE_MAX)
    return Ea07Tables(json.loads(text))


class Ea07:
    """A key made ready: `decrypt` any number of blocks."""

    name = "EA07"

    def __init__(self, tables: Ea07Tables, key: bytes) -> None:
        """key: 8 bytes; ValueError for another length."""
        if len(key) != KEY_SIZE:
            raise ValueError("EA07 key: %d bytes, must be %d" % (len(key), KEY_SIZE))
        self._tables = tables
        self._key = _bits(key)

    def decrypt(self, block: bytearray) -> None:
        """Decipher 8 bytes in place, the most significant first."""
        permutation = self._tables.permutation
        inverse = self._tables.inverse
        key = self._key
        bits = _bits(block)
        moved = bytearray(64)
        for r in range(_ROUNDS - 1, -1, -1):
            for i in range(64):
                moved[i] = bits[permutation[i]]
            bits, moved = moved, bits
            for at in range(0, 64, 4):
                # Bit 4n + 3 of the round's key; the key's own bit is the inverse of it.
                table = inverse[1 - key[(at + 15 - r) & 63]]
                nibble = table[
                    bits[at] | bits[at + 1] << 1 | bits[at + 2] << 2 | bits[at + 3] << 3]
                for i in range(4):
                    bits[at + i] = nibble >> i & 1
        for i in range(8):
            byte = 0
            for j in range(8):
                byte |= bits[8 * (7 - i) + j] << j
            block[i] = byte


def _bits(block: "bytes | bytearray") -> bytearray:
    """Return the 64 bits of 8 bytes, the lowest first."""
    return bytearray([block[7 - i // 8] >> (i & 7) & 1 for i in range(64)])
