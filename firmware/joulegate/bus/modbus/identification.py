"""Device identification, function 43 with MEI type 14.

Stream access to basic (objects 0 to 2), regular (3 to 6) and extended ones (from 128 on), and
individual access to each. What there is decides the conformity level.

Source: MODBUS Application Protocol V1.1b3, section 6.21.
"""

from micropython import const

from joulegate.bus.modbus.exceptions import (
    DEVICE_FAILURE,
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
)

PRODUCT_CODE = const(1)

_MEI = const(14)
_BASIC, _REGULAR, _EXTENDED, _INDIVIDUAL = const(1), const(2), const(3), const(4)
_BASIC_END = const(3)
_REGULAR_END = const(7)
_EXTENDED_FIRST = const(128)
_OBJECTS = const(256)
_INDIVIDUAL_TOO = const(0x80)
_MORE = const(0xFF)
_HEAD = const(8)
_ANSWER_MAX = const(254)
_VALUE_MAX = const(244)
"""Bytes of one value: what fits into an answer of its own."""


def identify(
    value_of: object, data: bytearray, at: int, size: int, out: bytearray
) -> int:
    """Answer a request, address first, `size` bytes without the CRC; return the answer's size, or
    an exception's code, negative.

    value_of(object_id): bytes or None; extended objects follow each other without a gap.
    """
    if size < 3 or data[at + 2] != _MEI:
        return -ILLEGAL_FUNCTION
    if size != 5 or not _BASIC <= data[at + 3] <= _INDIVIDUAL:
        return -ILLEGAL_VALUE
    access = data[at + 3]
    number = data[at + 4]
    known = value_of(number) is not None
    if access == _INDIVIDUAL and not known:
        return -ILLEGAL_ADDRESS
    if not known:
        number = 0
    level = _level(value_of)
    out[2] = _MEI
    out[3] = access
    out[4] = level | _INDIVIDUAL_TOO
    out[5] = out[6] = out[7] = 0
    if access == _INDIVIDUAL:
        out[7] = 1
        return _put(number, value_of(number), out, _HEAD)
    access = min(access, level)
    if number >= _end(access):
        number = 0
    filled = _HEAD
    while number < _end(access):
        value = value_of(number)
        if value is not None:
            if filled + 2 + min(len(value), _VALUE_MAX) > _ANSWER_MAX:
                out[5] = _MORE
                out[6] = number
                break
            filled = _put(number, value, out, filled)
            out[7] += 1
        elif number >= _EXTENDED_FIRST:
            break
        number = _EXTENDED_FIRST if number == _REGULAR_END - 1 else number + 1
    return filled if out[7] else -DEVICE_FAILURE


def _level(value_of: object) -> int:
    if value_of(_EXTENDED_FIRST) is not None:
        return _EXTENDED
    for number in range(_BASIC_END, _REGULAR_END):
        if value_of(number) is not None:
            return _REGULAR
    return _BASIC


def _end(access: int) -> int:
    """Return the number behind the last object of a stream."""
    if access == _BASIC:
        return _BASIC_END
    return _REGULAR_END if access == _REGULAR else _OBJECTS


def _put(number: int, value: bytes, out: bytearray, at: int) -> int:
    """Put an object into an answer; return where the next one goes."""
    size = min(len(value), _VALUE_MAX)
    out[at] = number
    out[at + 1] = size
    for i in range(size):
        out[at + 2 + i] = value[i]
    return at + 2 + size
