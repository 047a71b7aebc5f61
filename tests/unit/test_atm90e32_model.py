"""The model of the ATM90E32AS against the data sheet: frames, lock, energy, thresholds, states."""

import unittest

from parts import error_text

from world.atm90e32_model import Atm90e32Model

# 320 imp/kWh; gains that make the default front end exact.
SETUP = {0x31: 0x53D1, 0x32: 0xAC10, 0x61: 25456, 0x65: 25456, 0x69: 25456, 0x62: 50912,
         0x66: 50912, 0x6A: 50912}
KILOWATT = (22000, 5000, 1100000, 0)


def frame(chip, data):
    rx = bytearray(len(data))
    chip.cs(0)
    chip.exchange(data, rx)
    chip.cs(1)
    return rx


def read(chip, address):
    rx = frame(chip, bytes((0x80 | address >> 8, address & 0xFF, 0, 0)))
    return rx[2] << 8 | rx[3]


def write(chip, address, word):
    frame(chip, bytes((address >> 8, address & 0xFF, word >> 8, word & 0xFF)))


def running(setup=None, **front_end):
    chip = Atm90e32Model(**front_end)
    chip.advance(16)
    write(chip, 0x7F, 0x55AA)
    words = dict(SETUP)
    words.update(setup or {})
    for address, word in words.items():
        write(chip, address, word)
    write(chip, 0x00, 1)
    write(chip, 0x7F, 0)
    return chip


def power(chip, address):
    raw = read(chip, address) << 16 | read(chip, address + 0x10)
    return raw - (1 << 32) if raw & 0x80000000 else raw


class Frames(unittest.TestCase):

    def setUp(self):
        self.chip = Atm90e32Model()
        self.chip.advance(16)

    def test_reset_values(self):
        for address, word in ((0x00, 0), (0x01, 0x0210), (0x05, 0x143F), (0x08, 0x1000),
                              (0x31, 0x0861), (0x32, 0xC468), (0x33, 0x0087), (0x61, 0x8000),
                              (0x6A, 0x8000), (0x63, 0), (0x7F, 0)):
            self.assertEqual(read(self.chip, address), word, hex(address))

    def test_not_ready(self):
        chip = Atm90e32Model(ready_ms=40)
        chip.advance(39)
        self.assertEqual(read(chip, 0x31), 0xFFFF)
        chip.advance(1)
        self.assertEqual(read(chip, 0x31), 0x0861)

    def test_last_data_follows_reads_and_writes(self):
        read(self.chip, 0x31)
        self.assertEqual(read(self.chip, 0x78), 0x0861)
        write(self.chip, 0x75, 0x1234)
        self.assertEqual([read(self.chip, 0x78), read(self.chip, 0x78)], [0x1234, 0x1234])

    def test_a_write_needs_exactly_32_clocks(self):
        for bits, word in ((31, 0), (33, 0), (32, 0x4321)):
            self.chip.cs(0)
            self.chip.clock_bits(0x00754321 << 1 >> (33 - bits), bits)
            self.chip.cs(1)
            self.assertEqual(read(self.chip, 0x75), word)

    def test_bit_by_bit_as_a_frame_at_once(self):
        self.chip.cs(0)
        self.assertEqual(self.chip.clock_bits(0x80310000, 32), 0xFFFF0861)
        self.chip.cs(1)

    def test_dont_care_bits(self):
        self.assertEqual(frame(self.chip, b"\xfc\x31\x00\x00"), b"\xff\xff\x08\x61")

    def test_a_short_read_counts_from_16_clocks_on(self):
        chip = running()
        chip.apply_phase(0, *KILOWATT)
        chip.advance(36000)
        for bits, left in ((15, 352), (16, 0)):
            chip.cs(0)
            chip.clock_bits(0x8080 >> (16 - bits), bits)
            chip.cs(1)
            self.assertEqual(chip.peek(0x80), left)
        self.assertEqual(read(chip, 0x78), 352)

    def test_lengths_must_agree(self):
        self.assertTrue("must be as long" in error_text(
            ValueError, self.chip.exchange, b"\x80\x31", bytearray(3)))


class Lock(unittest.TestCase):

    def test_locked_after_reset_and_after_anything_but_the_key(self):
        chip = Atm90e32Model()
        chip.advance(16)
        for key, word in ((0x55AB, 0x8000), (0x55AA, 0x1234), (0, 0x1234)):
            write(chip, 0x7F, key)
            write(chip, 0x61, 0x1234)
            self.assertEqual(read(chip, 0x61), word)

    def test_crc_tells_a_change_14_ms_later(self):
        chip = running()
        chip.advance(14)
        self.assertEqual(read(chip, 0x79), 0)
        chip.corrupt(0x62, 1)
        chip.advance(13)
        self.assertEqual(read(chip, 0x79), 0)
        chip.advance(1)
        self.assertEqual(read(chip, 0x79), 1)
        # Locked anew, the damage is right.
        write(chip, 0x7F, 0)
        chip.advance(14)
        self.assertEqual(read(chip, 0x79), 0)

    def test_digest(self):
        # CRC-16 of 224 bytes, high byte first, from 0: worked out apart from the model.
        chip = running()
        crc = 0
        for address in range(0x70):
            for byte in (chip.peek(address) >> 8, chip.peek(address) & 0xFF):
                crc ^= byte << 8
                for _ in range(8):
                    crc = (crc << 1) ^ (0x11021 if crc & 0x8000 else 0)
        self.assertEqual(read(chip, 0x7A), crc)

    def test_soft_reset(self):
        chip = running()
        write(chip, 0x70, 0x789B)
        self.assertEqual(read(chip, 0x61), 25456)
        write(chip, 0x70, 0x789A)
        self.assertEqual(read(chip, 0x61), 0xFFFF)
        chip.advance(16)
        self.assertEqual((read(chip, 0x61), read(chip, 0x00)), (0x8000, 0))


class Energy(unittest.TestCase):

    def test_count_is_10_over_mc_watthours(self):
        # 1.1 kWh at 320 imp/kWh are 35200 counts; with the reset PL_Constant ten times as many.
        for setup, counts in ((None, 35200), ({0x31: 0x0861, 0x32: 0xC468}, 352000)):
            chip = running(setup)
            chip.apply_phase(1, *KILOWATT)
            chip.advance(3600000)
            self.assertEqual((chip.emitted[0], chip.emitted[2]), (counts, counts))
            self.assertEqual(read(chip, 0x82), counts & 0xFFFF)
            self.assertEqual(read(chip, 0x82), 0)

    def test_totals_are_signed_sums_and_phases_are_apart(self):
        chip = running()
        chip.apply_phase(0, 22000, 5000, 1100000, -550000)
        chip.apply_phase(1, 22000, 5000, -550000, 0)
        chip.apply_phase(2, 22000, 5000, -1100000, 275000)
        chip.advance(360000)
        e = chip.emitted
        self.assertEqual(e[0:8], [0, 3520, 0, 0, 1760, 0, 1760, 3520])
        self.assertEqual(e[8:16], [0, 0, 0, 880, 880, 1760, 0, 0])

    def test_absolute_sums_and_phases_left_out(self):
        # 83 is without A.
        for mode, taken, given in ((0x008F, 5280, 0), (0x0087, 1760, 0), (0x0083, 0, 1760)):
            chip = running({0x33: mode})
            chip.apply_phase(0, *KILOWATT)
            chip.apply_phase(1, 22000, 5000, -550000, 0)
            chip.advance(360000)
            self.assertEqual((chip.emitted[0], chip.emitted[4]), (taken, given))

    def test_apparent(self):
        chip = running()
        chip.apply_phase(0, 22000, 5000, 600000, 800000)
        chip.advance(3600000)
        self.assertTrue(abs(chip.emitted[17] - 32000) <= 1, chip.emitted)

    def test_start_up_of_all_and_of_one(self):
        # 4.4 W are 13750 of 0.00032 W.
        for active, flows in ((4399, False), (4400, True)):
            chip = running({0x35: 13750})
            chip.apply_phase(0, 22000, 20, active, 0)
            chip.advance(3600000)
            self.assertEqual(chip.emitted[0] > 0, flows)
        # 1.1 W, |P| + |Q|: two phases below it give nothing, though their sum would.
        for active, reactive, flows in ((1000, 99, False), (1000, 100, True)):
            chip = running({0x38: 3437, 0x35: 3437})
            chip.apply_phase(0, 22000, 20, active, reactive)
            chip.apply_phase(1, 22000, 20, active, reactive)
            chip.advance(36000000)
            self.assertEqual(chip.emitted[0] > 0, flows)

    def test_off_nothing_flows(self):
        chip = running({})
        chip.corrupt(0x00, 1)
        chip.apply_phase(0, *KILOWATT)
        chip.advance(3600000)
        self.assertEqual(sum(chip.emitted), 0)
        self.assertEqual(read(chip, 0xD9), 0)

    def test_gains_reach_energy(self):
        # PQGain of 1/64; half the current's gain; amplifier 4.
        for setup, counts in (({0x47: 512}, 35750), ({0x62: 25456}, 17600),
                              ({0x34: 0x02}, 140800), ({0x47: 0xFE00}, 34650)):
            chip = running(setup)
            chip.apply_phase(0, *KILOWATT)
            chip.advance(3600000)
            self.assertEqual(chip.emitted[0], counts)

    def test_phi_takes_the_example_away(self):
        # 46103A: 0.95 % at power factor 0.5 inductive takes 24, hexadecimal.
        for phi, counts in ((0x24, 17432), (0x8024, 17768)):
            chip = running({0x48: phi})
            chip.apply_phase(0, 22000, 5000, 550000, 952628)
            chip.advance(3600000)
            self.assertTrue(abs(chip.emitted[0] - counts) <= 1, chip.emitted[0])

    def test_nothing_is_rounded_away_when_the_load_changes(self):
        chip = running()
        for step in range(3600):
            chip.apply_phase(step % 3, 22000, 500, 1001 + 7919 * (step % 13), 0)
            chip.apply_phase((step + 1) % 3, 22000, 0, 0, 0)
            chip.apply_phase((step + 2) % 3, 22000, 0, 0, 0)
            chip.advance(1000)
        true = sum([1001 + 7919 * (step % 13) for step in range(3600)]) * 1000 // 112500000
        self.assertTrue(0 <= true - chip.emitted[0] <= 1, (true, chip.emitted[0]))


class Measurement(unittest.TestCase):

    def test_registers_of_a_phase_and_of_all(self):
        chip = running()
        chip.apply_phase(0, 23000, 10000, 2000000, 500000)
        chip.apply_phase(1, 22900, 5000, -1000000, 0)
        self.assertEqual([power(chip, a) for a in (0xB0, 0xB1, 0xB2, 0xB3)],
                         [3125000, 6250000, -3125000, 0])
        self.assertEqual(power(chip, 0xB5), 1562500)
        self.assertEqual([read(chip, a) for a in (0xD9, 0xDA, 0xDB)], [23000, 22900, 0])
        self.assertEqual([read(chip, a) for a in (0xDD, 0xDE, 0xDF)], [10000, 5000, 0])
        self.assertEqual((read(chip, 0xBD), read(chip, 0xBE)), (970, 0xFC18))
        self.assertEqual((read(chip, 0xF9), read(chip, 0xFA), read(chip, 0xF8)), (140, 1800, 5000))

    def test_fractions_are_256ths_in_the_high_byte(self):
        chip = running({0x61: 25457})
        chip.apply_phase(0, 22000, 0, 0, 0)
        # 22000 * 25457 / 25456 = 22000.864, 221 of 256.
        self.assertEqual((read(chip, 0xD9), read(chip, 0xE9)), (22000, 221 << 8))

    def test_neutral_is_worked_out(self):
        for loads, low, high in (
                ((1, 0, 0), 4990, 5000), ((1, 1, 1), 0, 20), ((1, 1, 0), 4970, 5010)):
            chip = running()
            for n, load in enumerate(loads):
                chip.apply_phase(n, 22000, 5000 * load, 1100000 * load, 0)
            self.assertTrue(low <= read(chip, 0xDC) <= high, read(chip, 0xDC))

    def test_frequency_of_the_phases_that_are_there(self):
        chip = running()
        chip.set_frequency(4987)
        for there in range(3):
            for n in range(3):
                chip.apply_phase(n, 22000 * (n == there), 0, 0, 0)
            self.assertEqual(read(chip, 0xF8), 4987)
        chip.apply_phase(2, 0, 0, 0, 0)
        self.assertEqual(read(chip, 0xF8), 0)

    def test_refuses_what_no_mains_has(self):
        chip = running()
        for load in ((-1, 0, 0, 0), (100001, 0, 0, 0), (0, -1, 0, 0), (1, 1, 2000000001, 0)):
            self.assertTrue("must be" in error_text(ValueError, chip.apply_phase, 0, *load))
        self.assertTrue("frequency" in error_text(ValueError, chip.set_frequency, 10001))
        self.assertTrue("time" in error_text(ValueError, chip.advance, -1))


class States(unittest.TestCase):

    def setUp(self):
        # 171.6 V: 17160 * sqrt(2) * 2^14 / 25456.
        self.chip = running({0x08: 15619, 0x09: 2002})
        for n in range(3):
            self.chip.apply_phase(n, 22000, 0, 0, 0)
        self.chip.advance(100)
        write(self.chip, 0x73, 0xFFFF)
        write(self.chip, 0x74, 0xFFFF)

    def test_quiet(self):
        self.assertEqual([read(self.chip, a) for a in (0x71, 0x72, 0x73, 0x74)], [0, 0, 0, 0])

    def test_sag_after_its_window_is_latched_until_written(self):
        self.chip.apply_phase(1, 17160, 0, 0, 0)
        self.chip.advance(1000)
        self.assertEqual(read(self.chip, 0x72), 0)
        self.chip.apply_phase(1, 17150, 0, 0, 0)
        self.chip.advance(63)
        self.assertEqual(read(self.chip, 0x72), 0)
        self.chip.advance(1)
        self.assertEqual((read(self.chip, 0x72), read(self.chip, 0x74)), (0x2000, 0x2000))
        self.assertEqual(read(self.chip, 0x74), 0x2000)
        write(self.chip, 0x74, 0x2000)
        self.assertEqual(read(self.chip, 0x74), 0)
        self.chip.apply_phase(1, 22000, 0, 0, 0)
        self.chip.advance(1)
        self.assertEqual((read(self.chip, 0x72), read(self.chip, 0x74)), (0, 0x2000))

    def test_lost_phases(self):
        for n, bit in ((0, 0x0400), (1, 0x0200), (2, 0x0100)):
            self.chip.apply_phase(n, 1000, 0, 0, 0)
            self.chip.advance(1)
            self.assertEqual(read(self.chip, 0x72) & 0x0700, bit)
            self.chip.apply_phase(n, 22000, 0, 0, 0)

    def test_directions(self):
        for n, bit in ((0, 0x0011), (1, 0x0022), (2, 0x0044)):
            for other in range(3):
                power = -100000 if other == n else 200000
                self.chip.apply_phase(other, 22000, 1000, power, power)
            self.chip.advance(1)
            self.assertEqual(read(self.chip, 0x72), bit)
        for n in range(3):
            self.chip.apply_phase(n, 22000, 1000, -100000, -100000)
        self.chip.advance(1)
        self.assertEqual(read(self.chip, 0x72), 0x00FF)

    def test_sequence_needs_all_three(self):
        self.chip.wrong_sequence = True
        self.chip.advance(1)
        self.assertEqual((read(self.chip, 0x71), read(self.chip, 0x73)), (0x0200, 0x0200))
        self.chip.apply_phase(2, 0, 0, 0, 0)
        self.chip.advance(1)
        self.assertEqual(read(self.chip, 0x71), 0)


class Faults(unittest.TestCase):

    def setUp(self):
        self.chip = running()
        self.chip.apply_phase(0, *KILOWATT)
        self.chip.advance(36000)

    def test_a_lost_read_never_happened(self):
        read(self.chip, 0x31)
        self.chip.lose_next_read()
        self.assertNotEqual(read(self.chip, 0x80), 352)
        self.assertEqual(read(self.chip, 0x78), 0x53D1)
        self.assertEqual(read(self.chip, 0x80), 352)

    def test_a_cut_read_did(self):
        self.chip.cut_next_read()
        self.assertNotEqual(read(self.chip, 0x80), 352)
        self.assertEqual((read(self.chip, 0x78), read(self.chip, 0x80)), (352, 0))

    def test_a_flip_is_the_masters_alone(self):
        self.chip.flip_next_read(0x0101)
        self.assertEqual(read(self.chip, 0x80), 352 ^ 0x0101)
        self.assertEqual(read(self.chip, 0x78), 352)

    def test_a_lost_write(self):
        self.chip.lose_next_write()
        write(self.chip, 0x75, 7)
        self.assertEqual(read(self.chip, 0x75), 0)

    def test_stuck(self):
        for level, word in ((0, 0), (1, 0xFFFF)):
            self.chip.stuck_miso = level
            self.assertEqual(read(self.chip, 0x31), word)
        self.chip.stuck_miso = None
        self.assertEqual(read(self.chip, 0x31), 0x53D1)
        with self.assertRaises(ValueError):
            self.chip.stuck_miso = 2

    def test_power_off_forgets(self):
        self.chip.power_off()
        self.chip.advance(1000)
        self.assertEqual(read(self.chip, 0x31), 0xFFFF)
        self.chip.power_on()
        self.chip.advance(16)
        self.assertEqual((read(self.chip, 0x31), read(self.chip, 0x80)), (0x0861, 0))
        self.assertEqual(self.chip.emitted[0], 352)


if __name__ == "__main__":
    unittest.main()
