"""Payload as hexadecimal, for modems that know no other: in pieces, checked, and bounded.

Source: the modem sheet, sections 5.4 and 5.5.
"""

from binascii import hexlify, unhexlify

from micropython import const

_PIECE = const(64)


def to_hex(data: object) -> str:
    """Return bytes as upper case hexadecimal."""
    return hexlify(data).decode().upper()


def hex_into(text: str, start: int, end: int, into: object) -> int:
    """Put the hexadecimal in a part of a text into a memoryview; return how many bytes.

    ValueError: it is none, or there is more than fits; what was in `into` is of no use then.
    """
    size = end - start
    if size < 0 or size % 2 or size // 2 > len(into):
        raise ValueError("%d hexadecimal digits: must be even, at most %d" % (
            size, 2 * len(into)))
    done = 0
    for at in range(start, end, _PIECE):
        part = unhexlify(text[at:min(end, at + _PIECE)])
        into[done:done + len(part)] = part
        done += len(part)
    return done
