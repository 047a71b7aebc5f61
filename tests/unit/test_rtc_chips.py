"""The battery clock chips, driver against model: time, flags, and registers that lie."""

import unittest

from parts import error_text

from joulegate.drivers.bcd import RtcError
from joulegate.drivers.ds3231 import Ds3231
from joulegate.drivers.pcf8563 import Pcf8563
from world.calendar import seconds_of, tuple_of
from world.ds3231_model import Ds3231Model
from world.pcf8563_model import Pcf8563Model

EVE = seconds_of(2027, 12, 31, 23, 59, 58)
LEAP_EVE = (2028, 2, 28, 0, 23, 59, 59, 0)


class Bus:
    """machine.I2C with one chip on it; `cut` transfers go through, then it fails."""

    def __init__(self, chip: object) -> None:
        self.chip = chip
        self.cut = 1 << 20

    def _transfer(self) -> None:
        self.cut -= 1
        if self.cut < 0:
            raise OSError(5)

    def readfrom_mem_into(self, address: int, register: int, buf: bytearray) -> None:
        self._transfer()
        self.chip.write(bytes((register,)))
        self.chip.readinto(buf)

    def readfrom_mem(self, address: int, register: int, size: int) -> bytes:
        buf = bytearray(size)
        self.readfrom_mem_into(address, register, buf)
        return bytes(buf)

    def writeto_mem(self, address: int, register: int, buf: bytes) -> None:
        self._transfer()
        self.chip.write(bytes((register,)) + bytes(buf))


class Bench:
    def __init__(self, driver: object, model: object, start: "int | None" = EVE) -> None:
        self.now = 5_000_000
        self.chip = model(lambda: self.now, start)
        self.bus = Bus(self.chip)
        self.rtc = driver(self.bus, 0x68)

    def wait(self, seconds: int) -> None:
        self.now += seconds * 1_000_000


def forge(chip: object, field: str, value: int) -> None:
    """Let one register of the time read as something else."""
    chip.decorate = lambda name, was: value if name == field else was


class Chips:
    """What both must do; the cases below say which chip."""

    def bench(self, start: "int | None" = EVE) -> Bench:
        return Bench(self.driver, self.model, start)

    def test_tells_the_time_and_counts_over_the_year(self) -> None:
        b = self.bench()
        self.assertEqual(b.rtc.datetime(), (2027, 12, 31, 4, 23, 59, 58, 0))
        b.wait(3)
        self.assertEqual(b.rtc.datetime(), (2028, 1, 1, 5, 0, 0, 1, 0))

    def test_knows_every_leap_year_of_the_century_and_every_month(self) -> None:
        for year in range(2000, 2100):
            b = self.bench(seconds_of(year, 1, 1, 12, 0, 0))
            for _ in range(12):
                y, m, d, wd, hour, _, _, _ = b.rtc.datetime()
                expected = tuple_of(seconds_of(y, m, d, 12, 0, 0))
                self.assertEqual((y, wd, hour, d), (year, expected[6], 12, 1))
                days = (seconds_of(y, m + 1, 1, 0, 0, 0) - seconds_of(y, m, 1, 0, 0, 0)) // 86400
                b.wait(86400 * (days - 1))
                self.assertEqual(b.rtc.datetime()[1:3], (m, days))
                b.wait(86400)

    def test_set_time_reads_back_and_runs_on(self) -> None:
        b = self.bench()
        b.now += 700_000
        b.rtc.datetime(LEAP_EVE)
        self.assertEqual(b.rtc.datetime(), LEAP_EVE)
        b.now += 999_999
        self.assertEqual(b.rtc.datetime(), LEAP_EVE)
        b.now += 1
        self.assertEqual(b.rtc.datetime(), (2028, 2, 29, 1, 0, 0, 0, 0))
        b.rtc.datetime((2099, 12, 31, 3, 0, 0, 0, 0))
        self.assertEqual(b.rtc.datetime(), (2099, 12, 31, 3, 0, 0, 0, 0))

    def test_22_bits_to_spare_that_move_no_time(self) -> None:
        b = self.bench()
        for value in (0, 0x3FFFFF, 0x155555, 0x2AAAAA, 1, 1 << 21):
            self.assertEqual(b.rtc.spare(value), value)
            b.chip.supply_off()
            b.wait(60)
            self.assertEqual(b.rtc.spare(), value)
        self.assertEqual(b.rtc.datetime(), (2028, 1, 1, 5, 0, 5, 58, 0))
        self.assertFalse(b.rtc.stopped)

    def test_a_first_power_up_is_not_trusted_until_set(self) -> None:
        b = self.bench(None)
        self.assertTrue(b.rtc.datetime() is None)
        self.assertTrue(b.rtc.stopped)
        b.rtc.datetime(LEAP_EVE)
        self.assertEqual(b.rtc.datetime(), LEAP_EVE)
        self.assertFalse(b.rtc.stopped)

    def test_an_outage_with_a_battery_keeps_time_and_without_one_says_so(self) -> None:
        b = self.bench(None)
        b.rtc.datetime(LEAP_EVE)
        b.chip.supply_off()
        b.wait(86400)
        self.assertEqual(b.rtc.datetime(), (2028, 2, 29, 1, 23, 59, 59, 0))
        b.chip.battery = False
        b.chip.supply_off()
        self.assertTrue(b.rtc.datetime() is None)

    def test_a_bus_that_fails_at_any_transfer_of_a_set_leaves_no_false_time(self) -> None:
        cut = 0
        while True:
            b = self.bench(None)
            b.bus.cut = cut
            try:
                b.rtc.datetime(LEAP_EVE)
                break
            except OSError:
                pass
            b.bus.cut = 1 << 20
            found = b.rtc.datetime()
            self.assertTrue(found is None or found == LEAP_EVE, "%d: %r" % (cut, found))
            b.rtc.datetime(LEAP_EVE)
            self.assertEqual(b.rtc.datetime(), LEAP_EVE)
            cut += 1
        self.assertTrue(cut >= 3)

    def test_times_that_do_not_fit_are_refused_before_a_transfer(self) -> None:
        b = self.bench()
        for i, bad in ((0, 1999), (0, 2100), (1, 0), (1, 13), (2, 32), (3, 7), (4, 24), (5, 60),
                       (6, 60), (6, -1)):
            civil = list(LEAP_EVE)
            civil[i] = bad
            b.bus.cut = 0
            text = error_text(ValueError, b.rtc.datetime, tuple(civil))
            self.assertTrue(" %d: must be" % bad in text, text)
        self.assertTrue("8 fields" in error_text(ValueError, b.rtc.datetime, (2028, 1, 1)))

    def test_registers_that_are_no_digits_are_named(self) -> None:
        for name in self.fields:
            for value in (0x0A, 0x7F if name == "second" else 0x1F):
                b = self.bench()
                forge(b.chip, name, value)
                text = error_text(RtcError, b.rtc.datetime)
                self.assertTrue(name + " register is 0x" in text, text)

    def test_a_chip_that_does_not_answer(self) -> None:
        b = self.bench()
        b.chip.answering = False
        with self.assertRaises(OSError):
            b.rtc.datetime()
        with self.assertRaises(OSError):
            b.rtc.datetime(LEAP_EVE)

    def test_a_chip_that_forgets_what_was_written(self) -> None:
        b = self.bench()
        b.chip.store = lambda register, value: None
        self.assertTrue("wrote" in error_text(RtcError, b.rtc.datetime, LEAP_EVE))


class TestDs3231(Chips, unittest.TestCase):
    driver = Ds3231
    model = Ds3231Model
    fields = ("second", "minute", "hour", "day", "month")

    def test_12_hour_mode_and_the_next_century_are_refused(self) -> None:
        for field, value, text in (("hour", 0x52, "24 h mode"), ("month", 0x81, "past 2099")):
            b = self.bench()
            forge(b.chip, field, value)
            self.assertTrue(text in error_text(RtcError, b.rtc.datetime))

    def test_a_status_register_that_cannot_be(self) -> None:
        b = self.bench()
        b.chip.registers[0x0F] = 0xFF
        self.assertTrue("0xFF" in error_text(RtcError, b.rtc.datetime))

    def test_setting_starts_the_oscillator_on_the_battery_and_leaves_the_rest(self) -> None:
        b = self.bench(None)
        b.chip.registers[0x0E] = 0x9C
        b.chip.registers[0x0F] |= 0x03
        b.rtc.datetime(LEAP_EVE)
        self.assertEqual((b.chip.registers[0x0E], b.chip.registers[0x0F]), (0x1C, 0x0B))
        b.chip.supply_off()
        self.assertEqual(b.rtc.datetime(), LEAP_EVE)

    def test_temperature_and_aging(self) -> None:
        b = self.bench()
        for degrees in (-40, -0.25, 0, 25.25, 85):
            b.chip.heat(degrees)
            self.assertEqual(b.rtc.temperature_cC(), int(degrees * 100))
        for offset in (-128, -1, 0, 127):
            self.assertEqual(b.rtc.aging(offset), offset)
            self.assertEqual(b.rtc.aging(), offset)
        self.assertTrue("128" in error_text(ValueError, b.rtc.aging, 128))


class TestPcf8563(Chips, unittest.TestCase):
    driver = Pcf8563
    model = Pcf8563Model
    fields = ("second", "minute", "hour", "day", "month")

    def test_a_century_bit_is_refused(self) -> None:
        b = self.bench()
        forge(b.chip, "month", 0x81)
        self.assertTrue("century" in error_text(RtcError, b.rtc.datetime))

    def test_nothing_carries_while_the_time_is_written(self) -> None:
        b = self.bench()
        write = b.chip.write

        def slow(data: bytes) -> int:
            b.now += 700_000
            return write(data)

        b.chip.write = slow
        b.rtc.datetime(LEAP_EVE)
        self.assertEqual(b.rtc.datetime(), LEAP_EVE)

    def test_a_clock_left_stopped_is_not_trusted(self) -> None:
        b = self.bench()
        b.chip.write(b"\x00\x20")
        b.wait(100)
        self.assertTrue(b.rtc.datetime() is None)


if __name__ == "__main__":
    unittest.main()
