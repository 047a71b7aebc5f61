"""STS-format tokens as the vending side makes them: decoder keys, fields, check sum, digits.

Written from the facts of the format and apart from the firmware, so that each tests the other.
Numbers here are Python's own big integers, and fractions where an amount is rounded.

Sources: IEC 62055-41:2018 as far as public; vectors in tests/vectors/sts_ea11.json.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from tools.vend import misty1
from tools.vend.errors import VendError

BASES = (1993, 2014, 2035)
TID_END = 1 << 24
AMOUNT_MAX = 18201624
"""In tenths of kWh: 1 820 162.4 kWh."""

CREDIT, DISPLAY, MANAGEMENT = 0, 1, 2
MAXIMUM_POWER, CLEAR_CREDIT, CLEAR_TAMPER, PHASE_UNBALANCE = 0, 1, 5, 6
_DAY_MIN = 1440
_RESERVED_MIN = 1

Encipher = Callable[[bytes, bytes], bytes]
"""(key, block of 8 bytes) -> block: misty1.encrypt for EA11, an integrator's for EA07."""


class StsError(VendError):
    """What cannot be issued, with the value and the rule."""


@dataclass(frozen=True)
class Group:
    """What a decoder key is derived from besides the meter's number.

    vending_key: 20 bytes for DKGA04, 8 for DKGA02. base: year of the base date.
    """

    vending_key: bytes
    sgc: str
    base: int = 2014
    ti: str = "01"
    kt: int = 2
    krn: int = 1
    ken: int = 255
    ea: int = 11

    def __post_init__(self) -> None:
        _digits("supply group code", self.sgc, 6)
        _digits("tariff index", self.ti, 2)
        _range("key type", self.kt, 0, 3)
        _range("key revision number", self.krn, 1, 9)
        _range("key expiry number", self.ken, 0, 255)
        if self.base not in BASES:
            raise StsError(f"base date {self.base}: must be 1993, 2014 or 2035")
        if self.ea not in (7, 11):
            raise StsError(f"encryption algorithm {self.ea}: must be 7 or 11")


def _range(what: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise StsError(f"{what} {value}: must be {low} to {high}")


def _digits(what: str, text: str, *lengths: int) -> None:
    if len(text) not in lengths or not (text.isascii() and text.isdigit()):
        raise StsError(f"{what} {text!r}: must be {' or '.join(map(str, lengths))} digits")


def meter_pan(number: str) -> str:
    """Return the 18 digits of a meter's number: 11 or 13 get issuer and check digit, 18 stay."""
    _digits("meter", number, 11, 13, 18)
    if len(number) == 18:
        return number
    body = ("600727" if len(number) == 11 else "0000") + number
    return body + luhn(body)


def luhn(body: str) -> str:
    """Return the check digit behind a number."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def dkga02(group: Group, pan: str) -> bytes:
    """Return the 64-bit decoder key made by DES, for legacy EA07 meters."""
    key = group.vending_key
    if len(key) != 8:
        raise StsError(f"vending key of {len(key)} bytes: DKGA02 takes 8")
    issuer, number = pan[:6], pan[6:17]
    if group.kt == 3:
        issuer, number = ("600727", "0" * 11) if issuer == "600727" else ("000000", "0" * 11)
    # Of a 13-digit meter the issuer's number has 4 digits and the meter's goes on before.
    block = issuer[1:] + number if issuer == "600727" else (issuer + number)[1:]
    control = f"{group.kt}{group.sgc}{group.ti}{group.krn}FFFFFF"
    x = int(block, 16) ^ int(control, 16)
    engine = Cipher(TripleDES(key * 3), modes.ECB()).encryptor()
    enciphered = engine.update(x.to_bytes(8, "big")) + engine.finalize()
    return (int.from_bytes(enciphered, "big") ^ x ^ int.from_bytes(key, "big")).to_bytes(8, "big")


def dkga04_message(group: Group, pan: str) -> bytes:
    """Return what DKGA04 authenticates: every field with its length before it."""
    message = b"\x04"
    for field in ("04", f"{group.base % 100:02}", f"{group.ea:02}", group.ti):
        message += bytes([len(field)]) + field.encode()
    message += b"\x00\x04"
    for field in (group.sgc, str(group.kt), str(group.krn), pan):
        message += bytes([len(field)]) + field.encode()
    return message + (8 * _key_size(group)).to_bytes(4, "big")


def dkga04(group: Group, pan: str) -> bytes:
    """Return the decoder key made by HMAC-SHA-256: 16 bytes for EA11, 8 for EA07."""
    if len(group.vending_key) != 20:
        raise StsError(f"vending key of {len(group.vending_key)} bytes: DKGA04 takes 20")
    made = hmac.digest(group.vending_key, dkga04_message(group, pan), "sha256")
    return made[:_key_size(group)]


def _key_size(group: Group) -> int:
    return 16 if group.ea == 11 else 8


def amount_field(value: Fraction | int) -> int:
    """Return the 16 bits of an amount in the token's unit, rounded up; StsError beyond them."""
    rest, exponent = Fraction(value), 0
    if not 0 <= rest <= AMOUNT_MAX:
        raise StsError(f"amount {value}: must be 0 to {AMOUNT_MAX}")
    while rest >= 16384 and exponent < 3:
        rest, exponent = (rest - 16384) / 10, exponent + 1
    return exponent * 16384 + -(-rest.numerator // rest.denominator)


def tid_at(when: datetime, base: int) -> int:
    """Return the identifier of a moment: its minute since the base date, none of the reserved.

    A moment without a zone is taken as UTC. 00:01 of each day is for special tokens.
    """
    if when.tzinfo is not None:
        when = when.astimezone(UTC).replace(tzinfo=None)
    tid = (when - datetime(base, 1, 1)) // timedelta(minutes=1)
    return _checked_tid(tid + (tid % _DAY_MIN == _RESERVED_MIN), base)


def next_tid(when: datetime, base: int, last: int | None) -> int:
    """Return the identifier of a meter's next token, above that of its last."""
    tid = tid_at(when, base)
    if last is not None and tid <= last:
        tid = last + 1
        tid += tid % _DAY_MIN == _RESERVED_MIN
    return _checked_tid(tid, base)


def _checked_tid(tid: int, base: int) -> int:
    if not 0 < tid < TID_END:
        raise StsError(f"time of issue: outside what base date {base} counts")
    return tid


def crc(cls: int, sub: int, body: int) -> int:
    """Return the check sum as it stands in the token."""
    value = 0xFFFF
    for byte in ((cls << 4 | sub) << 44 | body).to_bytes(7, "big"):
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 * (value & 1)
    return int.from_bytes(value.to_bytes(2, "little"), "big")


def encode(
    key: bytes, cls: int, sub: int, body: int, encipher: Encipher = misty1.encrypt,
) -> str:
    """Return the 20 digits of a token; body: 44 bits. Class 1 is not enciphered."""
    block = sub << 60 | body << 16 | crc(cls, sub, body)
    if cls != DISPLAY:
        block = int.from_bytes(encipher(key, block.to_bytes(8, "big")), "big")
    top = block >> 27 & 3
    return f"{top << 64 | block & ~(3 << 27) | cls << 27:020}"


def with_tid(
    key: bytes, cls: int, sub: int, tid: int, field: int, rnd: int,
    encipher: Encipher = misty1.encrypt,
) -> str:
    """Return a token of RND, TID and 16 bits: credit, and management with an issue time."""
    _range("TID", tid, 0, TID_END - 1)
    return encode(key, cls, sub, (rnd & 15) << 40 | tid << 16 | field, encipher)


def display(control: int, manufacturer: int = 0, four_digits: bool = False) -> str:
    """Return a test or display token; control: a bit a test."""
    width = 16 if four_digits else 8
    _range("control", control, 0, (1 << 44 - width) - 1)
    _range("manufacturer", manufacturer, 0, (1 << width) - 1)
    return encode(b"", DISPLAY, int(four_digits), control << width | manufacturer)


def key_change(
    old: bytes, new: bytes, group: Group, rollover: bool = False,
    encipher: Encipher = misty1.encrypt,
) -> list[str]:
    """Return the set of tokens that brings a meter from one key to another with its attributes.

    Four under a key of 16 bytes (EA11), two under one of 8 (EA07); in any order. group: what
    the new key was made from. rollover: base dates change and the meter forgets its tokens.
    """
    if len(old) != len(new) or len(new) not in (8, 16):
        raise StsError("key change: both keys must be 16 bytes, or both 8")
    if rollover and old == new:
        raise StsError("key change: roll-over needs a new key")
    parts = [int.from_bytes(new[i:i + 4], "big") for i in range(0, len(new), 4)]
    sgc = int(group.sgc)
    first = (group.ken >> 4) << 8 | group.krn << 4 | int(rollover) << 3 | group.kt
    last = (group.ken & 15) << 8 | int(group.ti)
    heads = [(3, first, parts[0]), (4, last, parts[-1])]
    if len(parts) == 4:
        heads += [(8, sgc & 0xFFF, parts[1]), (9, sgc >> 12, parts[2])]
    return [encode(old, MANAGEMENT, sub, head << 32 | part, encipher)
            for sub, head, part in heads]
