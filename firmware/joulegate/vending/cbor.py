"""CBOR, the deterministic subset that messages are written in.

Source: RFC 8949, section 4.2 (core deterministic encoding). Known here: integers from -2^64 to
2^64 - 1, byte strings, text of printable ASCII, arrays, maps with integer keys, false, true and
null. The decoder takes one form of each value only: arguments as short as can be, keys rising
and none twice, nothing after the end; so what is decoded, encoded again, is the same bytes.

A length or count that the input cannot hold is refused before anything is made of it, so the
values never take more than in proportion to the input; nesting is bounded by DEPTH_MAX.
"""

from micropython import const

DEPTH_MAX = const(4)
"""Arrays and maps inside each other."""
COUNT_MAX = const(64)
"""Items of one array, pairs of one map."""

# Major types (section 3.1).
_UNSIGNED = const(0)
_NEGATIVE = const(1)
_BYTES = const(2)
_TEXT = const(3)
_ARRAY = const(4)
_MAP = const(5)
_SIMPLE = const(7)

_FALSE = const(20)
_TRUE = const(21)
_NULL = const(22)


class CborError(ValueError):
    """Bytes that are not of this subset, or a value that is not; says where and why."""


def decode(data: bytes | memoryview) -> object:
    """Return the one value that `data` is, all of it; CborError for anything else."""
    value, end = decode_at(data, 0, DEPTH_MAX)
    if end != len(data):
        raise CborError("cbor: %d bytes after the end" % (len(data) - end))
    return value


def decode_at(data: bytes | memoryview, at: int, depth: int) -> tuple:
    """Return (value, where it ends) of the value at an offset, nested at most `depth`."""
    major, argument, at = _head(data, at)
    if major == _UNSIGNED:
        return argument, at
    if major == _NEGATIVE:
        return -1 - argument, at
    if major == _SIMPLE:
        if argument == _NULL:
            return None, at
        return argument == _TRUE, at
    if major in (_BYTES, _TEXT):
        if argument > len(data) - at:
            raise CborError("cbor: string of %d bytes at %d, %d left" % (
                argument, at, len(data) - at))
        content = bytes(data[at:at + argument])
        return (content if major == _BYTES else _text(content, at)), at + argument
    if depth == 0:
        raise CborError("cbor: nested deeper than allowed at %d" % at)
    # Each item is a byte or more, so a count that is not here is known at once.
    if argument > COUNT_MAX or argument * (2 if major == _MAP else 1) > len(data) - at:
        raise CborError("cbor: count %d at %d: at most %d, and what the input holds" % (
            argument, at, COUNT_MAX))
    if major == _ARRAY:
        return _array(data, at, argument, depth - 1)
    return _map(data, at, argument, depth - 1)


def _head(data: bytes | memoryview, at: int) -> tuple:
    """Return (major type, argument, where the content begins); the argument in shortest form."""
    if at >= len(data):
        raise CborError("cbor: ends at %d, a value was to follow" % at)
    major = data[at] >> 5
    argument = data[at] & 0x1F
    at += 1
    if major == _SIMPLE:
        if not _FALSE <= argument <= _NULL:
            raise CborError("cbor: simple value %d at %d: must be false, true or null" % (
                argument, at - 1))
    elif major > _MAP:
        raise CborError("cbor: tag at %d: none is allowed" % (at - 1))
    elif argument >= 24:
        if argument > 27:
            raise CborError("cbor: length form %d at %d: must be definite" % (argument, at - 1))
        size = 1 << argument - 24
        if size > len(data) - at:
            raise CborError("cbor: ends inside the head at %d" % (at - 1))
        argument = int.from_bytes(data[at:at + size], "big")
        if argument < 24 if size == 1 else not argument >> 4 * size:
            raise CborError("cbor: %d at %d is not in the shortest form" % (argument, at - 1))
        at += size
    return major, argument, at


def _text(content: bytes, at: int) -> str:
    for c in content:
        if not 0x20 <= c <= 0x7E:
            raise CborError("cbor: byte %d in the text at %d: must be printable ASCII" % (c, at))
    return content.decode()


def _array(data: bytes | memoryview, at: int, count: int, depth: int) -> tuple:
    items = []
    for _ in range(count):
        item, at = decode_at(data, at, depth)
        items.append(item)
    return items, at


def _map(data: bytes | memoryview, at: int, count: int, depth: int) -> tuple:
    result = {}
    last_major = last = -1
    for _ in range(count):
        major, argument, after = _head(data, at)
        if major > _NEGATIVE:
            raise CborError("cbor: key at %d: must be an integer" % at)
        # As bytes sort: first all unsigned, then all negative, each by size.
        if major < last_major or major == last_major and argument <= last:
            raise CborError("cbor: key at %d: must be above the one before" % at)
        last_major = major
        last = argument
        value, at = decode_at(data, after, depth)
        result[argument if major == _UNSIGNED else -1 - argument] = value
    return result, at


class Encoder:
    """Writes values one after the other into one buffer of fixed size."""

    def __init__(self, size: int) -> None:
        self._buffer = bytearray(size)
        self._at = 0

    def put(self, value: object, depth: int = DEPTH_MAX) -> None:
        """Append a value, keys of maps in order; CborError if it cannot be or does not fit."""
        # Not by isinstance first: whether a bool is an int differs between the interpreters.
        if value is None or value is True or value is False:
            simple = _NULL if value is None else _TRUE if value else _FALSE
            self._raw(bytes((_SIMPLE << 5 | simple,)))
        elif isinstance(value, int):
            if not -(1 << 64) <= value < 1 << 64:
                raise CborError("cbor: %d: must be within 64 bits" % value)
            self._head(_UNSIGNED if value >= 0 else _NEGATIVE, value if value >= 0 else -1 - value)
        elif isinstance(value, (bytes, bytearray)):
            self._head(_BYTES, len(value))
            self._raw(value)
        elif isinstance(value, str):
            content = value.encode()
            _text(content, self._at)
            self._head(_TEXT, len(content))
            self._raw(content)
        elif isinstance(value, (list, tuple, dict)):
            self._container(value, depth)
        else:
            raise CborError("cbor: %r: there is no form for it" % (value,))

    def result(self) -> bytes:
        return bytes(memoryview(self._buffer)[:self._at])

    def _container(self, value: object, depth: int) -> None:
        if depth == 0:
            raise CborError("cbor: nested deeper than allowed")
        if len(value) > COUNT_MAX:
            raise CborError("cbor: count %d: at most %d" % (len(value), COUNT_MAX))
        if isinstance(value, dict):
            self._head(_MAP, len(value))
            for key in value:
                if not isinstance(key, int) or key is True or key is False:
                    raise CborError("cbor: key %r: must be an integer" % (key,))
            for key in sorted(value, key=lambda k: (k < 0, k if k >= 0 else -k)):
                self.put(key)
                self.put(value[key], depth - 1)
            return
        self._head(_ARRAY, len(value))
        for item in value:
            self.put(item, depth - 1)

    def _head(self, major: int, argument: int) -> None:
        if argument < 24:
            self._raw(bytes((major << 5 | argument,)))
            return
        power = 0
        while argument >> (8 << power):
            power += 1
        self._raw(bytes((major << 5 | 24 + power,)))
        self._raw(argument.to_bytes(1 << power, "big"))

    def _raw(self, data: bytes | bytearray) -> None:
        end = self._at + len(data)
        if end > len(self._buffer):
            raise CborError("cbor: more than %d bytes" % len(self._buffer))
        self._buffer[self._at:end] = data
        self._at = end


def encode(value: object, size: int) -> bytes:
    """Return a value in at most `size` bytes; CborError if it cannot be or does not fit."""
    encoder = Encoder(size)
    encoder.put(value)
    return encoder.result()
