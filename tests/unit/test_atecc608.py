# heapsize: 512wK
"""The driver of the secure element against its model: sleep, check sums, locks, counters."""

import unittest

from cryptolib import aes
from element_rig import (
    ElementBus,
    blank_chip,
    counting,
    driver,
    new_chip,
    started,
    twin,
)
from parts import error_text

from joulegate.drivers import key_element
from joulegate.drivers.atecc608 import COUNTER_MAX, SLOT, Atecc608, Atecc608Error, crc16
from joulegate.drivers.atecc608_setup import CONSENT, set_up

SERIAL = b"\x01\x23\x00\x00\x00\x00\x00\x01\xee"


class Start(unittest.TestCase):

    def test_check_sum_of_the_sheet(self):
        self.assertEqual(crc16(b"\x04\x11"), 0x4333)

    def test_finds_itself(self):
        self.assertEqual(started(new_chip()).serial, SERIAL)

    def test_only_what_was_set_up(self):
        self.assertTrue("configuration zone is not locked" in error_text(
            Atecc608Error, driver(blank_chip()).start))
        half = new_chip()
        half.config[86] = 0x55
        self.assertTrue("data zone is not locked" in error_text(
            Atecc608Error, driver(half).start))
        for at, value, words in (
                (13, 0x60, "AES is not enabled"), (18, 1, "counter 0"),
                (20 + 2 * SLOT, 0x00, "SlotConfig of slot 2"),
                (96 + 2 * SLOT, 0x3C, "KeyConfig of slot 2")):
            other = new_chip()
            other.config[at] = value
            self.assertTrue(words in error_text(Atecc608Error, driver(other).start))

    def test_another_chip(self):
        chip = new_chip()
        chip.config[4:8] = b"\x00\x00\x50\x00"
        text = error_text(Atecc608Error, driver(chip).start)
        self.assertTrue("revision 00005000: the third byte must be 60" in text, text)

    def test_address(self):
        for address in (0x07, 0x78):
            self.assertTrue("0x%02x: must be" % address in error_text(
                ValueError, Atecc608, None, None, None, address))

    def test_nobody_there(self):
        chip = new_chip()
        chip.present = False
        with self.assertRaises(OSError):
            driver(chip).start()
        bus = ElementBus(chip, chip.clock)
        self.assertEqual(key_element.find(bus, bus.wake, chip.clock.sleep_ms), None)
        chip.restore_power()
        chip.refuse_next(2)
        found = key_element.find(bus, bus.wake, chip.clock.sleep_ms)
        self.assertEqual(found.serial, SERIAL)

    def test_a_short_wake_wakes_nobody(self):
        chip = new_chip()
        element = driver(chip)
        element.bus.wake_us = 59
        with self.assertRaises(OSError):
            element.start()


class Commands(unittest.TestCase):

    def setUp(self):
        self.chip = new_chip()
        self.element = started(self.chip)
        self.chip.carried_out.clear()

    def test_encrypts_under_its_key(self):
        block = bytes(range(16))
        self.assertEqual(self.element.encrypt(block),
                         aes(bytes(self.chip.slots[SLOT][:16]), 1).encrypt(block))
        self.assertTrue("15 bytes, must be 16" in error_text(
            ValueError, self.element.encrypt, block[1:]))

    def test_counters(self):
        self.assertEqual(self.element.counter(0), 0)
        for before in (0, 1):
            self.element.increment(1, before)
        self.assertEqual((self.chip.counters, self.element.counter(1)), ([0, 2], 2))
        text = error_text(Atecc608Error, self.element.increment, 1, 5)
        self.assertTrue("is 3 after an increment, must be 6" in text, text)

    def test_a_counter_ends(self):
        self.chip.counters[0] = COUNTER_MAX
        text = error_text(Atecc608Error, self.element.increment, 0, COUNTER_MAX)
        self.assertTrue("status 0x0f" in text, text)
        self.assertEqual(self.element.counter(0), COUNTER_MAX)

    def test_a_disturbed_command_is_sent_again(self):
        self.chip.flip_commands(2)
        self.assertEqual(self.element.counter(0), 0)
        self.assertEqual(self.element.retries, 2)
        self.chip.flip_commands(3)
        self.assertTrue("status 0xff" in error_text(Atecc608Error, self.element.counter, 0))

    def test_a_disturbed_answer_is_read_again(self):
        for count, whole, carried_out in ((1, 1, 1), (2, 1, 1), (3, 1, 2), (1, 0, 2)):
            before = self.chip.counters[0]
            self.chip.carried_out.clear()
            self.chip.flip_answers(count, whole)
            self.element.increment(0, before)
            self.assertEqual(self.chip.counters[0], before + 1)
            self.assertEqual(len(self.chip.carried_out), carried_out)
        self.chip.flip_answers(20)
        self.assertTrue("woke up with" in error_text(Atecc608Error, self.element.encrypt,
                                                     bytes(16)))

    def test_an_increment_whose_answer_is_lost_is_not_repeated(self):
        for after in (False, True):
            chip = twin(self.chip)
            element = started(chip)
            chip.cut_power_at(1, after)
            chip.on_power_cut = chip.restore_power
            element.increment(0, 0)
            self.assertEqual(chip.counters[0], 1)

    def test_missing_acknowledgements(self):
        for count in range(1, 6):
            self.chip.refuse_next(count)
            before = self.chip.counters[0]
            try:
                self.element.increment(0, before)
            except OSError:
                self.assertEqual(self.chip.counters[0], before)
            else:
                self.assertEqual(self.chip.counters[0], before + 1)
            self.chip.refuse_next(0)

    def test_a_chip_that_never_answers_is_not_waited_for(self):
        before = self.chip.clock.us
        self.chip.refuse_next(10 ** 6)
        with self.assertRaises(OSError):
            self.element.encrypt(bytes(16))
        self.assertTrue(self.chip.clock.us - before < 300000, self.chip.clock.us - before)

    def test_a_worn_counter(self):
        self.chip.deaf_to = (0x24,)
        self.assertTrue("cannot execute" in error_text(
            Atecc608Error, self.element.increment, 0, 0))

    def test_sleeps_after_each(self):
        self.element.counter(0)
        with self.assertRaises(OSError):
            self.element.bus.readfrom(0x60, 4)

    def test_its_own_watchdog_is_no_matter(self):
        self.element.bus.wake()
        self.chip.clock.sleep_ms(1299)
        self.assertEqual(self.element.counter(0), 0)


class SetUp(unittest.TestCase):

    def test_locks_a_key_in(self):
        chip = blank_chip()
        self.assertEqual(set_up(driver(chip), counting, CONSENT), "0123000000000001ee")
        self.assertEqual((chip.config[86], chip.config[87]), (0, 0))
        self.assertTrue(len(set(chip.slots[SLOT][:32])) > 16)
        element = started(chip)
        for zone in (0x02, 0x82):
            text = error_text(Atecc608Error, element.command, 0x02, zone, SLOT << 3, b"", 4)
            self.assertTrue("cannot execute" in text, text)
        text = error_text(Atecc608Error, element.command, 0x12, 0x82, SLOT << 3, bytes(32), 1,
                          1, 45)
        self.assertTrue("cannot execute" in text, text)

    def test_twice_changes_nothing(self):
        chip = new_chip()
        before = bytes(chip.slots[SLOT])
        set_up(driver(chip), counting, CONSENT)
        self.assertEqual(bytes(chip.slots[SLOT]), before)

    def test_needs_consent(self):
        chip = blank_chip()
        self.assertTrue("must be" in error_text(ValueError, set_up, driver(chip), counting, "yes"))
        self.assertEqual(chip.commands, 0)

    def test_what_is_locked_for_something_else_stays(self):
        chip = blank_chip()
        chip.config[87] = 0
        text = error_text(Atecc608Error, set_up, driver(chip), counting, CONSENT)
        self.assertTrue("set up for something else: SlotConfig" in text, text)
        self.assertEqual(chip.config[86], 0x55)

    def test_an_element_without_aes(self):
        chip = blank_chip()
        chip.config[13] = 0
        text = error_text(Atecc608Error, set_up, driver(chip), counting, CONSENT)
        self.assertTrue("AES is not enabled" in text, text)
        self.assertEqual(chip.config[87], 0x55)

    def test_a_cut_at_every_command(self):
        chip = blank_chip()
        set_up(driver(chip), counting, CONSENT)
        total = chip.commands
        for command in range(1, total + 1):
            for after in (False, True):
                chip = blank_chip()
                chip.cut_power_at(command, after)
                try:
                    set_up(driver(chip), counting, CONSENT)
                except (OSError, Atecc608Error):
                    pass
                chip.restore_power()
                set_up(driver(chip), counting, CONSENT)
                started(chip)


if __name__ == "__main__":
    unittest.main()
