"""Pulse inputs: what bounces, is too short, comes too fast, or comes just now."""

import unittest

from joulegate.drivers.pulse_input import PulseInput

LEAST = 30
PERIOD = 1 << 30


class Contact:
    """A pin with a contact to ground, and the milliseconds of its world."""

    IRQ_FALLING = 4
    IRQ_RISING = 8

    def __init__(self, ms=1000):
        self.level = 1
        self.ms = ms
        self.handler = None
        self.on_read = None

    def __call__(self):
        level = self.level
        if self.on_read is not None:
            act, self.on_read = self.on_read, None
            act()  # just after it was read
        return level

    def irq(self, handler, trigger=12):
        self.handler = handler
        self.trigger = trigger

    def ticks_ms(self):
        return self.ms % PERIOD

    def ticks_diff(self, a, b):
        return (a - b + PERIOD // 2) % PERIOD - PERIOD // 2

    def go(self, level, then_ms):
        if level != self.level:
            self.level = level
            if self.handler:
                self.handler(self)
        self.ms += then_ms

    def pulse(self, closed=100, opened=100, bounces=3):
        for _ in range(bounces):
            self.go(0, 1)
            self.go(1, 1)
        self.go(0, closed)
        for _ in range(bounces):
            self.go(1, 1)
            self.go(0, 1)
        self.go(1, opened)


class Pulses(unittest.TestCase):
    def make(self, ms=1000):
        self.contact = c = Contact(ms)
        self.input = PulseInput(c, LEAST, c.ticks_ms, c.ticks_diff)
        self.assertEqual(c.trigger, c.IRQ_FALLING | c.IRQ_RISING)

    def counts(self, taken, missed=0):
        self.assertEqual((self.input.take(), self.input.missed), (taken, missed))

    def test_pulses_that_bounce(self):
        self.make()
        for n in (1, 5, 0, 50):
            for _ in range(n):
                self.contact.pulse()
            self.counts(n)

    def test_the_shortest_that_counts(self):
        self.make()
        for _ in range(20):
            self.contact.pulse(LEAST, LEAST, 0)
        self.counts(20)

    def test_too_short_is_missed(self):
        self.make()
        for _ in range(20):
            self.contact.pulse(LEAST - 1, 100, 0)
        self.counts(0, 20)

    def test_a_pause_too_short_is_no_end(self):
        self.make()
        self.contact.pulse(100, LEAST - 1, 0)
        self.contact.pulse(100, 100, 0)
        self.counts(1, 1)

    def test_far_too_fast_is_told(self):
        self.make()
        for _ in range(100):
            self.contact.pulse(5, 5, 0)
        self.contact.ms += 100
        self.assertEqual(self.input.take(), 0)
        self.assertTrue(10 <= self.input.missed <= 20, self.input.missed)

    def test_closed_counts_while_it_lasts(self):
        self.make()
        self.contact.go(0, LEAST - 1)
        self.counts(0)
        self.contact.ms += 1
        self.counts(1)
        self.contact.ms += 10000000
        self.counts(0)
        self.contact.go(1, 100)
        self.counts(0)

    def test_closed_at_the_start_is_no_pulse(self):
        c = Contact()
        c.level = 0
        self.contact = c
        self.input = PulseInput(c, LEAST, c.ticks_ms, c.ticks_diff)
        c.ms += 1000
        self.counts(0)
        c.go(1, 100)
        self.counts(0)
        c.pulse()
        self.counts(1)

    def test_an_edge_that_was_not_told(self):
        self.make()
        handler, self.contact.handler = self.contact.handler, None
        self.contact.go(0, 100)
        self.counts(0)  # sees it, not how long it has been so
        self.contact.ms += LEAST
        self.counts(1)
        self.contact.handler = handler
        self.contact.go(1, 100)
        self.contact.pulse()
        self.counts(1)

    def test_an_edge_while_looking(self):
        self.make()
        for level in (0, 1, 0, 1):
            before = self.contact.level
            self.assertTrue(before != level)
            self.contact.on_read = lambda level=level: self.contact.go(level, 0)
            self.counts(0)
            self.contact.ms += 100
            self.counts(1 if level == 0 else 0)

    def test_one_edge_for_two(self):
        self.make()
        self.contact.handler(self.contact)  # it was back when the interrupt read it
        self.contact.ms += 100
        self.counts(0, 1)
        self.contact.pulse()
        self.counts(1, 1)

    def test_ticks_that_wrap(self):
        for ms in (PERIOD - 150, PERIOD // 2 - 150):
            self.make(ms)
            for _ in range(5):
                self.contact.pulse()
            self.counts(5)

    def test_a_long_quiet(self):
        self.make()
        self.contact.pulse()
        self.counts(1)
        self.contact.ms += PERIOD // 2 + 1000  # 6 days, where ticks_diff turns over
        self.contact.pulse()
        self.counts(1)

    def test_released(self):
        self.make()
        self.input.release()
        self.assertTrue(self.contact.handler is None)


if __name__ == "__main__":
    unittest.main()
