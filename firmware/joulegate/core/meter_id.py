"""The meter's number, which keys, messages and records are bound to.

A meter PAN in prepayment has 11 or 13 digits (IEC 62055-41); letters serve house systems.
"""

from micropython import const

METER_ID_MAX = const(13)


def pack_meter_id(text: object) -> bytes:
    """Return a number as records keep it, 13 bytes; ValueError for one that is none."""
    if not (isinstance(text, str) and 1 <= len(text) <= METER_ID_MAX
            and all("0" <= c <= "9" or "A" <= c <= "Z" or "a" <= c <= "z" for c in text)):
        raise ValueError("meter_id %r: must be 1 to %d digits or letters" % (
            text, METER_ID_MAX))
    return text.encode() + bytes(METER_ID_MAX - len(text))


def unpack_meter_id(packed: bytes) -> str:
    return packed.rstrip(b"\x00").decode()
