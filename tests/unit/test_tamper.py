"""The detectors of anti-theft, each on what it is shown."""

import unittest

from joulegate.core import events as event
from joulegate.core.reading import Reading
from joulegate.core.sight import Sight
from joulegate.core.supply_reasons import TAMPER
from joulegate.core.tamper import trips
from joulegate.core.tamper.current_mismatch import CurrentMismatch
from joulegate.core.tamper.missing_neutral import MissingNeutral
from joulegate.core.tamper.neutral_disturbance import NeutralDisturbance
from joulegate.core.tamper.open_relay import OpenRelay
from joulegate.core.tamper.reverse_connection import ReverseConnection
from joulegate.core.tamper.switches import Switches
from joulegate.storage.setting_rules import NumberRules

RULES = NumberRules(100)


class Case(unittest.TestCase):

    detector: object = None
    trip = 0
    settings: dict = {}

    def setUp(self):
        self.sight = Sight({})
        self.sight.reading = Reading()
        self.sight.measured = True
        self.sight.settled = True
        self.sight.counts_per_kWh = 32000
        self.told = []
        self.watch(**self.settings)

    def watch(self, **settings):
        self.values = {name: RULES[name][0] for name in RULES}
        self.values.update(settings)
        self.under_test = self.detector()
        self.under_test.configure(self.values, self.sight)

    def tell(self, code, value=0):
        self.told.append((event.name_of(code), value))

    def look(self, seconds=1):
        """Look once a second; return the reasons of all that."""
        held = 0
        for _ in range(seconds):
            self.sight.up += 1
            self.sight.alarms = 0
            held |= self.under_test.step(self.sight, self.tell)
        return held

    def show(self, **reading):
        for name in reading:
            setattr(self.sight.reading, name, reading[name])

    def trips_once(self, begin, end, seconds):
        """That the attack trips only if the settings say so, and once until it begins anew."""
        begin()
        self.assertEqual(self.look(seconds), 0)
        self.assertEqual(self.sight.alarms, self.trip)
        end()
        self.look(seconds)
        self.assertEqual(self.sight.alarms, 0)
        settings = dict(self.settings)
        settings["tamper_trips"] = trips.ALL_TRIPS & ~self.trip
        self.watch(**settings)
        begin()
        self.assertEqual(self.look(seconds), 0)
        self.values["tamper_trips"] = self.trip
        self.under_test.configure(self.values, self.sight)
        end()
        self.look(seconds)
        begin()
        self.assertEqual(self.look(seconds), TAMPER)
        self.assertEqual(self.look(seconds), 0)


class Covers(Case):

    detector = Switches
    trip = trips.TERMINAL_COVER

    def setUp(self):
        self.closed = {"cover": True, "terminal_cover": True, "magnet": False}
        self.latch = 0
        self.forgot = 0
        super().setUp()

    def watch(self, **settings):
        def sensor(name):
            return lambda: self.closed[name]

        def latch(forget=False):
            if forget:
                self.latch = 0
                self.forgot += 1
            return self.latch

        for name in self.closed:
            self.sight.sensors[name] = sensor(name)
        self.sight.sensors["tamper_latch"] = latch
        super().watch(**settings)

    def test_a_second_open_and_five_closed(self):
        self.closed["cover"] = False
        self.look(1)
        self.assertEqual(self.told, [])
        self.look(1)
        self.assertEqual(self.told, [("cover_opened", 0)])
        self.closed["cover"] = True
        self.look(5)
        self.assertEqual(len(self.told), 1)
        self.look(1)
        self.assertEqual(self.told[1:], [("cover_closed", 6)])

    def test_what_rattles_is_told_once(self):
        for _ in range(10):
            self.closed["terminal_cover"] = False
            self.look(2)
            self.closed["terminal_cover"] = True
            self.look(3)
        self.look(10)
        self.assertEqual(
            [name for name, _ in self.told], ["terminal_cover_opened", "terminal_cover_closed"])

    def test_trips(self):
        self.trips_once(lambda: self.closed.update(terminal_cover=False),
                        lambda: self.closed.update(terminal_cover=True), 7)

    def test_a_magnet_and_for_how_long(self):
        self.closed["magnet"] = True
        self.look(60)
        self.closed["magnet"] = False
        self.look(10)
        self.assertEqual(self.told, [("magnet_began", 0), ("magnet_ended", 63)])
        self.watch(magnet_s=0)
        self.closed["magnet"] = True
        self.look(60)
        self.assertEqual(len(self.told), 2)

    def test_openings_while_off_are_told_once_and_then_forgotten(self):
        self.latch = 3
        self.look(9)
        self.assertEqual((self.told, self.forgot), ([("opened_while_off", 3)], 0))
        self.look(2)
        self.assertEqual((self.told, self.forgot), ([("opened_while_off", 3)], 1))
        self.look(60)
        self.assertEqual((len(self.told), self.forgot), (1, 1))

    def test_openings_while_off_may_trip(self):
        self.latch = 2
        self.watch(tamper_trips=trips.OPENED_WHILE_OFF)
        self.assertEqual(self.look(), TAMPER)
        self.assertEqual(self.look(20), 0)

    def test_an_opening_that_was_seen_is_not_one_while_off(self):
        self.look()
        self.closed["cover"] = False
        self.latch = 1
        self.look(2)
        self.assertEqual(self.latch, 0)
        self.latch = 1  # it bounces as it is closed
        self.closed["cover"] = True
        self.look(6)
        self.assertEqual(self.latch, 0)

    def test_a_board_without_sensors(self):
        self.sight = Sight({"cover": None})
        self.watch(magnet_s=2)
        self.closed.clear()
        self.sight.sensors.clear()
        self.under_test = Switches()
        self.under_test.configure(self.values, self.sight)
        self.assertEqual(self.look(10), 0)


class Mismatch(Case):

    detector = CurrentMismatch
    trip = trips.MISMATCH
    settings = {"mismatch_s": 30}

    def test_either_leg(self):
        for line, neutral in ((5000, 4000), (4000, 5000)):
            self.told.clear()
            self.show(current_mA=line, neutral_mA=neutral)
            self.look(30)
            self.assertEqual(self.told, [])
            self.look(1)
            self.assertEqual(self.told, [("current_mismatch_began", 1000)])
            self.show(current_mA=5000, neutral_mA=5000)
            self.look(31)
            self.assertEqual(self.told[1:], [("current_mismatch_ended", 31)])

    def test_bounds(self):
        self.show(current_mA=5000, neutral_mA=4400)  # 12 %
        self.look(60)
        self.show(current_mA=499, neutral_mA=0)
        self.look(60)
        self.assertEqual(self.told, [])
        self.show(current_mA=5000, neutral_mA=4399)
        self.look(31)
        self.assertEqual(len(self.told), 1)

    def test_nothing_without_a_reading(self):
        self.show(current_mA=5000)
        self.sight.measured = False
        self.look(60)
        self.assertEqual(self.told, [])

    def test_trips(self):
        self.trips_once(lambda: self.show(current_mA=5000), lambda: self.show(current_mA=0), 31)


class Reverse(Case):

    detector = ReverseConnection
    trip = trips.REVERSE

    def test_lasting_export(self):
        self.show(active_W=-20)
        self.look(10)
        self.show(active_W=-19)
        self.look(1)
        self.assertEqual(self.told, [])
        self.show(active_W=-500)
        self.look(11)
        self.assertEqual(self.told, [("reverse_connection_began", 500)])
        self.show(active_W=500)
        self.look(11)
        self.assertEqual(self.told[1:], [("reverse_connection_ended", 11)])

    def test_trips(self):
        self.trips_once(
            lambda: self.show(active_W=-100), lambda: self.show(active_W=100), 11)


class Neutral(Case):

    detector = MissingNeutral
    trip = trips.NEUTRAL_MISSING
    settings = {"neutral_missing_s": 5}

    def setUp(self):
        super().setUp()
        self.show(voltage_cV=23000, current_mA=5000)

    def test_current_without_voltage(self):
        self.show(voltage_cV=5999)
        self.look(5)
        self.assertEqual(self.told, [])
        self.look(100)
        self.assertEqual(self.told, [("neutral_missing", 5000)])
        self.assertEqual(self.sight.estimated_counts, 0)
        self.show(voltage_cV=6000)
        self.look(6)
        self.assertEqual(self.told[1:], [("neutral_back", 0)])

    def test_no_mains_at_all_is_an_outage(self):
        self.show(voltage_cV=0, current_mA=0)
        self.look(100)
        self.assertEqual(self.told, [])

    def test_the_estimate_is_exact(self):
        self.watch(neutral_missing_s=5, neutral_estimate_V=230)
        total = 0
        current = 0
        energy = 0
        self.show(voltage_cV=0)
        self.look(6)
        for second in range(3600):
            current = 1000 + 7 * second
            self.show(current_mA=current)
            energy += current * 230  # mW s
            self.look()
            total += self.sight.estimated_counts
            self.sight.estimated_counts = 0
        self.assertEqual(total, energy * 32000 // 3600000000)
        self.show(voltage_cV=23000)
        self.look(6)
        self.assertEqual(self.told[1:], [("neutral_back", total * 1000 // 32000)])
        self.assertEqual(self.sight.estimated_counts, 0)

    def test_the_larger_leg_counts_and_a_gap_counts_a_minute(self):
        self.watch(neutral_missing_s=5, neutral_estimate_V=200)
        self.show(voltage_cV=0, current_mA=0, neutral_mA=9000)
        self.look(6)
        self.sight.up += 3600
        self.under_test.step(self.sight, self.tell)
        self.assertEqual(self.sight.estimated_counts, 9000 * 200 * 60 * 32000 // 3600000000)

    def test_trips(self):
        self.trips_once(lambda: self.show(voltage_cV=0), lambda: self.show(voltage_cV=23000), 6)


class Disturbance(Case):

    detector = NeutralDisturbance
    trip = trips.NEUTRAL_DISTURBED
    settings = {"disturbance_s": 5}

    def setUp(self):
        super().setUp()
        self.show(voltage_cV=23000, frequency_cHz=5000, power_factor_milli=-1000)

    def test_what_no_mains_can_be(self):
        for name, value in (("frequency_cHz", 4499), ("frequency_cHz", 6501),
                            ("frequency_cHz", 0), ("power_factor_milli", -1011)):
            self.told.clear()
            before = getattr(self.sight.reading, name)
            self.show(**{name: value})
            self.look(5)
            self.assertEqual(self.told, [])
            self.look(1)
            self.assertEqual(
                self.told, [("neutral_disturbed", self.sight.reading.frequency_cHz)])
            self.show(**{name: before})
            self.look(6)
            self.assertEqual(self.told[1:], [("neutral_calm", 6)])

    def test_what_a_mains_may_be(self):
        for frequency, voltage in ((4500, 23000), (6500, 23000), (0, 5999)):
            self.show(frequency_cHz=frequency, voltage_cV=voltage)
            self.look(20)
        self.assertEqual(self.told, [])

    def test_trips(self):
        self.trips_once(
            lambda: self.show(frequency_cHz=0), lambda: self.show(frequency_cHz=5000), 6)


class BehindAnOpenRelay(Case):

    detector = OpenRelay
    trip = trips.BACK_FEED

    def setUp(self):
        super().setUp()
        self.sight.load_voltage = False

    def test_voltage_without_current_is_back_feed(self):
        self.sight.load_voltage = True
        self.look(2)
        self.assertEqual(self.told, [])
        self.look(1)
        self.assertEqual(self.told, [("back_feed_began", 0)])
        self.show(current_mA=41)  # no: a weld, or a wire
        self.look(3)
        self.assertEqual(self.told[1:], [("back_feed_ended", 3)])

    def test_nothing_of_a_closed_or_moving_relay_or_where_nobody_can_tell(self):
        self.sight.load_voltage = True
        self.sight.closed = True
        self.look(10)
        self.sight.closed = False
        self.sight.settled = False
        self.look(10)
        self.sight.settled = True
        self.sight.load_voltage = None
        self.look(10)
        self.assertEqual(self.told, [])

    def test_trips(self):
        def feed(on):
            self.sight.load_voltage = on

        self.trips_once(lambda: feed(True), lambda: feed(False), 3)

    def test_consumption_round_it_trips(self):
        self.show(current_mA=41)
        self.watch(tamper_trips=trips.ALL_TRIPS & ~trips.BYPASS)
        self.assertEqual(self.look(10), 0)
        self.watch(tamper_trips=trips.BYPASS)
        self.assertEqual(self.look(3), 0)
        self.assertEqual(self.look(1), TAMPER)
        self.assertEqual(self.look(10), 0)
        self.assertEqual(self.sight.alarms, trips.BYPASS)


class Names(unittest.TestCase):

    def test_a_bit_each(self):
        self.assertEqual(1 << len(trips.TRIPS), trips.ALL_TRIPS + 1)
        self.assertEqual(RULES["tamper_trips"][2], trips.ALL_TRIPS)


if __name__ == "__main__":
    unittest.main()
