"""Numbers that outlast a start."""

import os
import unittest

from scratch import scratch_folder

from joulegate.storage.notes import Notes


class Case(unittest.TestCase):

    def setUp(self):
        self.path = scratch_folder("notes") + "/notes"
        self.notes = Notes(self.path)

    def write(self, text):
        with open(self.path, "w") as f:
            f.write(text)

    def test_none_is_0(self):
        self.assertEqual(self.notes.get("pin_refused"), 0)

    def test_kept_over_a_start(self):
        self.notes.put("pin_refused", 1)
        self.notes.put("other", 7)
        again = Notes(self.path)
        self.assertEqual((again.get("pin_refused"), again.get("other")), (1, 7))

    def test_what_is_so_already_is_not_written(self):
        self.notes.put("pin_refused", 0)
        self.assertEqual(os.listdir(self.path.rpartition("/")[0]), [])

    def test_what_cannot_be_believed_is_0(self):
        for text in ("", "{", "[1]", '{"pin_refused": "x"}', '{"pin_refused": null}'):
            self.write(text)
            self.assertEqual(Notes(self.path).get("pin_refused"), 0, text)

    def test_a_note_that_cannot_be_written_is_not_kept(self):
        self.notes.put("pin_refused", 1)
        os.mkdir(self.path + ".new")
        with self.assertRaises(OSError):
            self.notes.put("pin_refused", 0)
        self.assertEqual(self.notes.get("pin_refused"), 1)
        self.assertEqual(Notes(self.path).get("pin_refused"), 1)


if __name__ == "__main__":
    unittest.main()
