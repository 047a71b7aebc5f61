"""Which bodies of messages are right, written from docs/messages.md and on cbor2 alone."""

from collections.abc import Callable
from typing import Any

import cbor2

EPOCH = 1577836800
VENDING, ADMINISTRATOR, TECHNICIAN = "vending", "administrator", "technician"
_ADMIN = {ADMINISTRATOR}
_FIELD = {ADMINISTRATOR, TECHNICIAN}

Check = Callable[[Any], bool]


def _integer(low: int, high: int) -> Check:
    return lambda value: type(value) is int and low <= value <= high


def _bytes(low: int, high: int) -> Check:
    return lambda value: type(value) is bytes and low <= len(value) <= high


def _text(value: Any, low: int = 0, high: int = 64) -> bool:
    return type(value) is str and low <= len(value) <= high and all(" " <= c <= "~" for c in value)


def _value(value: Any) -> bool:
    if type(value) is list:
        return len(value) <= 64 and all(type(item) is int or _text(item) for item in value)
    return type(value) in (bool, int) or _text(value)


def _pairs(value: Any) -> bool:
    if type(value) is not list or len(value) % 2 or not 2 <= len(value) <= 32:
        return False
    return all(_text(item) if i % 2 == 0 else _value(item) for i, item in enumerate(value))


_TIME = _integer(EPOCH, EPOCH + (1 << 30) - 1)
_TID = _integer(1, (1 << 24) - 1)
_UNITS = _integer(1, (1 << 30) - 1)
_KID = _bytes(1, 8)

BODIES: dict[int, tuple[set[str], list[Check], int]] = {
    1: ({VENDING, ADMINISTRATOR}, [_TID, _UNITS], 2),
    2: (_ADMIN, [_TID, _UNITS], 2),
    3: (_ADMIN, [_TID], 1),
    4: (_ADMIN, [_TID], 1),
    5: (_ADMIN, [_bytes(8, 8), _integer(1, 16384), _integer(0, 16383), _bytes(1, 384)], 4),
    6: (_ADMIN, [_bytes(8, 8), _TIME], 2),
    7: (_FIELD, [lambda value: _text(value, 1, 32), _value], 2),
    8: (_FIELD, [_TIME], 1),
    9: (_ADMIN, [], 0),
    10: (_ADMIN, [], 0),
    11: (_ADMIN, [], 0),
    12: (_ADMIN, [_TIME], 1),
    13: (_ADMIN, [lambda value: type(value) is bool], 1),
    14: (_ADMIN, [_integer(1, 4), _KID, _bytes(16, 16), _KID], 3),
    15: (_ADMIN, [_KID], 1),
    16: (_FIELD, [_integer(0, 2), _integer(0, 32767), _integer(1, 7)], 1),
    17: (_FIELD, [], 0),
    18: (_FIELD, [], 0),
    19: (_FIELD, [], 0),
    20: (_ADMIN, [_integer(0, 8)], 1),
    25: (_FIELD, [_pairs], 1),
    26: (_ADMIN, [lambda value: type(value) is list and len(value) <= 16
                  and all(_text(item) for item in value)], 1),
    28: (_FIELD, [], 0),
    29: (_ADMIN, [_integer(1, 3), _integer(0, (1 << 30) - 1)], 2),
    27: (_ADMIN, [lambda value: type(value) is bool, _integer(0, (1 << 28) - 1),
                  lambda value: type(value) is bool], 1),
}
"""Code: who may, the checks of its fields, and how many of them there must be."""


def is_right(plaintext: bytes, role: str) -> bool:
    """Whether a body is in its one form, of a known instruction, for this role."""
    try:
        body = cbor2.loads(plaintext)
        if type(body) is not dict or cbor2.dumps(body, canonical=True) != plaintext:
            return False
    except (cbor2.CBORDecodeError, cbor2.CBOREncodeError, TypeError, ValueError, OverflowError):
        return False
    if any(type(key) is not int for key in body) or type(body.get(0)) is not int:
        return False
    roles, checks, needed = BODIES.get(body[0], (set(), [], 0))
    if role not in roles or not set(body) <= {0, 1, *range(2, 2 + len(checks))}:
        return False
    if 1 in body and not _TIME(body[1]):
        return False
    if any(2 + i not in body for i in range(needed)):
        return False
    return all(check(body[2 + i]) for i, check in enumerate(checks) if 2 + i in body)
