"""The load profile: aligned to the local clock, nothing lost over gaps, jumps and damage."""

import unittest

from parts import error_text
from scratch import scratch_folder

from joulegate.core.civil import NO_TIME, Zone, seconds_of
from joulegate.core.events import EventLog
from joulegate.core.reading import Reading
from joulegate.core.registers import Registers
from joulegate.storage.load_profile import (
    CHANNELS,
    CLOCK_ADJUSTED,
    CLOCK_INVALID,
    DATA_INVALID,
    DAYLIGHT,
    POWER_DOWN,
    SUPPLY_OFF,
    LoadProfile,
    ProfileError,
    channel_mask,
)

NOON = seconds_of(2027, 3, 27, 12)
KOLKATA = "<+0545>-5:45"
CET = "CET-1CEST,M3.5.0,M10.5.0/3"


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = scratch_folder("profile")
        self.registers = Registers(32000)
        self.reading = Reading()
        self.reading.voltage_cV = 23000
        self.start()

    def start(self, zone="UTC0"):
        self.profile = LoadProfile(self.folder, EventLog())
        self.profile.load(Zone(zone))

    def run_for(self, now, seconds, wh=1, step=60, valid=True, supplied=True):
        """Tick from a second on, with so many Wh a step; return the second after."""
        for second in range(now, now + seconds, step):
            self.registers.wh[0] += wh
            self.profile.tick(second, self.reading, self.registers, valid, supplied)
        return now + seconds

    def found(self, *bounds):
        return list(self.profile.intervals(*bounds))


class Captures(Case):
    def test_aligned_to_the_local_clock(self):
        self.start(KOLKATA)
        for minutes in (15, 30, 60):
            self.profile.configure(minutes)
            self.run_for(NOON + 7, 4 * 3600, step=53)
            local = [(e["time"] + 20700) % (minutes * 60) for e in self.found()]
            self.assertTrue(len(local) >= 3)
            self.assertEqual(set(local), {0})
            self.profile.ring.forget()
            self.start(KOLKATA)

    def test_the_first_is_marked_and_the_sum_is_that_of_the_register(self):
        self.run_for(NOON + 300, 4500)
        found = self.found()
        self.assertEqual([e["time"] - NOON for e in found], [900, 1800, 2700, 3600, 4500])
        self.assertEqual([e["flags"] for e in found], [POWER_DOWN, 0, 0, 0, 0])
        self.assertEqual([e["import_Wh"] for e in found], [None, 15, 15, 15, 15])
        self.assertEqual([e["since"] for e in found][1:], [e["time"] for e in found][:-1])

    def test_extremes_and_states(self):
        self.profile.configure(15, channel_mask(list(CHANNELS[4:])))
        now = self.run_for(NOON, 300)
        self.reading.voltage_cV, self.reading.active_W, self.reading.current_mA = 19000, -50, 99
        now = self.run_for(now, 300, supplied=False)
        self.reading.voltage_cV, self.reading.active_W, self.reading.current_mA = 0, 9999, 0
        now = self.run_for(now, 60, valid=False)
        self.reading.voltage_cV, self.reading.active_W = 25000, 70000
        self.run_for(now, 300)
        e, = self.found()
        self.assertEqual(
            (e["voltage_min_cV"], e["voltage_max_cV"], e["power_max_W"], e["current_max_cA"]),
            (19000, 25000, 65535, 9))
        self.assertEqual(e["flags"], POWER_DOWN | SUPPLY_OFF | DATA_INVALID)
        self.assertFalse("import_Wh" in e)

    def test_nothing_measured(self):
        self.run_for(NOON, 960, valid=False)
        e, = self.found()
        self.assertEqual((e["voltage_min_cV"], e["voltage_max_cV"]), (0, 0))
        self.assertTrue(e["flags"] & DATA_INVALID)

    def test_daylight_saving(self):
        self.start(CET)
        self.profile.configure(60)
        change = seconds_of(2027, 3, 28, 1)
        self.run_for(change - 7200, 4 * 3600)
        self.assertEqual([(e["time"] - change, e["flags"] & DAYLIGHT) for e in self.found()], [
            (-3600, 0), (0, 0), (3600, DAYLIGHT)])


class Gaps(Case):
    def test_an_outage_loses_no_energy(self):
        now = self.run_for(NOON, 1200)
        self.start()
        self.run_for(now + 7200, 1800)
        found = self.found()
        self.assertEqual([e["flags"] for e in found], [POWER_DOWN, POWER_DOWN, 0])
        self.assertEqual(found[1]["since"], found[0]["time"])
        # 16 Wh at the first capture, 20 at the outage, 26 more at the last capture.
        self.assertEqual([e["import_Wh"] for e in found], [None, 15, 15])

    def test_a_damaged_entry_loses_no_energy(self):
        self.run_for(NOON, 7200)
        with open(self.profile.ring.file_name(0), "r+b") as f:
            f.seek(12 + 3 * 28 + 9)
            f.write(b"\x99")
        found = self.found()
        self.assertEqual([e["sequence"] for e in found], [0, 1, 2, 4, 5, 6])
        self.assertEqual([e["import_Wh"] for e in found], [None, 15, 15, 30, 15, 15])

    def test_the_register_passes_65536(self):
        self.registers.wh[0] = 65530
        self.run_for(NOON, 2000)
        self.assertEqual(self.found()[1]["import_Wh"], 15)

    def test_a_clock_set_forward_and_back(self):
        now = self.run_for(NOON, 1000)
        self.run_for(now + 36000, 1000)
        self.run_for(NOON, 2000)
        self.assertTrue(all(e["flags"] & CLOCK_ADJUSTED for e in self.found()[1:4]))
        total = self.registers.wh[0] - 16
        counted = sum(e["import_Wh"] or 0 for e in self.found())
        self.assertTrue(total - 15 <= counted <= total, (total, counted))

    def test_no_time_is_flagged(self):
        self.run_for(NO_TIME, 2000)
        self.assertTrue(all(e["flags"] & CLOCK_INVALID for e in self.found()))
        self.run_for(NOON, 2000)
        last = self.found()[-1]
        self.assertEqual((last["flags"] & CLOCK_INVALID, last["time"]), (0, NOON + 1800))


class Bounds(Case):
    def test_sixty_days_at_fifteen_minutes(self):
        self.assertTrue(self.profile.ring.capacity >= 60 * 96)

    def test_reading_a_part(self):
        self.run_for(NOON, 9000)
        self.assertEqual(
            [e["time"] - NOON for e in self.found(NOON + 1800, NOON + 3600)], [1800, 2700, 3600])
        some = list(self.profile.intervals(start=7))
        self.assertEqual([(e["sequence"], e["import_Wh"]) for e in some], [(7, 15), (8, 15)])

    def test_refusals(self):
        for bad in (0, 10, 61, None):
            text = error_text(ProfileError, self.profile.configure, bad)
            self.assertTrue("15, 30 or 60" in text, text)
        for bad in (0, 256, 0x7F):
            text = error_text(ProfileError, self.profile.configure, 15, bad)
            self.assertTrue("1 to 6 bits" in text, text)
        for names in ([], ["import_Wh"] * 2, list(CHANNELS[:7])):
            self.assertTrue("1 to 6 different" in error_text(ProfileError, channel_mask, names))
        self.assertTrue("'colour'" in error_text(ProfileError, channel_mask, ["colour"]))

    def test_a_change_of_interval_takes_effect_at_once(self):
        self.profile.configure(60)
        self.run_for(NOON, 600)
        self.profile.configure(15)
        self.run_for(NOON + 600, 1300)
        self.assertEqual([e["time"] - NOON for e in self.found()], [900, 1800])


if __name__ == "__main__":
    unittest.main()
