"""HMAC-SHA-256: a message authentication code from a hash.

Source: RFC 2104; FIPS 198-1. MicroPython has no `hmac`.
"""

from hashlib import sha256

from micropython import const

MAC_SIZE = const(32)
_BLOCK_SIZE = const(64)


def hmac_sha256(key: bytes, *parts: bytes) -> bytes:
    """Return the 32-byte code of the parts, taken one after the other."""
    if len(key) > _BLOCK_SIZE:
        key = sha256(key).digest()
    inner = bytearray(_BLOCK_SIZE)
    inner[:len(key)] = key
    outer = bytearray(_BLOCK_SIZE)
    for i in range(_BLOCK_SIZE):
        outer[i] = inner[i] ^ 0x5C
        inner[i] ^= 0x36
    digest = sha256(inner)
    for part in parts:
        digest.update(part)
    result = sha256(outer)
    result.update(digest.digest())
    return result.digest()
