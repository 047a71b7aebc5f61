# heapsize: 1M
"""The texts of a panel: equal keys, lines that fit, a title for every page."""

import unittest

from joulegate.panel.alarms import NUMBERS
from joulegate.panel.pages import PAGES, plain_name
from joulegate.panel.texts_en import TEXTS as ENGLISH
from joulegate.panel.texts_zh import TEXTS as CHINESE


def table(texts):
    found = {}
    for line in texts.split("\n"):
        if line:
            key, _, text = line.partition(" ")
            assert key not in found, key
            assert text, key
            found[key] = text
    return found


class Texts(unittest.TestCase):

    def test_both_languages_have_the_same_keys(self):
        self.assertEqual(sorted(table(ENGLISH)), sorted(table(CHINESE)))

    def test_they_fit_their_lines(self):
        for texts, title, line in ((ENGLISH, 16, 21), (CHINESE, 8, 10)):
            for key, text in table(texts).items():
                longest = title if key.startswith("title.") else line
                for part in text.split("|"):
                    wide = 1 if texts is ENGLISH else 2
                    width = sum([wide if ord(c) > 0x2000 else 1 for c in part])
                    self.assertTrue(width <= longest * wide, (key, part))
                self.assertTrue(text.count("|") <= 1, key)

    def test_formats_agree(self):
        chinese = table(CHINESE)
        for key, text in table(ENGLISH).items():
            for form in ("%d", "%s"):
                self.assertEqual(text.count(form), chinese[key].count(form), key)

    def test_every_page_has_a_title(self):
        for line in PAGES.split("\n"):
            if line:
                self.assertTrue("title." + plain_name(line.split()[1]) in table(ENGLISH), line)

    def test_every_alarm_has_a_text(self):
        for number in NUMBERS:
            self.assertTrue("alarm.%d" % number in table(ENGLISH), number)


