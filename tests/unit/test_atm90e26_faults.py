"""The driver against the register model of the chip: no count is lost or handed over twice."""

import gc
import unittest

import ic_rig
from ic_rig import LOAD

from joulegate.drivers.atm90e26 import BUS_RETRIED, RELOADED, SAG, Atm90e26, Atm90e26Error
from joulegate.drivers.atm90e26_calibration import Calibration
from world.atm90e26_model import Atm90e26Model

ENERGIES = (0x40, 0x41, 0x43, 0x44)
# A count is 1/32 Wh.
EXPORT = (23000, 13749, -3000000, -1000000)


class Bus(ic_rig.Bus):
    """Frames by their first byte.

    pulled: whether MISO has a pull-up, for the time in which the chip does not drive it.
    """

    pulled = True

    def head(self, tx):
        return tx[0]

    def write_readinto(self, tx, rx):
        super().write_readinto(tx, rx)
        if not self.pulled:
            rx[0] = 0


class Case(ic_rig.Case):

    error = Atm90e26Error

    def setUp(self):
        self.wire(Bus(Atm90e26Model()))

    def new_driver(self):
        calibration = Calibration(
            meter_constant=3200, voltage_V=220, current_A=5, voltage_uV=250000,
            current_uV=1000, gain=24, u_gain=26400, i_gain_L=31251)
        return Atm90e26(self.bus, self.bus.cs, calibration, self.chip.advance)

    def all_counted(self):
        self.assertEqual(self.total, [self.chip.emitted[a] for a in ENERGIES])


class Measures(Case, unittest.TestCase):

    def test_energy_by_quadrant(self):
        self.ic.start()
        for active, reactive in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            self.chip.apply(23000, 10000, active * 2000000, reactive * 500000)
            self.chip.advance(60000)
            before = list(self.total)
            self.read()
            gained = [now - then for now, then in zip(self.total, before)]
            # 2 kW for a minute are 33.33 Wh, 1066.7 counts.
            self.assertTrue(1066 <= gained[0 if active > 0 else 1] <= 1067, gained)
            self.assertEqual(gained[1 if active > 0 else 0], 0)
            self.assertTrue(266 <= gained[2 if reactive > 0 else 3] <= 267, gained)
            self.assertEqual(gained[3 if reactive > 0 else 2], 0)
        self.all_counted()

    def test_momentary_values_and_signs(self):
        self.ic.start()
        for sign in (1, -1):
            self.chip.apply(23000, 5000, sign * 1000000, sign * -400000, frequency_cHz=5002)
            self.chip.advance(1000)
            self.read()
            r = self.reading
            self.assertTrue(abs(r.voltage_cV - 23000) <= 25, r.voltage_cV)
            self.assertTrue(abs(r.current_mA - 5000) <= 10, r.current_mA)
            self.assertTrue(abs(r.active_W - sign * 1000) <= 2, r.active_W)
            self.assertTrue(abs(r.reactive_var + sign * 400) <= 2, r.reactive_var)
            self.assertTrue(sign * r.power_factor_milli > 0, r.power_factor_milli)
            self.assertEqual(r.frequency_cHz, 5002)

    def test_sag(self):
        self.running()
        self.chip.apply(9000, 0, 0, 0)
        self.assertEqual(self.read_seconds(1) & SAG, SAG)
        self.assertEqual(self.read_seconds(1) & SAG, 0)

    def test_controller_restart_keeps_energy(self):
        self.running()
        self.chip.advance(30000)
        self.ic = self.new_driver()
        self.assertEqual(self.ic.start(), 0)
        self.read()
        self.all_counted()

    def test_controller_restart_on_a_disturbed_bus_keeps_energy(self):
        self.running()
        for head in (0xAC, 0xBB, 0xA0, 0xB0):
            self.chip.advance(5000)
            self.ic = self.new_driver()
            self.at_frame(head, lambda: self.chip.flip_next_read(0x0400))
            self.assertEqual(self.ic.start(), 0)
            self.bus.before = None
            self.read()
            self.all_counted()

    def test_cold_start_discards_what_calibration_counted(self):
        self.chip.apply(*LOAD)
        self.assertEqual(self.ic.start(), RELOADED)
        self.assertEqual([self.chip.peek(a) for a in ENERGIES], [0, 0, 0, 0])

    def test_steady_reading_allocates_nothing(self):
        if not hasattr(gc, "mem_alloc"):
            self.skipTest("CPython does not count its heap")
        registers = bytearray(128 * 2)

        def exchange(tx, rx):
            # A slave that allocates nothing itself, unlike the model.
            at = (tx[0] & 0x7F) * 2
            if at != 12:
                registers[12] = registers[at]
                registers[13] = registers[at + 1]
            rx[1] = registers[at]
            rx[2] = registers[at + 1]

        self.running()
        for address in range(128):
            word = self.chip.peek(address)
            registers[address * 2] = word >> 8
            registers[address * 2 + 1] = word & 0xFF
        registers[0x40 * 2 + 1] = 27
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
        self.assertEqual(self.reading.import_counts, 27)
        self.assertEqual(used, 0)


class Silent:

    def __init__(self, exchange):
        self.exchange = exchange

    def cs(self, level):
        pass


class Faults(Case, unittest.TestCase):

    def test_lost_read(self):
        for register in ENERGIES + (0x01,):
            self.running()
            self.at_frame(0x80 | register, self.chip.lose_next_read)
            self.assertEqual(self.read_seconds(1), BUS_RETRIED)
            self.bus.before = None
            self.all_counted()

    def test_flipped_energy(self):
        for mask in (0x0001, 0x8000, 0xFFFF):
            self.running()
            self.at_frame(0xC0, lambda mask=mask: self.chip.flip_next_read(mask))
            self.assertEqual(self.read_seconds(1), BUS_RETRIED)
            self.bus.before = None
            self.all_counted()

    def test_flipped_last_data(self):
        self.running()
        self.at_frame(0x86, lambda: self.chip.flip_next_read(0x0100))
        self.assertEqual(self.read_seconds(1), BUS_RETRIED)
        self.all_counted()

    def test_both_flipped(self):
        self.running()
        masks = [0x0010, 0x0200]

        def before(first):
            if masks and first in (0xC0, 0x86):
                self.chip.flip_next_read(masks.pop(0))

        self.bus.before = before
        self.assertEqual(self.read_seconds(1), BUS_RETRIED)
        self.assertEqual(masks, [])
        self.all_counted()

    def test_flipped_guards(self):
        self.running()
        for head in (0xAC, 0xAB, 0xBB, 0xA2, 0x82):
            self.at_frame(head, lambda: self.chip.flip_next_read(0x0040))
            self.assertEqual(self.read_seconds(1), BUS_RETRIED)
        self.bus.before = None
        self.assertEqual(self.ic.reloads, 0)
        self.all_counted()

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
        self.all_counted()

    def disturb(self, share):
        """Lose a read, or flip a bit, in `share` of 65536; the same numbers every time."""
        state = [1]

        def number():
            state[0] = (state[0] * 75 + 74) % 65537
            return state[0]

        def before(first):
            if first & 0x80 and number() < share:
                if number() % 2:
                    self.chip.lose_next_read()
                else:
                    self.chip.flip_next_read(1 << number() % 16)

        self.bus.before = before

    def live_disturbed(self, share):
        for load in (LOAD, EXPORT):
            self.running(load)
            self.disturb(share)
            self.read_seconds(150)
            self.bus.before = None
            self.read_seconds(2)
            self.all_counted()

    def test_noise_at_random(self):
        self.live_disturbed(3932)  # 6 %
        self.assertTrue(self.ic.bus_errors > 200, self.ic.bus_errors)
        self.assertEqual(self.ic.reloads, 0)

    def test_heavy_noise_at_random(self):
        self.live_disturbed(9830)  # 15 %
        self.assertTrue(self.ic.bus_errors > 400, self.ic.bus_errors)

    def test_lost_alike_one_after_the_other(self):
        for times in (1, 2, 3):
            for register in ENERGIES:
                for first in (register, 0x06):
                    self.alike([first] + [0x06] * times, self.chip.lose_next_read)

    def alike(self, left, fault):
        """Put a fault on reads of these registers, one after the other."""
        self.running()

        def before(first):
            if left and first & 0x7F == left[0]:
                left.pop(0)
                fault()

        self.bus.before = before
        self.read_seconds(1)
        self.assertEqual(left, [])
        self.bus.before = None
        self.read_seconds(1)
        self.all_counted()

    def test_wrong_in_a_row_does_not_outvote(self):
        self.running()
        # The register, LastData, then what settles: wrong, right twice, wrong four times.
        faults = [0, 0x0100, 0, 0] + [0x0400] * 4

        def before(first):
            if faults and first in (0xC0, 0x86):
                mask = faults.pop(0)
                if mask:
                    self.chip.flip_next_read(mask)

        self.bus.before = before
        self.read_seconds(1)
        self.assertEqual(faults, [])
        self.bus.before = None
        self.read_seconds(1)
        self.all_counted()

    def test_flipped_alike_after_a_disturbance(self):
        for register in ENERGIES:
            # The guard before it tells that the bus is disturbed.
            self.alike([0x2C, register, 0x06], lambda: self.chip.flip_next_read(0x0080))

    def test_two_alike_are_believed_again_after_ten_quiet_readings(self):
        self.running()
        frames = [0]

        def count(first):
            frames[0] += 1

        self.at_frame(0xC0, self.chip.lose_next_read)
        self.assertEqual(self.read_seconds(1), BUS_RETRIED)
        seen = []
        self.bus.before = count
        for _ in range(12):
            frames[0] = 0
            self.assertEqual(self.read_seconds(1), 0)
            seen.append(frames[0])
        # Two frames more for each of five registers.
        self.assertEqual(seen[:8], [32] * 8)
        self.assertEqual(seen[10:], [22] * 2)
        self.all_counted()

    def test_much_at_once_is_counted_without_an_event(self):
        self.running()
        self.chip.advance(60000)
        self.assertEqual(self.read(), 0)
        self.all_counted()

    def test_every_read_lost_for_a_while(self):
        self.running()
        self.at_frame(0xC0, self.chip.lose_next_read, 3)
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

    def stick(self, head, level, load=LOAD):
        self.running(load)

        def act():
            self.chip.stuck_miso = level

        self.at_frame(head, act)
        self.chip.advance(1000)
        failed = self.read() is None
        for _ in range(3):
            self.chip.advance(1000)
            self.assertIsNone(self.read())
        self.bus.before = None
        self.chip.stuck_miso = None
        self.read_seconds(2)
        return failed

    def test_sticks_high_at_an_energy_read(self):
        for register in ENERGIES:
            self.assertTrue(self.stick(0x80 | register, 1))
            self.all_counted()

    def test_sticks_low_at_an_energy_read(self):
        for load in (LOAD, EXPORT):
            for pulled in (True, False):
                for register in ENERGIES + (0x01,):
                    self.bus.pulled = pulled
                    self.assertTrue(self.stick(0x80 | register, 0, load))
                    self.all_counted()

    def test_sticks_low_at_a_small_energy_read(self):
        # 100 W: a count or none a second.
        for _ in range(5):
            self.assertTrue(self.stick(0xC0, 0, (23000, 500, 100000, 0)))
            self.all_counted()

    def test_sticks_high_at_last_data(self):
        self.assertTrue(self.stick(0x86, 1))
        self.all_counted()

    def test_sticks_low_at_last_data(self):
        self.assertTrue(self.stick(0x86, 0))
        self.all_counted()

    def test_chip_reset_while_a_read_is_unsettled(self):
        self.running()

        def act():
            self.chip.stuck_miso = 1

        self.at_frame(0xC1, act)
        self.chip.advance(1000)
        self.assertIsNone(self.read())
        kept = self.chip.emitted[0x40]
        self.bus.before = None
        self.chip.reset_in_run()
        self.chip.stuck_miso = None
        self.chip.advance(1000)
        self.assertEqual(self.read() & RELOADED, RELOADED)
        self.assertEqual(self.total[0], kept)
        self.read_seconds(3)
        self.assertEqual(self.total[0], self.chip.emitted[0x40])

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
        self.at_frame(0xAB, self.chip.reset_in_run)
        self.chip.advance(1000)
        self.assertIsNone(self.read())  # not ready for 5 ms
        kept = self.chip.emitted[0x40]
        reactive = self.total[2]
        self.chip.advance(1000)
        self.assertEqual(self.read(), RELOADED)
        self.assertEqual(self.total[0], kept)
        self.assertEqual(self.total[2], reactive)
        self.read_seconds(3)
        self.assertEqual(self.total[0], self.chip.emitted[0x40])

    def test_status_error_reloads(self):
        self.running()
        self.bus.chip.cs(0)
        self.bus.chip.exchange(b"\x20\x12\x34", None)  # CalStart: metering stops
        self.bus.chip.cs(1)
        self.assertEqual(self.read_seconds(1), RELOADED)
        self.assertEqual(self.read_seconds(2), 0)
        self.all_counted()


if __name__ == "__main__":
    unittest.main()
