"""The decoder key with all that goes with it, its stored form, and its change by tokens.

A set of tokens (four for EA11, two or three for EA07) carries the next key in sections. They are
kept in memory only, in any order and for a bounded time, and the key changes in one write when
the set is complete. Sections bear no number of their own: using one again is harmless once the
key has changed.

With roll-over the base date moves on and the purchases taken before are forgotten, since their
numbers mean other minutes now. Key and purchases live in two records, so the ledger says which
base date its purchases count from, and forgets them at a start that finds another in the key's.

Source: IEC 62055-41:2018 sections 6.1, 6.2.7 and 6.2.8, 6.5 and 7.3.1, as far as public.
"""

from micropython import const

from joulegate.vending.sts_time import BASE_DEFAULT, BASES, check_base
from joulegate.vending.sts_token import (
    KEY,
    KEY_SECTION_1,
    KEY_SECTION_2,
    KEY_SECTION_3,
    KEY_SECTION_4,
    Token,
    TokenError,
)

EA07 = const(7)
EA11 = const(11)
KEY_SIZES = {EA07: 8, EA11: 16}

KEN_NEVER = const(255)
TCT_MAGNETIC = const(1)
TCT_NUMERIC = const(2)
HOLD_S = const(1800)
"""Longest wait for the next section, in powered seconds: bounds how far two sets can mix."""

# Which sections bear the key's bits, the highest first.
_ORDERS = {
    EA07: (KEY_SECTION_1, KEY_SECTION_2),
    EA11: (KEY_SECTION_1, KEY_SECTION_3, KEY_SECTION_4, KEY_SECTION_2),
}
_ROLLOVER = const(0x08)
_THREE_TOKENS = const(0x04)

# Key types.
INITIALISATION = const(0)
COMMON = const(3)

# attribute, lowest, highest, meaning
_RANGES = (
    ("ken", 0, 255, "key expiry number: the last TID / 65536 that is taken; 255 is never"),
    ("krn", 1, 9, "key revision number"),
    ("kt", 0, 3, "key type: 0 initialisation, 1 default, 2 unique, 3 common"),
    ("sgc", 0, 999999, "supply group code"),
    ("ti", 0, 99, "tariff index"),
    ("tct", 0, 99, "token carrier type: 2 is numeric"),
)

MAGIC = b"JGTK"
VERSION = const(1)
FIELDS = (
    ("key", "ea", "B", 1, 7, 11),
    ("key", "base", "H", 1, 1993, 2035),
    ("key", "ken", "B", 1, 0, 255),
    ("key", "krn", "B", 1, 1, 9),
    ("key", "kt", "B", 1, 0, 3),
    ("key", "sgc", "I", 1, 0, 999999),
    ("key", "ti", "B", 1, 0, 99),
    ("key", "tct", "B", 1, 0, 99),
    ("key", "bits", "16s", 1, None, None),
)
"""Of the key's record, for storage's Record: encryption algorithm, base date of TIDs, what stands
in _RANGES, and the decoder key; one of EA07 has zeros behind it."""


class DecoderKey:
    """A key and its attributes; never changed, only replaced."""

    def __init__(
        self, bits: bytes, ea: int = EA11, base: int = BASE_DEFAULT, ken: int = KEN_NEVER,
        krn: int = 1, kt: int = 2, sgc: int = 0, ti: int = 0, tct: int = TCT_NUMERIC,
    ) -> None:
        """ValueError names what is out of its range."""
        if ea not in KEY_SIZES:
            raise ValueError("encryption algorithm %r: must be 7 or 11" % (ea,))
        size = KEY_SIZES[ea]
        if len(bits) not in (size, 16) or bits[size:] != bytes(len(bits) - size):
            raise ValueError("decoder key: %d bytes, must be %d" % (len(bits), size))
        self.ea = ea
        self.base = check_base(base)
        self.ken = ken
        self.krn = krn
        self.kt = kt
        self.sgc = sgc
        self.ti = ti
        self.tct = tct
        self.bits = bytes(bits) + bytes(16 - len(bits))
        for name, low, high, _ in _RANGES:
            if not low <= getattr(self, name) <= high:
                raise ValueError("%s %d: must be %d to %d" % (
                    name, getattr(self, name), low, high))

    @property
    def key(self) -> bytes:
        """The decoder key itself: 16 bytes of EA11, 8 of EA07."""
        return self.bits[:KEY_SIZES[self.ea]]

    def cipher(self, ea07_tables: object = None) -> object:
        """Return the cipher under this key; TokenError KEY for EA07 without its tables."""
        # Imported when a token comes: most of a meter's life needs neither.
        if self.ea == EA11:
            from joulegate.vending.misty1 import Misty1
            return Misty1(self.key)
        if ea07_tables is None:
            raise TokenError(KEY, "EA07 has no substitution tables")
        from joulegate.vending.sts_ea07 import Ea07
        return Ea07(ea07_tables, self.key)


class KeyStore:
    """The key in force and its record."""

    def __init__(self, record: object) -> None:
        """record: storage's Record of MAGIC, VERSION and FIELDS, or what answers like it."""
        self._record = record
        self.key: DecoderKey = None

    def load(self) -> None:
        """Read the key; OSError or ValueError, and then there is none."""
        self.key = None
        values = self._record.load()
        self.key = DecoderKey(**{name: value for (_, name), value in values.items()})

    def replace(self, key: DecoderKey) -> None:
        """Put a key in force: it is on flash when this returns; OSError, and the old one holds."""
        self._record.replace({"key": key})
        self.key = key


class KeyChange:
    """Collects the sections of the next key."""

    def __init__(self) -> None:
        self._sections = {}
        self._left_s = 0

    @property
    def held(self) -> int:
        """How many sections are waiting for the others."""
        return len(self._sections)

    def pass_s(self, seconds: int) -> None:
        """Let powered time pass; sections that waited too long are dropped."""
        if self._sections:
            self._left_s -= seconds
            if self._left_s <= 0:
                self.drop()

    def drop(self) -> None:
        """Forget the sections held."""
        self._sections = {}

    def add(self, token: Token, current: DecoderKey) -> "DecoderKey | None":
        """Take a section; return the next key when it was the last, None before.

        A section that differs from the one held of its number begins another set. TokenError
        KEY for a set that makes no key, and then none is held any more. The one returned is not
        in force; a base date other than the current one's tells roll-over.
        """
        allowed = _ORDERS[current.ea]
        if current.ea == EA07:
            allowed += (KEY_SECTION_3,)
        if token.sub not in allowed:
            raise TokenError(KEY, "section %d is none of EA%02d" % (token.sub, current.ea))
        words = (token.head, token.middle, token.low)
        if self._sections.get(token.sub, words) != words:
            self.drop()
        self._sections[token.sub] = words
        self._left_s = HOLD_S
        if self.missing(current):
            return None
        sections = self._sections
        self.drop()
        return _assemble([sections[sub] for sub in _ORDERS[current.ea]], current)

    def missing(self, current: DecoderKey) -> int:
        """Return how many sections the set still waits for, at least."""
        sections = self._sections
        needed = _ORDERS[current.ea]
        if current.ea == EA07 and KEY_SECTION_1 in sections:
            # The first one says of how many the set is.
            if sections[KEY_SECTION_1][0] & _THREE_TOKENS:
                needed += (KEY_SECTION_3,)
        return len([sub for sub in needed if sub not in sections])


def _assemble(sections: list, current: DecoderKey) -> DecoderKey:
    """Return the key that the sections with its bits make, the highest bits first."""
    first = sections[0][0]
    last = sections[-1][0]
    bits = bytearray()
    for _, middle, low in sections:
        bits.extend(bytes((middle >> 8, middle & 0xFF, low >> 8, low & 0xFF)))
    base = current.base
    if first & _ROLLOVER:
        if bytes(bits) == current.key:
            raise TokenError(KEY, "roll-over needs a new key")
        if base == BASES[-1]:
            raise TokenError(KEY, "roll-over: there is no base date after %d" % base)
        base = BASES[BASES.index(base) + 1]
    kt = first & 3
    if kt == COMMON and current.tct > TCT_MAGNETIC:
        raise TokenError(KEY, "a common key is for magnetic cards only")
    sgc = current.sgc
    if len(sections) == 4:
        # Where the third token of EA07's three has it is not public: there it stays as it was.
        sgc = sections[2][0] << 12 | sections[1][0]
    try:
        return DecoderKey(
            bytes(bits), current.ea, base, (first >> 8) << 4 | last >> 8, first >> 4 & 0xF,
            kt, sgc, last & 0xFF, current.tct)
    except ValueError as e:
        raise TokenError(KEY, str(e))
