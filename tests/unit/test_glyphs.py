"""Tables of glyphs: searched rightly, and one for every character that the panel may say."""

import unittest

from joulegate.panel import glyphs_chinese, glyphs_large, glyphs_latin, glyphs_signs
from joulegate.panel.glyphs import Glyphs, Letters
from joulegate.panel.texts_currency import TEXTS as CURRENCIES
from joulegate.panel.texts_en import TEXTS as ENGLISH
from joulegate.panel.texts_zh import TEXTS as CHINESE

TABLES = (glyphs_latin, glyphs_chinese, glyphs_large, glyphs_signs)


def codes(table):
    return [table.CODES[i] << 8 | table.CODES[i + 1] for i in range(0, len(table.CODES), 2)]


class Tables(unittest.TestCase):
    def test_codes_rise_and_each_has_a_record(self):
        for table in TABLES:
            found = codes(table)
            self.assertEqual(found, sorted(set(found)))
            self.assertEqual(len(table.RECORDS), len(found) * (1 + 2 * table.COLUMNS))

    def test_every_code_is_found_with_its_own_record(self):
        for table in TABLES:
            glyphs = Glyphs(table)
            size = 1 + 2 * table.COLUMNS
            for number, code in enumerate(codes(table)):
                self.assertTrue(glyphs.find(code))
                record = table.RECORDS[size * number:size * number + size]
                self.assertEqual(glyphs.advance, record[0])
                self.assertTrue(0 < glyphs.advance <= table.COLUMNS)
                self.assertEqual(glyphs.records[glyphs.at:glyphs.at + size], record)

    def test_what_is_not_there_is_not_found(self):
        for table in TABLES:
            glyphs = Glyphs(table)
            there = set(codes(table))
            for code in (0, 13, 31, 46, 0x7F, 0x100, 0x2603, 0x4DFF, 0x9FFF, 0xFFFF, 0x1F600):
                self.assertEqual(glyphs.find(code), code in there)

    def test_no_two_characters_look_alike(self):
        for table in (glyphs_latin, glyphs_chinese, glyphs_signs):
            size = 1 + 2 * table.COLUMNS
            records = [table.RECORDS[i:i + size] for i in range(0, len(table.RECORDS), size)]
            self.assertEqual(len(set(records)), len(records))


class Texts(unittest.TestCase):
    def test_every_character_of_the_texts_has_a_glyph(self):
        known = set(codes(glyphs_latin)) | set(codes(glyphs_chinese))
        for text in (ENGLISH, CHINESE, CURRENCIES):
            missing = sorted(set(char for char in text if ord(char) not in known and char != "\n"))
            # Made by: python -m tools.glyphs chinese FONT
            self.assertEqual(missing, [])

    def test_none_is_there_for_nothing(self):
        used = set(ord(char) for char in CHINESE)
        self.assertEqual([code for code in codes(glyphs_chinese) if code not in used], [])

    def test_currency_signs(self):
        known = codes(glyphs_latin)
        for sign in "$\xa3\xa5\u20ac\u20b9\u20a9\u20bd\u20ab\u20a6\u20b1\u20ba\u20b4\u09f3":
            self.assertTrue(ord(sign) in known)

    def test_english_loads_no_chinese(self):
        letters = Letters()
        letters.width(ENGLISH.replace("\n", ""))
        self.assertTrue(letters._chinese is None)
        self.assertEqual(letters.width("\u7535\u8868 12"), 2 * 12 + 3 * 6)

    def test_large_digits_are_of_one_width(self):
        glyphs = Glyphs(glyphs_large)
        widths = []
        for digit in "0123456789":
            glyphs.find(ord(digit))
            widths.append(glyphs.advance)
        self.assertEqual(set(widths), {11})


if __name__ == "__main__":
    unittest.main()
