"""Pages on an OLED: what is lit where, how little is drawn and sent, and its ageing."""

import unittest

from display_rig import Bus, finish, page, pixels

from joulegate.panel.glyphs import Letters
from joulegate.panel.pixel_view import PixelView

ROWS = {"signs": (0, 8), "title": (9, 21), "value": (22, 38), "line_1": (39, 51),
        "line_2": (52, 64)}


def lit(model, rows, left=0, right=128):
    """Return the lit pixels of some rows, as (x, y) from their upper left."""
    first, last = rows
    return [(x - left, y - first) for y in range(first, last) for x in range(left, right)
            if model.pixel(x, y)]


def drawn(text):
    """Return the pixels of a text, by the glyphs."""
    letters = Letters()
    found = []
    x = 0
    for char in text:
        glyph = letters.find(ord(char))
        for column in range(glyph.advance):
            at = glyph.at + 1 + 2 * column
            bits = glyph.records[at] | glyph.records[at + 1] << 8
            for y in range(12):
                if bits >> y & 1:
                    found.append((x + column, y))
        x += glyph.advance
    return sorted(found, key=lambda point: (point[1], point[0]))


class Case(unittest.TestCase):
    def setUp(self):
        self.bus, self.view = pixels()
        self.model = self.bus.model

    def show(self, **fields):
        self.view.show(page(**fields))
        return finish(self.view)

    def lit(self, line, *columns):
        return lit(self.model, ROWS[line], *columns)


class Lines(Case):
    def test_texts_stand_in_their_rows(self):
        self.show(title="Balance gj", line_1="\u7535\u8868 12", line_2="5.5 kWh")
        self.assertEqual(self.lit("title"), drawn("Balance gj"))
        self.assertEqual(self.lit("line_1"), drawn("\u7535\u8868 12"))
        self.assertEqual(self.lit("line_2"), drawn("5.5 kWh"))
        self.assertEqual(self.lit("value"), [])
        self.assertEqual(self.lit("signs"), [])
        self.assertEqual(lit(self.model, (8, 9)), [])
        self.assertEqual(lit(self.model, (21, 22)), [])

    def test_nothing_of_the_page_before_stays(self):
        self.show(code=888, title="@@@@@@@@@@", value="88888888", unit_text="W",
                  line_1="@@@@", line_2="####", signs=0xFFF)
        self.assertTrue(len(lit(self.model, (0, 64))) > 500)
        self.show()
        self.assertEqual(lit(self.model, (0, 64)), [])

    def test_one_line_leaves_the_others_alone(self):
        fields = dict(code=888, title="@g", value="888", line_1="@g", line_2="#g", signs=0xFFF)
        self.show(**fields)
        for name, new in (("title", "x"), ("value", "1"), ("line_1", ""), ("line_2", "y")):
            before = {line: self.lit(line) for line in ROWS}
            fields[name] = new
            self.show(**fields)
            for line in ROWS:
                self.assertEqual(self.lit(line) == before[line], line != name)

    def test_a_text_that_is_too_long_ends_at_the_edge(self):
        self.show(title="W" * 40, line_2="W" * 40)
        self.assertEqual(self.lit("title"), [p for p in drawn("W" * 40) if p[0] < 128])
        self.assertEqual(self.lit("line_1"), [])
        self.assertEqual(self.model.faults, {})

    def test_a_character_without_glyph_is_a_box(self):
        self.show(title="\u0416\u9f98\u2603")
        box = drawn("\0")
        self.assertTrue(len(box) > 10)
        self.assertEqual(self.lit("title"), drawn("\0\0\0"))


class Value(Case):
    def test_the_longest_fits_with_its_unit(self):
        self.show(value="-88888.888")
        width = max(x for x, _ in self.lit("value"))
        self.show(value="-88888.888", unit_text="kWh")
        points = self.lit("value")
        unit = [point for point in points if point[0] > width + 1]
        self.assertTrue(max(x for x, _ in points) < 128 - 3)
        self.assertEqual(len(unit), len(drawn("kWh")))

    def test_small_letters_are_shown_as_capitals(self):
        self.show(value="PrESS")
        small = self.lit("value")
        self.show(value="PRESS")
        self.assertEqual(self.lit("value"), small)

    def test_every_value_and_unit_keeps_to_its_rows(self):
        self.show()  # or the lines about it are cleared only afterwards
        for unit in ("gjpqy", "\u5143\u5929", "|@#"):
            self.show(value="0189_-", unit_text=unit)
            self.assertEqual(self.lit("title") + self.lit("line_1"), [])


class Signs(Case):
    def test_each_sign_is_different(self):
        seen = []
        for bit in range(12):
            self.show(signs=1 << bit)
            points = self.lit("signs")
            self.assertTrue(8 < len(points) < 50)
            self.assertFalse(points in seen)
            seen.append(points)

    def test_all_that_can_be_lit_together_leave_room_for_the_code(self):
        self.show(code=999)
        left = min(x for x, _ in self.lit("signs"))
        self.show(signs=0xFFF & ~0b111 << 5)
        self.assertTrue(max(x for x, _ in self.lit("signs")) < left - 3)
        self.assertTrue(left + 3 * 5 + 3 <= 128)
        self.show(code=999, signs=0xFFF)
        after = [point for point in self.lit("signs") if point[0] >= left]
        self.show(code=999)
        self.assertEqual(after, self.lit("signs"))


class Refresh(Case):
    def test_the_same_page_sends_nothing(self):
        shown = page(code=12, title="A", value="34.56", unit_text="kWh", line_1="x")
        self.view.show(shown)
        finish(self.view)
        transfers = self.model.transfers
        self.view.show(shown)
        self.assertEqual(finish(self.view), 1)
        self.assertEqual(self.model.transfers, transfers)

    def test_a_counting_value_sends_its_rows(self):
        self.show(title="A", value="34.56")
        self.model.data_bytes = 0
        self.show(title="A", value="34.57")
        self.assertEqual(self.model.data_bytes, 3 * 128)

    def test_disturbances_are_healed(self):
        self.show(title="A", value="34.56")
        before = lit(self.model, (0, 64))
        self.model.flip(300, 0xFF)
        self.model.upset()
        self.view.refresh()
        finish(self.view)
        self.assertEqual(lit(self.model, (0, 64)), before)

    def test_a_page_that_comes_while_another_is_drawn_wins(self):
        bus, view = pixels()
        wanted = page(code=2, title="Cost", value="2.5", unit_text="V", line_1="b", signs=2)
        view.show(wanted)
        finish(view)
        for steps in range(0, 60, 3):
            self.view.show(page(code=111, title="Balance", value="11111111", unit_text="kWh",
                                line_1="aaaa", line_2="aaaa", signs=1))
            for _ in range(steps):
                self.view.step()
            self.view.show(wanted)
            finish(self.view)
            self.assertEqual(bytes(self.model.ram), bytes(bus.model.ram))

    def test_blank_and_everything_and_back(self):
        shown = page(title="A", value="34.56")
        self.view.show(shown)
        finish(self.view)
        before = lit(self.model, (0, 64))
        self.view.blank()
        finish(self.view)
        self.assertFalse(self.model.on)
        self.view.everything()
        finish(self.view)
        self.assertEqual(len(lit(self.model, (0, 4))), 128 * 4)
        self.assertTrue(self.model.pixel(0, 63) and self.model.pixel(127, 63))
        self.view.show(shown)
        finish(self.view)
        self.assertEqual(lit(self.model, (0, 64)), before)

    def test_every_transfer_may_fail_once(self):
        wanted = page(code=2, title="Cost", value="2.5", unit_text="V", line_1="b", signs=2)
        self.view.show(wanted)
        finish(self.view)
        for failing in range(1, self.model.transfers + 1):
            bus = Bus()
            view = PixelView(bus.driver)
            bus.model.fail_in = failing
            view.show(wanted)
            with self.assertRaises(OSError):
                finish(view)
            view.refresh()
            finish(view)
            self.assertEqual(bytes(bus.model.ram), bytes(self.model.ram))


class Ageing(Case):
    def test_dimmed_and_bright_again(self):
        self.show(title="A")
        bright = self.model.contrast
        self.view.dim(True)
        finish(self.view)
        self.assertTrue(self.model.contrast < bright // 4)
        self.view.dim(False)
        finish(self.view)
        self.assertEqual(self.model.contrast, bright)

    def test_it_moves_a_column_each_minute_and_comes_back(self):
        fields = dict(code=888, title="Balance", value="-12345678", unit_text="kWh", line_1="x",
                      signs=0xFFF & ~0b111 << 5)
        self.show(**fields)
        first = lit(self.model, (0, 64))
        for minute in range(1, 9):
            for _ in range(6):
                self.view.refresh()
                finish(self.view)
            shift = minute % 4
            self.assertEqual(lit(self.model, (0, 64)), [(x + shift, y) for x, y in first])


if __name__ == "__main__":
    unittest.main()
