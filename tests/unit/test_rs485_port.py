"""The RS485 port: driver, guard, echo, and what a UART does that it should not."""

import unittest

from line_rig import Line

from joulegate.drivers.rs485_port import Rs485Port, silence_us

DATA = bytes(range(100))


def send(line, port, size=20):
    """Send, letting time pass as the port wants it; return the waits."""
    waits = []
    port.send(DATA, size)
    while True:
        wait = port.step()
        if not port.sending:
            return waits
        waits.append(wait)
        line.now += wait * 1000
        assert len(waits) < 1000


class Driving(unittest.TestCase):
    def make(self, baudrate=9600, echo=False):
        self.line = Line(baudrate)
        self.port = Rs485Port(self.line, self.line.pin, baudrate, 11, self.line, echo)

    def test_it_listens_from_the_start(self):
        self.make()
        self.assertEqual(self.line.drives, [(0, 0)])

    def test_the_driver_is_on_from_before_the_first_bit_until_behind_the_last(self):
        for baudrate in (1200, 9600, 19200, 115200):
            self.make(baudrate)
            for size in (1, 8, 100):
                send(self.line, self.port, size)
                start, end, data = self.line.sent[-1]
                (on, high), (off, low) = self.line.drives[-2:]
                self.assertEqual((data, high, low), (DATA[:size], 1, 0))
                self.assertTrue(10 <= start - on <= 100, start - on)
                # At most a bit and a look of 100 us behind, or half a millisecond at 1200 baud.
                self.assertTrue(end <= off <= end + 1000000 // baudrate + 201, off - end)
                self.line.now += 10000

    def test_only_the_end_is_waited_for_without_letting_others_run(self):
        self.make()
        waits = send(self.line, self.port, 100)
        self.assertTrue(sum(waits) * 1000 >= 100 * self.line.character_us - 5000)
        self.assertTrue(len(waits) <= 3)

    def test_a_late_look_has_the_driver_off_at_once(self):
        self.make()
        self.port.send(DATA, 8)
        self.line.now += 50000
        self.assertEqual(self.port.step(), 0)
        self.assertFalse(self.port.sending)
        self.assertEqual(self.line.drives[-1][1], 0)
        self.assertTrue(self.port.longest_late_us > 30000)

    def test_a_uart_that_never_finishes_is_given_up(self):
        self.make()
        self.line.finishes = False
        send(self.line, self.port, 8)
        self.assertEqual(self.port.stuck, 1)
        self.assertEqual(self.line.drives[-1][1], 0)
        self.assertTrue(self.line.now < 60000)

    def test_a_uart_that_takes_less_is_told_of(self):
        self.make()
        self.line.takes = 5
        send(self.line, self.port, 8)
        self.assertEqual((self.port.stuck, self.line.sent[0][2]), (1, DATA[:5]))

    def test_without_a_pin_there_is_none_to_drive(self):
        line = Line()
        port = Rs485Port(line, None, 9600, 11, line)
        send(line, port)
        port.close()
        self.assertEqual((line.drives, line.closed), ([], True))

    def test_a_closed_port_does_not_drive(self):
        self.make()
        self.port.send(DATA, 8)
        self.port.close()
        self.assertEqual((self.line.drives[-1][1], self.line.closed), (0, True))


class Echo(unittest.TestCase):
    def make(self, heard, size=20):
        self.line = Line()
        self.line.echo = heard
        self.port = Rs485Port(self.line, self.line.pin, 9600, 11, self.line, True)
        send(self.line, self.port, size)
        return self.port.collisions

    def rest(self):
        found = bytearray(100)
        return bytes(found[:self.port.receive(found, 0)])

    def test_it_is_thrown_away(self):
        self.assertEqual(self.make(lambda data: data, 100), 0)
        self.assertEqual(self.rest(), b"")

    def test_what_comes_behind_it_stays(self):
        self.make(lambda data: data)
        self.line.say(b"abc")
        self.line.now += 100000
        self.assertEqual(self.rest(), b"abc")

    def test_another_that_speaks_at_the_same_time_is_noticed(self):
        self.assertEqual(self.make(lambda data: data[:9] + b"\xff" + data[10:]), 1)

    def test_a_receiver_that_hears_nothing_is_not_waited_for_long(self):
        self.assertEqual(self.make(lambda data: b""), 1)
        self.assertTrue(self.line.now < 20 * self.line.character_us + 20000)

    def test_an_echo_that_comes_in_a_lump_is_waited_for(self):
        line = Line()
        port = Rs485Port(line, line.pin, 9600, 11, line, True)
        port.send(DATA, 8)
        while port.sending:
            line.now += 1000 * port.step()
            if line.now > 8 * line.character_us + 10 * line.character_us and not line.any():
                line._coming = [(0, byte) for byte in DATA[:8]]
        self.assertEqual(port.collisions, 0)


class Receiving(unittest.TestCase):
    def test_into_the_middle_and_no_further_than_there_is_room(self):
        line = Line()
        port = Rs485Port(line, None, 9600, 11, line)
        line.say(DATA)
        line.now += 1000000
        self.assertTrue(port.waiting)
        found = bytearray(90)
        self.assertEqual(port.receive(found, 10), 80)
        self.assertEqual(bytes(found), bytes(10) + DATA[:80])
        self.assertEqual(port.receive(found, 85), 5)
        self.assertEqual(port.receive(found, 90), 0)

    def test_silence_is_that_of_the_standard(self):
        self.assertEqual(
            [silence_us(baud) for baud in (1200, 2400, 9600, 19200, 38400, 115200)],
            [32084, 16042, 4011, 2006, 1750, 1750])


if __name__ == "__main__":
    unittest.main()
