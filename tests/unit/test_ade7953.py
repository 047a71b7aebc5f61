"""The driver of the ADE7953 on the register model of the chip: start, lock, measuring, energy."""

import gc
import unittest

from ade7953_rig import LOAD, Case, calibration
from parts import error_text

from joulegate.drivers.ade7953 import (
    OVERCURRENT,
    RELOADED,
    REVERSED,
    SAG,
    Ade7953,
    Ade7953Error,
)
from world.ade7953_model import Ade7953Model


class Start(Case, unittest.TestCase):

    def test_cold_start_locks_the_bus_first(self):
        self.assertEqual(self.ic.start(), RELOADED)
        self.assertEqual(self.bus.writes[0], "0102000004")
        self.assertTrue(self.chip.locked)
        self.chip.apply(*LOAD)
        self.chip.glitch()
        self.assertEqual(self.read_seconds(2), 0)

    def test_lock_needs_chip_select_held(self):
        self.ic = Ade7953(self.bus, self.bus.cs, calibration(), lambda ms: None)
        self.chip.advance(100)
        self.ic.start()
        self.assertFalse(self.chip.locked)
        self.chip.glitch()
        self.assertIsNone(self.read())

    def test_registers_after_a_cold_start(self):
        self.ic.start()
        c = self.ic.calibration
        for address, value in (
                (0x120, 0x0030), (0x102, 0x0104), (0x040, 7), (0x001, 0), (0x203, c.no_load),
                (0x204, c.no_load), (0x008, 4), (0x009, 0), (0x282, c.watt_gain),
                (0x283, c.var_gain), (0x200, c.sag_level), (0x000, 2), (0x201, 0), (0x004, 0x40),
                (0x225, 0xFFFFFF), (0x22C, 0x100000), (0x22D, 0)):
            self.assertEqual((address, self.chip.peek(address)), (address, value))

    def test_optimum_is_written_right_after_its_key(self):
        self.ic.start()
        at = self.bus.writes.index("00fe00ad")
        self.assertEqual(self.bus.writes[at + 1], "0120000030")

    def test_a_flipped_optimum_is_written_again(self):
        self.at_read(0x120, lambda: self.chip.flip_next_read(0x0010))
        self.ic.start()
        self.assertEqual(self.chip.peek(0x120), 0x0030)

    def test_protected_from_strays(self):
        self.ic.start()
        self.bus.cs(0)
        self.bus.write_readinto(b"\x02\x82\x00\x40\x00\x00", bytearray(6))
        self.bus.cs(1)
        self.assertEqual(self.chip.peek(0x282), self.ic.calibration.watt_gain)

    def test_warm_start_only_looks_and_keeps_energy(self):
        self.running()
        self.chip.advance(30000)
        self.ic = self.new_driver()
        self.bus.writes.clear()
        self.assertEqual(self.ic.start(), 0)
        self.assertEqual(self.bus.writes, [])
        self.read()
        counted = [n // self.ic.calibration.chip_counts for n in self.chip.given_out()]
        # All but the part of a count that the first driver held.
        for total, given in zip(self.total, counted):
            self.assertTrue(0 <= given - total <= 1, (self.total, counted))
        self.ic.check()

    def test_warm_start_on_a_disturbed_bus(self):
        for address in (0x282, 0x102, 0x120, 0x203, 0x108):
            self.running()
            self.ic = self.new_driver()
            self.at_read(address, lambda: self.chip.flip_next_read(0x40))
            self.assertEqual(self.ic.start(), 0)
            self.bus.before = None

    def test_other_constants_are_loaded(self):
        self.running()
        self.ic = self.new_driver(watt_gain=4200000)
        self.assertEqual(self.ic.start(), RELOADED)
        self.assertEqual(self.chip.peek(0x282), 4200000)

    def test_phase_is_sign_and_magnitude(self):
        for phase, register in ((5, 0x005), (-5, 0x205), (383, 0x17F), (-383, 0x37F)):
            self.ic = self.new_driver(phase=phase)
            self.ic.start()
            self.assertEqual(self.chip.peek(0x108), register)

    def test_cold_start_discards_what_defaults_counted(self):
        self.chip.apply(*LOAD)
        self.chip.advance(5000)
        self.ic.start()
        self.assertEqual([self.chip.peek(a) for a in (0x21E, 0x220)], [0, 0])


class Refused(Case, unittest.TestCase):

    def start_fails(self, *parts):
        text = error_text(Ade7953Error, self.ic.start)
        for part in parts:
            self.assertTrue(part in text, text)

    def test_no_chip(self):
        self.chip.stuck_miso = 1
        self.start_fails("Version read 0xFF", "no chip", "another bus")

    def test_stuck_low(self):
        self.chip.stuck_miso = 0
        self.start_fails("Version read 0x00", "stuck low")

    def test_on_another_bus(self):
        self.chip.advance(100)
        self.chip.glitch()
        self.start_fails("CONFIG 0xFFFF", "its RESET")

    def test_another_chip(self):
        self.chip = Ade7953Model(version=0)
        self.bus.chip = self.chip
        self.ic = self.new_driver()
        self.start_fails("Version read 0x00", "another chip")

    def test_read_a_clock_late(self):
        exchange = self.chip.exchange

        def late(tx, rx):
            exchange(tx, rx)
            for i in range(len(rx) - 1, 3, -1):
                rx[i] = (rx[i] >> 1) | (rx[i - 1] & 1) << 7
            if len(rx) > 3:
                rx[3] >>= 1

        self.bus.chip = Ends(self.chip, late)
        self.start_fails("CONFIG 0x4002", "wrong SPI mode")

    def test_too_fast(self):
        class Fast:
            def __repr__(self):
                return "SPI(0, baudrate=5000001, polarity=1)"

        self.ic = Ade7953(Fast(), self.bus.cs, calibration(), self.chip.advance)
        self.start_fails("5000001 Hz", "5000000 Hz at most")

    def test_a_configuration_that_does_not_hold(self):
        self.bus.chip = Ends(self.chip, Deaf(self.chip, b"\x02\x82"))
        self.start_fails("does not take its calibration")


class Ends:
    """Another way to exchange on the same chip."""

    def __init__(self, chip, exchange):
        self.cs = chip.cs
        self.exchange = exchange


class Deaf:
    """Swallows writes to an address."""

    def __init__(self, chip, address):
        self.chip = chip
        self.address = address

    def __call__(self, tx, rx):
        if bytes(tx[:2]) == self.address and not tx[2]:
            tx = tx[:4]
            rx = bytearray(4)
        self.chip.exchange(tx, rx)


class Measures(Case, unittest.TestCase):

    def test_energy_by_quadrant(self):
        self.ic.start()
        for active, reactive in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            self.chip.apply(23000, 10000, active * 2000000, reactive * 500000)
            before = list(self.total)
            self.read_seconds(60)
            gained = [now - then for now, then in zip(self.total, before)]
            # 2 kW for a minute are 33.33 Wh, 1066.7 counts.
            self.assertTrue(1065 <= gained[0 if active > 0 else 1] <= 1067, gained)
            self.assertEqual(gained[1 if active > 0 else 0], 0)
            self.assertTrue(265 <= gained[2 if reactive > 0 else 3] <= 267, gained)
            self.assertEqual(gained[3 if reactive > 0 else 2], 0)
        self.all_counted()

    def test_flow_to_and_fro_between_two_readings_is_netted(self):
        self.ic.start()
        for seconds, watts in ((3, 4000), (1, -4000)):
            self.chip.apply(23000, 20000, watts * 1000, 0)
            self.chip.advance(seconds * 1000)
        self.read()
        # 3 s less 1 s of 4 kW, 35.6 counts each.
        self.assertEqual(self.total[:2], [71, 0])
        self.all_counted()

    def test_momentary_values_and_signs(self):
        self.ic.start()
        for sign in (1, -1):
            self.chip.apply(23000, 5000, sign * 1000000, sign * -400000, 4000,
                            frequency_cHz=5002)
            self.chip.advance(1000)
            self.read()
            r = self.reading
            self.assertTrue(abs(r.voltage_cV - 23000) <= 1, r.voltage_cV)
            self.assertTrue(abs(r.current_mA - 5000) <= 1, r.current_mA)
            self.assertTrue(abs(r.neutral_mA - 4000) <= 1, r.neutral_mA)
            self.assertTrue(abs(r.active_W - sign * 1000) <= 1, r.active_W)
            self.assertTrue(abs(r.reactive_var + sign * 400) <= 1, r.reactive_var)
            self.assertTrue(abs(r.power_factor_milli - sign * 870) <= 1, r.power_factor_milli)
            self.assertTrue(abs(r.frequency_cHz - 5002) <= 1, r.frequency_cHz)

    def test_no_voltage_has_no_frequency(self):
        self.ic.start()
        self.chip.apply(0, 0, 0, 0)
        self.read_seconds(1)
        r = self.reading
        self.assertEqual((r.voltage_cV, r.frequency_cHz, r.power_factor_milli), (0, 0, 0))

    def test_details(self):
        self.running((23000, 10000, 2000000, 1000000, 9000, 1800000, 900000))
        found = self.ic.details()
        self.assertTrue(abs(found["angle_ddeg"] - 265) <= 2, found)
        for name, value in (("apparent_VA", 2300), ("neutral_active_W", 1800),
                            ("neutral_reactive_var", 900), ("neutral_apparent_VA", 2070)):
            self.assertTrue(abs(found[name] - value) <= 2, found)

    def test_least_current(self):
        self.ic.start()
        for milliwatts, flows in ((4400, True), (2300, True), (2100, False)):
            before = self.chip.emitted[0x21E]
            self.chip.apply(22000, 20, milliwatts, 0)
            self.chip.advance(60000)
            self.read()
            self.assertEqual(self.chip.emitted[0x21E] > before, flows)
        self.all_counted()

    def test_sag(self):
        self.running()
        self.chip.apply(17300, 0, 0, 0)
        self.assertEqual(self.read_seconds(1) & SAG, 0)
        self.chip.apply(17000, 0, 0, 0)
        self.assertEqual(self.read_seconds(1) & SAG, SAG)
        self.assertEqual(self.read_seconds(1) & SAG, 0)

    def test_reversed(self):
        self.running()
        self.chip.apply(23000, 13749, -3000000, 1000000)
        self.assertEqual(self.read_seconds(1), REVERSED)
        self.assertEqual(self.read_seconds(1), 0)

    def test_a_register_that_passed_its_end(self):
        for sign in (1, -1):
            self.setUp()
            self.ic.start()
            # 20 kW for a minute: 8.0 of 8.4 million counts. Of 90 s the sign turns.
            self.chip.apply(23000, 87000, sign * 20000000, 0)
            for seconds in (60, 90, 1):
                self.chip.advance(seconds * 1000)
                self.read()
            self.assertTrue(abs(self.total[0 if sign > 0 else 1] - 26844) <= 1, self.total)
            self.assertEqual(self.total[1 if sign > 0 else 0], 0)

    def test_overcurrent(self):
        self.running()
        self.ic.set_overcurrent(30000)
        self.assertEqual(self.read_seconds(2), 0)
        self.assertEqual(self.chip.irq, 1)
        self.chip.apply(23000, 21000, 4830000, 0)  # 29.7 A of peak
        self.assertEqual(self.read_seconds(2), 0)
        self.chip.apply(23000, 21500, 4945000, 0)  # 30.4 A
        self.chip.advance(20)
        self.assertEqual(self.chip.irq, 0)
        self.assertEqual(self.read_seconds(1), OVERCURRENT)
        self.chip.apply(*LOAD)
        self.read_seconds(1)
        self.assertEqual(self.read_seconds(1), 0)
        self.assertEqual(self.chip.irq, 1)
        self.ic.check()
        self.all_counted()

    def test_overcurrent_is_not_told_by_anything_else(self):
        self.running()
        self.ic.set_overcurrent(30000)
        self.assertFalse(self.ic.overcurrent())
        for level in (0, 1):
            self.chip.stuck_miso = level
            self.assertFalse(self.ic.overcurrent())
        self.chip.stuck_miso = None
        self.chip.apply(23000, 25000, 5750000, 0)
        self.chip.advance(10)
        self.assertTrue(self.ic.overcurrent() and self.ic.overcurrent())
        self.chip.apply(*LOAD)
        self.assertTrue(self.ic.overcurrent())
        self.assertEqual(self.read_seconds(1) & OVERCURRENT, OVERCURRENT)
        self.assertFalse(self.ic.overcurrent())
        self.chip.reset_in_run()
        self.chip.advance(100)
        self.assertEqual(self.chip.irq, 0)
        self.assertFalse(self.ic.overcurrent())

    def test_overcurrent_from_the_start(self):
        self.ic = Ade7953(self.bus, self.bus.cs, calibration(), self.chip.advance, 30000)
        self.ic.start()
        self.assertEqual(self.chip.peek(0x22C), 0x102000)
        self.assertEqual(self.chip.peek(0x225), calibration().overcurrent_level(30000))

    def test_overcurrent_comes_back_after_a_reset(self):
        self.running()
        self.ic.set_overcurrent(30000)
        level = self.chip.peek(0x225)
        self.chip.reset_in_run()
        self.read_seconds(2)
        self.assertEqual((self.chip.peek(0x225), self.chip.peek(0x22C)), (level, 0x102000))
        self.ic.set_overcurrent(0)
        self.assertEqual((self.chip.peek(0x225), self.chip.peek(0x22C)), (0xFFFFFF, 0x100000))

    def test_overcurrent_beyond_the_input(self):
        self.running()
        before = self.chip.peek(0x225)
        for peak_mA in (-1, 156251, 10**9):
            with self.assertRaises(ValueError):
                self.ic.set_overcurrent(peak_mA)
        self.assertEqual(self.chip.peek(0x225), before)
        self.ic.set_overcurrent(156240)

    def test_steady_reading_allocates_nothing(self):
        if not hasattr(gc, "mem_alloc"):
            self.skipTest("CPython does not count its heap")
        self.running()
        still = Still(self.chip)
        self.bus = still
        for level in (0, 1):
            self.chip.cs(level)
        ic = Ade7953(still, still.cs, calibration(), lambda ms: None)
        ic.start()
        ic.read(self.reading)
        gc.collect()
        gc.disable()
        try:
            before = gc.mem_alloc()
            for _ in range(100):
                ic.read(self.reading)
            used = gc.mem_alloc() - before
        finally:
            gc.enable()
        self.assertEqual(self.reading.import_counts, 27)
        self.assertEqual(used, 0)


class Still:
    """A slave that allocates nothing itself, unlike the model: what it held, for ever."""

    def __init__(self, chip):
        self.words = bytearray(0x300 * 3)
        for address in list(range(0x10)) + [0x40] + list(range(0x100, 0x121)) + list(
                range(0x200, 0x298)):
            word = chip.peek(address)
            for i in range(3):
                self.words[3 * address + i] = word >> 16 - 8 * i & 0xFF
        energy = 27 * 745
        self.words[3 * 0x21E + 1] = energy >> 8
        self.words[3 * 0x21E + 2] = energy & 0xFF

    def cs(self, level):
        pass

    def write_readinto(self, tx, rx):
        page = tx[0]
        at = 3 * (page << 8 | tx[1])
        if page == 2 and tx[1] == 0xFF:
            at = self.last
        self.last = at
        if page == 7:
            rx[3] = 0x51
        elif page == 3:
            rx[3] = 1
        else:
            skip = 2 - min(page, 2)
            for i in range(min(len(rx) - 3, 3 - skip)):
                rx[3 + i] = self.words[at + skip + i]


if __name__ == "__main__":
    unittest.main()
