"""The OLED driver against the chip's model: setup, pieces, disturbances, a chip that is gone."""

import unittest

from display_rig import Bus, finish
from parts import error_text

LONGEST_US = 600
BIT_US = 2.5


class Case(unittest.TestCase):
    def setUp(self):
        self.bus = Bus()
        self.model = self.bus.model
        self.driver = self.bus.driver

    def fill(self, seed):
        frame = self.driver.frame
        for i in range(1024):
            frame[i] = (seed * i + i // 7) & 0xFF
        for page in range(8):
            self.driver.mark(page, 0, 128)
        return finish(self.driver)


class Start(Case):
    def test_it_is_on_upright_and_dark(self):
        finish(self.driver)
        model = self.model
        self.assertTrue(model.on and model.charge_pump)
        self.assertTrue(model.remapped and model.from_below)
        self.assertEqual((model.lines, model.offset, model.start_line, model.com_pins),
                         (64, 0, 0, 0x12))
        self.assertEqual(bytes(model.ram), bytes(1024))
        self.assertEqual(model.faults, {})

    def test_memory_of_power_on_is_never_seen(self):
        model = self.model
        while self.driver.step():
            self.assertFalse(model.on)
        self.assertTrue(model.on)

    def test_a_byte_is_eight_pixels_from_the_top(self):
        self.driver.frame[128 + 5] = 0x81
        finish(self.driver)
        lit = [(x, y) for x in range(128) for y in range(64) if self.model.pixel(x, y)]
        self.assertEqual(lit, [(5, 8), (5, 15)])


class Pieces(Case):
    def test_any_frame(self):
        for seed in (1, 7, 51):
            self.fill(seed)
            self.assertEqual(bytes(self.model.ram), bytes(self.driver.frame))

    def test_a_transfer_leaves_time_in_a_millisecond_at_400_kHz(self):
        self.fill(3)
        # The address, and an acknowledge with each byte.
        self.assertTrue((self.model.longest + 1) * 9 * BIT_US < LONGEST_US)

    def test_only_what_was_marked_is_sent(self):
        self.fill(3)
        self.model.data_bytes = 0
        self.driver.mark(3, 30, 4)
        finish(self.driver)
        self.assertEqual(self.model.data_bytes, 32)
        transfers = self.model.transfers
        finish(self.driver)
        self.assertEqual(self.model.transfers, transfers)

    def test_marks_end_at_the_edge(self):
        self.fill(3)
        self.model.data_bytes = 0
        self.driver.mark(7, 120, 30)
        self.driver.mark(0, -5, 6)
        finish(self.driver)
        self.assertEqual(self.model.data_bytes, 32)

    def test_a_page_that_is_not_there_is_refused(self):
        self.assertEqual(error_text(ValueError, lambda: self.driver.mark(8, 0, 1)),
                         "SSD1306: page is 8: must be 0 to 7")


class Orders(Case):
    def test_contrast(self):
        self.driver.contrast(3)
        finish(self.driver)
        self.assertEqual(self.model.contrast, 3)
        self.assertEqual(error_text(ValueError, lambda: self.driver.contrast(256)),
                         "SSD1306: contrast is 256: must be 0 to 255")

    def test_power_and_all_on(self):
        finish(self.driver)
        self.driver.power(False)
        finish(self.driver)
        self.assertFalse(self.model.on)
        self.driver.power(True)
        self.driver.all_on(True)
        finish(self.driver)
        self.assertTrue(self.model.on and self.model.all_on)
        self.driver.all_on(False)
        finish(self.driver)
        self.assertFalse(self.model.all_on)


class Disturbances(Case):
    def test_flipped_bits_and_lost_settings_are_healed(self):
        self.fill(5)
        self.model.flip(700, 0xFF)
        self.model.upset()
        finish(self.driver)
        self.assertFalse(self.model.on)
        self.driver.renew()
        finish(self.driver)
        self.assertTrue(self.model.on and self.model.charge_pump and self.model.remapped)
        self.assertEqual(bytes(self.model.ram), bytes(self.driver.frame))

    def test_every_transfer_may_fail_once(self):
        transfers = self.fill(5)
        for failing in range(1, transfers + 2):
            self.bus = Bus()
            self.model, self.driver = self.bus.model, self.bus.driver
            self.model.fail_in = failing
            try:
                self.fill(5)
            except OSError:
                finish(self.driver)
            self.assertEqual(bytes(self.model.ram), bytes(self.driver.frame))
            self.assertTrue(self.model.on)

    def test_a_display_that_is_gone_is_told_and_comes_back(self):
        self.fill(5)
        self.model.answering = False
        self.driver.renew()
        for _ in range(3):
            with self.assertRaises(OSError):
                self.driver.step()
        self.model.answering = True
        self.model.power_on()
        self.driver.renew()
        finish(self.driver)
        self.assertEqual(bytes(self.model.ram), bytes(self.driver.frame))


if __name__ == "__main__":
    unittest.main()
