"""Quality of the mains: sags and swells with hysteresis, the IC's own sags, distortion, and the
voltage by the hour against an oracle that keeps every second."""

import random
import unittest

from scratch import scratch_folder

from joulegate.core import events as event
from joulegate.core.civil import NO_TIME, Zone
from joulegate.core.events import EventLog
from joulegate.core.quality.distortion import MEAN_S, Distortion
from joulegate.core.quality.voltage_events import TOGETHER_S, VoltageEvents
from joulegate.core.quality.voltage_profile import STEP_MAX_S, VoltageProfile
from joulegate.core.reading import Reading
from joulegate.core.sight import Sight
from joulegate.storage.voltage_store import (
    ABOVE,
    BELOW,
    HIGHEST,
    LOWEST,
    MEAN,
    SECONDS,
    VoltageStore,
)

VALUES = {"nominal_V": 230, "sag_percent": 10, "swell_percent": 10, "distortion_percent": 8,
          "band_above_percent": 7, "band_below_percent": 10}
NOON = 216907200


class Case(unittest.TestCase):

    def setUp(self):
        self.sight = Sight({})
        self.sight.reading = Reading()
        self.sight.measured = True
        self.sight.now = NOON
        self.told = []

    def tell(self, code, value=0):
        self.told.append((self.sight.up, code, value))

    def look(self, detector, voltage, seconds=1):
        self.sight.up += seconds
        self.sight.now += seconds
        self.sight.reading.voltage_cV = voltage
        self.assertEqual(detector.step(self.sight, self.tell), 0)


class SagsAndSwells(Case):

    def setUp(self):
        super().setUp()
        self.detector = VoltageEvents()
        self.detector.configure(VALUES, self.sight)

    def looks(self, *voltages):
        for voltage in voltages:
            self.look(self.detector, voltage)
        return [entry[1:] for entry in self.told]

    def test_a_sag_ends_two_per_cent_above_where_it_began(self):
        # 90 % of 230 V is 207 V, 92 % is 211.60 V.
        self.assertEqual(self.looks(20700), [])
        self.assertEqual(self.looks(20699), [(event.SAG_BEGAN, 20699)])
        self.looks(15000, 20700, 21159)
        self.assertEqual(len(self.told), 1)
        self.assertEqual(self.looks(21160)[1:], [(event.SAG_ENDED, 15000)])

    def test_a_swell_likewise(self):
        # 110 % is 253 V, 108 % is 248.40 V.
        self.assertEqual(self.looks(25300), [])
        self.looks(25301, 27000, 25300, 24841)
        self.assertEqual([c for _, c, _ in self.told], [event.SWELL_BEGAN])
        self.assertEqual(self.looks(24840), [
            (event.SWELL_BEGAN, 25301), (event.SWELL_ENDED, 27000)])

    def test_one_of_the_two_can_be_wanted_alone(self):
        self.detector.configure(dict(VALUES, sag_percent=0), self.sight)
        self.assertEqual(self.looks(100, 23000), [])
        self.detector.configure(dict(VALUES, swell_percent=0), self.sight)
        self.assertEqual(self.looks(50000), [])

    def test_no_sag_while_nothing_is_measured_or_the_mains_goes(self):
        self.sight.measured = False
        self.assertEqual(self.looks(0, 0), [])
        self.sight.measured = True
        self.sight.mains_good = False
        self.assertEqual(self.looks(0, 0), [])

    def test_what_only_the_ic_sees_is_told_with_the_lowest_reading(self):
        self.sight.sagged = True
        self.looks(22500, 21900)
        self.assertEqual(self.told, [])
        self.looks(*[22800] * TOGETHER_S)
        self.assertEqual([entry[1:] for entry in self.told], [(event.SAG, 21900)])
        self.assertFalse(self.sight.sagged)

    def test_a_sag_that_both_see_is_told_once(self):
        self.sight.sagged = True
        self.looks(22000, 20000)
        self.sight.sagged = True
        self.looks(20000, 22000, 22000, 22000, 22000, 22000)
        self.assertEqual([entry[1] for entry in self.told], [event.SAG_BEGAN, event.SAG_ENDED])

    def test_the_ic_may_tell_of_a_sag_with_the_reading_that_ends_it(self):
        self.looks(20000)
        self.sight.sagged = True
        self.looks(22000, 22000, 22000, 22000, 22000)
        self.assertEqual([entry[1] for entry in self.told], [event.SAG_BEGAN, event.SAG_ENDED])

    def test_random_voltages_against_an_oracle(self):
        random.seed(61)
        voltages = [random.choice((22900, 21000, 20000, 25500, 25000)) for _ in range(500)]
        expected = []
        state = worst = None
        for voltage in voltages:
            if state == "sag":
                worst = min(worst, voltage)
                if voltage * 100 >= 92 * 23000:
                    expected.append((event.SAG_ENDED, worst))
                    state = None
            elif state == "swell":
                worst = max(worst, voltage)
                if voltage * 100 <= 108 * 23000:
                    expected.append((event.SWELL_ENDED, worst))
                    state = None
            if state is None and voltage * 100 < 90 * 23000:
                state, worst = "sag", voltage
                expected.append((event.SAG_BEGAN, voltage))
            elif state is None and voltage * 100 > 110 * 23000:
                state, worst = "swell", voltage
                expected.append((event.SWELL_BEGAN, voltage))
        self.assertEqual(self.looks(*voltages), expected)


class Distorted(Case):

    def setUp(self):
        super().setUp()
        self.detector = Distortion()
        self.detector.configure(VALUES, self.sight)

    def minutes(self, distortion, count=10):
        self.sight.reading.distortion_bp = distortion
        for _ in range(count):
            self.look(self.detector, 23000, 60)

    def test_an_ic_without_it_tells_nothing(self):
        self.minutes(None, 30)
        self.assertEqual(self.told, [])

    def test_means_of_ten_minutes_begin_and_end_it(self):
        self.minutes(100, 1)
        self.minutes(900, 9)
        self.minutes(100, 1)  # 820 in the mean
        self.assertEqual([entry[1:] for entry in self.told], [(event.DISTORTION_BEGAN, 820)])
        self.minutes(1000, 11)
        self.minutes(700, 11)
        self.assertEqual([entry[1:] for entry in self.told][1:], [
            (event.DISTORTION_ENDED, 1000)])

    def test_a_gap_begins_the_mean_anew(self):
        self.minutes(1000, 8)
        self.sight.measured = False
        self.minutes(1000, 1)
        self.sight.measured = True
        self.minutes(1000, 8)
        self.assertEqual(self.told, [])
        self.assertEqual(MEAN_S, 600)


class Voltage(Case):

    def profile(self, keep, zone="UTC0"):
        profile = VoltageProfile(keep, Zone(zone).offset)
        profile.configure(VALUES, self.sight)
        return profile

    def test_hours_against_every_second(self):
        random.seed(62)
        hours = []
        profile = self.profile(hours.append, "IST-5:30")
        profile.step(self.sight, self.tell)
        every = {}
        for _ in range(2000):
            passed = random.choice((1, 1, 5, 60))
            voltage = random.choice((20000, 20700, 22000, 24610, 24611, 25000))
            self.look(profile, voltage, passed)
            # The step's time ends now, and is of the hour in which it ends.
            hour = (self.sight.now + 19800) // 3600
            seconds = every.setdefault(hour, {})
            seconds[voltage] = seconds.get(voltage, 0) + passed
        running = profile.running()
        for found, (hour, seconds) in zip(hours + [running], sorted(every.items())):
            self.assertEqual((found[0] + 19800) // 3600, hour)
            self.assertEqual(found[1:], (
                sum(seconds.values()), sum([seconds[v] for v in seconds if v < 20700]),
                sum([seconds[v] for v in seconds if v > 24610]), min(seconds), max(seconds),
                sum([v * seconds[v] for v in seconds]) // sum(seconds.values())))
        self.assertEqual(len(hours) + 1, len(every))

    def test_what_is_not_known_is_not_counted(self):
        profile = self.profile(None)
        profile.step(self.sight, self.tell)
        self.sight.measured = False
        self.look(profile, 0)
        self.sight.measured = True
        self.sight.mains_good = False
        self.look(profile, 0)
        self.assertEqual(profile.running(), None)
        self.sight.mains_good = True
        self.sight.now = NO_TIME
        self.look(profile, 23000)
        self.assertEqual(profile.running(), None)

    def test_a_pause_counts_no_longer_than_two_ticks(self):
        profile = self.profile(lambda hour: None)
        profile.step(self.sight, self.tell)
        self.look(profile, 23000, 3000)
        self.assertEqual(profile.running()[1], STEP_MAX_S)

    def test_a_clock_that_is_set_ends_the_hour(self):
        hours = []
        profile = self.profile(hours.append)
        profile.step(self.sight, self.tell)
        self.look(profile, 23000, 60)
        self.sight.now -= 86400
        self.look(profile, 23000, 60)
        self.assertEqual([hour[:2] for hour in hours], [(NOON, 60)])
        self.assertEqual(profile.running()[0], NOON + 120 - 86400)


class Store(unittest.TestCase):

    def test_days_and_months_of_what_was_kept(self):
        folder = scratch_folder("voltage")
        store = VoltageStore(folder, EventLog())
        offset = Zone("CET-1").offset
        first = 2465 * 86400 - 3600  # local midnight after 30 September 2026
        store.keep((first - 7200, 3600, 36, 18, 20000, 25000, 22000))
        store.keep((first - 3600, 1800, 0, 0, 21000, 24000, 23500))
        again = VoltageStore(folder, EventLog())
        again.load()
        days, months = again.sums(offset, (first, 600, 60, 0, 19000, 23000, 21000))
        expected = [
            (2464, [5400, 36, 18, 20000, 25000, 3600 * 22000 + 1800 * 23500]),
            (2465, [600, 60, 0, 19000, 23000, 600 * 21000])]
        self.assertEqual(days, expected)
        self.assertEqual(months, [
            (2026 * 12 + 8, expected[0][1]), (2026 * 12 + 9, expected[1][1])])
        self.assertEqual((SECONDS, BELOW, ABOVE, LOWEST, HIGHEST, MEAN), (0, 1, 2, 3, 4, 5))


if __name__ == "__main__":
    unittest.main()
