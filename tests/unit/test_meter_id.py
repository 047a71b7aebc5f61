"""The meter's number: what is taken, and how it is kept."""

import unittest

from parts import error_text

from joulegate.core.meter_id import METER_ID_MAX, pack_meter_id, unpack_meter_id


class MeterId(unittest.TestCase):

    def test_there_and_back(self):
        for text in ("1", "01234567890", "0123456789012", "aZ9"):
            packed = pack_meter_id(text)
            self.assertEqual(len(packed), METER_ID_MAX)
            self.assertEqual(unpack_meter_id(packed), text)

    def test_refused(self):
        for value in ("", "01234567890123", "12 34", "12-34", "12\x0034", "\xe9", None, 12, b"12"):
            self.assertEqual(
                error_text(ValueError, pack_meter_id, value),
                "meter_id %r: must be 1 to 13 digits or letters" % (value,))


if __name__ == "__main__":
    unittest.main()
