"""The bench's ATM90E26 against the numbers of Microchip 46002B and 46102B, written out by hand."""

import unittest

from world.atm90e26_model import Atm90e26Model

# Registers 21 to 2B and 31 to 3A after reset.
METERING = (0x0015, 0xD174, 0, 0, 0, 0, 0x08BD, 0, 0x0AEC, 0, 0x9422)
ADJUSTMENT = (0x6720, 0x7A13, 0x7530, 0, 0, 0, 0, 0, 0, 0)
# L amplifier x24, N x1, flexible strap meters L: what PL_Constant 15D174 is made for.
MODE = 0x7C22


def read(chip: Atm90e26Model, address: int) -> int:
    frame = bytearray((0x80 | address, 0, 0))
    chip.cs(0)
    chip.exchange(frame, frame)
    chip.cs(1)
    return frame[1] << 8 | frame[2]


def write(chip: Atm90e26Model, address: int, word: int) -> None:
    chip.cs(0)
    chip.exchange(bytes((address, word >> 8, word & 0xFF)), None)
    chip.cs(1)


def checksum(words: list) -> int:
    total = 0
    mixed = 0
    for word in words:
        for byte in (word >> 8, word & 0xFF):
            total += byte
            mixed ^= byte
    return mixed << 8 | total % 256


def load_block(chip: Atm90e26Model, start: int, words: list, error: int = 0) -> None:
    write(chip, start, 0x5678)
    for place, word in enumerate(words):
        write(chip, start + 1 + place, word)
    write(chip, start + 1 + len(words), checksum(words) ^ error)
    write(chip, start, 0x8765)


def changed(words: list, base: int, changes: dict) -> list:
    words = list(words)
    for address in changes:
        words[address - base] = changes[address]
    return words


def running(strap: int = 1, metering: dict = (), adjustment: dict = (), func_en: int = 0x000C,
            **front_end: int | tuple) -> Atm90e26Model:
    chip = Atm90e26Model(strap, **front_end)
    chip.advance(5)
    write(chip, 0x02, func_en)
    words = changed(METERING, 0x21, {0x2B: MODE})
    load_block(chip, 0x20, changed(words, 0x21, metering))
    load_block(chip, 0x30, changed(ADJUSTMENT, 0x31, adjustment))
    return chip


class Frames(unittest.TestCase):

    def setUp(self) -> None:
        self.chip = Atm90e26Model()
        self.chip.advance(5)

    def test_reset_values(self) -> None:
        for address, word in (
                (0x01, 0), (0x02, 0x000C), (0x03, 0x1D6A), (0x04, 0), (0x20, 0x6886),
                (0x21, 0x0015), (0x22, 0xD174), (0x27, 0x08BD), (0x29, 0x0AEC), (0x2B, 0x9422),
                (0x30, 0x6886), (0x31, 0x6720), (0x32, 0x7A13), (0x33, 0x7530), (0x3A, 0),
                (0x40, 0), (0x45, 0), (0x46, 0xC801), (0x49, 0), (0x6F, 0)):
            self.assertEqual(read(self.chip, address), word, hex(address))

    def test_write_then_read(self) -> None:
        write(self.chip, 0x02, 0x003C)
        self.assertEqual(read(self.chip, 0x06), 0x003C)
        self.assertEqual(read(self.chip, 0x02), 0x003C)

    def test_last_data_follows_reads(self) -> None:
        read(self.chip, 0x03)
        self.assertEqual(read(self.chip, 0x06), 0x1D6A)
        self.assertEqual(read(self.chip, 0x06), 0x1D6A)

    def test_unmapped_reads_zero_and_drops_writes(self) -> None:
        for address in (0x05, 0x07, 0x3C, 0x69, 0x6C, 0x7F):
            write(self.chip, address, 0x1234)
            self.assertEqual(read(self.chip, address), 0, hex(address))

    def test_read_only_register_drops_writes(self) -> None:
        write(self.chip, 0x49, 0x1234)
        self.assertEqual(read(self.chip, 0x49), 0)

    def test_split_frame(self) -> None:
        self.chip.cs(0)
        head = bytearray(1)
        word = bytearray(2)
        self.chip.exchange(b"\x83", head)
        self.chip.pause(6)
        self.chip.exchange(b"\x00\x00", word)
        self.chip.cs(1)
        self.assertEqual(head, b"\xff")
        self.assertEqual(word, b"\x1d\x6a")
        self.assertEqual(read(self.chip, 0x06), 0x1D6A)

    def test_split_write(self) -> None:
        self.chip.cs(0)
        self.chip.exchange(b"\x02\x00", None)
        self.chip.exchange(b"\x30", None)
        self.chip.cs(1)
        self.assertEqual(read(self.chip, 0x02), 0x0030)

    def test_long_pause_aborts(self) -> None:
        self.chip.cs(0)
        self.chip.exchange(b"\x02\x00", None)
        self.chip.pause(7)
        self.chip.exchange(b"\x30", None)
        self.chip.cs(1)
        self.assertEqual(read(self.chip, 0x02), 0x000C)

    def test_write_of_wrong_length_is_ignored(self) -> None:
        for bits in (8, 23, 25, 32):
            self.chip.cs(0)
            self.chip.clock_bits(0x020030 << 8 >> (32 - bits), bits)
            self.chip.cs(1)
            self.assertEqual(self.chip.peek(0x02), 0x000C)
            self.assertEqual(self.chip.peek(0x06), 0)

    def test_short_read_is_partial(self) -> None:
        read(self.chip, 0x02)
        self.chip.cs(0)
        seen = self.chip.clock_bits(0x830000 >> 1, 23)
        self.chip.cs(1)
        self.assertEqual(seen & 0x7FFF, 0x1D6A >> 1 & 0x7FFF)
        self.assertEqual(read(self.chip, 0x06), 0x000C)

    def test_read_of_wrong_length_clears_nothing(self) -> None:
        chip = running()
        chip.apply(22000, 5000, 1_100_000, 0)
        chip.advance(3600)
        for bits in (23, 25):
            chip.cs(0)
            chip.clock_bits(0xC00000 << 1 >> (25 - bits), bits)
            chip.cs(1)
        self.assertEqual(read(chip, 0x40), 35)

    def test_three_bytes_by_bits_is_a_frame(self) -> None:
        self.chip.cs(0)
        self.assertEqual(self.chip.clock_bits(0x830000, 24), 0xFF1D6A)
        self.chip.cs(1)
        self.assertEqual(read(self.chip, 0x06), 0x1D6A)

    def test_not_selected_is_not_heard(self) -> None:
        frame = bytearray(b"\x02\x00\x30")
        self.chip.exchange(frame, frame)
        self.assertEqual(frame, b"\xff\xff\xff")
        self.assertEqual(read(self.chip, 0x02), 0x000C)

    def test_bad_arguments(self) -> None:
        with self.assertRaises(ValueError):
            self.chip.exchange(b"\x82\x00\x00", bytearray(2))
        with self.assertRaises(ValueError):
            self.chip.clock_bits(0, -1)
        with self.assertRaises(ValueError):
            self.chip.advance(-1)
        with self.assertRaises(ValueError):
            self.chip.apply(22000, -1, 0, 0)
        with self.assertRaises(ValueError):
            self.chip.stuck_miso = 2
        with self.assertRaises(ValueError):
            Atm90e26Model(4)
        with self.assertRaises(ValueError):
            Atm90e26Model(1, shunt_uV_per_A=0)


class Resets(unittest.TestCase):

    def test_ready_after_5_ms(self) -> None:
        chip = Atm90e26Model()
        self.assertEqual(read(chip, 0x03), 0xFFFF)
        chip.advance(4)
        write(chip, 0x02, 0x0030)
        self.assertEqual(read(chip, 0x03), 0xFFFF)
        chip.advance(1)
        self.assertEqual(read(chip, 0x03), 0x1D6A)
        self.assertEqual(read(chip, 0x02), 0x000C)

    def test_soft_reset_key(self) -> None:
        chip = running(func_en=0x0030)
        write(chip, 0x00, 0x789B)
        self.assertEqual(read(chip, 0x02), 0x0030)
        write(chip, 0x00, 0x789A)
        self.assertFalse(chip.ready)
        chip.advance(5)
        self.assertEqual(read(chip, 0x02), 0x000C)
        self.assertEqual(read(chip, 0x20), 0x6886)

    def test_every_reset_loses_everything(self) -> None:
        for kind in range(3):
            chip = running()
            chip.apply(22000, 5000, 1_100_000, 0)
            chip.advance(36_000)
            self.assertEqual(chip.peek(0x40), 352)
            if kind == 0:
                chip.reset_pin()
            elif kind == 1:
                chip.reset_in_run()
            else:
                chip.power_off()
                self.assertEqual(read(chip, 0x40), 0xFFFF)
                chip.advance(1000)
                self.assertFalse(chip.ready)
                chip.power_on()
            chip.advance(1000)
            self.assertEqual(read(chip, 0x40), 0)
            self.assertEqual(read(chip, 0x49), 0)
            self.assertEqual(read(chip, 0x46), 0xC801)
            self.assertEqual(chip.emitted[0x40], 352)

    def test_reset_ends_the_frame(self) -> None:
        chip = running()
        chip.cs(0)
        chip.exchange(b"\x02\x00", None)
        chip.reset_in_run()
        chip.advance(5)
        chip.exchange(b"\x30", None)
        chip.cs(1)
        self.assertEqual(read(chip, 0x02), 0x000C)


class Calibration(unittest.TestCase):

    def setUp(self) -> None:
        self.chip = Atm90e26Model()
        self.chip.advance(5)

    def test_checksums_of_the_defaults(self) -> None:
        self.assertEqual(read(self.chip, 0x2C), 0x55CB)
        self.assertEqual(read(self.chip, 0x3B), 0x6BB9)

    def test_published_checksums(self) -> None:
        write(self.chip, 0x20, 0x5678)
        for address, word in ((0x21, 0x00B9), (0x22, 0xC1F3), (0x23, 0x1D39), (0x27, 0x08BD),
                              (0x29, 0x0AEC), (0x2B, 0x9422)):
            write(self.chip, address, word)
        write(self.chip, 0x2C, 0x1234)
        self.assertEqual(read(self.chip, 0x2C), 0x4A34)
        write(self.chip, 0x30, 0x5678)
        for address, word in ((0x31, 0xD464), (0x32, 0x6E49), (0x33, 0x7530)):
            write(self.chip, address, word)
        self.assertEqual(read(self.chip, 0x3B), 0xD294)
        write(self.chip, 0x2C, 0x4A34)
        write(self.chip, 0x3B, 0xD294)
        write(self.chip, 0x20, 0x8765)
        write(self.chip, 0x30, 0x8765)
        self.assertEqual(read(self.chip, 0x01), 0)

    def test_blocks_are_written_only_while_open(self) -> None:
        write(self.chip, 0x23, 0x0123)
        write(self.chip, 0x31, 0x0123)
        self.assertEqual(read(self.chip, 0x23), 0)
        self.assertEqual(read(self.chip, 0x31), 0x6720)
        write(self.chip, 0x20, 0x5678)
        write(self.chip, 0x23, 0x0123)
        write(self.chip, 0x31, 0x0123)
        self.assertEqual(read(self.chip, 0x23), 0x0123)
        self.assertEqual(read(self.chip, 0x31), 0x6720)
        write(self.chip, 0x20, 0x8765)
        write(self.chip, 0x23, 0x0456)
        self.assertEqual(read(self.chip, 0x23), 0x0123)

    def test_opening_brings_the_defaults_back(self) -> None:
        chip = running(metering={0x23: 0x0123}, adjustment={0x31: 0x6000})
        self.assertEqual(read(chip, 0x23), 0x0123)
        write(chip, 0x20, 0x5678)
        write(chip, 0x30, 0x5678)
        self.assertEqual(read(chip, 0x2C), 0x55CB)
        self.assertEqual(read(chip, 0x3B), 0x6BB9)
        self.assertEqual(read(chip, 0x20), 0x5678)

    def test_good_checksums_run(self) -> None:
        chip = running()
        self.assertEqual(read(chip, 0x01), 0)
        self.assertEqual((chip.irq, chip.warnout), (0, 0))
        self.assertEqual(read(chip, 0x20), 0x8765)

    def test_bad_metering_checksum_stops_metering(self) -> None:
        chip = running()
        chip.apply(22000, 5000, 1_100_000, 0)
        load_block(chip, 0x20, METERING, error=1)
        chip.advance(60_000)
        self.assertEqual((chip.irq, chip.warnout), (1, 1))
        self.assertEqual(read(chip, 0x01), 0xC000)
        self.assertEqual((chip.irq, chip.warnout), (0, 1))
        self.assertEqual(read(chip, 0x01), 0)
        self.assertEqual(read(chip, 0x40), 0)
        self.assertEqual(read(chip, 0x49), 22000)

    def test_bad_adjustment_checksum_freezes_measurement(self) -> None:
        chip = running()
        chip.apply(22000, 5000, 1_100_000, 0)
        load_block(chip, 0x30, ADJUSTMENT, error=0x100)
        self.assertEqual((chip.irq, chip.warnout), (1, 0))
        self.assertEqual(read(chip, 0x01), 0x3000)
        chip.apply(23000, 4000, 100_000, 50_000)
        chip.advance(36_000)
        self.assertEqual(read(chip, 0x49), 22000)
        self.assertEqual(read(chip, 0x4E), 0)
        self.assertEqual(chip.emitted[0x40], 32)

    def test_other_value_stops(self) -> None:
        chip = running()
        chip.apply(22000, 5000, 1_100_000, 0)
        write(chip, 0x20, 0x1111)
        write(chip, 0x30, 0x1111)
        chip.advance(60_000)
        self.assertEqual(read(chip, 0x01), 0xF000)
        self.assertEqual(read(chip, 0x40), 0)

    def test_power_on_state_neither_meters_nor_warns(self) -> None:
        self.chip.apply(22000, 5000, 1_100_000, 0)
        self.chip.advance(60_000)
        self.assertEqual(read(self.chip, 0x40), 0)
        self.assertEqual(read(self.chip, 0x49), 0)
        self.assertEqual((self.chip.irq, self.chip.warnout), (0, 0))

    def test_open_blocks_run(self) -> None:
        self.chip.apply(22000, 5000, 1_100_000, 0)
        write(self.chip, 0x20, 0x5678)
        write(self.chip, 0x30, 0x5678)
        write(self.chip, 0x2B, MODE)
        self.chip.advance(36_000)
        self.assertEqual(read(self.chip, 0x40), 352)
        self.assertEqual(read(self.chip, 0x49), 22000)

    def test_checksum_is_written_only_while_open(self) -> None:
        load_block(self.chip, 0x20, METERING, error=1)
        write(self.chip, 0x2C, 0x55CB)
        read(self.chip, 0x01)
        write(self.chip, 0x20, 0x8765)
        self.assertEqual(read(self.chip, 0x01), 0xC000)

    def test_constant_takes_effect_with_its_low_word(self) -> None:
        chip = self.chip
        chip.apply(22000, 5000, 1_100_000, 0)
        write(chip, 0x20, 0x5678)
        write(chip, 0x2B, MODE)
        write(chip, 0x21, 0x0045)
        chip.advance(36_000)
        self.assertEqual(read(chip, 0x40), 352)
        write(chip, 0x22, 0xD174)
        chip.advance(36_000)
        self.assertEqual(read(chip, 0x40), 110)


class Energy(unittest.TestCase):

    def test_weight_of_a_count(self) -> None:
        # MC 3200: 0.03125 Wh a count; the floor in 15D174 adds 0.009 counts an hour.
        chip = running()
        chip.apply(22000, 5000, 1_100_000, 0)
        chip.advance(3_600_000)
        self.assertEqual(chip.emitted[0x40], 35200)
        self.assertEqual(1100 / read(chip, 0x40), 0.03125)
        chip.advance(3_600_000 * 999)
        self.assertEqual(chip.emitted[0x40], 8_388_608 * 24 * 250 * 1000 // 1_429_876)

    def test_weight_at_1000_impulses(self) -> None:
        # 838860800 * 24 * 1 * 250 / (1000 * 220 * 5) = 4575604.4 = 45D174: 0.1 Wh a count.
        chip = running(metering={0x21: 0x0045})
        chip.apply(22000, 5000, 1_100_000, 0)
        chip.advance(3_600_000)
        self.assertEqual(read(chip, 0x40), 11000)

    def test_steps_add_up_exactly(self) -> None:
        chip = running()
        chip.apply(23011, 4321, 987_654, -123_456)
        for step in range(1, 500):
            chip.advance(step)
        # 124750 ms; counts = 2^23 * 24 * (P * 200 uV * 250000 / 220) / 1e9 / 3.6e6 / constant.
        scale = 8_388_608 * 24 * 200 * 250_000 * 124_750
        unit = 1_000_000_000 * 3_600_000 * 220 * 1_429_876
        self.assertEqual(chip.emitted[0x40], 987_654 * scale // unit)
        self.assertEqual(chip.emitted[0x44], 123_456 * scale // unit)

    def test_remainder_outlives_a_new_constant(self) -> None:
        chip = Atm90e26Model()
        chip.advance(5)
        chip.apply(22000, 5000, 1_100_000, 0)
        write(chip, 0x20, 0x5678)
        write(chip, 0x2B, MODE)
        # 0.587 counts of 0.03125 Wh, then 0.611 of 0.1 Wh.
        chip.advance(60)
        write(chip, 0x21, 0x0045)
        write(chip, 0x22, 0xD174)
        chip.advance(200)
        self.assertEqual(read(chip, 0x40), 1)

    def test_wrap(self) -> None:
        # 20 kW is 177.8 counts a second: past FFFF in a little over 6 minutes.
        chip = running()
        chip.apply(22000, 90909, 20_000_000, 0)
        chip.advance(368_000)
        self.assertEqual(chip.peek(0x40), 65422)
        chip.advance(1000)
        self.assertEqual(chip.peek(0x40), 64)
        self.assertEqual(chip.emitted[0x40], 65600)
        self.assertEqual(read(chip, 0x40), 64)
        self.assertEqual(chip.emitted[0x40], 65600)

    def test_each_direction_keeps_its_remainder(self) -> None:
        chip = running()
        # 60 ms of 1100 W is 0.587 counts.
        for expected in ((0, 0, 1), (1, 1, 2)):
            chip.apply(22000, 5000, 1_100_000, 0)
            chip.advance(60)
            chip.apply(22000, 5000, -1_100_000, 0)
            chip.advance(60)
            self.assertEqual((chip.peek(0x40), chip.peek(0x41), chip.peek(0x42)), expected)

    def test_quadrants(self) -> None:
        chip = running()
        chip.apply(22000, 10000, -1_100_000, 1_100_000)
        chip.advance(36_000)
        chip.apply(22000, 10000, 2_200_000, -550_000)
        chip.advance(36_000)
        self.assertEqual([read(chip, address) for address in range(0x40, 0x46)],
                         [704, 352, 1056, 352, 176, 528])
        self.assertEqual([read(chip, address) for address in range(0x40, 0x46)], [0] * 6)

    def test_counts_during_a_read_are_kept(self) -> None:
        chip = running()
        chip.apply(22000, 5000, 1_100_000, 0)
        chip.advance(36_000)
        frame = bytearray(b"\xc0\x00\x00")
        chip.cs(0)
        chip.exchange(frame, frame)
        chip.advance(36_000)
        chip.cs(1)
        self.assertEqual(frame[1] << 8 | frame[2], 352)
        self.assertEqual(read(chip, 0x40), 352)

    def test_current_without_voltage(self) -> None:
        chip = running()
        chip.apply(0, 5000, 1_100_000, 100_000)
        chip.advance(3_600_000)
        self.assertEqual((read(chip, 0x42), read(chip, 0x45)), (0, 0))
        self.assertEqual((read(chip, 0x48), read(chip, 0x49), read(chip, 0x4A)), (5000, 0, 0))

    def test_start_up_power(self) -> None:
        # 0.004 of 5 A at 220 V is 4.4 W: 2236.96, rounded 08BD. Below 2236.5 nothing runs.
        chip = running()
        chip.apply(22000, 20, 4_399, 0)
        chip.advance(3_600_000)
        self.assertEqual(chip.peek(0x40), 0)
        chip.apply(22000, 20, 4_400, 0)
        chip.advance(3_600_000)
        self.assertEqual(chip.peek(0x40), 140)
        # QStartTh 0AEC is 2796, 0.005 of it: 2795.5 is 5.4986 var.
        chip.apply(22000, 25, 0, 5_498)
        chip.advance(3_600_000)
        self.assertEqual(chip.peek(0x43), 0)
        chip.apply(22000, 25, 0, 5_500)
        chip.advance(3_600_000)
        self.assertEqual(chip.peek(0x43), 176)

    def test_no_load_bits(self) -> None:
        # 2.2 W is 1118.48 of the threshold unit, 2.201 W 1118.99.
        chip = running(metering={0x28: 1118, 0x2A: 1118})
        chip.apply(22000, 10, 2_200, 2_201)
        self.assertEqual(read(chip, 0x46), 0x4801)
        chip.apply(22000, 10, 2_201, 2_200)
        self.assertEqual(read(chip, 0x46), 0x8801)
        chip.apply(22000, 10, 0, 0)
        self.assertEqual(read(chip, 0x46), 0xC801)

    def test_gain_example(self) -> None:
        # An error of -13.78 % takes Lgain 1475 (hexadecimal).
        chip = running(shunt_uV_per_A=(17244, 100))
        chip.apply(22000, 5000, 1_100_000, 0)
        chip.advance(3_600_000)
        self.assertEqual(chip.emitted[0x40], 30349)
        chip = running(metering={0x23: 0x1475}, shunt_uV_per_A=(17244, 100))
        chip.apply(22000, 5000, 1_100_000, 0)
        chip.advance(3_600_000)
        self.assertTrue(35199 <= chip.emitted[0x40] <= 35201, chip.emitted[0x40])

    def test_negative_gain(self) -> None:
        chip = running(metering={0x23: 0xC000})
        chip.apply(22000, 5000, 1_100_000, 0)
        chip.advance(3_600_000)
        self.assertEqual(chip.emitted[0x40], 17600)

    def test_phase_example(self) -> None:
        # 0.95 % too much at power factor 0.5 inductive takes Lphi 24: 36 / 3763.74 less.
        chip = running(metering={0x24: 0x0024})
        chip.apply(22000, 5000, 550_000, 952_628)
        chip.advance(3_600_000)
        self.assertEqual(chip.emitted[0x40], 17431)
        chip = running(metering={0x24: 0x8024})
        chip.apply(22000, 5000, 550_000, 952_628)
        chip.advance(3_600_000)
        self.assertEqual(chip.emitted[0x40], 17768)

    def test_amplifier_gains(self) -> None:
        for mode, counts in ((0x9C22, 146), (0x1C22, 586), (0x3C22, 1173), (0x5C22, 2346),
                             (0x7C22, 3520)):
            chip = running(metering={0x2B: mode, 0x27: 0})
            chip.apply(22000, 5000, 1_100_000, 0)
            chip.advance(360_000)
            self.assertEqual(chip.emitted[0x40], counts)
        for mode, counts in ((0x6022, 7040), (0x6822, 14080), (0x7022, 3520), (0x7822, 3520)):
            chip = running(3, metering={0x2B: mode})
            chip.apply(22000, 5000, 1_100_000, 0)
            chip.advance(360_000)
            self.assertEqual(chip.emitted[0x40], counts)


class Direction(unittest.TestCase):

    def test_reverse_shows_with_the_pulse(self) -> None:
        chip = running()
        chip.apply(22000, 7000, -1_100_000, -1_100_000)
        chip.advance(1000)
        self.assertEqual((chip.peek(0x41), read(chip, 0x46)), (9, 0x0801))
        chip.advance(1000)
        self.assertEqual(read(chip, 0x46), 0x3801)
        self.assertEqual(chip.irq, 1)
        self.assertEqual(read(chip, 0x01), 0x0060)
        self.assertEqual(chip.irq, 0)
        chip.apply(22000, 7000, 1_100_000, -1_100_000)
        chip.advance(2000)
        self.assertEqual(read(chip, 0x46), 0x2801)
        self.assertEqual(read(chip, 0x01), 0x0020)

    def test_change_bits_can_be_disabled(self) -> None:
        chip = running(func_en=0)
        chip.apply(22000, 7000, -1_100_000, -1_100_000)
        chip.advance(2000)
        self.assertEqual(read(chip, 0x46), 0x3801)
        self.assertEqual(read(chip, 0x01), 0)

    def test_absolute_pulses_have_no_direction(self) -> None:
        chip = running(metering={0x2B: MODE | 0x00C0})
        chip.apply(22000, 7000, -1_100_000, -1_100_000)
        chip.advance(2000)
        self.assertEqual(read(chip, 0x46), 0x0801)
        self.assertEqual(read(chip, 0x01), 0)
        self.assertEqual(read(chip, 0x41), 19)


class Lines(unittest.TestCase):

    def test_straps_are_echoed(self) -> None:
        for strap in range(4):
            chip = Atm90e26Model(strap)
            chip.advance(5)
            self.assertEqual(read(chip, 0x46), 0xC800 | strap)

    def test_l_only(self) -> None:
        chip = running(1)
        chip.apply(22000, 5000, 1_100_000, 0, 10000, 2_200_000, 0)
        chip.advance(36_000)
        self.assertEqual(read(chip, 0x40), 352)

    def test_sum_of_both(self) -> None:
        chip = running(2)
        chip.apply(22000, 5000, 1_100_000, 0, 5000, -550_000, 275_000)
        chip.advance(36_000)
        self.assertEqual((read(chip, 0x40), read(chip, 0x43)), (176, 88))

    def test_flexible(self) -> None:
        chip = running(3)
        chip.apply(22000, 5000, 1_100_000, 0, 10000, 2_200_000, 0)
        chip.advance(36_000)
        self.assertEqual((read(chip, 0x40), read(chip, 0x46)), (352, 0x8803))
        chip = running(3, metering={0x2B: MODE & ~0x0400})
        chip.apply(22000, 5000, 1_100_000, 0, 10000, 2_200_000, 0)
        chip.advance(36_000)
        self.assertEqual((read(chip, 0x40), read(chip, 0x46)), (704, 0x8003))

    def test_anti_tamper_margin(self) -> None:
        # Pthresh code 2 is 3.125 %: from 1000 W above 1031.25 W.
        chip = running(0)
        chip.apply(22000, 5000, 1_000_000, 0, 5000, 1_031_250, 0)
        self.assertEqual((read(chip, 0x46), read(chip, 0x01)), (0x8800, 0))
        chip.apply(22000, 5000, 1_000_000, 0, 5000, 1_031_251, 3_200)
        self.assertEqual((read(chip, 0x46), chip.irq), (0x0000, 1))
        self.assertEqual(read(chip, 0x01), 0x0080)
        chip.advance(3_600_000)
        self.assertEqual(chip.emitted[0x40], 33000)
        # The way back needs the margin as well.
        chip.apply(22000, 5000, 1_000_000, 0, 5000, 990_000, 0)
        self.assertEqual((read(chip, 0x46), read(chip, 0x01)), (0x8000, 0))
        chip.apply(22000, 5000, 1_000_000, 0, 5000, 969_000, 0)
        self.assertEqual((read(chip, 0x46), read(chip, 0x01)), (0x8800, 0x0080))

    def test_anti_tamper_thresholds(self) -> None:
        for code, ppm in ((0x0, 125_000), (0x1, 62_500), (0x3, 15_625), (0x4, 10_000),
                          (0x9, 60_000), (0xF, 120_000)):
            chip = running(0, metering={0x2B: 0x7C20 | code})
            chip.apply(22000, 5000, 1_000_000, 0, 5000, 1_000_000 + ppm, 0)
            self.assertEqual(read(chip, 0x46), 0x8800)
            chip.apply(22000, 5000, 1_000_000, 0, 5000, 1_000_001 + ppm, 0)
            self.assertEqual(read(chip, 0x46), 0x8000)

    def test_anti_tamper_small_powers(self) -> None:
        # Start-up is 4.4 W: up to eight times that, the larger line wins without a margin.
        chip = running(0)
        chip.apply(22000, 50, 10_000, 0, 50, 10_001, 0)
        self.assertEqual(read(chip, 0x46), 0x8000)
        chip.apply(22000, 50, 10_001, 0, 50, 10_000, 0)
        self.assertEqual(read(chip, 0x46), 0x8800)
        chip.apply(22000, 500, 36_000, 0, 500, 36_001, 0)
        self.assertEqual(read(chip, 0x46), 0x8800)


class Measurement(unittest.TestCase):

    def test_example(self) -> None:
        chip = running()
        chip.apply(22000, 5000, 1_100_000, 0)
        for address, word in ((0x49, 22000), (0x48, 5000), (0x68, 5000), (0x4A, 1100),
                              (0x6A, 1100), (0x4B, 0), (0x4C, 5000), (0x4D, 1000), (0x4E, 0),
                              (0x4F, 1100), (0x6F, 1100)):
            self.assertEqual(read(chip, address), word, hex(address))

    def test_signs(self) -> None:
        chip = running()
        chip.apply(22000, 5000, -1_100_000, 0, 5000, 550_000, -952_628, 4987)
        for address, word in ((0x4A, 0xFBB4), (0x4D, 0x83E8), (0x4E, 1800), (0x6A, 550),
                              (0x6B, 0xFC47), (0x6D, 500), (0x6E, 0x8258), (0x4C, 4987)):
            self.assertEqual(read(chip, address), word, hex(address))
        chip.apply(22000, 5000, -550_000, 952_628, 5000, -550_000, -952_628)
        for address, word in ((0x4D, 0x81F4), (0x4E, 1200), (0x6D, 0x81F4), (0x6E, 0x84B0)):
            self.assertEqual(read(chip, address), word, hex(address))

    def test_power_factor_is_limited(self) -> None:
        chip = running()
        chip.apply(22000, 5000, 1_105_000, 10_000)
        self.assertEqual((read(chip, 0x4D), read(chip, 0x4E)), (1000, 0))
        chip.apply(22000, 0, 100, 100)
        self.assertEqual((read(chip, 0x4D), read(chip, 0x4E)), (0, 0))

    def test_clipping(self) -> None:
        chip = running()
        chip.apply(23000, 200_000, 46_000_000, -46_000_000)
        for address, word in ((0x48, 0xFFFF), (0x4A, 0x7FFF), (0x4B, 0x8000), (0x4F, 0x7FFF)):
            self.assertEqual(read(chip, address), word, hex(address))

    def test_low_word(self) -> None:
        chip = running()
        chip.apply(22000, 5000, 1_100_500, -1_100_250)
        self.assertEqual((read(chip, 0x4A), read(chip, 0x08)), (1100, 0x8000))
        self.assertEqual((read(chip, 0x4B), read(chip, 0x08)), (0xFBB3, 0xC000))
        read(chip, 0x4C)
        self.assertEqual(read(chip, 0x08), 0xC000)
        chip.apply(22001, 5000, 1_100_001, 0)
        read(chip, 0x4A)
        # 1 mW is 65.5 of 1/65536 W: the low byte stays zero.
        self.assertEqual(read(chip, 0x08), 0)

    def test_gains_are_in_proportion_and_spare_energy(self) -> None:
        chip = running(adjustment={0x31: 13200, 0x32: 15625, 0x33: 15000})
        chip.apply(22000, 100_000, 22_000_000, 0, 10000)
        # 100 A * 15625 / 31251.
        self.assertEqual(read(chip, 0x48), 49998)
        self.assertEqual(read(chip, 0x68), 5000)
        self.assertEqual(read(chip, 0x49), 11000)
        self.assertEqual(read(chip, 0x4A), 5499)
        chip.advance(180_000)
        self.assertEqual(read(chip, 0x40), 35200)

    def test_amplifier_reaches_the_current(self) -> None:
        chip = running(metering={0x2B: 0x9422})
        chip.apply(22000, 24000, 0, 0)
        self.assertEqual(read(chip, 0x48), 1000)
        self.assertEqual(read(chip, 0x68), 24000)

    def test_current_offset(self) -> None:
        # -(100 * 31251 / 2^16 * 2^8) = -12207.4 takes 0.100 A away.
        chip = running(adjustment={0x35: 0xD051})
        chip.apply(22000, 100, 0, 0)
        self.assertEqual(read(chip, 0x48), 0)
        self.assertEqual(read(chip, 0x68), 100)
        chip.apply(22000, 50, 0, 0)
        self.assertEqual(read(chip, 0x48), 0)

    def test_voltage_offset(self) -> None:
        # 10312 * 256 / 26400 = 99.99 of 0.01 V.
        chip = running(adjustment={0x34: 10312})
        chip.apply(22000, 0, 0, 0)
        self.assertEqual(read(chip, 0x49), 22099)

    def test_small_power_mode_and_power_offset(self) -> None:
        # A count is 31251 * 26400 / (100000 * 2^22) W = 1.967 mW.
        chip = running()
        write(chip, 0x04, 0xA987)
        chip.apply(22000, 0, 10, -20)
        self.assertEqual((read(chip, 0x4A), read(chip, 0x4B)), (5, 0xFFF5))
        chip = running(adjustment={0x37: 0xFFFB, 0x38: 11})
        write(chip, 0x04, 0xA987)
        chip.apply(22000, 0, 10, -20)
        self.assertEqual((read(chip, 0x4A), read(chip, 0x4B)), (0, 0))
        # Out of the mode: -5 counts are -9.84 mW.
        write(chip, 0x04, 0)
        chip.apply(22000, 5000, 1_000_009, 0)
        self.assertEqual(read(chip, 0x4A), 999)

    def test_power_offset_is_metered_too(self) -> None:
        # 508 counts are 0.9994 W: an hour of 100 W has that much more, of reactive power less.
        for offset, reactive_offset, active, reactive in (
                (508, 0, 3231, 3200), (0, 0xFE04, 3200, 3168)):
            chip = running(adjustment={0x37: offset, 0x38: reactive_offset})
            chip.apply(22000, 5000, 100000, 100000)
            chip.advance(3600000)
            self.assertEqual((chip.emitted[0x40], chip.emitted[0x43]), (active, reactive))


class Sag(unittest.TestCase):

    def test_threshold(self) -> None:
        # 1D6A is 220 V * 0.78 = 171.6 V at Ugain 26400; 7530 counts are 171.591 V.
        chip = running(func_en=0x0030)
        chip.apply(17160, 5000, 0, 0)
        chip.advance(1000)
        self.assertEqual((chip.irq, chip.warnout), (0, 0))
        chip.apply(17159, 5000, 0, 0)
        chip.advance(20)
        self.assertEqual((chip.irq, chip.warnout), (0, 0))
        chip.advance(1)
        self.assertEqual((chip.irq, chip.warnout), (1, 1))
        self.assertEqual(read(chip, 0x01), 0x0002)
        chip.advance(1000)
        self.assertEqual((chip.irq, chip.warnout), (0, 1))
        chip.apply(22000, 5000, 0, 0)
        self.assertEqual((chip.irq, chip.warnout), (0, 0))
        chip.apply(0, 0, 0, 0)
        chip.advance(21)
        self.assertEqual((chip.irq, chip.warnout), (1, 1))

    def test_enable_bits(self) -> None:
        chip = running(func_en=0x0010)
        chip.apply(0, 0, 0, 0)
        chip.advance(1000)
        self.assertEqual((chip.irq, chip.warnout), (0, 0))
        write(chip, 0x02, 0x0020)
        chip.advance(21)
        self.assertEqual((chip.irq, chip.warnout), (1, 0))

    def test_threshold_is_a_register(self) -> None:
        chip = running(func_en=0x0020)
        write(chip, 0x03, 0x0EB5)
        chip.apply(8580, 5000, 0, 0)
        chip.advance(1000)
        self.assertEqual(read(chip, 0x01), 0)
        chip.apply(8579, 5000, 0, 0)
        chip.advance(1000)
        self.assertEqual(read(chip, 0x01), 0x0002)

    def test_short_dip_is_no_sag(self) -> None:
        chip = running(func_en=0x0030)
        for _ in range(5):
            chip.apply(10000, 5000, 0, 0)
            chip.advance(15)
            chip.apply(22000, 5000, 0, 0)
            chip.advance(15)
        self.assertEqual(read(chip, 0x01), 0)


class Faults(unittest.TestCase):

    def setUp(self) -> None:
        self.chip = running()
        self.chip.apply(22000, 5000, 1_100_000, 0)
        self.chip.advance(36_000)

    def test_lost_read_loses_no_energy(self) -> None:
        read(self.chip, 0x03)
        self.chip.lose_next_read()
        self.assertNotEqual(read(self.chip, 0x40), 352)
        self.assertEqual(read(self.chip, 0x06), 0x1D6A)
        self.assertEqual(read(self.chip, 0x40), 352)
        self.assertEqual(read(self.chip, 0x06), 352)

    def test_several_lost_reads(self) -> None:
        self.chip.lose_next_read(2)
        self.assertNotEqual(read(self.chip, 0x40), 352)
        self.assertNotEqual(read(self.chip, 0x40), 352)
        self.assertEqual(read(self.chip, 0x40), 352)

    def test_lost_read_in_pieces(self) -> None:
        self.chip.lose_next_read()
        word = bytearray(2)
        self.chip.cs(0)
        self.chip.exchange(b"\xc0", None)
        self.chip.exchange(b"\x00\x00", word)
        self.chip.cs(1)
        self.assertNotEqual(word, b"\x01\x60")
        self.assertEqual(read(self.chip, 0x40), 352)

    def test_flipped_read_is_kept_in_last_data(self) -> None:
        self.chip.flip_next_read(0x8001)
        self.assertEqual(read(self.chip, 0x40), 352 ^ 0x8001)
        self.assertEqual(read(self.chip, 0x06), 352)
        self.assertEqual(read(self.chip, 0x40), 0)

    def test_stuck_miso(self) -> None:
        for level, word in ((0, 0x0000), (1, 0xFFFF)):
            self.chip.stuck_miso = level
            self.assertEqual(read(self.chip, 0x03), word)
            self.chip.cs(0)
            self.assertEqual(self.chip.clock_bits(0x83, 8), word & 0xFF)
            self.chip.cs(1)
            self.assertEqual(self.chip.stuck_miso, level)
        self.chip.stuck_miso = None
        self.assertEqual(read(self.chip, 0x03), 0x1D6A)

    def test_reset_in_run(self) -> None:
        self.chip.reset_in_run()
        self.chip.advance(36_000)
        self.assertEqual(read(self.chip, 0x2B), 0x9422)
        self.assertEqual(read(self.chip, 0x2C), 0x55CB)
        self.assertEqual(read(self.chip, 0x40), 0)
        self.assertEqual(self.chip.irq, 0)


if __name__ == "__main__":
    unittest.main()
