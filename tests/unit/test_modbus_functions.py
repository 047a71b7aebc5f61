"""Each function: what it answers, and the exception for every wrong length, value and hole."""

import unittest

from line_rig import UNIT, Box, Registers, words

from joulegate.bus.modbus.counters import Counters
from joulegate.bus.modbus.functions import Functions

FUNCTION, HOLE, VALUE, FAILURE, BUSY = 1, 2, 3, 4, 6


class Case(unittest.TestCase):
    def setUp(self):
        self.registers = Registers()
        self.box = Box()
        self.counters = Counters()
        self.functions = Functions(self.registers, self.box, self.counters)
        self.out = bytearray(256)

    def ask(self, *body, unit=UNIT):
        """Return the answer's body, "" for none."""
        data = b"\xee\xee" + bytes((unit,)) + b"".join(
            [part if isinstance(part, bytes) else bytes((part,)) for part in body])
        size = self.functions.answer(data, 2, len(data) - 2, self.out)
        if size:
            self.assertEqual(self.out[0], unit)
        return bytes(self.out[1:size])

    def refused(self, code, *body):
        before = bytes(self.registers.holding), self.registers.writes
        self.assertEqual(self.ask(*body), bytes((body[0] | 0x80, code)), body)
        self.assertEqual((bytes(self.registers.holding), self.registers.writes), before)


class Reading(Case):
    def test_holding_and_input_registers(self):
        self.registers.holding[2:6] = b"abcd"
        self.assertEqual(self.ask(3, words(1, 2)), b"\x03\x04abcd")
        self.assertEqual(self.ask(4, words(1, 2)), b"\x04\x04\x02\x03\x04\x05")

    def test_counts(self):
        for function in (3, 4):
            self.assertEqual(len(self.ask(function, words(0, 125))), 252)
            for count in (0, 126, 127, 200, 0x8001, 0xFFFF):
                self.refused(VALUE, function, words(0, count))

    def test_holes_and_the_end_of_all_addresses(self):
        for function in (3, 4):
            for address, count in ((199, 2), (200, 1), (0xFFFF, 1), (0xFFFF, 2), (0xFFF0, 125),
                                   (100, 101)):
                self.refused(HOLE, function, words(address, count))

    def test_lengths(self):
        for function in (3, 4):
            for size in (0, 1, 2, 3, 5, 6, 100):
                self.refused(VALUE, function, bytes(size))


class Writing(Case):
    def test_one(self):
        self.assertEqual(self.ask(6, words(3, 0x1234)), b"\x06" + words(3, 0x1234))
        self.assertEqual(bytes(self.registers.holding[6:8]), b"\x12\x34")

    def test_some(self):
        self.assertEqual(self.ask(16, words(1, 2), 4, b"abcd"), b"\x10" + words(1, 2))
        self.assertEqual(bytes(self.registers.holding[2:6]), b"abcd")

    def test_holes_and_values(self):
        self.refused(HOLE, 6, words(10, 1))
        self.refused(HOLE, 6, words(0xFFFF, 1))
        self.refused(HOLE, 16, words(9, 2), 4, words(1, 1))
        self.refused(HOLE, 16, words(0xFFFF, 2), 4, words(1, 1))
        self.refused(VALUE, 6, words(9, 101))
        self.refused(VALUE, 16, words(8, 2), 4, words(1, 101))

    def test_counts_and_lengths(self):
        for size in (0, 1, 2, 3, 5, 100):
            self.refused(VALUE, 6, bytes(size))
        self.refused(VALUE, 16, words(0, 0), 0)
        self.refused(VALUE, 16, words(0, 124), 248, bytes(246))
        for size in range(5):
            self.refused(VALUE, 16, words(0, 1)[:size])
        self.refused(VALUE, 16, words(0, 1), 2)
        self.refused(VALUE, 16, words(0, 1), 2, b"a")
        self.refused(VALUE, 16, words(0, 1), 2, b"abc")
        self.refused(VALUE, 16, words(0, 1), 4, b"ab")
        self.refused(VALUE, 16, words(0, 2), 2, b"ab")
        self.refused(VALUE, 16, words(0, 1), 4, b"abcd")
        # The largest is a hole here, and no wrong value.
        self.refused(HOLE, 16, words(0, 123), 246, bytes(246))


class WritingAndReading(Case):
    def test_it_reads_what_it_wrote(self):
        self.assertEqual(self.ask(23, words(0, 3, 1, 2), 4, b"abcd"), b"\x17\x06\0\0abcd")

    def test_both_or_neither(self):
        self.refused(HOLE, 23, words(200, 1, 1, 2), 4, b"abcd")
        self.refused(HOLE, 23, words(0, 1, 10, 1), 2, b"ab")
        self.refused(VALUE, 23, words(0, 1, 9, 1), 2, words(101))

    def test_counts_and_lengths(self):
        self.refused(VALUE, 23, words(0, 0, 1, 1), 2, b"ab")
        self.refused(VALUE, 23, words(0, 126, 1, 1), 2, b"ab")
        self.refused(VALUE, 23, words(0, 1, 1, 0), 0, b"ab")
        self.refused(VALUE, 23, words(0, 1, 1, 122), 244, bytes(244))
        self.refused(VALUE, 23, words(0, 1, 1, 1), 4, b"ab")
        self.refused(VALUE, 23, words(0, 1, 1, 1), 2, b"abc")
        for size in range(11):
            self.refused(VALUE, 23, (words(0, 1, 1, 1) + b"\2ab")[:size])


class TheMailbox(Case):
    def test_its_part_of_the_registers_goes_to_it(self):
        self.assertEqual(self.ask(3, words(0x1000, 1)), b"\x03\x02BB")
        self.assertEqual(self.ask(3, words(0x13FF, 1)), b"\x03\x02BB")
        self.assertEqual(self.ask(6, words(0x1000, 5)), b"\x06" + words(0x1000, 5))
        self.ask(16, words(0x1110, 2), 4, b"1234")
        self.assertEqual(self.box.asked, [
            ("read", 0x1000, 1), ("read", 0x13FF, 1), ("write", 0x1000, 1), ("write", 0x1110, 2)])

    def test_what_is_partly_beside_it_does_not(self):
        self.refused(HOLE, 3, words(0x0FFF, 2))
        self.refused(HOLE, 3, words(0x13FF, 2))
        self.refused(HOLE, 4, words(0x1000, 1))
        self.refused(HOLE, 16, words(0x13FF, 2), 4, b"1234")
        self.assertEqual(self.box.asked, [])

    def test_busy_is_counted(self):
        self.refused(BUSY, 6, words(0x1001, 5))
        self.assertEqual((self.counters[2], self.counters[6]), (1, 1))


class Diagnostics(Case):
    def test_data_come_back(self):
        self.assertEqual(self.ask(8, words(0), b"ab"), b"\x08\0\0ab")
        self.assertEqual(self.ask(8, words(0), bytes(range(250))),
                         b"\x08\0\0" + bytes(range(250)))

    def test_the_counters_and_how_they_begin_anew(self):
        for number in range(8):
            for _ in range(number + 1):
                self.counters.add(number)
        for number in range(8):
            self.assertEqual(self.ask(8, words(11 + number, 0)),
                             b"\x08" + words(11 + number, number + 1))
        self.ask(8, words(20, 0))
        self.assertEqual([self.counters[i] for i in range(8)], [1, 2, 3, 4, 5, 6, 7, 0])
        self.assertEqual(self.ask(8, words(10, 0)), b"\x08" + words(10, 0))
        self.assertEqual([self.counters[i] for i in range(8)], [0] * 8)

    def test_they_wrap(self):
        for _ in range(0x10001):
            self.counters.add(3)
        self.assertEqual(self.counters[3], 1)

    def test_the_diagnostic_register_is_empty(self):
        self.assertEqual(self.ask(8, words(2, 0)), b"\x08" + words(2, 0))

    def test_what_is_refused(self):
        for sub in (1, 3, 4, 5, 9, 19, 21, 22, 0x0A00, 0xFFFF):
            self.refused(FUNCTION, 8, words(sub, 0))
        for body in (words(11, 1), words(10, 0xFF00), words(2), words(11, 0, 0), b"", b"\0"):
            self.refused(VALUE, 8, body)


class Identity(Case):
    def test_server_id(self):
        self.assertEqual(self.ask(17), b"\x11\x04M-1\xff")
        self.refused(VALUE, 17, 0)

    def test_a_stream_of_what_is_basic(self):
        objects = b"\x00\x05Maker\x01\x03M-1\x02\x031.0"
        for access in (1, 2, 3):
            self.assertEqual(self.ask(43, 14, access, 0),
                             bytes((43, 14, access, 0x81, 0, 0, 3)) + objects)
        self.assertEqual(self.ask(43, 14, 1, 2), b"\x2b\x0e\x01\x81\0\0\x01\x02\x031.0")

    def test_an_unknown_object_begins_a_stream_anew(self):
        self.assertEqual(self.ask(43, 14, 1, 9), self.ask(43, 14, 1, 0))

    def test_one_object(self):
        self.assertEqual(self.ask(43, 14, 4, 1), b"\x2b\x0e\x04\x81\0\0\x01\x01\x03M-1")
        for number in (3, 7, 128, 255):
            self.refused(HOLE, 43, 14, 4, number)

    def test_what_is_refused(self):
        self.refused(FUNCTION, 43, 13, 1, 0)
        self.refused(FUNCTION, 43)
        for access in (0, 5, 255):
            self.refused(VALUE, 43, 14, access, 0)
        self.refused(VALUE, 43, 14)
        self.refused(VALUE, 43, 14, 1)
        self.refused(VALUE, 43, 14, 1, 0, 0)

    def give(self, objects):
        self.registers.identification = objects.get

    def stream(self, access):
        """Follow a stream to its end; return its objects and the number of answers."""
        found = {}
        number = answers = 0
        while True:
            said = self.ask(43, 14, access, number)
            answers += 1
            self.assertTrue(len(said) <= 253)
            at = 7
            for _ in range(said[6]):
                size = said[at + 1]
                self.assertFalse(said[at] in found)
                found[said[at]] = said[at + 2:at + 2 + size]
                at += 2 + size
            self.assertEqual(at, len(said))
            if not said[4]:
                return found, answers
            number = said[5]

    def test_regular_and_extended_objects_in_as_many_answers_as_they_take(self):
        objects = {i: bytes([65 + i]) * (60 + i) for i in (0, 1, 2, 4, 6)}
        self.give(objects)
        self.assertEqual(self.stream(1), ({i: objects[i] for i in range(3)}, 1))
        self.assertEqual(self.stream(2), (objects, 2))
        self.assertEqual(self.stream(3), (objects, 2))
        self.assertEqual(self.ask(43, 14, 4, 4)[3], 0x82)
        for i in range(128, 140):
            objects[i] = bytes([i]) * 100
        self.assertEqual(self.stream(3), (objects, 8))
        self.assertEqual(self.ask(43, 14, 2, 0)[3], 0x83)
        self.assertEqual(self.stream(2)[1], 2)

    def test_a_value_too_long_for_an_answer_is_cut(self):
        self.give({0: bytes(300), 1: b"b", 2: b"c"})
        self.assertEqual(self.stream(1), ({0: bytes(244), 1: b"b", 2: b"c"}, 2))


if __name__ == "__main__":
    unittest.main()
