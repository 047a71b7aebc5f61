"""Makes 20-digit tokens for tests that run on the meter's interpreter too.

The cipher is the firmware's own, turned round; what stands on its own feet is tools/vend, which
tests/system/test_tokens.py holds against the meter.
"""

from joulegate.vending.misty1 import Misty1
from joulegate.vending.sts_token import CREDIT, MANAGEMENT, crc16

KEY = b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"


class Enciphering(Misty1):
    """The cipher in the vending side's direction."""

    def encrypt(self, block):
        """Return 8 bytes enciphered."""
        words = [block[i] << 8 | block[i + 1] for i in range(0, 8, 2)]
        d0, d1 = words[:2], words[2:]
        for r in range(0, 8, 2):
            self._fl(d0, r)
            self._fl(d1, r + 1)
            t = self._fo(d0[0], d0[1], r)
            d1 = [d1[0] ^ t[0], d1[1] ^ t[1]]
            t = self._fo(d1[0], d1[1], r + 1)
            d0 = [d0[0] ^ t[0], d0[1] ^ t[1]]
        self._fl(d0, 8)
        self._fl(d1, 9)
        out = bytearray()
        for word in d1 + d0:
            out.extend(bytes((word >> 8, word & 0xFF)))
        return bytes(out)

    def _fl(self, d, r):
        i = r // 2
        if r % 2 == 0:
            d[1] ^= d[0] & self._k[i & 7]
            d[0] ^= d[1] | self._kd[(i + 6) & 7]
        else:
            d[1] ^= d[0] & self._kd[(i + 2) & 7]
            d[0] ^= d[1] | self._k[(i + 4) & 7]


def token(cls, sub, body, key=KEY, wrong_crc=0):
    """Return the digits of a class, a subclass and 44 bits; wrong_crc: bits to turn round."""
    number = sub << 44 | body
    block = bytearray([number >> 8 * i & 0xFF for i in range(5, -1, -1)] + [0, 0])
    crc = crc16(cls, block) ^ wrong_crc
    block[6] = crc & 0xFF
    block[7] = crc >> 8
    if cls != 1:
        block = Enciphering(key).encrypt(block)
    number = 0
    for byte in block:
        number = number << 8 | byte
    number = (number >> 27 & 3) << 64 | number & ~(3 << 27) | cls << 27
    digits = str(number)
    return "0" * (20 - len(digits)) + digits


def with_tid(cls, sub, tid, field, key=KEY):
    """Return the digits of a token with an issue time and 16 bits."""
    return token(cls, sub, 5 << 40 | tid << 16 | field, key)


def credit(tid, field, key=KEY, sub=0):
    """Return a credit of the amount field's tenths of a kWh."""
    return with_tid(CREDIT, sub, tid, field, key)


def management(sub, tid, field, key=KEY):
    return with_tid(MANAGEMENT, sub, tid, field, key)


def key_sections(new, old=KEY, ken=255, krn=2, rollover=0, kt=2, ti=7, sgc=123457):
    """Return the four tokens of a key change, in the order of the standard's names."""
    parts = []
    for i in range(0, 16, 4):
        word = 0
        for byte in new[i:i + 4]:
            word = word << 8 | byte
        parts.append(word)
    first = (ken >> 4) << 8 | krn << 4 | rollover << 3 | kt
    heads = ((3, first, parts[0]), (4, (ken & 15) << 8 | ti, parts[3]),
             (8, sgc & 0xFFF, parts[1]), (9, sgc >> 12, parts[2]))
    return [token(MANAGEMENT, sub, head << 32 | part, old) for sub, head, part in heads]
