"""The segment driver against the chip's model: setup, every bit, pieces, disturbances, sounder."""

import unittest

from display_rig import Wires, finish
from parts import error_text

from world.ht1621_model import Ht1621Model


class Case(unittest.TestCase):
    def setUp(self):
        self.wires = Wires()
        self.model = self.wires.model
        self.driver = self.wires.driver
        self.driver.start()

    def show(self, nibbles):
        for address in range(32):
            self.driver.set(address, nibbles[address])
        return finish(self.driver)


class Start(Case):
    def test_glass_is_on_and_empty(self):
        model = self.model
        self.assertTrue(model.visible)
        self.assertEqual(model.oscillator, "RC")
        self.assertEqual(bytes(model.ram), bytes(32))
        self.assertEqual(model.sound_hz, 0)
        self.assertFalse(model.timer_on)
        self.assertEqual(model.faults, {})

    def test_memory_of_power_on_is_never_seen(self):
        wires = Wires(0xF)
        seen = []
        write = wires.model.cs

        def watch(level):
            write(level)
            if wires.model.lit(0, 0) or wires.model.lit(31, 3):
                seen.append(level)

        wires.model.cs = watch
        wires.new_driver().start()
        self.assertEqual(seen, [])
        self.assertTrue(wires.model.visible)

    def test_takes_over_a_chip_in_mid_frame(self):
        model = self.model
        self.driver.tone(True)
        model.cs(0)
        for bit in (1, 0, 1, 0, 0):
            model.wr(0)
            model.data(bit)
            self.wires.now_us += 4
            model.wr(1)
            self.wires.now_us += 4
        self.wires.new_driver().start()
        self.assertTrue(model.visible)
        self.assertEqual(model.sound_hz, 0)
        self.assertEqual(bytes(model.ram), bytes(32))
        self.assertEqual(model.faults, {"frame ends within a word": 1})


class Segments(Case):
    def test_every_segment_alone(self):
        for address in range(32):
            for com in range(4):
                self.driver.set(address, 1 << com)
                finish(self.driver)
                wanted = bytearray(32)
                wanted[address] = 1 << com
                self.assertEqual(bytes(self.model.ram), bytes(wanted))
            self.driver.set(address, 0)
        self.assertEqual(self.model.faults, {})

    def test_any_memory(self):
        for seed in (1, 7, 11, 13):
            nibbles = [(seed * i * i + 3 * i) & 15 for i in range(32)]
            self.show(nibbles)
            self.assertEqual(list(self.model.ram), nibbles)

    def test_only_what_changes_is_sent(self):
        self.show([5] * 32)
        frames = self.model.frames
        self.assertEqual(self.show([5] * 32), 1)
        self.assertEqual(self.model.frames, frames)
        self.model.longest = 0
        self.driver.set(9, 6)
        finish(self.driver)
        self.assertEqual(self.model.frames, frames + 1)
        self.assertEqual(self.model.longest, 3 + 6 + 4)

    def test_a_piece_is_below_a_millisecond(self):
        for i in range(32):
            self.driver.set(i, 15)
        before = self.wires.now_us
        steps = 0
        more = True
        while more:
            started = self.wires.now_us
            more = self.driver.step()
            steps += 1
            self.assertTrue(self.wires.now_us - started < 250)
        self.assertEqual(steps, 11)
        self.assertTrue(self.wires.now_us > before)

    def test_a_changed_gap_is_not_sent(self):
        self.show([5] * 32)
        self.model.flip(4, 0)
        self.driver.set(3, 1)
        self.driver.set(5, 1)
        finish(self.driver)
        self.assertEqual(list(self.model.ram[3:6]), [1, 4, 1])

    def test_a_bad_nibble_is_refused(self):
        self.assertEqual(error_text(ValueError, lambda: self.driver.set(0, 16)),
                         "HT1621: nibble is 16: must be 0 to 15")
        self.assertEqual(finish(self.driver), 1)


class Disturbances(Case):
    def test_flipped_bits_are_healed(self):
        nibbles = [i & 15 for i in range(32)]
        self.show(nibbles)
        for address in (0, 13, 31):
            self.model.flip(address, address & 3)
        self.assertEqual(self.show(nibbles), 1)
        self.assertNotEqual(list(self.model.ram), nibbles)
        self.driver.renew()
        finish(self.driver)
        self.assertEqual(list(self.model.ram), nibbles)

    def test_lost_orders_are_healed(self):
        self.show([3] * 32)
        self.driver.tone(True)
        self.model.upset()
        self.assertFalse(self.model.visible)
        self.driver.renew()
        finish(self.driver)
        self.assertTrue(self.model.visible)
        self.assertEqual(self.model.sound_hz, 4000)

    def test_renewing_is_in_pieces_too(self):
        self.driver.renew()
        more = True
        while more:
            started = self.wires.now_us
            more = self.driver.step()
            self.assertTrue(self.wires.now_us - started < 250)

    def test_an_error_within_a_frame_ends_it(self):
        nibbles = [9] * 32
        waits = self.wires._wait
        left = [20]

        def fail(us):
            left[0] -= 1
            if not left[0]:
                raise OSError(5)
            waits(us)

        driver = self.driver
        driver._sleep_us = fail
        for i in range(32):
            driver.set(i, 9)
        with self.assertRaises(OSError):
            driver.step()
        finish(driver)
        self.assertEqual(list(self.model.ram), nibbles)


class Sounder(Case):
    def test_on_and_off(self):
        self.driver.tone(True)
        self.assertEqual(self.model.sound_hz, 4000)
        self.driver.tone(False)
        self.assertEqual(self.model.sound_hz, 0)
        self.assertEqual(self.model.faults, {})

    def test_changes_no_segment(self):
        self.show([7] * 32)
        self.driver.set(2, 1)
        self.driver.tone(True)
        finish(self.driver)
        self.assertEqual(list(self.model.ram), [7, 7, 1] + [7] * 29)


class Model(unittest.TestCase):
    """The checks that the model makes are made."""

    def test_a_driver_that_does_not_wait_is_found_out(self):
        wires = Wires()
        wires.driver._sleep_us = lambda us: None
        wires.driver.start()
        self.assertTrue(wires.model.faults["WR phase too short"] > 100)

    def test_wrong_modes_and_commands_are_found_out(self):
        now = [0]
        model = Ht1621Model(lambda: now[0])

        def send(value, count):
            model.cs(0)
            for i in range(count - 1, -1, -1):
                model.wr(0)
                model.data(value >> i & 1)
                now[0] += 4
                model.wr(1)
                now[0] += 4
            model.cs(1)

        send(0b110, 3)
        send(0b100 << 9 | 0xC0 << 1, 12)
        send(0b101 << 6 | 40, 9)
        self.assertEqual(model.faults, {"mode 6": 1, "command 0xC0": 1, "address 40": 1})


if __name__ == "__main__":
    unittest.main()
