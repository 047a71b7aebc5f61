"""Decimal texts in and out, and what is refused."""

import unittest

from joulegate.core.amounts import format_ratio, parse_decimal, scaled


class TestParseDecimal(unittest.TestCase):
    def test_texts_become_integers_and_places(self) -> None:
        for text, expected in (
            ("0", (0, 0)), ("12", (12, 0)), ("12.50", (125, 1)), ("0.4883", (4883, 4)),
            ("007", (7, 0)), ("0.00000001", (1, 8)), ("1.000000000000", (1, 0)),
            ("999999999999.99999999", (99999999999999999999, 8)),
        ):
            self.assertEqual(parse_decimal(text, 8), expected)

    def test_a_sign_is_taken_only_where_it_is_allowed(self) -> None:
        self.assertEqual(parse_decimal("-1.5", 2, True), (-15, 1))
        self.assertEqual(parse_decimal("-0", 2, True), (0, 0))
        self.assertEqual(parse_decimal("1.5", 2, True), (15, 1))
        with self.assertRaises(ValueError):
            parse_decimal("-1.5", 2)

    def test_all_else_is_refused_with_the_rule(self) -> None:
        for bad in (
            "", ".", "-", "1.", ".5", "+1", "1,5", "1e3", " 1", "1 ", "1_000", "1.2.3", "--1",
            "0x10", "\u0661", "1.\u0662", "1000000000000", "0.001", 1, 1.5, None, True, b"1",
            ["1"],
        ):
            try:
                parse_decimal(bad, 2, True)
                self.fail("accepted: %r" % (bad,))
            except ValueError as e:
                self.assertEqual(
                    str(e),
                    "must be a decimal text with at most 2 places, such as \"12.50\"")


class TestScaling(unittest.TestCase):
    def test_more_places(self) -> None:
        self.assertEqual(scaled(125, 1, 4), 125000)
        self.assertEqual(scaled(-3, 0, 0), -3)


class TestFormatRatio(unittest.TestCase):
    def test_halves_go_away_from_zero(self) -> None:
        for numerator, denominator, places, text in (
            (1, 8, 2, "0.13"), (-1, 8, 2, "-0.13"), (1, 3, 4, "0.3333"), (2, 3, 0, "1"),
            (-2, 3, 0, "-1"), (-1, 3, 0, "0"), (-1, 1000, 2, "0.00"), (1005, 10, 1, "100.5"),
            (999, 1000, 2, "1.00"), (10 ** 30, 7, 3, "142857142857142857142857142857.143"),
        ):
            self.assertEqual(format_ratio(numerator, denominator, places), text)


if __name__ == "__main__":
    unittest.main()
