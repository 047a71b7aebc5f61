"""The BL0942's driver against the register model: no pulse is lost or handed over twice."""

import gc
import random
import unittest
from array import array

import ic_rig
from parts import error_text

from joulegate.drivers.bl0942 import BUS_RETRIED, RELOADED, REVERSED, Bl0942
from joulegate.drivers.bl0942_bus import Bl0942Error
from joulegate.drivers.bl0942_calibration import Calibration, corrected
from world.bl0942_model import CF_CNT, GAIN_CR, MODE, USR_WRPROT, WA_CREEP, Bl0942Model

READ = 0x58
COUNTS = 783895
"""65536ths of a count in a pulse, which is 0.374 Wh: 32 * 65536 * 419430.4 / 3600 /
(3537 * 0.5 * 57.523 / 220) * 1.218^2."""


class Case(ic_rig.Case):

    error = Bl0942Error
    quantities = 2

    def setUp(self):
        self.use(Bl0942Model(500, (57523, 220)))

    def use(self, chip):
        self.kept = array("I", (0, 0))
        self.wire(ic_rig.Bus(chip))

    def new_driver(self, over_current_mA=0, **changes):
        values = dict(meter_constant=3200, voltage_V=220, current_A=5, voltage_uV=57523,
                      current_uV=2500)
        values.update(changes)
        return Bl0942(
            self.bus, self.bus.cs, Calibration(**values), self.chip.advance, self.kept,
            over_current_mA)

    def at_read(self, register, act, times=1, skip=0):
        """Do something as a read of `register` is about to go out."""
        self.at_frame(READ << 8 | register, act, times, skip)

    def all_counted(self, lost=0):
        """Hold the counts against the pulses; lost: pulses that a reset took, less than that."""
        for total, pulses in zip(self.total, self.chip.emitted):
            missing = pulses * COUNTS - (total << 16)
            self.assertTrue(0 <= missing < (1 << 16) + lost * COUNTS,
                            (self.total, self.chip.emitted))


class Measures(Case, unittest.TestCase):

    def test_energy_by_direction(self):
        self.ic.start()
        for active, reactive in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            self.chip.apply(23000, 10000, active * 2000000, reactive * 500000)
            before = list(self.total)
            self.read_seconds(60)
            gained = [now - then for now, then in zip(self.total, before)]
            # 2 kW for a minute are 33.33 Wh, 1066.7 counts; a pulse is 12.
            self.assertTrue(1042 <= gained[active < 0] <= 1079, gained)
            self.assertEqual(gained[active > 0], 0)
            self.assertEqual(self.reading.reactive_import_counts, 0)
            self.assertEqual(self.reading.reactive_export_counts, 0)
        self.all_counted()

    def test_many_small_readings_keep_the_part_of_a_count(self):
        self.running((23000, 1000, 100000, 0))
        self.read_seconds(2000)
        self.all_counted()

    def test_momentary_values_and_signs(self):
        self.ic.start()
        for sign in (1, -1):
            self.chip.apply(23000, 5000, sign * 1000000, sign * -400000, frequency_cHz=5002)
            self.chip.advance(1000)
            self.read()
            r = self.reading
            self.assertTrue(abs(r.voltage_cV - 23000) <= 2, r.voltage_cV)
            self.assertTrue(abs(r.current_mA - 5000) <= 1, r.current_mA)
            self.assertTrue(abs(r.active_W - sign * 1000) <= 1, r.active_W)
            # 1000 W of 1150 VA.
            self.assertTrue(abs(r.power_factor_milli - sign * 869) <= 2, r.power_factor_milli)
            self.assertTrue(abs(r.frequency_cHz - 5002) <= 1, r.frequency_cHz)
            self.assertEqual(r.reactive_var, 0)
            self.assertEqual(r.neutral_mA, 0)

    def test_no_voltage_no_frequency(self):
        self.running()
        self.chip.apply(0, 0, 0, 0)
        self.read_seconds(1)
        r = self.reading
        self.assertEqual((r.voltage_cV, r.frequency_cHz, r.power_factor_milli), (0, 0, 0))

    def test_reversal_is_told_once(self):
        self.running()
        self.chip.apply(23000, 13749, -3000000, 0)
        self.assertEqual(self.read_seconds(3), REVERSED)
        self.assertEqual(self.read_seconds(3), 0)
        self.all_counted()

    def test_creep(self):
        # 2 per mille of 220 V and 5 A are 2.2 W.
        self.running((23000, 50, 2150, 0))
        self.read_seconds(600)
        self.assertEqual(self.total, [0, 0])
        self.assertEqual(self.reading.current_mA, 0)
        self.chip.apply(23000, 50, 2300, 0)
        self.read_seconds(1200)
        self.all_counted()
        self.assertTrue(self.total[0] > 10, self.total)

    def test_a_long_time_unread_comes_in_readings_of_65535_counts(self):
        self.running()
        self.chip.advance(3600000)
        self.read()
        self.assertEqual(self.reading.import_counts, 65535)
        self.chip.apply(23000, 0, 0, 0)
        self.read_seconds(3)
        self.all_counted()

    def test_steady_reading_allocates_nothing(self):
        if not hasattr(gc, "mem_alloc"):
            self.skipTest("CPython does not count its heap")
        self.running()
        answers = bytearray(0x20 * 6)
        for address in range(0x20):
            rx = bytearray(6)
            self.bus.chip.cs(0)
            self.bus.chip.exchange(bytes((READ, address, 0, 0, 0, 0)), rx)
            self.bus.chip.cs(1)
            answers[address * 6:address * 6 + 6] = rx

        def exchange(tx, rx):
            # A slave that allocates nothing itself, unlike the model.
            at = tx[1] * 6
            if tx[1] == 7:  # three pulses more; one less in the check sum for each
                answers[at + 4] = (answers[at + 4] + 3) & 0x7F
                rx[5] = ~(READ + 7 + answers[at + 2] + answers[at + 3] + answers[at + 4]) & 0xFF
            else:
                rx[5] = answers[at + 5]
            rx[2] = answers[at + 2]
            rx[3] = answers[at + 3]
            rx[4] = answers[at + 4]

        answers[7 * 6 + 4] = self.chip.peek(7) & 0x3F
        self.bus.chip = Silent(exchange)
        self.ic.read(self.reading)
        gc.collect()
        gc.disable()
        try:
            before = gc.mem_alloc()
            for _ in range(10):
                self.ic.read(self.reading)
            used = gc.mem_alloc() - before
        finally:
            gc.enable()
        self.assertTrue(35 <= self.reading.import_counts <= 36, self.reading.import_counts)
        self.assertEqual(used, 0)


class Silent:

    def __init__(self, exchange):
        self.exchange = exchange

    def cs(self, level):
        pass


class Counter(Case, unittest.TestCase):

    def set_counter(self, value):
        self.chip._registers[CF_CNT] = value

    def test_wraps_upwards(self):
        self.use(Bl0942Model(500, (57523, 220), first_count=0xFFFFF0))
        self.running()
        self.read_seconds(60)
        self.assertTrue(self.chip.peek(CF_CNT) < 0x1000)
        self.assertEqual(self.total[1], 0)
        self.all_counted()

    def test_wraps_downwards(self):
        self.running((23000, 13749, -3000000, 0))
        self.read_seconds(60)
        self.assertTrue(self.chip.peek(CF_CNT) > 0xFFF000)
        self.assertEqual(self.total[0], 0)
        self.all_counted()

    def test_the_first_count_is_no_energy(self):
        self.use(Bl0942Model(500, (57523, 220), first_count=0x800000))
        self.assertEqual(self.ic.start(), RELOADED)
        self.read_seconds(3)
        self.assertEqual(self.total, [0, 0])

    def test_a_restart_is_no_wrap(self):
        self.running()
        self.read_seconds(60)
        before = list(self.total)
        self.chip.reset_in_run()
        self.chip.advance(2000)  # counts a few pulses, in its default way
        self.assertEqual(self.read(), RELOADED)
        self.assertEqual(self.total, before)
        self.assertEqual(self.ic.reloads, 1)
        lost = self.chip.emitted[0]
        self.read_seconds(10)
        gained = self.total[0] - before[0]
        self.assertTrue(266 - 24 <= gained <= 267, gained)
        self.assertTrue(lost)

    def test_a_controller_reset_loses_nothing(self):
        self.running()
        for _ in range(3):
            self.chip.advance(30000)
            self.ic = self.new_driver()
            self.assertEqual(self.ic.start(), 0)
            self.read()
        missing = self.chip.emitted[0] * COUNTS - (self.total[0] << 16)
        self.assertTrue(0 <= missing < 4 << 16, missing)  # a part of a count each time

    def test_without_a_place_to_keep_only_the_reset_itself_is_lost(self):
        self.kept = None
        self.ic = self.new_driver()
        self.running()
        before = self.total[0]
        self.chip.advance(30000)
        self.ic = self.new_driver()
        self.assertEqual(self.ic.start(), 0)
        self.read()
        self.assertEqual(self.total[0], before)
        self.read_seconds(60)
        self.assertTrue(1588 <= self.total[0] - before <= 1612, self.total[0] - before)

    def test_what_was_kept_is_not_believed_when_spoilt(self):
        self.running()
        for i, spoil in ((0, 1), (1, 0x100), (0, 0x01000000)):
            before = self.total[0]
            self.kept[i] ^= spoil
            self.ic = self.new_driver()
            self.ic.start()
            self.read_seconds(2)
            self.assertTrue(self.total[0] - before <= 72, self.total)

    def test_power_loss_of_both(self):
        self.running()
        self.read_seconds(20)
        before = self.total[0]
        self.chip.power_off()
        self.chip.power_on()
        self.ic = self.new_driver()
        self.assertEqual(self.ic.start(), RELOADED)
        self.read()
        self.assertEqual(self.total[0], before)

    def test_a_load_cut_short_leaves_no_false_difference(self):
        self.running()
        self.read_seconds(60)
        before = list(self.total)
        # MODE is written already when the bus fails.
        self.at_read(USR_WRPROT, lambda: self.chip.lose_next_read(9))
        self.chip.reset_in_run()
        self.chip.advance(1000)
        self.assertIsNone(self.read())
        self.bus.before = None
        self.chip.lose_next_read(0)
        self.assertEqual(self.chip.peek(MODE), 0x07)
        self.read_seconds(1)
        self.assertEqual(self.total[1], 0)
        self.assertTrue(self.total[0] - before[0] <= 36, self.total)

    def test_a_gain_lost_alone_is_seen_within_five_readings(self):
        self.running()
        self.chip._registers[GAIN_CR] = 0
        self.assertEqual(self.read_seconds(5) & RELOADED, RELOADED)
        self.ic.check()


class Faults(Case, unittest.TestCase):

    def test_lost_frame(self):
        for register in (CF_CNT, MODE, 4, 3, 6, 8):
            self.running()
            self.at_read(register, self.chip.lose_next_read)
            self.assertEqual(self.read_seconds(1), BUS_RETRIED)
            self.bus.before = None
            self.all_counted()
        self.assertEqual(self.ic.reloads, 0)

    def test_any_flipped_bit(self):
        self.running()
        for bit in range(32):
            self.at_read(CF_CNT, lambda bit=bit: self.chip.flip_next_read(1 << bit))
            self.assertEqual(self.read_seconds(1), BUS_RETRIED)
        self.bus.before = None
        self.all_counted()

    def test_a_wrong_count_that_the_check_sum_lets_pass(self):
        self.running()
        count = self.chip.peek(CF_CNT) >> 16
        self.assertEqual(count & 3, 0)
        # 2 more in the high byte and 2 less in the check sum, whose bit 1 must be set for that.
        for _ in range(40):
            self.chip.advance(1000)
            data = self.chip.peek(CF_CNT)
            if ~(READ + 7 + (data >> 16) + (data >> 8) + data) & 2:
                break
            self.read()
        self.at_read(CF_CNT, lambda: self.chip.flip_next_read(0x02000002))
        self.assertIsNone(self.read())
        self.bus.before = None
        self.read_seconds(2)
        self.all_counted()

    def test_stuck(self):
        for level, hint in ((0, "stuck low"), (1, "stuck high")):
            self.running()
            self.chip.stuck_miso = level
            for _ in range(5):
                self.chip.advance(1000)
                said = error_text(Bl0942Error, lambda: self.ic.read(self.reading))
                self.assertTrue(hint in said, said)
            self.chip.stuck_miso = None
            self.read_seconds(2)
            self.assertEqual(self.ic.reloads, 0)
            self.all_counted()

    def test_noise_on_every_tenth_frame(self):
        self.running()
        count = [0]

        def before(first):
            count[0] += 1
            if count[0] % 10 == 0:
                self.chip.flip_next_read(1 << count[0] % 32)

        self.bus.before = before
        self.read_seconds(50)
        self.bus.before = None
        self.read_seconds(2)
        self.assertTrue(self.ic.bus_errors > 20, self.ic.bus_errors)
        self.assertEqual(self.ic.reloads, 0)
        self.all_counted()

    def test_without_chip_select_it_comes_back_into_step(self):
        self.use(Bl0942Model(500, (57523, 220), selectable=False))
        self.running()
        for bytes_missed in (1, 2, 5):
            self.at_read(CF_CNT, lambda n=bytes_missed: self.chip.swallow(n))
            self.assertEqual(self.read_seconds(1), BUS_RETRIED)
            self.bus.before = None
            self.all_counted()
        for clocks in (1, 3, 7):
            for _ in range(clocks):
                self.chip.spike()
            self.assertEqual(self.read_seconds(1), BUS_RETRIED)
            self.all_counted()

    def test_every_read_lost_for_a_while(self):
        self.running()
        self.at_read(CF_CNT, self.chip.lose_next_read, 3)
        self.chip.advance(1000)
        self.assertIsNone(self.read())
        self.bus.before = None
        self.read_seconds(1)
        self.all_counted()

    def test_energy_is_kept_over_an_error_after_it(self):
        self.running()
        self.at_read(6, lambda: self.chip.lose_next_read(3))
        self.chip.advance(1000)
        self.assertIsNone(self.read())
        self.bus.before = None
        self.read_seconds(1)
        self.all_counted()

    def test_chip_reset_in_the_middle_of_a_reading(self):
        for register in (CF_CNT, MODE, 4):
            self.running()
            self.at_read(register, self.chip.reset_in_run)
            before = list(self.total)
            self.chip.advance(1000)
            self.read()
            self.bus.before = None
            self.chip.advance(10)
            self.read()
            self.assertEqual(self.ic.reloads, 1)
            self.assertTrue(0 <= self.total[0] - before[0] <= 36, self.total)
            self.assertEqual(self.total[1], 0)
            self.use(self.chip)


class Lives(Case, unittest.TestCase):
    """Faults of every kind in a row: nothing is made up, and only parts of a count are lost."""

    def live(self, selectable):
        self.use(Bl0942Model(500, (57523, 220), selectable=selectable, first_count=0xFFFFF0))
        chip = self.chip
        faults = (
            lambda: chip.flip_next_read(1 << random.getrandbits(5)), chip.spike,
            lambda: chip.lose_next_read(1 + random.getrandbits(2)),
            lambda: chip.swallow(1 + random.getrandbits(2)), self.stick, self.restart)
        self.starts = 1
        self.ic.start()
        for _ in range(400):
            if random.getrandbits(4) == 0:
                watts = random.getrandbits(14) - 4000
                chip.apply(23000, abs(watts) * 1000 // 230, watts * 1000, 0)
            chip.advance(1000 << random.getrandbits(2))
            if random.getrandbits(2) == 0:
                faults[random.getrandbits(8) % len(faults)]()
            self.read()
            chip.stuck_miso = None
        chip.lose_next_read(0)
        chip.apply(23000, 0, 0, 0)
        self.read_seconds(5)
        taken, given = chip.emitted
        lost = taken - given - (self.total[0] - self.total[1] << 16) // COUNTS
        self.assertTrue(abs(lost) <= 1 + self.starts // 10, (lost, self.starts))
        self.assertTrue(sum(self.total) << 16 <= (taken + given) * COUNTS)
        self.assertTrue(self.total[1] > 100 and self.ic.reloads == 0, self.total)

    def stick(self):
        self.chip.stuck_miso = random.getrandbits(1)

    def restart(self):
        self.ic = self.new_driver()
        self.starts += 1
        try:
            self.ic.start()
        except Bl0942Error:
            pass

    def test_with_and_without_chip_select(self):
        random.seed(20240719)
        for selectable in (True, False):
            for _ in range(3):
                self.live(selectable)


class Start(Case, unittest.TestCase):

    def test_it_is_configured_and_locked(self):
        self.assertEqual(self.ic.start(), RELOADED)
        self.assertEqual(self.chip.peek(MODE), 0x07)
        self.assertEqual(self.chip.peek(WA_CREEP), 56)
        self.assertEqual(self.chip.peek(USR_WRPROT), 0)
        self.ic.check()
        self.ic = self.new_driver(frequency_Hz=60, gain=4, current_uV=10000)
        self.assertEqual(self.ic.start(), RELOADED)
        self.assertEqual(self.chip.peek(MODE), 0x27)
        self.assertEqual(self.chip.peek(GAIN_CR), 1)

    def test_another_chip(self):
        self.chip.impersonate()
        self.assertEqual(error_text(Bl0942Error, self.ic.start),
                         "BL0942: register 0x19 read 0x000000, expected 0x000087")

    def test_no_chip(self):
        self.chip.power_off()
        self.assertTrue("no chip" in error_text(Bl0942Error, self.ic.start))

    def test_a_bus_that_is_set_wrong(self):
        for format in ((900001, 0, 1), (500000, 1, 1), (500000, 0, 0)):
            self.chip.bus_format(*format)
            with self.assertRaises(Bl0942Error):
                self.ic.start()
        self.chip.bus_format(900000, 0, 1)
        self.ic.start()

    def test_a_chip_left_unlocked_is_told(self):
        self.ic.start()
        self.chip._registers[USR_WRPROT] = 0x55
        with self.assertRaises(Bl0942Error):
            self.ic.check()

    def test_details(self):
        self.running()
        found = self.ic.details()
        self.assertEqual(found["pulses"], self.chip.emitted[0])
        self.assertEqual(found["creeping"], False)
        self.assertTrue(abs(found["fast_current_mA"] - 13749) < 60, found)


class OverCurrent(Case, unittest.TestCase):

    def test_the_pin(self):
        self.ic = self.new_driver(over_current_mA=20000)
        self.running((23000, 19900, 4500000, 0))
        self.assertEqual(self.chip.over_current, 0)
        self.chip.apply(23000, 20100, 4600000, 0)
        self.assertEqual(self.chip.over_current, 1)
        self.chip.reset_in_run()
        self.assertEqual(self.chip.over_current, 0)
        self.assertEqual(self.read_seconds(1) & RELOADED, RELOADED)
        self.assertEqual(self.chip.over_current, 1)
        self.ic.check()

    def test_never(self):
        self.running((23000, 60000, 13000000, 0))
        self.assertEqual(self.chip.over_current, 0)

    def test_what_the_chip_cannot_tell(self):
        for threshold_mA in (1, -5, 400000):
            said = error_text(ValueError, self.new_driver, over_current_mA=threshold_mA)
            self.assertTrue("I_FAST_RMS_TH" in said, said)


class Adjustment(Case, unittest.TestCase):
    """A front end that is not as drawn, brought right by one point at a power factor of 1."""

    def measured(self, load, seconds=3600):
        """Return voltage, current and counts as the meter has them, over so many seconds."""
        self.chip.apply(*load)
        self.read()
        self.total = [0, 0]
        for _ in range(seconds // 60):
            self.chip.advance(60000)
            self.read()
        return self.reading.voltage_cV, self.reading.current_mA, self.total[0]

    def test_gains_three_per_cent_off(self):
        self.use(Bl0942Model(515, (55797, 220)))
        point = (22000, 20000, 4400000, 0)
        self.ic.start()
        voltage, current, counts = self.measured(point)
        self.assertTrue(abs(current - 20600) < 10 and abs(voltage - 21340) < 10)
        gains = dict(
            u_gain=corrected(1000000, voltage, 22000), i_gain=corrected(1000000, current, 20000),
            p_gain=corrected(1000000, counts, 4400 * 32))
        self.assertTrue(969000 < gains["i_gain"] < 972000, gains)
        self.ic = self.new_driver(**gains)
        self.ic.start()
        for load in (point, (23000, 5000, 1150000, 0), (22000, 20000, 2200000, 3810512)):
            voltage, current, counts = self.measured(load)
            self.assertTrue(abs(voltage - load[0]) <= 5, voltage)
            self.assertTrue(abs(current - load[1]) <= 5, current)
            true = load[2] * 32 / 1000
            self.assertTrue(abs(counts - true) <= 12 + true * 0.0002, (counts, true))

    def test_half_a_degree_stays(self):
        # cos and sin of 0.5 degrees: nothing in the chip or in the constants turns it back.
        self.use(Bl0942Model(500, (57523, 220), turn=(999962, 8727)))
        self.ic.start()
        _, _, counts = self.measured((22000, 20000, 4400000, 0))
        self.assertTrue(abs(counts - 4400 * 32) <= 12 + 6, counts)
        for sign in (1, -1):
            _, _, counts = self.measured((22000, 20000, 2200000, sign * 3810512))
            error = counts / (2200 * 32) - 1
            self.assertTrue(abs(error - sign * 0.0151) < 0.0004, error)


if __name__ == "__main__":
    unittest.main()
