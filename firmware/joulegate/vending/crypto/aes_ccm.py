"""AES-CCM-16-64-128: 128-bit key, 13-byte nonce, 8-byte tag, messages below 64 KiB.

Source: RFC 3610 and NIST SP 800-38C; the name and the number 10 are those of RFC 9053 section
4.2. CCM is built of AES blocks that the interpreter makes in C: CBC for the authentication,
ECB of counters for the key stream. The work goes through two buffers of a few blocks, so a
message of any length costs the same memory; and in steps of STEP bytes, see steps.py, so it holds
the processor no longer than a short one.
"""

from cryptolib import aes
from micropython import const

from joulegate.vending.crypto.constant_time import equal
from joulegate.vending.steps import finish

KEY_SIZE = const(16)
NONCE_SIZE = const(13)
TAG_SIZE = const(8)
TEXT_MAX = const(0xFFFF)
"""What a length field of 15 - 13 bytes can say."""
AAD_MAX = const(0xFEFF)
"""Beyond, the length would be written in another form, which nothing here needs."""
STEP = const(256)
"""Bytes of a text worked in one step."""

_MODE_ECB = const(1)
_MODE_CBC = const(2)
_BLOCK = const(16)
_CHUNK = const(64)  # a whole number of blocks, worked at a time
_FLAGS_COUNTER = const(0x01)  # length field of 2 bytes
_FLAGS_FIRST = const(0x19)  # the same, and a tag of 8 bytes
_FLAG_AAD = const(0x40)


class TagError(ValueError):
    """A message that was not made with this key, nonce and data, or was altered since."""


class _Mac:
    """CBC-MAC over byte strings, each padded to whole blocks by `flush`."""

    def __init__(self, key: bytes) -> None:
        self._aes = aes(key, _MODE_CBC, bytes(_BLOCK))
        self._buffer = bytearray(_CHUNK)
        self._filled = 0
        self.value = b""
        """The code so far; whole after `flush`."""

    def update(self, data: bytes | bytearray | memoryview) -> None:
        buffer = self._buffer
        filled = self._filled
        at = 0
        while at < len(data):
            taken = min(_CHUNK - filled, len(data) - at)
            buffer[filled:filled + taken] = data[at:at + taken]
            filled += taken
            at += taken
            if filled == _CHUNK:
                self._filled = filled
                self.flush()
                filled = 0
        self._filled = filled

    def flush(self) -> None:
        """Fill the last block with zeros and work off what is there."""
        filled = self._filled
        if not filled:
            return
        end = (filled + _BLOCK - 1) & ~(_BLOCK - 1)
        for i in range(filled, end):
            self._buffer[i] = 0
        blocks = memoryview(self._buffer)[:end]
        self._aes.encrypt(blocks, blocks)
        self.value = bytes(self._buffer[end - _BLOCK:end])
        self._filled = 0


class AesCcm:
    def __init__(self, key: bytes) -> None:
        """key: 16 bytes; ValueError for another length."""
        if len(key) != KEY_SIZE:
            raise ValueError("AES-CCM key: %d bytes, must be %d" % (len(key), KEY_SIZE))
        self._key = key
        self._ecb = aes(key, _MODE_ECB)

    def seal(self, nonce: bytes, aad: bytes, plaintext: bytes) -> bytes:
        """Return the ciphertext followed by its tag. A nonce is used once in a key's life.

        ValueError for a nonce, aad or plaintext of a length that cannot be.
        """
        return finish(self.sealing(nonce, aad, plaintext))

    def sealing(self, nonce: bytes, aad: bytes, plaintext: bytes) -> object:
        """Do what `seal` does in steps."""
        _check(nonce, aad, len(plaintext))
        sealed = bytearray(len(plaintext) + TAG_SIZE)
        sealed[:len(plaintext)] = plaintext
        text = memoryview(sealed)[:len(plaintext)]
        tag = yield from self._tag(nonce, aad, text)
        yield ""
        yield from self._stream(nonce, text, tag)
        sealed[len(plaintext):] = tag
        return bytes(sealed)

    def open(self, nonce: bytes, aad: bytes, sealed: bytes) -> bytes:
        """Return the plaintext of a ciphertext with its tag; TagError if that does not fit it.

        ValueError for lengths that cannot be. Nothing deciphered leaves here unproven.
        """
        return finish(self.opening(nonce, aad, sealed))

    def opening(self, nonce: bytes, aad: bytes, sealed: bytes) -> object:
        """Do what `open` does in steps."""
        length = len(sealed) - TAG_SIZE
        if length < 0:
            raise ValueError("ciphertext: %d bytes, at least the %d of a tag" % (
                len(sealed), TAG_SIZE))
        _check(nonce, aad, length)
        plaintext = bytearray(sealed[:length])
        tag = bytearray(sealed[length:])
        yield from self._stream(nonce, plaintext, tag)
        yield ""
        proof = yield from self._tag(nonce, aad, plaintext)
        if not equal(tag, proof):
            for i in range(length):
                plaintext[i] = 0
            raise TagError("tag: wrong")
        return bytes(plaintext)

    def _tag(self, nonce: bytes, aad: bytes, plaintext: bytearray | memoryview) -> object:
        """Return the bare code, before it is enciphered (RFC 3610 section 2.2); in steps."""
        mac = _Mac(self._key)
        length = len(plaintext)
        mac.update(bytes((_FLAGS_FIRST | (_FLAG_AAD if aad else 0),)))
        mac.update(nonce)
        mac.update(bytes((length >> 8, length & 0xFF)))
        if aad:
            mac.update(bytes((len(aad) >> 8, len(aad) & 0xFF)))
            mac.update(aad)
            mac.flush()
        text = memoryview(plaintext)
        for at in range(0, length, STEP):
            if at:
                yield ""
            mac.update(text[at:at + STEP])
        mac.flush()
        return bytearray(mac.value[:TAG_SIZE])

    def _stream(self, nonce: bytes, text: bytearray | memoryview, tag: bytearray) -> object:
        """Encipher or decipher a text and its tag in place (RFC 3610 section 2.3); in steps."""
        first = bytes((_FLAGS_COUNTER,)) + nonce
        stream = bytearray(_CHUNK)
        counter = 0
        skipped = _BLOCK  # the block of counter 0 is for the tag
        at = 0
        while True:
            for i in range(0, _CHUNK, _BLOCK):
                stream[i:i + 14] = first
                stream[i + 14] = counter >> 8 & 0xFF
                stream[i + 15] = counter & 0xFF
                counter += 1
            self._ecb.encrypt(stream, stream)
            if skipped:
                for i in range(TAG_SIZE):
                    tag[i] ^= stream[i]
            taken = min(_CHUNK - skipped, len(text) - at)
            # As one number, which takes an RP2040 a tenth of the time that the bytes would.
            piece = int.from_bytes(text[at:at + taken], "big") ^ int.from_bytes(
                stream[skipped:skipped + taken], "big")
            text[at:at + taken] = piece.to_bytes(taken, "big")
            at += taken
            skipped = 0
            if at == len(text):
                return
            if counter * _BLOCK % STEP == 0:
                yield ""


def _check(nonce: bytes, aad: bytes, length: int) -> None:
    if len(nonce) != NONCE_SIZE:
        raise ValueError("nonce: %d bytes, must be %d" % (len(nonce), NONCE_SIZE))
    if len(aad) > AAD_MAX:
        raise ValueError("additional data: %d bytes, at most %d" % (len(aad), AAD_MAX))
    if length > TEXT_MAX:
        raise ValueError("text: %d bytes, at most %d" % (length, TEXT_MAX))
