"""The 20-digit token: digits to 66 bits, class, block, check sum and fields.

A token is class (2 bits, in the clear), then a block of 64 bits: subclass (4), body (44) and
CRC (16), enciphered except in class 1. On the way to digits the class changes places with bits
28 and 27 of the block. Everything here is in words of 16 bits, so no board needs big integers
for it.

Source: IEC 62055-41:2018 sections 6 and 7, as far as published vectors and public texts show
it; tests/vectors/sts_ea11.json holds the vectors.
"""

from micropython import const

DIGITS = const(20)
AMOUNT_MAX = const(18201624)

# Classes.
CREDIT = const(0)
DISPLAY = const(1)
MANAGEMENT = const(2)
_RESERVED = const(3)

# Subclasses of CREDIT.
ELECTRICITY = const(0)
WATER = const(1)
GAS = const(2)
TIME = const(3)

# Subclasses of DISPLAY: how long the manufacturer code is.
CODE_OF_2 = const(0)
CODE_OF_4 = const(1)

# Subclasses of MANAGEMENT.
MAXIMUM_POWER = const(0)
CLEAR_CREDIT = const(1)
KEY_SECTION_1 = const(3)
KEY_SECTION_2 = const(4)
CLEAR_TAMPER = const(5)
PHASE_UNBALANCE = const(6)
KEY_SECTION_3 = const(8)
KEY_SECTION_4 = const(9)

KEY_SECTIONS = (KEY_SECTION_1, KEY_SECTION_2, KEY_SECTION_3, KEY_SECTION_4)

# Why a token is refused, in words that the standard's results stand behind.
FORMAT = "format"
CRC = "crc"
NOT_SUPPORTED = "not_supported"
MANUFACTURER = "manufacturer"
KEY_EXPIRED = "key_expired"
OLD = "old"
USED = "used"
FUTURE = "future"
OVERFLOW = "overflow"
LOCKED = "locked"
KEY = "key"
SUSPENDED = "suspended"
STORAGE = "storage"

_KNOWN = (
    (ELECTRICITY, WATER, GAS, TIME),
    (CODE_OF_2, CODE_OF_4),
    (MAXIMUM_POWER, CLEAR_CREDIT, CLEAR_TAMPER, PHASE_UNBALANCE) + KEY_SECTIONS,
)
_WATTS = (MAXIMUM_POWER, PHASE_UNBALANCE)
_SEPARATORS = " -"
_TEXT_MAX = const(40)
_BLOCK_SIZE = const(8)


class TokenError(ValueError):
    """A token that is refused: `reason` is one of the words above, the text says more.

    `tid` is 0 where nobody knows it.
    """

    def __init__(self, reason: str, text: str, tid: int = 0) -> None:
        super().__init__("%s: %s" % (reason, text))
        self.reason = reason
        self.tid = tid


class Token:
    """What a token says. Its `head` is 12 bits, `middle` and `low` 16 bits each."""

    def __init__(self, cls: int, block: bytearray) -> None:
        self.cls = cls
        self.sub = block[0] >> 4
        self.head = (block[0] & 0xF) << 8 | block[1]
        self.middle = block[2] << 8 | block[3]
        self.low = block[4] << 8 | block[5]

    @property
    def key_section(self) -> bool:
        """Whether this is one of the tokens that together change the key."""
        return self.cls == MANAGEMENT and self.sub in KEY_SECTIONS

    @property
    def tid(self) -> "int | None":
        """Minutes from the base date to the issue; None for what has none."""
        if self.cls == DISPLAY or self.key_section:
            return None
        return (self.head & 0xFF) << 16 | self.middle

    @property
    def value(self) -> int:
        """Tenths of kWh, m3 or minutes; watts; the register to clear (0xFFFF is all); 0."""
        if self.cls == CREDIT or self.cls == MANAGEMENT and self.sub in _WATTS:
            return amount_of(self.low)
        return self.low

    @property
    def manufacturer(self) -> int:
        """Code of whose meter a DISPLAY token is for; 0 is everybody's."""
        return self.low & 0xFF if self.sub == CODE_OF_2 else self.low

    @property
    def control(self) -> int:
        """What a DISPLAY token wants tested or shown: a bit a test, up to 36."""
        if self.sub == CODE_OF_2:
            return self.head << 24 | self.middle << 8 | self.low >> 8
        return self.head << 16 | self.middle


def parse(text: str) -> tuple:
    """Return (class, block of 8 bytes, still enciphered) of 20 digits, spaced or with dashes.

    TokenError FORMAT for anything else, for 2**66 and above, and for the reserved class 3.
    """
    if len(text) > _TEXT_MAX:
        raise TokenError(FORMAT, "must be %d digits" % DIGITS)
    words = [0, 0, 0, 0, 0]  # the lowest first
    digits = 0
    for c in text:
        if c in _SEPARATORS:
            continue
        if not "0" <= c <= "9":
            raise TokenError(FORMAT, "must be %d digits" % DIGITS)
        digits += 1
        carry = ord(c) - 48
        for i in range(5):
            carry += words[i] * 10
            words[i] = carry & 0xFFFF
            carry >>= 16
    if digits != DIGITS:
        raise TokenError(FORMAT, "%d digits, must be %d" % (digits, DIGITS))
    if words[4] > 3:
        raise TokenError(FORMAT, "must be below 2**66")
    cls = words[1] >> 11 & 3
    if cls == _RESERVED:
        raise TokenError(FORMAT, "class 3 is reserved")
    words[1] = words[1] & 0xE7FF | words[4] << 11
    block = bytearray(_BLOCK_SIZE)
    for i in range(4):
        block[6 - 2 * i] = words[i] >> 8
        block[7 - 2 * i] = words[i] & 0xFF
    return cls, block


def read(cls: int, block: bytearray, cipher: object) -> Token:
    """Return the token of what `parse` gave; the block is deciphered in place.

    cipher: answers `decrypt(block)`; a DISPLAY token needs none. TokenError CRC, or
    NOT_SUPPORTED for a subclass that is none of the above.
    """
    if cls != DISPLAY:
        cipher.decrypt(block)
    # The two bytes of the check sum go low first.
    if crc16(cls, block) != (block[7] << 8 | block[6]):
        raise TokenError(CRC, "check sum is wrong")
    token = Token(cls, block)
    if token.sub not in _KNOWN[cls]:
        raise TokenError(NOT_SUPPORTED, "class %d, subclass %d" % (cls, token.sub))
    return token


def crc16(cls: int, block: bytearray) -> int:
    """Return the CRC (x16 + x15 + x2 + 1, reflected, from 0xFFFF) of class, subclass and body."""
    crc = 0xFFFF
    for i in range(-1, 6):
        # The class has the first byte to itself, below six zero bits.
        crc ^= cls if i < 0 else block[i]
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


def amount_of(field: int) -> int:
    """Return the number of a 16-bit amount field: exponent (2 bits) and mantissa (14)."""
    value = field & 0x3FFF
    scale = 1
    offset = 0
    for _ in range(field >> 14):
        offset += 16384 * scale
        scale *= 10
    return value * scale + offset
