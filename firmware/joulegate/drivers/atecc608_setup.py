"""Sets up a blank ATECC608 for a meter: once, in the factory, and for ever.

Order, from the data sheet: the configuration zone is written and locked; only then is the random
generator good and the data zone open for writing; the key is written and the data zone locked.
From then on no command reads or writes the key. It is made of the element's random bytes and the
chip's, so that neither alone knows it; it crosses the bus this one time.

A power cut leaves an element that is set up again from where it stands: what is locked already
must be right, and is not touched.

Source: Microchip ATECC508A data sheet, DS20005927, sections on the configuration zone, locking and
the Write and Lock commands. Not tried on a real element.
"""

from hashlib import sha256

from cryptolib import aes
from micropython import const

from joulegate.drivers.atecc608 import (
    BLOCK,
    KEY_CONFIG,
    KEY_CONFIG_AT,
    SLOT,
    SLOT_CONFIG,
    SLOT_CONFIG_AT,
    Atecc608Error,
    crc16,
    wrong_configuration,
)

CONSENT = "lock for ever"

_WRITE = const(0x12)
_LOCK = const(0x17)
_WRITE_MS = const(45)
_LOCK_MS = const(35)
_DATA_ZONE_BLOCK = const(0x82)
_LOCK_CONFIG = const(0x00)
_LOCK_DATA_UNCHECKED = const(0x81)
_OPEN = const(0x55)
_ECB = const(1)


def set_up(element: object, random: object, consent: str) -> str:
    """Configure an element, give it a key, and lock it; return its serial number in hexadecimal.

    element: an Atecc608, not started. random: a function of a length, like os.urandom. consent:
    CONSENT, since nothing takes this back; ValueError for another. Atecc608Error for an element
    that is locked for something else or does not do what it is told, OSError from the bus.
    """
    if consent != CONSENT:
        raise ValueError("consent %r: must be %r" % (consent, CONSENT))
    config = element.identify()
    if config[87] == _OPEN:
        config = _configure(element, config)
    wrong = wrong_configuration(config)
    if wrong:
        raise Atecc608Error("ATECC608: is set up for something else: " + wrong)
    if config[86] == _OPEN:
        _give_key(element, random)
    element.start()
    return "".join(["%02x" % byte for byte in element.serial])


def _configure(element: object, config: bytes) -> bytes:
    """Write and lock the configuration zone; return it."""
    for at, value in ((SLOT_CONFIG_AT, SLOT_CONFIG), (KEY_CONFIG_AT, KEY_CONFIG)):
        word = at & ~3
        data = bytearray(config[word:word + 4])
        data[at - word:at - word + 2] = value
        element.command(_WRITE, 0, word // BLOCK << 3 | word % BLOCK // 4, bytes(data), 1,
                        ms=_WRITE_MS)
    config = element.identify()
    wrong = wrong_configuration(config)
    if wrong:
        raise Atecc608Error("ATECC608: cannot be set up: " + wrong)
    # The element refuses unless its zone has the check sum of what was just read.
    element.command(_LOCK, _LOCK_CONFIG, crc16(config), b"", 1, 1, _LOCK_MS)
    config = element.identify()
    if config[87]:
        raise Atecc608Error("ATECC608: configuration zone did not lock")
    return config


def _give_key(element: object, random: object) -> None:
    """Put a new key into the slot and lock the data zone; the key is proven afterwards."""
    drawn = element.random()
    if drawn[:4] == b"\xff\xff\x00\x00":
        raise Atecc608Error("ATECC608: gives its test pattern in place of random bytes")
    key = sha256(drawn + random(32)).digest()
    element.command(_WRITE, _DATA_ZONE_BLOCK, SLOT << 3, key, 1, ms=_WRITE_MS)
    element.command(_LOCK, _LOCK_DATA_UNCHECKED, 0, b"", 1, 1, _LOCK_MS)
    block = random(16)
    if element.encrypt(block) != aes(key[:16], _ECB).encrypt(block):
        raise Atecc608Error("ATECC608: does not encipher under the key it was given")
