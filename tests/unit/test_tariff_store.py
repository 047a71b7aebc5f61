"""Tariff documents under the digest of their bytes."""

import os
import random
import unittest
from hashlib import sha256

from parts import COUNTS_PER_KWH, UNIT_PLACES, error_text, tariff
from scratch import scratch_folder

from joulegate.core.tariff_document import TariffError
from joulegate.storage.tariff_store import SIZE_MAX, TariffStore, TariffStoreError, digest_of


class Case(unittest.TestCase):

    def setUp(self):
        self.folder = scratch_folder("tariffs")
        self.store = TariffStore(self.folder)

    def save(self, text):
        return self.store.save(text, COUNTS_PER_KWH, UNIT_PLACES)

    def load(self, digest):
        return self.store.load(digest, COUNTS_PER_KWH, UNIT_PLACES)

    def path(self):
        name, = os.listdir(self.folder)
        return self.folder + "/" + name

    def put(self, content):
        with open(self.path(), "wb") as f:
            f.write(content)


class Keeps(Case):

    def test_a_document(self):
        text = tariff()
        made = self.save(text)
        self.assertEqual(made.digest, sha256(text).digest()[:8])
        found = self.load(made.digest)
        self.assertEqual((found.document.id, found.digest), ("flat", made.digest))
        self.assertEqual(found.prices[0].amount, made.prices[0].amount)

    def test_name_is_the_digest(self):
        made = self.save(tariff())
        self.assertEqual(os.listdir(self.folder), [made.digest.hex() + ".json"])

    def test_saved_twice_is_one(self):
        self.save(tariff())
        self.save(tariff())
        self.assertEqual(len(os.listdir(self.folder)), 1)

    def test_keep_only(self):
        digests = [self.save(tariff("t%d" % i)).digest for i in range(3)]
        with open(self.folder + "/half.json.new", "wb") as f:
            f.write(b"{")
        self.store.keep_only([digests[1], bytes(8)])
        self.assertEqual(os.listdir(self.folder), [digests[1].hex() + ".json"])


class Refuses(Case):

    def test_bad_documents_are_not_stored(self):
        for kind, text in (
                (TariffStoreError, b""), (TariffStoreError, b"{"), (TariffStoreError, b"\xff\x00"),
                (TariffError, b"[]"), (TariffError, b"{}"), (TariffError, tariff(price="x")),
                (TariffError, tariff(price="100000"))):
            with self.assertRaises(kind):
                self.save(text)
        self.assertEqual(os.listdir(self.folder), [])

    def test_too_long(self):
        text = tariff()
        self.save(text + b" " * (SIZE_MAX - len(text)))
        message = error_text(TariffStoreError, self.save, text + b" " * (SIZE_MAX - len(text) + 1))
        self.assertTrue("16385 bytes, at most 16384" in message, message)

    def test_missing(self):
        with self.assertRaises(OSError):
            self.load(b"12345678")

    def test_every_truncation(self):
        text = tariff()
        digest = self.save(text).digest
        for length in range(0, len(text), 7):
            self.put(text[:length])
            message = error_text(TariffStoreError, self.load, digest)
            self.assertTrue(digest.hex() in message, message)

    def test_random_damage(self):
        text = tariff()
        digest = self.save(text).digest
        random.seed(22)
        for _ in range(200):
            spoilt = bytearray(text)
            spoilt[random.getrandbits(16) % len(spoilt)] ^= 1 + random.getrandbits(8) % 255
            self.put(spoilt)
            with self.assertRaises(TariffStoreError):
                self.load(digest)

    def test_exchanged_for_another_document(self):
        digest = self.save(tariff()).digest
        self.put(tariff(price="0.00000001"))
        message = error_text(TariffStoreError, self.load, digest)
        self.assertTrue("does not have this digest" in message, message)

    def test_grown_on_flash(self):
        digest = self.save(tariff()).digest
        self.put(b" " * (SIZE_MAX + 1))
        message = error_text(TariffStoreError, self.load, digest)
        self.assertTrue("longer than 16384" in message, message)

    def test_made_for_another_meter(self):
        text = tariff()
        digest = self.save(text).digest
        with self.assertRaises(ValueError):
            self.store.load(digest, 999, UNIT_PLACES)

    def test_digest(self):
        self.assertEqual(digest_of(b"abc").hex(), "ba7816bf8f01cfea")


if __name__ == "__main__":
    unittest.main()
