"""The ATM90E32AS driver against the register model: no count is lost or handed over twice."""

import gc
import unittest

import ic_rig
from ic_rig import LOAD
from parts import error_text

from joulegate.drivers.atm90e32 import (
    BUS_RETRIED,
    RELOADED,
    REVERSED,
    SAG,
    Atm90e32,
    Atm90e32Error,
)
from joulegate.drivers.atm90e32_calibration import Calibration
from world.atm90e32_model import Atm90e32Model

ENERGIES = (0x80, 0x84, 0x88, 0x8C)
# On each phase; a count is 1/32 Wh.
EXPORT = (23000, 13749, -3000000, -1000000)


class Case(ic_rig.Case):

    error = Atm90e32Error

    def setUp(self):
        self.wire(ic_rig.Bus(Atm90e32Model(ready_ms=40)), phases=3)

    def new_driver(self):
        calibration = Calibration(
            meter_constant=320, voltage_V=220, current_A=5, u_gain_A=25456, u_gain_B=25456,
            u_gain_C=25456, i_gain_A=50912, i_gain_B=50912, i_gain_C=50912)
        return Atm90e32(self.bus, self.bus.cs, calibration, self.chip.advance)

    def load(self, *phases):
        for number in range(3):
            self.chip.apply_phase(number, *phases[number % len(phases)])

    def running(self, *phases):
        self.load((23000, 0, 0, 0))
        self.ic.start()
        self.load(*(phases or (LOAD,)))
        self.read_seconds(3)

    def given_out(self):
        return self.chip.emitted[0:16:4]

    def all_counted(self):
        self.assertEqual(self.total, self.given_out())


class Measures(Case, unittest.TestCase):

    def test_totals_are_signed_sums(self):
        for phases, place in (
                ((LOAD,), 0), ((EXPORT,), 1), ((LOAD, LOAD, EXPORT), 0),
                ((EXPORT, LOAD, EXPORT), 1)):
            self.running(*phases)
            before = list(self.total)
            self.read_seconds(36)
            gained = [now - then for now, then in zip(self.total, before)]
            power = 3 if len(phases) == 1 else 1
            # 3 kW for 36 s are 30 Wh, 960 counts, a third of them reactive.
            self.assertTrue(abs(gained[place] - 960 * power) <= 1, gained)
            self.assertTrue(abs(gained[2 + place] - 320 * power) <= 1, gained)
            self.assertEqual((gained[1 - place], gained[3 - place]), (0, 0))
            self.all_counted()

    def test_phases_and_the_whole(self):
        self.running((23000, 10000, 2000000, 500000), (22900, 5000, -1000000, 0),
                     (22800, 1000, 200000, -50000))
        r = self.reading
        self.assertEqual(r.phase_voltage_cV, [23000, 22900, 22800])
        self.assertEqual(r.phase_current_mA, [10000, 5000, 1000])
        self.assertEqual(r.phase_active_W, [2000, -1000, 200])
        self.assertEqual((r.voltage_cV, r.current_mA), (23000, 10000))
        self.assertEqual((r.active_W, r.reactive_var, r.frequency_cHz), (1200, 450, 5000))
        self.assertTrue(0 < r.power_factor_milli < 1000)

    def test_a_lost_phase(self):
        self.running(LOAD, (0, 0, 0, 0), LOAD)
        r = self.reading
        self.assertEqual(r.phase_voltage_cV, [23000, 0, 23000])
        self.assertEqual((r.voltage_cV, r.active_W), (23000, 6000))
        self.assertEqual(r.frequency_cHz, 5000)
        self.load((0, 0, 0, 0))
        self.read_seconds(1)
        self.assertEqual((r.voltage_cV, r.current_mA, r.frequency_cHz), (0, 0, 0))

    def test_sag_of_any_phase_once(self):
        for phase in range(3):
            self.running()
            self.chip.apply_phase(phase, 17000, 0, 0, 0)
            self.assertEqual(self.read_seconds(1), SAG)
            self.assertEqual(self.read_seconds(1), 0)
            self.chip.apply_phase(phase, *LOAD)
            self.assertEqual(self.read_seconds(2), 0)

    def test_turn_of_the_total(self):
        self.running()
        self.load(LOAD, LOAD, EXPORT)
        self.assertEqual(self.read_seconds(2), 0)
        self.load(LOAD, EXPORT, EXPORT)
        self.assertEqual(self.read_seconds(1), REVERSED)
        self.assertEqual(self.read_seconds(1), 0)

    def test_sequence(self):
        self.running()
        self.assertEqual(self.ic.details()["sequence"], "right")
        self.chip.wrong_sequence = True
        self.read_seconds(1)
        self.assertEqual(self.ic.details()["sequence"], "wrong")

    def test_controller_restart_keeps_energy(self):
        self.running()
        self.chip.advance(30000)
        self.ic = self.new_driver()
        self.assertEqual(self.ic.start(), 0)
        self.read()
        self.all_counted()

    def test_controller_restart_on_a_disturbed_bus_keeps_energy(self):
        self.running()
        for head in (0x8000, 0x8031, 0x806A, 0x8079):
            self.chip.advance(5000)
            self.ic = self.new_driver()
            self.at_frame(head, lambda: self.chip.flip_next_read(0x0400))
            self.assertEqual(self.ic.start(), 0)
            self.bus.before = None
            self.read()
            self.all_counted()

    def test_steady_reading_allocates_nothing(self):
        if not hasattr(gc, "mem_alloc"):
            self.skipTest("CPython does not count its heap")
        registers = bytearray(256 * 2)

        def exchange(tx, rx):
            # A slave that allocates nothing itself, unlike the model.
            at = tx[1] * 2
            if at != 0xF0:
                registers[0xF0] = registers[at]
                registers[0xF1] = registers[at + 1]
            rx[2] = registers[at]
            rx[3] = registers[at + 1]

        self.running(LOAD, EXPORT, EXPORT)
        for address in range(256):
            word = self.chip.peek(address)
            registers[address * 2] = word >> 8
            registers[address * 2 + 1] = word & 0xFF
        registers[0x80 * 2 + 1] = 27
        registers[0x74 * 2] = 0x70
        self.bus.chip = Silent(exchange)
        self.ic.read(self.reading)
        gc.collect()
        gc.disable()
        try:
            before = gc.mem_alloc()
            for _ in range(100):
                self.ic.read(self.reading)
            used = gc.mem_alloc() - before
        finally:
            gc.enable()
        self.assertEqual((self.reading.import_counts, self.reading.active_W), (27, -3000))
        self.assertEqual(used, 0)


class Silent:

    def __init__(self, exchange):
        self.exchange = exchange

    def cs(self, level):
        pass


class Faults(Case, unittest.TestCase):

    def test_lost_and_cut_reads(self):
        for fault in (self.chip.lose_next_read, self.chip.cut_next_read):
            for register in ENERGIES:
                self.running(LOAD)
                self.at_frame(0x8000 | register, fault)
                self.assertEqual(self.read_seconds(1), BUS_RETRIED)
                self.bus.before = None
                self.all_counted()

    def test_flipped_energy(self):
        for load in (LOAD, EXPORT):
            for mask in (0x0001, 0x8000, 0xFFFF):
                for register in ENERGIES:
                    self.running(load)
                    self.at_frame(
                        0x8000 | register, lambda mask=mask: self.chip.flip_next_read(mask))
                    self.assertEqual(self.read_seconds(1), BUS_RETRIED)
                    self.bus.before = None
                    self.all_counted()

    def test_flipped_last_data(self):
        self.running()
        self.at_frame(0x8078, lambda: self.chip.flip_next_read(0x0100))
        self.assertEqual(self.read_seconds(1), BUS_RETRIED)
        self.all_counted()

    def test_both_flipped(self):
        self.running()
        masks = [0x0010, 0x0200]

        def before(first):
            if masks and first in (0x8080, 0x8078):
                self.chip.flip_next_read(masks.pop(0))

        self.bus.before = before
        self.assertEqual(self.read_seconds(1), BUS_RETRIED)
        self.assertEqual(masks, [])
        self.all_counted()

    def test_cut_alike_one_after_the_other(self):
        for times in (1, 2, 3):
            for register in ENERGIES:
                self.cut_alike([register] + [0x78] * times)

    def cut_alike(self, left):
        self.running()

        def before(first):
            if left and first & 0xFF == left[0]:
                left.pop(0)
                self.chip.cut_next_read()

        self.bus.before = before
        self.read_seconds(1)
        self.assertEqual(left, [])
        self.bus.before = None
        self.all_counted()

    def test_much_at_once_is_counted_without_an_event(self):
        self.running()
        self.chip.advance(60000)
        self.assertEqual(self.read(), 0)
        self.all_counted()

    def test_flipped_guards(self):
        self.running()
        for head in (0x8031, 0x8000, 0x8079):
            self.at_frame(head, lambda: self.chip.flip_next_read(0x0040))
            self.assertEqual(self.read_seconds(1), BUS_RETRIED)
        self.bus.before = None
        self.assertEqual(self.ic.reloads, 0)
        self.all_counted()

    def test_a_flipped_change_is_no_event(self):
        self.running()
        self.at_frame(0x8074, lambda: self.chip.flip_next_read(0x4088))
        self.assertEqual(self.read_seconds(1), 0)

    def test_noise_on_every_tenth_frame(self):
        self.running()
        count = [0]

        def before(first):
            count[0] += 1
            if count[0] % 10 == 0:
                self.chip.flip_next_read(1 << count[0] % 16)

        self.bus.before = before
        self.read_seconds(50)
        self.bus.before = None
        self.read_seconds(2)
        self.assertTrue(self.ic.bus_errors > 20, self.ic.bus_errors)
        self.assertEqual(self.ic.reloads, 0)
        self.all_counted()

    def test_every_kind_of_noise_at_random(self):
        # One read of sixteen: lost, cut or with a bit flipped; the same numbers every time.
        state = [1]

        def number():
            state[0] = (state[0] * 75 + 74) % 65537
            return state[0]

        def before(first):
            if first & 0x8000 and number() < 4096:
                kind = number() % 4
                if kind == 0:
                    self.chip.lose_next_read()
                elif kind == 1:
                    self.chip.cut_next_read()
                else:
                    self.chip.flip_next_read(1 << number() % 16)

        for load in (LOAD, EXPORT):
            self.running(load)
            self.bus.before = before
            self.read_seconds(150)
            self.bus.before = None
            self.read_seconds(2)
            self.all_counted()
        self.assertTrue(self.ic.bus_errors > 200, self.ic.bus_errors)
        self.assertEqual(self.ic.reloads, 0)

    def test_every_read_lost_for_a_while(self):
        self.running()
        self.at_frame(0x8080, self.chip.lose_next_read, 3)
        self.chip.advance(1000)
        self.assertIsNone(self.read())
        self.bus.before = None
        self.read_seconds(1)
        self.all_counted()

    def test_stuck_between_readings(self):
        for level in (0, 1):
            self.running()
            self.chip.stuck_miso = level
            for _ in range(5):
                self.chip.advance(1000)
                self.assertIsNone(self.read())
            self.chip.stuck_miso = None
            self.read_seconds(2)
            self.assertEqual(self.ic.reloads, 0)
            self.all_counted()

    def test_stuck_for_long_while_a_read_is_unsettled_and_reset_then(self):
        self.running()

        def act():
            self.chip.stuck_miso = 1

        self.at_frame(0x8080, act)
        self.chip.advance(1000)
        self.assertIsNone(self.read())
        self.bus.before = None
        before = list(self.total)
        self.chip.reset_in_run()
        self.chip.advance(1000)
        for _ in range(100):
            self.assertIsNone(self.read())
        self.chip.stuck_miso = None
        self.assertEqual(self.read(), RELOADED)
        self.assertEqual(self.total, before)

    def stick(self, head, level, skip=0):
        self.running()

        def act():
            self.chip.stuck_miso = level

        self.at_frame(head, act, skip=skip)
        self.chip.advance(1000)
        failed = self.read() is None
        for _ in range(2):
            self.chip.advance(1000)
            self.assertIsNone(self.read())
        self.bus.before = None
        self.chip.stuck_miso = None
        self.read_seconds(2)
        self.assertEqual(self.ic.reloads, 0)
        return failed

    def test_sticks_high_at_an_energy_read(self):
        for register in ENERGIES:
            self.assertTrue(self.stick(0x8000 | register, 1))
            self.all_counted()

    def test_sticks_at_last_data(self):
        for level in (0, 1):
            self.assertTrue(self.stick(0x8078, level))
            self.all_counted()

    def test_sticks_low_at_an_energy_read_may_cost_that_reading(self):
        self.running()
        held = self.chip.emitted[0]
        self.assertTrue(self.stick(0x8080, 0))
        lost = self.chip.emitted[0] - self.total[0]
        # 9 kW for a second are 80 counts.
        self.assertTrue(0 < lost <= 81, (lost, held))
        self.assertEqual(self.total[1:], self.given_out()[1:])

    def test_true_all_ones_is_counted_at_last(self):
        self.running()
        counts = 0xFFFF + self.chip.emitted[0] - self.total[0]
        while True:
            # 9 kW: 80 counts a second.
            missing = counts - (self.chip.emitted[0] - self.total[0])
            if not missing:
                break
            self.chip.advance(max(1, missing * 11))
        for _ in range(60):
            self.assertIsNone(self.read())
        self.assertTrue(self.read() is not None)
        self.read()
        self.all_counted()

    def test_chip_reset_while_a_read_is_unsettled(self):
        self.running()

        def act():
            self.chip.stuck_miso = 1

        self.at_frame(0x8084, act)
        self.chip.advance(1000)
        self.assertIsNone(self.read())
        kept = self.chip.emitted[0]
        self.bus.before = None
        self.chip.reset_in_run()
        self.chip.stuck_miso = None
        self.chip.advance(1000)
        self.assertEqual(self.read() & RELOADED, RELOADED)
        self.assertEqual(self.total[0], kept)
        self.read_seconds(3)
        self.assertEqual(self.total[0], self.chip.emitted[0])

    def test_chip_reset_between_readings(self):
        self.running()
        before = list(self.total)
        self.chip.reset_in_run()
        self.assertEqual(self.read_seconds(1), RELOADED)
        self.assertEqual(self.total, before)
        self.assertEqual(self.ic.reloads, 1)
        self.read_seconds(3)
        self.all_counted()

    def test_chip_reset_after_the_first_energy_read(self):
        self.running()
        self.at_frame(0x8084, self.chip.reset_in_run)
        self.chip.advance(1000)
        self.assertIsNone(self.read())  # not ready for 40 ms
        self.bus.before = None
        kept = self.chip.emitted[0]
        self.chip.advance(1000)
        self.assertEqual(self.read(), RELOADED)
        self.assertEqual(self.total[0], kept)
        self.read_seconds(3)
        self.assertEqual(self.total[0], self.chip.emitted[0])

    def test_a_gain_that_changes_by_itself_is_put_right(self):
        self.running()
        self.chip.corrupt(0x62, 0x0400)
        self.assertEqual(self.read_seconds(1), RELOADED)
        self.assertEqual(self.chip.peek(0x62), 50912)
        self.assertEqual(self.chip.peek(0x79), 0)
        self.read_seconds(3)
        self.all_counted()

    def test_metering_switched_off_is_put_right(self):
        self.running()
        self.chip.corrupt(0x00, 1)
        self.assertEqual(self.read_seconds(1), RELOADED)
        self.assertEqual(self.read_seconds(2), 0)
        self.all_counted()

    def test_a_lost_write_is_written_again(self):
        for head in (0x0062, 0x0000, 0x0031):
            self.chip.power_on()
            self.at_frame(head, self.chip.lose_next_write)
            self.ic = self.new_driver()
            self.assertEqual(self.ic.start(), RELOADED)
            self.bus.before = None
            self.ic.check()

    def test_locked_out_it_does_not_start(self):
        self.at_frame(0x007F, self.chip.lose_next_write)
        text = error_text(Atm90e32Error, self.ic.start)
        self.assertTrue("expected 0x" in text, text)
        self.assertEqual(self.chip.peek(0x00), 0)


if __name__ == "__main__":
    unittest.main()
