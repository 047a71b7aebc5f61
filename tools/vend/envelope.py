"""COSE_Encrypt0 messages by pycose, as docs/messages.md describes them."""

import hmac
from typing import Any

import cbor2
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pycose.algorithms import AESCCM1664128
from pycose.exceptions import CoseException
from pycose.headers import KID, Algorithm, PartialIV
from pycose.keys import SymmetricKey
from pycose.messages import CoseMessage, Enc0Message

from tools.vend.errors import VendError
from tools.vend.key_file import Key

DOWN = 0
UP = 1
LOGIN = 2
_PROOF_SIZE = 16
PROTOCOL = 1
NONCE_SIZE = 13


@CoseMessage.record_cbor_tag(Enc0Message.cbor_tag)
class Message(Enc0Message):
    """A COSE_Encrypt0 whose nonce has always 13 bytes.

    pycose 1.1 makes it of an integer and so loses the leading zeros of the base IV.
    """

    def _get_nonce(self) -> bytes:
        partial_iv: Any = self.get_attr(PartialIV)
        partial = int.from_bytes(partial_iv, "big")
        base = int.from_bytes(self.key.base_iv, "big")
        return (partial ^ base).to_bytes(NONCE_SIZE, "big")


def context(meter: str, direction: int, kid: bytes) -> bytes:
    """What a message is bound to: the external data, and the info of HKDF."""
    return cbor2.dumps(["Joulegate", PROTOCOL, direction, meter, kid], canonical=True)


def material(key: Key, direction: int) -> tuple[bytes, bytes]:
    """The content key and the base IV of a key in one direction."""
    info = context(key.meter, direction, key.kid)
    derived = HKDF(algorithm=SHA256(), length=29, salt=None, info=info).derive(key.secret)
    return derived[:16], derived[16:]


def login_proof(key: Key, challenge: bytes) -> bytes:
    """What answers the challenge of a meter's console."""
    info = context(key.meter, LOGIN, key.kid)
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key.secret)
    return hmac.digest(derived, challenge, "sha256")[:_PROOF_SIZE]


def seal_bytes(key: Key, direction: int, number: int, plaintext: bytes) -> bytes:
    """A message whose body is these bytes, whatever they are."""
    content_key, base_iv = material(key, direction)
    partial_iv = number.to_bytes((number.bit_length() + 7) // 8, "big")
    message = Message(
        phdr={Algorithm: AESCCM1664128}, uhdr={KID: key.kid, PartialIV: partial_iv},
        payload=plaintext, external_aad=context(key.meter, direction, key.kid),
        key=SymmetricKey(k=content_key, optional_params={"BASE_IV": base_iv}))
    return bytes(message.encode())


def seal(key: Key, number: int, body: dict[int, Any], direction: int = DOWN) -> bytes:
    """A message with this body."""
    return seal_bytes(key, direction, number, cbor2.dumps(body, canonical=True))


def heading(message: bytes) -> tuple[bytes, int]:
    """The kid and number that a message bears, proven or not; VendError."""
    kid, partial_iv = _decoded(message)[1:]
    return kid, int.from_bytes(partial_iv, "big")


def _decoded(message: bytes) -> tuple[Message, bytes, bytes]:
    """The message, its kid and its partial IV."""
    try:
        decoded = Message.decode(message)
        kid, partial_iv = decoded.uhdr[KID], decoded.uhdr[PartialIV]
    except (CoseException, cbor2.CBORDecodeError, LookupError, TypeError, ValueError,
            AttributeError) as error:
        raise VendError(f"message: is no COSE_Encrypt0 of this protocol: {error}") from None
    if decoded.phdr != {Algorithm: AESCCM1664128} or len(decoded.uhdr) != 2 or not (
            isinstance(kid, bytes) and isinstance(partial_iv, bytes)):
        raise VendError("message: headers must be {1: 10} and {4: kid, 6: partial IV}")
    return decoded, kid, partial_iv


def open_message(keys: list[Key], message: bytes, direction: int = UP) -> tuple[Key, int, Any]:
    """The key, number and body of a message; VendError if no key of these proves it."""
    decoded, kid, partial_iv = _decoded(message)
    for key in keys:
        if key.kid != kid:
            continue
        content_key, base_iv = material(key, direction)
        decoded.key = SymmetricKey(k=content_key, optional_params={"BASE_IV": base_iv})
        # The property has a setter that its types do not tell.
        decoded.external_aad = context(key.meter, direction, kid)  # type: ignore[misc]
        try:
            body = cbor2.loads(decoded.decrypt())
        except (InvalidTag, CoseException, cbor2.CBORDecodeError, ValueError) as error:
            raise VendError(f"message of kid {kid.hex()}: not authentic: {error!r}") from None
        return key, int.from_bytes(partial_iv, "big"), body
    raise VendError(f"message of kid {kid.hex()}: no such key")
