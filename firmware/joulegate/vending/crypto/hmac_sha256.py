"""HMAC-SHA-256: a message authentication code from a hash.

Source: RFC 2104; FIPS 198-1. MicroPython has no `hmac`.
"""

from hashlib import sha256

from micropython import const

MAC_SIZE = const(32)
_BLOCK_SIZE = const(64)
_INNER = int.from_bytes(b"\x36" * 64, "big")
_OUTER = int.from_bytes(b"\x5c" * 64, "big")


def hmac_sha256(key: bytes, *parts: bytes) -> bytes:
    """Return the 32-byte code of the parts, taken one after the other."""
    if len(key) > _BLOCK_SIZE:
        key = sha256(key).digest()
    # As one number: byte by byte, the pads alone take an RP2040 longer than all the hashing.
    block = int.from_bytes(key + bytes(_BLOCK_SIZE - len(key)), "big")
    digest = sha256((block ^ _INNER).to_bytes(_BLOCK_SIZE, "big"))
    for part in parts:
        digest.update(part)
    result = sha256((block ^ _OUTER).to_bytes(_BLOCK_SIZE, "big"))
    result.update(digest.digest())
    return result.digest()
