"""An entry that stands in a slot of another number does not decide where a ring goes on."""

import unittest

from scratch import scratch_folder

from joulegate.storage.entry_layout import Layout
from joulegate.storage.ring import HEADER_SIZE, Ring

FIELDS = """
    name 60s: a name
"""


class Places(unittest.TestCase):

    def test_a_newer_entry_copied_into_an_older_file(self):
        path = scratch_folder("ring-places") + "/r"
        ring = Ring(path, 3, Layout(b"TEST", 1, FIELDS))
        for n in range(ring.per_file + 5):
            ring.append((b"%060d" % n,))
        size = ring.layout.size
        with open(ring.file_name(1), "rb") as f:
            f.seek(HEADER_SIZE + size)
            entry = f.read(size)
        with open(ring.file_name(0), "r+b") as f:
            f.seek(HEADER_SIZE)
            f.write(entry)
        again = Ring(path, 3, Layout(b"TEST", 1, FIELDS))
        again.load()
        self.assertEqual(again.next, ring.next)
        self.assertEqual(
            [e["sequence"] for e in again.entries()], list(range(1, ring.next)))


if __name__ == "__main__":
    unittest.main()
