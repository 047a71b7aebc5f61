"""Pages on segment glass: what is read off the chip's segment memory, and how little is sent."""

import unittest

from display_rig import finish, page, segments

from joulegate.panel.seven_segments import shows

# As docs/display-hardware.md has the glass: a digit is two SEG lines, COM0 first.
EVEN = "fged"
ODD = "abc"
READ = {
    "": " ", "abcdef": "0", "bc": "1", "abdeg": "2", "abcdg": "3", "bcfg": "4", "acdfg": "5",
    "acdefg": "6", "abc": "7", "abcdefg": "8", "abcdfg": "9", "g": "-", "d": "_",
    "abcefg": "A", "cdefg": "b", "adefg": "E", "aefg": "F", "def": "L", "ceg": "n", "cdeg": "o",
    "abefg": "P", "eg": "r", "defg": "t", "adef": "C",
}
SIGN_NAMES = {
    (22, 0): "alarm", (22, 1): "off", (22, 2): "link", (22, 3): "export", (23, 0): "low_credit",
    (24, 0): "T1", (24, 1): "T2", (24, 2): "T3", (24, 3): "T4", (23, 1): "clock",
    (23, 2): "locked", (23, 3): "muted"}
SIGN_BITS = ("alarm", "off", "link", "export", "low_credit", "T1", "T2", "T3", "T4", "clock",
             "locked", "muted")
UNIT_NAMES = {
    (25, 0): "yuan", (25, 1): "dollar", (25, 2): "money", (25, 3): "kWh", (26, 0): "kW",
    (26, 1): "W", (26, 2): "V", (26, 3): "A", (27, 0): "Hz", (27, 1): "d", (27, 2): "h",
    (27, 3): "s", (28, 0): "m3", (28, 1): "%", (28, 2): "min", (28, 3): "kvarh", (21, 3): "per"}


def digit(model, number):
    lit = [EVEN[com] for com in range(4) if model.lit(2 * number, com)]
    lit += [ODD[com] for com in range(3) if model.lit(2 * number + 1, com)]
    return READ["".join(sorted(lit))]


def value(model):
    """Read the eight digits with their marks, the outer minus first."""
    text = "-" if model.lit(15, 3) else ""
    for number in range(8):
        text += digit(model, number)
        if number < 7 and model.lit(2 * number + 1, 3):
            text += "."
        if number in (3, 5) and model.lit(17 if number == 3 else 19, 3):
            text += ":"
    return text


def code(model):
    return "".join(digit(model, number) for number in (8, 9, 10))


def named(model, names):
    return sorted(name for (line, com), name in names.items() if model.lit(line, com))


class Case(unittest.TestCase):
    def setUp(self):
        self.wires, self.view = segments()
        self.model = self.wires.model

    def show(self, **fields):
        self.view.show(page(**fields))
        return finish(self.view)

    def read(self, text):
        self.show(value=text)
        return value(self.model)


class Value(Case):
    def test_digits_stand_at_the_right(self):
        self.assertEqual(self.read("12345678"), "12345678")
        self.assertEqual(self.read("90"), "      90")
        self.assertEqual(self.read(""), "        ")

    def test_points(self):
        self.assertEqual(self.read("0.05"), "     0.05")
        self.assertEqual(self.read("123456.78"), "123456.78")
        self.assertEqual(self.read("1.2345678"), "1.2345678")

    def test_minus(self):
        self.assertEqual(self.read("-1.50"), "    -1.50")
        self.assertEqual(self.read("-1234567"), "-1234567")
        self.assertEqual(self.read("-123456.78"), "-123456.78")

    def test_colons(self):
        self.assertEqual(self.read("23:59"), "    23:59")
        self.assertEqual(self.read("23:59:08"), "  23:59:08")

    def test_letters(self):
        self.assertEqual(self.read("OFF"), "     0FF")
        self.assertEqual(self.read("Err-12"), "  Err-12")
        self.assertEqual(self.read("PLA nt"), "  PLA nt")

    def test_what_cannot_be_shown_is_empty(self):
        self.assertEqual(self.read("1K2"), "     1 2")
        self.assertTrue(shows("Err-12.5 23:59"))
        self.assertFalse(shows("1K2"))

    def test_what_is_too_long_is_no_other_value(self):
        self.assertEqual(self.read("123456789"), "--------")
        self.assertEqual(self.read("-1234567.89"), "--------")
        self.assertEqual(self.read("1"), "       1")


class Fields(Case):
    def test_code(self):
        for number, wanted in ((1, "001"), (42, "042"), (999, "999"), (0, "   "), (1000, "   "),
                               (-1, "   ")):
            self.show(code=number)
            self.assertEqual(code(self.model), wanted)

    def test_each_sign_alone(self):
        for bit in range(len(SIGN_BITS)):
            self.show(signs=1 << bit)
            self.assertEqual(named(self.model, SIGN_NAMES), [SIGN_BITS[bit]])
            self.assertEqual(named(self.model, UNIT_NAMES), [])

    def test_all_signs(self):
        self.show(signs=0xFFF)
        self.assertEqual(named(self.model, SIGN_NAMES), sorted(SIGN_BITS))

    def test_each_unit_alone(self):
        for unit in ("kWh", "kW", "W", "V", "A", "Hz", "d", "h", "s", "m3", "%", "min", "kvarh"):
            self.show(unit=unit, unit_text=unit)
            self.assertEqual(named(self.model, UNIT_NAMES), [unit])
        self.show(unit="parsec")
        self.assertEqual(named(self.model, UNIT_NAMES), [])

    def test_currencies(self):
        for text, wanted in (("\u5143", "yuan"), ("\xa5", "yuan"), ("$", "dollar"),
                             ("A$", "dollar"), ("\u20ac", "money"), ("KSh", "money")):
            self.show(unit="money", unit_text=text)
            self.assertEqual(named(self.model, UNIT_NAMES), [wanted])

    def test_a_price(self):
        self.show(unit="price", unit_text="\u5143/kWh")
        self.assertEqual(named(self.model, UNIT_NAMES), ["kWh", "per", "yuan"])

    def test_nothing_of_the_page_before_stays(self):
        self.show(code=888, value="88888888", unit="price", unit_text="$", signs=0xFFF)
        self.show()
        self.assertEqual(bytes(self.model.ram), bytes(32))


class Refresh(Case):
    def test_the_same_page_sends_nothing(self):
        shown = page(code=12, value="34.56", unit="kWh", signs=3)
        self.view.show(shown)
        finish(self.view)
        frames = self.model.frames
        self.view.show(shown)
        self.assertEqual(finish(self.view), 1)
        self.assertEqual(self.model.frames, frames)

    def test_a_counting_value_sends_its_last_digits(self):
        self.show(value="34.56", unit="kWh")
        frames = self.model.frames
        self.model.longest = 0
        self.show(value="34.57", unit="kWh")
        self.assertEqual(self.model.frames, frames + 1)
        self.assertTrue(self.model.longest <= 3 + 6 + 2 * 4)

    def test_disturbances_are_healed(self):
        self.show(code=12, value="34.56", unit="kWh", signs=3)
        ram = bytes(self.model.ram)
        self.model.flip(5, 2)
        self.model.upset()
        self.view.refresh()
        finish(self.view)
        self.assertTrue(self.model.visible)
        self.assertEqual(bytes(self.model.ram), ram)

    def test_blank_and_everything_and_back(self):
        shown = page(code=12, value="34.56")
        self.view.show(shown)
        finish(self.view)
        ram = bytes(self.model.ram)
        self.view.blank()
        finish(self.view)
        self.assertEqual(bytes(self.model.ram), bytes(32))
        self.view.everything()
        finish(self.view)
        self.assertEqual(bytes(self.model.ram), b"\x0f" * 32)
        self.view.show(shown)
        finish(self.view)
        self.assertEqual(bytes(self.model.ram), ram)

    def test_a_page_that_comes_while_another_is_laid_out_wins(self):
        for steps in range(12):
            self.view.show(page(code=111, value="11111111", unit="kWh", signs=1))
            for _ in range(steps):
                self.view.step()
            self.show(code=222, value="2.5", unit="V", signs=2)
            self.assertEqual(value(self.model), "      2.5")
            self.assertEqual(code(self.model), "222")
            self.assertEqual(named(self.model, SIGN_NAMES), ["off"])
            self.assertEqual(named(self.model, UNIT_NAMES), ["V"])

    def test_a_glass_with_fewer_segments(self):
        class Plain:
            NONE = MINUS = YUAN = DOLLAR = MONEY = PER = 255
            DIGITS = bytes(range(56))
            POINTS = COLONS = b"\xff" * 8
            CODE = b"\xff" * 21
            SIGNS = b"\x7f"
            UNITS = "kWh"
            UNIT_PLACES = b"\x7e"
        from joulegate.panel.segment_view import SegmentView
        view = SegmentView(self.wires.driver, Plain)
        view.show(page(code=5, value="-88888888", unit="money", signs=0xFFF))
        finish(view)
        self.assertEqual(bytes(self.model.ram), b"\x0f" * 14 + bytes(17) + b"\x08")


if __name__ == "__main__":
    unittest.main()
