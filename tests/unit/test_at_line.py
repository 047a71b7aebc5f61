"""The line reader of the modems: whole lines whatever the pieces, payload by count."""

import unittest

from fake_modem_uart import FakeModem, FakeTiming

from joulegate.link.modem.at_line import AtReader
from joulegate.link.modem.byte_queue import ByteQueue


class Case(unittest.TestCase):

    def setUp(self):
        self.uart = FakeModem(FakeTiming())
        self.reader = AtReader(self.uart, 40)

    def lines(self, data, prompt=False):
        self.uart.out += data
        found = []
        while self.reader.waiting:
            line = self.reader.line(prompt)
            if line is not None:
                found.append(line)
        return found


class TestLines(Case):

    def test_crlf_lf_and_cr_end_a_line_and_empty_ones_are_dropped(self):
        self.assertEqual(self.lines(b"\r\nOK\r\n\r\n\r\nA\nB\r0\r"), ["OK", "A", "B", "0"])

    def test_failure_4_a_line_in_any_pieces_is_one_line(self):
        data = b"\r\n+QIURC: \"recv\",0\r\n\r\nOK\r\n"
        for chop in range(1, len(data)):
            self.uart.chop = chop
            self.assertEqual(self.lines(data), ['+QIURC: "recv",0', "OK"])

    def test_no_line_before_its_end(self):
        self.assertEqual(self.lines(b"\r\nOK"), [])
        self.assertEqual(self.lines(b"\r"), ["OK"])

    def test_failure_13_noise_is_dropped_and_counted(self):
        self.assertEqual(self.lines(b"\x00\xff\x00\r\nO\xffK\x80\r\n"), ["OK"])
        self.assertEqual(self.reader.noise, 5)

    def test_failure_13_a_line_too_long_is_dropped_up_to_its_end(self):
        self.assertEqual(self.lines(b"x" * 41 + b"OK\r\nOK\r\n" + b"y" * 40 + b"\r\n"),
                         ["OK", "y" * 40])
        self.assertEqual(self.reader.overflows, 1)

    def test_a_flood_without_an_end_is_bounded_and_holds_nobody_up(self):
        self.uart.out = b"z" * 10000
        self.assertEqual(self.reader.line(), None)
        self.assertTrue(len(self.uart.out) >= 10000 - 128)
        self.assertEqual(self.lines(b"\r\nOK\r\n"), ["OK"])

    def test_failure_6_a_prompt_is_released_only_where_it_is_expected(self):
        self.assertEqual(self.lines(b"\r\n> "), [])
        self.assertEqual(self.lines(b"\r\n"), [">"])
        self.assertEqual(self.lines(b"\r\n> ", True), [">"])
        self.assertEqual(self.lines(b"\r\nSEND OK\r\n"), ["SEND OK"])
        self.assertEqual(self.lines(b"a>b\r\n", True), ["a>b"])

    def test_a_line_may_end_at_a_byte_for_payload_that_follows(self):
        self.reader.stop_at(b"+CARECV:", 44)
        self.assertEqual(self.lines(b"+X: 1,2\r\n"), ["+X: 1,2"])
        self.uart.out = b"+CARECV: 3,a,\n\r\nOK\r\n"
        self.assertEqual(self.reader.line(), "+CARECV: 3,")
        data = bytearray(3)
        self.assertEqual(self.reader.payload(memoryview(data)), 3)
        self.assertEqual(bytes(data), b"a,\n")
        self.assertEqual(self.lines(b""), ["OK"])

    def test_room_for_longer_lines_can_be_made(self):
        self.reader.use_line_max(100)
        self.assertEqual(self.lines(b"x" * 100 + b"\r\n"), ["x" * 100])


class TestPayload(Case):

    def test_failure_2_payload_is_counted_whatever_is_in_it(self):
        payload = b"\nOK\r\n+QIURC: \"closed\",0\r\n\x00\xff>"
        for chop in (1, 2, 3, 7, 4096):
            self.uart.chop = chop
            self.uart.out = b"\r\n+QIRD: %d\r\n" % len(payload) + payload + b"\r\n\r\nOK\r\n"
            line = None
            while line is None:
                line = self.reader.line()
            got = bytearray(len(payload))
            view = memoryview(got)
            count = 0
            while count < len(payload):
                count += self.reader.payload(view[count:])
            self.assertEqual(bytes(got), payload)
            self.assertEqual(self.lines(b""), ["OK"])

    def test_nothing_there_is_nothing(self):
        self.assertEqual(self.reader.payload(memoryview(bytearray(4))), 0)
        self.assertEqual(self.reader.skip(), 0)

    def test_skip_drops_what_is_there(self):
        self.uart.out = b"abc\r\nOK\r\n"
        self.assertEqual(self.reader.skip(), 9)
        self.assertEqual(self.lines(b"\r\nOK\r\n"), ["OK"])


class TestByteQueue(unittest.TestCase):

    def test_first_in_first_out_round_the_end(self):
        queue = ByteQueue(10)
        taken = b""
        given = b""
        number = 0
        for turn in range(200):
            piece = bytes((number + n) & 255 for n in range(1 + turn % 7))
            put = queue.put(piece)
            given += piece[:put]
            number += put
            self.assertTrue(len(queue) + queue.room == 10)
            into = bytearray(1 + turn % 4)
            count = queue.take(into)
            taken += bytes(into[:count])
        into = bytearray(10)
        count = queue.take(into)
        taken += bytes(into[:count])
        self.assertEqual(taken, given)
        self.assertTrue(len(given) > 300)

    def test_what_is_being_filled_stays_in_place_while_others_take(self):
        queue = ByteQueue(10)
        queue.put(b"abc")
        free = queue.free()
        self.assertEqual(queue.take(bytearray(3)), 3)
        free[:2] = b"de"
        queue.added(2)
        into = bytearray(4)
        self.assertEqual(queue.take(into), 2)
        self.assertEqual(bytes(into), b"de\0\0")

    def test_full_takes_nothing_and_empty_gives_nothing(self):
        queue = ByteQueue(4)
        self.assertEqual(queue.put(b"abcdef"), 4)
        self.assertEqual(queue.put(b"x"), 0)
        self.assertEqual(len(queue.free()), 0)
        self.assertEqual(bytes(queue.first(3)), b"abc")
        queue.drop(3)
        self.assertEqual(queue.put(b"xyz"), 3)
        self.assertEqual(bytes(queue.first(9)), b"d")
        queue.clear()
        self.assertEqual(queue.take(bytearray(4)), 0)


if __name__ == "__main__":
    unittest.main()
