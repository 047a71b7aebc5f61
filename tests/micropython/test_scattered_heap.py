# heapsize: 2M
"""Documents on a heap whose free pieces are all small, as after months of use."""

import gc
import unittest
from hashlib import sha256

from parts import COUNTS_PER_KWH, UNIT_PLACES, tariff
from scratch import scratch_folder

from joulegate.storage.document_inbox import SIZE_MAX, DocumentInbox
from joulegate.storage.tariff_store import TariffStore

PIECE = 8192
DOCUMENT = 8192
"""What is read without a size grows by 256 bytes beyond what there is, and out of its piece."""


def scatter():
    """Return what holds the heap but for pieces a little longer than PIECE."""
    pieces = []
    for size in (PIECE, 1024, 64):
        while True:
            try:
                pieces.append(bytearray(size))
            except MemoryError:
                break
    for i in range(0, 40, 2):
        pieces[i] = None
    gc.collect()
    return pieces


class Scattered(unittest.TestCase):

    def setUp(self):
        self.folder = scratch_folder("scattered")
        self.text = tariff() + b" " * (DOCUMENT - len(tariff()))
        self.digest = sha256(self.text).digest()[:8]

    def tearDown(self):
        self.held = None
        gc.collect()

    def test_no_piece_holds_a_document_of_full_size(self):
        self.held = scatter()
        with self.assertRaises(MemoryError):
            bytearray(SIZE_MAX)
        self.assertEqual(len(bytearray(PIECE)), PIECE)

    def test_inbox(self):
        inbox = DocumentInbox(self.folder + "/incoming.bin")
        for at in range(0, DOCUMENT, 384):
            inbox.put(self.digest, DOCUMENT, at, self.text[at:at + 384])
        self.held = scatter()
        self.assertEqual(len(inbox.document(self.digest)), DOCUMENT)

    def test_tariff_store(self):
        store = TariffStore(self.folder)
        store.save(self.text, COUNTS_PER_KWH, UNIT_PLACES)
        self.held = scatter()
        tariff = store.load(self.digest, COUNTS_PER_KWH, UNIT_PLACES)
        self.assertEqual(tariff.digest, self.digest)


if __name__ == "__main__":
    unittest.main()
