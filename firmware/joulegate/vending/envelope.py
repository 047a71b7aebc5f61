"""The envelope of a message: COSE_Encrypt0 with AES-CCM-16-64-128.

Source: RFC 9052 sections 3.1 and 5.2, RFC 9053 section 4.2. Protected header {1: 10};
unprotected header {4: kid, 6: partial IV}, the partial IV being the message number without
leading zeros. Protocol version, direction, meter and sender are bound by `context`: it is the
external data, and the info by which HKDF makes a content key and a base IV of the stored key,
so no two directions, senders or meters ever share a nonce.
"""

from micropython import const

from joulegate.vending.cbor import CborError, decode, encode
from joulegate.vending.crypto.aes_ccm import KEY_SIZE, NONCE_SIZE, TAG_SIZE, AesCcm, TagError
from joulegate.vending.keys import KID_MAX, METER, KeyEntry
from joulegate.vending.message_result import (
    AUTHENTICATION_FAILURE,
    FORMAT_FAILURE,
    MessageError,
)
from joulegate.vending.steps import NUMBER

PROTOCOL = const(1)
DOWN = const(0)
"""From a sender to the meter."""
UP = const(1)
"""From the meter."""

MESSAGE_MAX = const(512)
"""Bytes of a whole message, either way."""
LENGTH_MIN = const(22)  # one byte each of kid, number and body
BODY_MAX = const(475)
"""What is left of it beside the longest kid and number, and the tag."""
_NUMBER_SIZE_MAX = const(4)

_TAG_ENCRYPT0 = const(0xD0)  # CBOR tag 16
_PROTECTED = b"\xa1\x01\x0a"
_KID = const(4)
_PARTIAL_IV = const(6)


class EnvelopeError(MessageError):
    """A message that is not taken. `entry` and `number` are set once it is proven, else None."""

    entry = None
    number = None


def context(meter_id: str, direction: int, kid: bytes) -> bytes:
    """Return what binds a message: ["Joulegate", version, direction, meter, kid] in CBOR."""
    return encode(["Joulegate", PROTOCOL, direction, meter_id, kid], 64)


class Envelope:
    def __init__(self, meter_id: str, ring: object, numbers: object) -> None:
        """ring: a KeyRing, or what answers like it. numbers: `take()` gives the next of ours."""
        self._meter_id = meter_id
        self._ring = ring
        self._numbers = numbers

    def opening(self, message: bytes) -> object:
        """Return (key entry, number, body) of a message to this meter, in steps, see steps.py;
        EnvelopeError.

        That the number is a new one, and what the body asks, is for the caller to judge.
        """
        kid, number, partial_iv, ciphertext = _split(message)
        entry = self._ring.find(kid)
        if entry is None:
            raise EnvelopeError(AUTHENTICATION_FAILURE, "key", "kid: no key of this id is held")
        if entry.role == METER:
            raise EnvelopeError(
                AUTHENTICATION_FAILURE, "direction", "kid: is this meter's own, a message came in")
        yield ""
        cipher, base_iv, external = self._material(entry, DOWN)
        yield ""
        try:
            plaintext = yield from cipher.opening(
                _nonce(base_iv, partial_iv), _encrypt_structure(external), ciphertext)
        except TagError:
            raise EnvelopeError(
                AUTHENTICATION_FAILURE, "tag",
                "tag: is not of this key, meter, direction and content") from None
        yield ""
        try:
            body = decode(plaintext)
            if not isinstance(body, dict):
                raise CborError("cbor: the body must be a map")
        except CborError as e:
            error = EnvelopeError(FORMAT_FAILURE, "body", "body: %s" % e)
            error.entry = entry
            error.number = number
            raise error from None
        return entry, number, body

    def sealing(self, body: dict) -> object:
        """Return a message of the meter, in steps, see steps.py.

        CborError for a body of more than BODY_MAX bytes, OSError when no more numbers can be
        leased.
        """
        plaintext = encode(body, BODY_MAX)
        entry = self._ring.own()
        yield ""
        number = self._numbers.take()
        yield NUMBER
        partial_iv = number.to_bytes(_NUMBER_SIZE_MAX, "big").lstrip(b"\x00")
        cipher, base_iv, external = self._material(entry, UP)
        yield ""
        ciphertext = yield from cipher.sealing(
            _nonce(base_iv, partial_iv), _encrypt_structure(external), plaintext)
        yield ""
        headers = {_KID: entry.kid, _PARTIAL_IV: partial_iv}
        return bytes((_TAG_ENCRYPT0,)) + encode([_PROTECTED, headers, ciphertext], MESSAGE_MAX - 1)

    def _material(self, entry: KeyEntry, direction: int) -> tuple:
        """Return (cipher, base IV, external data) of a key in one direction.

        Made anew each time: for each key and direction they would stay on the heap for good.
        """
        external = context(self._meter_id, direction, entry.kid)
        material = self._ring.derive(entry, external, KEY_SIZE + NONCE_SIZE)
        return AesCcm(material[:KEY_SIZE]), material[KEY_SIZE:], external


def _split(message: bytes) -> tuple:
    """Return (kid, number, partial IV, ciphertext) of a message; EnvelopeError."""
    if not LENGTH_MIN <= len(message) <= MESSAGE_MAX:
        raise EnvelopeError(FORMAT_FAILURE, "length", "message: %d bytes, must be %d to %d" % (
            len(message), LENGTH_MIN, MESSAGE_MAX))
    if message[0] != _TAG_ENCRYPT0:
        raise EnvelopeError(FORMAT_FAILURE, "form", "message: must be a COSE_Encrypt0, tag 16")
    try:
        parts = decode(memoryview(message)[1:])
    except CborError as e:
        raise EnvelopeError(FORMAT_FAILURE, "form", "message: %s" % e) from None
    if not (isinstance(parts, list) and len(parts) == 3 and isinstance(parts[0], bytes)
            and isinstance(parts[1], dict) and isinstance(parts[2], bytes)):
        raise EnvelopeError(
            FORMAT_FAILURE, "form", "message: must be an array of bytes, map, bytes")
    protected, headers, ciphertext = parts
    if protected != _PROTECTED:
        raise EnvelopeError(
            FORMAT_FAILURE, "algorithm", "protected header: must be {1: 10}, AES-CCM-16-64-128")
    kid = headers.get(_KID)
    partial_iv = headers.get(_PARTIAL_IV)
    if len(headers) != 2 or not isinstance(kid, bytes) or not isinstance(partial_iv, bytes):
        raise EnvelopeError(
            FORMAT_FAILURE, "header", "unprotected header: must be {4: kid, 6: partial IV}")
    if not 1 <= len(kid) <= KID_MAX:
        raise EnvelopeError(FORMAT_FAILURE, "header", "kid: %d bytes, must be 1 to %d" % (
            len(kid), KID_MAX))
    if not 1 <= len(partial_iv) <= _NUMBER_SIZE_MAX or not partial_iv[0]:
        raise EnvelopeError(
            FORMAT_FAILURE, "header",
            "partial IV: must be a number from 1 on, 1 to 4 bytes, no leading zero")
    if len(ciphertext) <= TAG_SIZE:
        raise EnvelopeError(FORMAT_FAILURE, "length", "ciphertext: %d bytes, must be above %d" % (
            len(ciphertext), TAG_SIZE))
    return kid, int.from_bytes(partial_iv, "big"), partial_iv, ciphertext


def _nonce(base_iv: bytes, partial_iv: bytes) -> bytes:
    """Return the partial IV, padded on the left, XORed with the base IV (RFC 9052 section 3.1)."""
    nonce = bytearray(base_iv)
    for i in range(1, len(partial_iv) + 1):
        nonce[-i] ^= partial_iv[-i]
    return bytes(nonce)


def _encrypt_structure(external: bytes) -> bytes:
    """Return the additional data of the cipher (RFC 9052 section 5.3)."""
    return encode(["Encrypt0", _PROTECTED, external], 96)
