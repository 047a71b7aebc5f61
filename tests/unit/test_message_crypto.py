"""Ciphers of messages against published vectors, and against what must not pass."""

import json
import unittest
from binascii import unhexlify

from parts import error_text

from joulegate.vending.crypto.aes_ccm import AAD_MAX, TEXT_MAX, AesCcm, TagError
from joulegate.vending.crypto.constant_time import equal
from joulegate.vending.crypto.hkdf import derive, expand, extract
from joulegate.vending.crypto.hmac_sha256 import hmac_sha256

KEY = bytes(range(16))
NONCE = bytes(13)


class Long:
    """A byte string of which there is only the length; the whole would not fit a small heap."""

    def __init__(self, length):
        self.length = length

    def __len__(self):
        return self.length


def vectors(name):
    with open("tests/vectors/message_crypto.json") as f:
        return json.load(f)[name]


class Published(unittest.TestCase):

    def test_aes_ccm(self):
        entries = vectors("aes_ccm_16_64_128")
        self.assertEqual(len(entries), 22)
        for entry in entries:
            ccm = AesCcm(unhexlify(entry["key"]))
            nonce = unhexlify(entry["nonce"])
            aad = unhexlify(entry["aad"])
            plaintext = unhexlify(entry["plaintext"])
            sealed = unhexlify(entry["sealed"])
            self.assertEqual(ccm.seal(nonce, aad, plaintext), sealed, entry["from"])
            self.assertEqual(ccm.open(nonce, aad, sealed), plaintext, entry["from"])

    def test_hmac_sha256(self):
        entries = vectors("hmac_sha256")
        self.assertEqual(len(entries), 6)
        for entry in entries:
            key = unhexlify(entry["key"])
            message = unhexlify(entry["message"])
            code = unhexlify(entry["mac"])
            self.assertEqual(hmac_sha256(key, message), code)
            self.assertEqual(hmac_sha256(key, message[:3], b"", message[3:]), code)

    def test_hkdf(self):
        entries = vectors("hkdf_sha256")
        self.assertEqual(len(entries), 3)
        for entry in entries:
            key = unhexlify(entry["ikm"])
            salt = unhexlify(entry["salt"])
            info = unhexlify(entry["info"])
            prk = unhexlify(entry["prk"])
            okm = unhexlify(entry["okm"])
            self.assertEqual(extract(salt, key), prk)
            self.assertEqual(expand(prk, info, entry["length"]), okm)
            self.assertEqual(derive(key, salt, info, entry["length"]), okm)


class Ccm(unittest.TestCase):

    def test_every_length_comes_back(self):
        ccm = AesCcm(KEY)
        for length in list(range(35)) + [47, 48, 49, 63, 64, 65, 111, 112, 113, 500]:
            text = bytes([i & 0xFF for i in range(length)])
            for aad in (b"", text[:13], text[:14], text[:15], text):
                self.assertEqual(ccm.open(NONCE, aad, ccm.seal(NONCE, aad, text)), text)

    def test_every_flipped_bit_is_seen(self):
        ccm = AesCcm(KEY)
        sealed = ccm.seal(NONCE, b"data", b"text of 21 characters")
        for bit in range(len(sealed) * 8):
            spoilt = bytearray(sealed)
            spoilt[bit // 8] ^= 1 << bit % 8
            with self.assertRaises(TagError):
                ccm.open(NONCE, b"data", bytes(spoilt))

    def test_key_nonce_data_and_length_are_bound(self):
        sealed = AesCcm(KEY).seal(NONCE, b"data", b"text")
        other = bytes(12) + b"\x01"
        for key, nonce, aad, text in (
                (bytes(16), NONCE, b"data", sealed),
                (KEY, other, b"data", sealed),
                (KEY, NONCE, b"date", sealed),
                (KEY, NONCE, b"", sealed),
                (KEY, NONCE, b"data\x00", sealed),
                (KEY, NONCE, b"data", sealed[:-1]),
                (KEY, NONCE, b"data", sealed[1:]),
                (KEY, NONCE, b"data", sealed + b"\x00"),
        ):
            with self.assertRaises(TagError):
                AesCcm(key).open(nonce, aad, text)

    def test_impossible_lengths(self):
        ccm = AesCcm(KEY)
        self.assertEqual(error_text(ValueError, AesCcm, bytes(15)),
                         "AES-CCM key: 15 bytes, must be 16")
        self.assertEqual(error_text(ValueError, ccm.seal, bytes(12), b"", b""),
                         "nonce: 12 bytes, must be 13")
        self.assertEqual(error_text(ValueError, ccm.open, NONCE, b"", bytes(7)),
                         "ciphertext: 7 bytes, at least the 8 of a tag")
        self.assertEqual(error_text(ValueError, ccm.seal, NONCE, Long(AAD_MAX + 1), b""),
                         "additional data: 65280 bytes, at most 65279")
        self.assertEqual(error_text(ValueError, ccm.seal, NONCE, b"", Long(TEXT_MAX + 1)),
                         "text: 65536 bytes, at most 65535")


class Small(unittest.TestCase):

    def test_hkdf_length(self):
        for length in (0, -1, 8161):
            self.assertEqual(error_text(ValueError, expand, KEY, b"", length),
                             "hkdf length %d: must be 1 to 8160 bytes" % length)

    def test_equal(self):
        self.assertTrue(equal(b"", b""))
        self.assertTrue(equal(b"abc", bytearray(b"abc")))
        for other in (b"", b"ab", b"abd", b"bbc", b"abcd"):
            self.assertFalse(equal(b"abc", other))


if __name__ == "__main__":
    unittest.main()
