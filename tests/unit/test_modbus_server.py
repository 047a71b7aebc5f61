# heapsize: 512wK
"""The server on a line in virtual time: framing, silence, broadcasts, what is never answered."""

import unittest

from line_rig import Registers, Served, crc, frame, read, words, write

from joulegate.bus.modbus import frame_reader
from joulegate.bus.modbus.crc import crc16

MESSAGES, ERRORS, EXCEPTIONS, HANDLED, UNANSWERED, NEGATIVE, BUSY, OVERRUNS = range(8)
GAP_US = 4011
"""3.5 characters at 9600 baud."""


class Crc(unittest.TestCase):
    def test_the_check_value(self):
        self.assertEqual(crc16(b"xx123456789", 2, 9), 0x4B37)

    def test_it_agrees_with_one_bit_by_bit(self):
        data = bytes([(i * 7 + i // 5) & 0xFF for i in range(300)])
        for size in (0, 1, 2, 5, 255, 256):
            low, high = crc(data[:size])
            self.assertEqual(crc16(data, 0, size), high << 8 | low)

    def test_over_a_frame_with_its_own_it_is_nothing(self):
        self.assertEqual(crc16(read(0, 3), 0, 8), 0)


class Asked(unittest.TestCase):
    def setUp(self):
        self.served = Served()

    def test_a_request_is_answered(self):
        self.assertEqual(
            self.served.ask(read(0, 2, function=4)), frame(4, 4, bytes((0, 1, 2, 3))))
        self.assertEqual(self.served.counts(), [1, 0, 0, 1, 0, 0, 0, 0])

    def test_the_answer_keeps_the_silence_and_comes_soon(self):
        for baudrate in (1200, 2400, 9600, 19200, 115200):
            served = Served(baudrate)
            end = served.line.say(read(0, 1))
            served.run(1000000)
            start = served.line.sent[0][0]
            silence = max(38500000 // baudrate, 1750)
            self.assertTrue(silence <= start - end <= silence + 20000, (baudrate, start - end))

    def test_the_longest_answer(self):
        answer = self.served.ask(read(0, 125), 500000)
        self.assertEqual((len(answer), crc(answer[:-2])), (255, answer[-2:]))

    def test_others_are_left_alone(self):
        for unit in (1, 16, 18, 247, 255):
            self.assertEqual(self.served.ask(read(0, 2, unit=unit)), b"")
        self.assertEqual(self.served.counts(), [5, 0, 0, 0, 0, 0, 0, 0])

    def test_a_bad_crc_is_silence(self):
        good = read(0, 2)
        for i in range(len(good)):
            bad = bytearray(good)
            bad[i] ^= 0x10
            self.assertEqual(self.served.ask(bytes(bad)), b"", i)
        self.assertEqual(self.served.counts(), [0, 8, 0, 0, 0, 0, 0, 0])

    def test_short_and_long_frames_are_silence(self):
        good = read(0, 2)
        cut = [good[:size] for size in range(1, 8)]
        long = [good + bytes((byte,)) for byte in (0, 17, 255)] + [good + good[:4]]
        for data in cut + long:
            self.assertEqual(self.served.ask(data), b"", data)
        self.assertEqual(self.served.counts()[:4], [0, len(cut + long), 0, 0])
        self.assertEqual(len(self.served.ask(good)), 9)

    def test_a_frame_of_every_size_with_a_good_crc_is_answered_or_refused(self):
        for size in range(2, 254):
            answer = self.served.ask(frame(3, bytes(size - 2)), 600000)
            # Eight bytes of zero ask for no register; all else is too short or too long.
            self.assertEqual(answer, frame(0x83, 3), size)
        self.assertEqual(self.served.ask(frame(3, bytes(253)), 600000), b"")
        self.assertEqual(self.served.counts()[ERRORS], 1)

    def test_an_unknown_function_is_refused(self):
        known = (3, 4, 6, 8, 16, 17, 23, 43)
        for function in range(1, 128):
            if function not in known:
                self.assertEqual(
                    self.served.ask(frame(function, bytes(4))), frame(function | 0x80, 1))

    def test_a_frame_in_two_pieces_is_one_while_the_line_is_not_quiet(self):
        good = read(0, 2)
        self.served.line.say(good[:3])
        self.served.line.say(good[3:], 2500)
        self.served.run(100000)
        self.assertEqual(len(self.served.line.sent), 1)
        self.served.line.say(good[:3])
        self.served.line.say(good[3:], 12000)
        self.served.run(100000)
        self.assertEqual(len(self.served.line.sent), 1)
        self.assertEqual(self.served.counts()[ERRORS], 2)

    def test_noise_before_a_request_does_not_hide_it(self):
        for noise in (b"\x00", b"\xff", b"\x11", b"\x11\x03", bytes(20), b"\x11\x10" * 30):
            before = self.served.counts()[ERRORS]
            self.assertEqual(len(self.served.ask(noise + read(0, 2))), 9, noise)
            self.assertEqual(self.served.counts()[ERRORS], before + 1)

    def test_a_line_that_is_never_quiet_does_not_stop_it(self):
        served = self.served
        for _ in range(12):
            served.line.say(bytes([i * 37 & 0xFF for i in range(200)]))
        served.run(3000000)
        self.assertEqual(len(served.line.sent), 0)
        self.assertEqual(len(served.ask(read(0, 2))), 9)

    def test_a_search_in_rubbish_ends(self):
        # One in seven bytes could begin a long request; all their CRCs are of 17000 bytes.
        rubbish = bytes((17, 16, 0, 0, 0, 0, 240)) * 70
        sizes = []

        def counted(data, at, size):
            sizes.append(size)
            return crc16(data, at, size)

        frame_reader.crc16 = counted
        try:
            self.served.ask(rubbish, 1000000)
        finally:
            frame_reader.crc16 = crc16
        self.assertEqual(self.served.counts()[:2], [0, 1])
        self.assertTrue(sum(sizes) < 2500, sum(sizes))
        self.assertEqual(len(self.served.ask(read(0, 2))), 9)

    def test_silence_between_requests_is_not_needed_to_tell_them_apart(self):
        served = self.served
        served.line.say(write(0, 1, unit=0) + write(1, 2, unit=0) + read(0, 2))
        served.run(400000)
        self.assertEqual(served.line.sent[0][2], frame(3, 4, words(1, 2)))
        self.assertEqual(served.counts()[:5], [3, 0, 0, 3, 2])

    def test_a_request_that_was_overtaken_is_done_and_not_answered(self):
        served = self.served
        served.holds = [(1, 200000)]
        served.line.say(write(0, 5))
        served.line.say(read(0, 1), 20000)
        served.run(500000)
        self.assertEqual([sent for _, _, sent in served.line.sent], [frame(3, 2, words(5))])
        self.assertEqual(served.counts()[UNANSWERED], 1)

    def test_nobody_is_talked_into(self):
        served = self.served
        served.line.say(read(0, 2))
        sent = served.line.sent
        server = served.server
        while not server._found:
            served.line.now += max(50, 1000 * server.step())
        served.line._coming = [(served.line.now, 1)]
        served.run(100000)
        self.assertEqual(sent, [])


class Broadcast(unittest.TestCase):
    def setUp(self):
        self.served = Served()

    def test_a_write_is_done_and_not_answered(self):
        self.assertEqual(self.served.ask(write(0, 7, 8, unit=0)), b"")
        self.assertEqual(self.served.ask(frame(6, words(2, 9), unit=0)), b"")
        self.assertEqual(self.served.ask(read(0, 3)), frame(3, 6, words(7, 8, 9)))
        self.assertEqual(self.served.counts(), [3, 0, 0, 3, 2, 0, 0, 0])

    def test_what_only_asks_is_ignored(self):
        for data in (read(0, 2, unit=0), read(0, 2, unit=0, function=4),
                     frame(8, words(0, 0), unit=0), frame(17, unit=0),
                     frame(43, 14, 1, 0, unit=0), frame(99, bytes(4), unit=0),
                     frame(23, words(0, 1, 0, 1), 2, words(5), unit=0)):
            self.assertEqual(self.served.ask(data), b"")
        self.assertEqual(self.served.registers.writes, 0)
        self.assertEqual(self.served.counts(), [7, 0, 0, 7, 7, 0, 0, 0])

    def test_a_bad_write_is_silence(self):
        self.served.ask(write(150, 1, unit=0))
        self.served.ask(write(9, 101, unit=0))
        self.assertEqual(self.served.registers.writes, 0)
        self.assertEqual(self.served.counts()[EXCEPTIONS], 0)

    def test_the_mailbox_takes_none(self):
        self.served.ask(write(0x1110, 0x3031, unit=0))
        self.served.ask(frame(6, words(0x1101, 1), unit=0))
        self.assertEqual(self.served.box.asked, [])


class Traffic(unittest.TestCase):
    """What others say is told by its length, however little silence there is."""

    def test_a_busy_bus_at_9600_baud_with_3_5_characters_between_frames(self):
        self.check(9600, [])

    def test_the_same_while_flash_is_erased_now_and_then(self):
        self.check(9600, [(at * 333333, 45000) for at in range(1, 40)], 800000)

    def test_the_same_at_115200_baud(self):
        self.check(115200, [(at * 100000, 5000) for at in range(1, 100)])

    def check(self, baudrate, holds, patience_us=400000):
        """A master that asks two others and us, and tells all something, without a pause."""
        served = Served(baudrate)
        served.holds = holds
        line = served.line
        gap = max(1750, 38500000 // baudrate)
        answered = 0
        for turn in range(40):
            for unit in (3, 200):
                line.say(read(turn, 10, unit=unit), gap)
                line.say(frame(3, 20, bytes([turn + i & 0xFF for i in range(20)]), unit=unit), gap)
            line.say(write(turn % 5, turn, unit=0), gap)
            line.say(frame(0x84, 2, unit=200), gap)
            line.say(read(turn % 5, 1), gap)
            before = len(line.sent)
            began = line.now
            while len(line.sent) == before:
                served.run(1000)
                self.assertTrue(line.now - began < patience_us, (turn, line.now - began))
            start, end, data = line.sent[-1]
            self.assertEqual(data, frame(3, 2, words(turn)))
            # The master has heard it, and goes on after the least silence.
            line._busy_until = end
            answered += 1
        self.assertEqual(answered, 40)
        self.assertEqual(served.counts(), [280, 0, 0, 80, 40, 0, 0, 0])
        self.assertTrue(served.port.longest_late_us < max([us for _, us in holds] + [1000]))

    def test_back_to_back_at_9600_none_is_missed(self):
        served = Served()
        line = served.line
        for number in range(200):
            line.say(read(number % 100, 1 + number % 20, function=4), GAP_US)
            before = len(line.sent)
            while len(line.sent) == before:
                served.run(500)
            line._busy_until = line.sent[-1][1]
        served.run(100000)
        self.assertEqual(served.counts(), [200, 0, 0, 200, 0, 0, 0, 0])


class Echoing(unittest.TestCase):
    def test_a_meter_that_hears_itself_answers_once(self):
        served = Served(echo=True)
        served.line.echo = lambda data: data
        for _ in range(20):
            self.assertEqual(len(served.ask(read(0, 50), 300000)), 105)
        self.assertEqual(served.counts(), [20, 0, 0, 20, 0, 0, 0, 0])
        self.assertEqual(served.port.collisions, 0)


class Failing(unittest.TestCase):
    def test_registers_that_fall_over_are_a_failure_of_the_device(self):
        served = Served()
        for error in (OSError(5), ValueError("x"), MemoryError()):
            served.registers.error = error
            self.assertEqual(served.ask(read(0, 2)), frame(0x83, 4))
        served.registers = Registers()
        self.assertEqual(served.server.functions.failures, 3)


if __name__ == "__main__":
    unittest.main()
