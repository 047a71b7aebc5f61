"""HKDF with SHA-256: keys for several uses out of one.

Source: RFC 5869.
"""

from micropython import const

from joulegate.vending.crypto.hmac_sha256 import MAC_SIZE, hmac_sha256

LENGTH_MAX = const(8160)  # 255 codes


def extract(salt: bytes, key: bytes) -> bytes:
    """Return the pseudorandom key of some keying material; an empty salt is 32 zero bytes."""
    return hmac_sha256(salt, key)


def expand(pseudorandom_key: bytes, info: bytes, length: int) -> bytes:
    """Return `length` bytes for the use that `info` names; ValueError outside 1..8160."""
    if not 1 <= length <= LENGTH_MAX:
        raise ValueError("hkdf length %d: must be 1 to %d bytes" % (length, LENGTH_MAX))
    block = b""
    result = bytearray()
    for count in range(1, (length + MAC_SIZE - 1) // MAC_SIZE + 1):
        block = hmac_sha256(pseudorandom_key, block, info, bytes((count,)))
        result.extend(block)
    return bytes(result[:length])


def derive(key: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """Return extract and expand in one."""
    return expand(extract(salt, key), info, length)
