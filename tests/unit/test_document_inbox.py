"""Documents in pieces: in order, of one document, whole and unspoilt."""

import os
import unittest
from hashlib import sha256

from parts import error_text
from scratch import scratch_folder

from joulegate.storage.document_inbox import SIZE_MAX, DocumentInbox, InboxError

TEXT = bytes([i & 0xFF for i in range(1000)])
DIGEST = sha256(TEXT).digest()[:8]


class Inbox(unittest.TestCase):

    def setUp(self):
        self.path = scratch_folder("inbox") + "/incoming.bin"
        self.inbox = DocumentInbox(self.path)

    def put(self, at, end, digest=DIGEST, size=1000):
        return self.inbox.put(digest, size, at, TEXT[at:end])

    def refused(self, words, function, *arguments):
        text = error_text(InboxError, function, *arguments)
        self.assertTrue(words in text, text)

    def test_whole(self):
        self.assertEqual(self.put(0, 400), 400)
        self.inbox = DocumentInbox(self.path)  # a start in between
        self.assertEqual(self.put(400, 999), 999)
        self.refused("999 of 1000", self.inbox.document, DIGEST)
        self.assertEqual(self.put(999, 1000), 1000)
        self.assertEqual(self.inbox.document(DIGEST), TEXT)
        self.refused("not been sent", self.inbox.document, bytes(8))
        self.inbox.forget()
        self.inbox.forget()
        self.assertEqual(os.listdir(self.path.rsplit("/", 1)[0]), [])
        self.refused("not been sent", self.inbox.document, DIGEST)

    def test_out_of_order(self):
        self.refused("another document", self.put, 1, 5)
        self.put(0, 400)
        self.refused("must be at 400", self.put, 300, 400)
        self.refused("must be at 400", self.put, 500, 600)
        self.refused("another document", self.put, 400, 500, bytes(8))
        self.refused("another document", self.put, 400, 500, DIGEST, 999)
        self.assertEqual(self.put(0, 100), 100)

    def test_bounds(self):
        self.refused("must be 1 to 16384", self.put, 0, 1, DIGEST, SIZE_MAX + 1)
        self.refused("must be 1 to 16384", self.put, 0, 1, DIGEST, 0)
        self.refused("the document has 10", self.put, 0, 11, DIGEST, 10)

    def test_spoilt(self):
        self.put(0, 1000)
        with open(self.path, "r+b") as f:
            f.seek(500)
            f.write(b"\x00")
        self.refused("send it again", self.inbox.document, DIGEST)


if __name__ == "__main__":
    unittest.main()
