"""Messages in pieces, and what the air has room for."""

import unittest

from parts import FakeClock

from joulegate.link.lorawan.air import SIZE_MIN, AirBudget, airtime_ms, size_max
from joulegate.link.lorawan.pieces import GATHER_MS, HEAD, PIECES_MAX, TAGS, Cutter, Gatherer
from joulegate.storage.link_settings import LORA_BANDS

MESSAGE = bytes(range(200)) + bytes(range(50))


def cut(message, size, code=0, tag=3):
    cutter = Cutter(code, tag, message)
    pieces = []
    while not cutter.over:
        pieces.append(cutter.piece(size))
        assert cutter.piece(size) == pieces[-1]
        cutter.passed()
    return pieces


class Cutting(unittest.TestCase):

    def test_layout(self):
        pieces = cut(b"abcdefg", 5, code=1, tag=31)
        self.assertEqual(pieces, [b"\x3f\x00abc", b"\x3f\x01def", b"\x3f\x82g"])
        self.assertEqual(cut(b"ab", 5), [b"\x03\x80ab"])

    def test_lengths_that_change_on_the_way(self):
        cutter = Cutter(2, 0, MESSAGE)
        found = []
        for size in (51, 11, 222):
            found.append(cutter.piece(size))
            cutter.passed()
        self.assertTrue(cutter.over)
        self.assertEqual([len(piece) for piece in found], [51, 11, HEAD + 250 - 49 - 9])

    def test_too_small(self):
        cutter = Cutter(1, 0, bytes(512))
        self.assertTrue(cutter.fits(SIZE_MIN))
        self.assertFalse(cutter.fits(HEAD + 7))


class Gathering(unittest.TestCase):

    def setUp(self):
        self.clock = FakeClock()
        self.gatherer = Gatherer(self.clock)

    def take(self, pieces):
        return [found for found in map(self.gatherer.take, pieces) if found is not None]

    def test_in_any_order_and_more_than_once(self):
        pieces = cut(MESSAGE, 51)
        for order in (pieces, pieces[::-1], pieces[2:] + pieces[:2],
                      [p for p in pieces for _ in range(2)]):
            self.assertEqual(self.take(order)[:1], [MESSAGE])
            self.gatherer = Gatherer(self.clock)

    def test_whole_in_one_piece(self):
        self.assertEqual(self.take(cut(b"m", 51)), [b"m"])

    def test_a_lost_piece_comes_with_the_repetition(self):
        pieces = cut(MESSAGE, 51)
        self.assertEqual(self.take(pieces[:2] + pieces[3:]), [])
        self.assertEqual(self.take(pieces[:3]), [MESSAGE])

    def test_another_message_makes_an_end(self):
        self.assertEqual(self.take(cut(MESSAGE, 51)[:3]), [])
        self.assertEqual(self.take(cut(b"another", 5, tag=4)), [b"another"])
        self.assertEqual(self.gatherer.given_up, 1)

    def test_a_tag_that_comes_again(self):
        pieces = cut(bytes(100), 51)
        self.take(cut(MESSAGE, 51)[:3])
        self.assertEqual(self.take(pieces), [bytes(100)])
        # Where only the end of the other has come, it may take a repetition.
        self.take(cut(MESSAGE, 51)[3:])
        self.assertEqual(self.take(pieces + pieces), [bytes(100)])

    def test_a_long_time_between(self):
        pieces = cut(MESSAGE, 51)
        self.take(pieces[:2])
        self.clock.pass_ms(GATHER_MS)
        self.assertEqual(self.take(pieces[2:]), [MESSAGE])
        self.take(pieces[:2])
        self.clock.pass_ms(GATHER_MS + 1)
        self.assertEqual(self.take(pieces[2:]), [])
        self.assertEqual(self.gatherer.given_up, 1)

    def test_too_much(self):
        self.assertEqual(self.take(cut(bytes(512), 51)), [bytes(512)])
        self.assertEqual(self.take(cut(bytes(513), 51)), [])
        self.assertEqual(self.gatherer.given_up, 1)
        # What comes then begins anew.
        self.assertEqual(self.take(cut(b"m", 51)), [b"m"])

    def test_what_is_no_piece(self):
        for piece in (b"", b"\x03", b"\x03\x80", b"\x03\x40x", b"\x03\x7fx", b"\x23\x80x"):
            self.assertEqual(self.take([piece]), [])
        self.assertEqual(self.gatherer.refused, 6)

    def test_through_an_air_that_loses_and_mixes(self):
        seed = 7
        rounds = 0

        def chance(n):
            nonlocal seed
            seed = seed * 48271 % 0x7FFFFFFF
            return (seed >> 7) % n

        for number in range(60):
            message = bytes([chance(256) for _ in range(1 + chance(512))])
            pieces = cut(message, (11, 51, 115)[chance(3)], tag=number % TAGS)
            found = []
            while not found:
                rounds += 1
                self.assertTrue(rounds < 2000)
                on_air = [piece for piece in pieces if chance(3)]
                on_air += [piece for piece in pieces if not chance(5)]
                while on_air:
                    whole = self.gatherer.take(on_air.pop(chance(len(on_air))))
                    if whole is not None:
                        found.append(whole)
            self.assertEqual(found[0], message)
            # What came again after the end may have begun it anew, and is then given up.
        self.assertTrue(self.gatherer.given_up <= 60)

    def test_any_bytes(self):
        seed = 1
        for _ in range(3000):
            size = seed % 9
            piece = bytearray()
            for _ in range(size):
                seed = seed * 48271 % 0x7FFFFFFF
                piece.append((seed >> 8) & (0x83 if len(piece) < 2 else 0xFF))
            seed = seed * 48271 % 0x7FFFFFFF
            found = self.gatherer.take(bytes(piece))
            self.assertTrue(found is None or 0 < len(found) <= 512)
        self.assertTrue(self.gatherer.refused < 3000)


class Air(unittest.TestCase):

    def test_time_on_air(self):
        # Semtech's LoRa calculator: PHY payload 13 bytes longer, CR 4/5, preamble 8.
        for rate, size, ms in ((0, 51, 2794), (1, 51, 1561), (2, 51, 699), (3, 115, 677),
                               (4, 222, 656), (5, 222, 369), (5, 11, 62)):
            self.assertEqual(airtime_ms("EU868", rate, size), ms)
        self.assertEqual(airtime_ms("US915", 0, 11), 371)
        self.assertEqual(airtime_ms("EU868", 99, 51), airtime_ms("EU868", 0, 51))

    def test_sizes(self):
        self.assertEqual([size_max("EU868", rate) for rate in (0, 3, 5, -1, 9)],
                         [51, 115, 222, 11, 11])
        for band in LORA_BANDS:
            for rate in range(-1, 9):
                self.assertTrue(SIZE_MIN <= size_max(band, rate) <= 222)
                self.assertTrue(airtime_ms(band, rate, SIZE_MIN) > 0)
                # A message of any length goes into the pieces there are.
                self.assertTrue((size_max(band, rate) - HEAD) * PIECES_MAX >= 512)
        self.assertTrue(TAGS == 32)

    def test_one_percent_of_any_hour(self):
        budget = AirBudget()
        budget.band = "EU868"
        budget.daily_ms = 10 ** 9
        sent = []
        for second in range(20000):
            budget.pass_time(second)
            if budget.allows(2794):
                budget.spend(2794)
                sent.append(second)
        for first in range(0, 16400, 7):
            hour = [s for s in sent if first <= s < first + 3600]
            self.assertTrue(len(hour) * 2794 <= 36000, (first, len(hour)))
        self.assertTrue(len(sent) > 30)

    def test_the_day(self):
        budget = AirBudget()
        budget.band = "US915"
        budget.daily_ms = 10000
        self.assertFalse(budget.strait)
        budget.spend(7500)
        self.assertTrue(budget.strait and budget.allows(2500))
        self.assertFalse(budget.allows(2501))
        budget.pass_time(86399)
        self.assertTrue(budget.strait)
        budget.pass_time(86400)
        self.assertFalse(budget.strait)
        self.assertEqual(budget.spent_ms, 0)


if __name__ == "__main__":
    unittest.main()
