"""Protection: what begins, trips, comes back, is taken over from the ledger, and rests unseen."""

import unittest

from joulegate.core import events as event
from joulegate.core.protection.mains import Mains
from joulegate.core.protection.overload import QUIET_S, Overload
from joulegate.core.protection.temperature import Temperature
from joulegate.core.reading import Reading
from joulegate.core.sight import Sight
from joulegate.core.supply import Supply
from joulegate.core.supply_reasons import (
    BY_ADMINISTRATOR,
    CUSTOMER,
    FAULT,
    OVERLOAD,
    TECHNICIAN,
    VOLTAGE,
)

SETTINGS = {
    "overcurrent_mA": 0, "overcurrent_curve": 2, "overcurrent_multiplier": 100,
    "overcurrent_peak_mA": 0, "overload_retries": 2, "overload_wait_s": 60,
    "phase_unbalance_W": 0, "overvoltage_V": 0, "undervoltage_V": 0, "voltage_hysteresis_V": 5,
    "frequency_low_cHz": 0, "frequency_high_cHz": 0, "phase_loss_V": 0, "temperature_dC": 0,
    "temperature_hysteresis_dC": 100, "protection_delay_s": 5, "reclose_s": 60,
}


class Case(unittest.TestCase):

    def setUp(self, phases=1):
        self.temperature = 250
        self.sight = Sight({"temperature_dC": lambda: self.temperature})
        self.sight.supply = self.supply = Supply()
        self.sight.reading = self.reading = Reading(phases)
        self.sight.measured = True
        self.sight.closed = True
        self.reading.voltage_cV = 23000
        self.reading.frequency_cHz = 5000
        self.told = []
        self.detector = None

    def make(self, kind, **settings):
        values = dict(SETTINGS)
        values.update(settings)
        self.detector = kind()
        self.detector.configure(values, self.sight)

    def tell(self, code, value=0):
        self.told.append((event.name_of(code), value))

    def look(self, seconds=1):
        """Look each second, as the watch does; return what is held in the end."""
        for _ in range(seconds):
            self.sight.up += 1
            held = self.detector.step(self.sight, self.tell)
            reasons = self.supply.reasons & ~(OVERLOAD | VOLTAGE | FAULT)
            self.supply.reasons = reasons | held
            self.sight.closed = not held
        return held

    def until(self, held, most=10000):
        """Return the seconds until something is held."""
        for seconds in range(1, most):
            if self.look() == held:
                return seconds
        return None


class Current(Case):

    def test_inverse_time_trips_and_tries_again_so_often(self):
        self.make(Overload, overcurrent_mA=10000)
        self.reading.current_mA = 20000
        self.assertEqual(self.until(OVERLOAD), 15)  # the first look is of no time
        self.assertEqual(self.look(59), OVERLOAD)
        self.assertEqual(self.look(1), 0)
        self.assertEqual(self.told, [("overload_tripped", 20000), ("overload_retried", 1)])
        # The part that has not cooled counts: 60 s of 47.3 s have it all gone.
        self.assertEqual(self.until(OVERLOAD), 14)
        self.look(60)
        self.until(OVERLOAD)
        self.assertEqual(self.supply.overloads, 3)
        self.assertEqual(self.look(5000), OVERLOAD)
        self.assertEqual([name for name, _ in self.told], [
            "overload_tripped", "overload_retried"] * 2 + ["overload_tripped"])

    def test_who_may_end_it_then(self):
        for who, may in ((CUSTOMER, False), (BY_ADMINISTRATOR, True), (TECHNICIAN, True)):
            self.setUp()
            self.make(Overload, overcurrent_peak_mA=50000, overload_retries=0)
            self.reading.current_mA = 50000
            self.assertEqual(self.until(OVERLOAD), 1)
            self.reading.current_mA = 0
            self.assertEqual(bool(self.supply.lift_for(who, 255)), may)
            self.assertEqual(self.look(), 0 if may else OVERLOAD)
            self.assertEqual(self.supply.overloads, 0 if may else 1)

    def test_an_hour_without_a_trip_forgets_the_tries(self):
        self.make(Overload, overcurrent_peak_mA=50000)
        self.reading.current_mA = 50000
        self.look(62)
        self.assertEqual(self.supply.overloads, 2)
        self.reading.current_mA = 0
        self.look(60 + QUIET_S - 1)
        self.assertEqual(self.supply.overloads, 2)
        self.look(1)
        self.assertEqual(self.supply.overloads, 0)

    def test_a_power_cut_gives_no_new_tries_and_waits_anew(self):
        self.make(Overload, overcurrent_peak_mA=50000)
        self.reading.current_mA = 50000
        self.look(50)
        self.sight.up = 0
        self.make(Overload, overcurrent_peak_mA=50000)
        self.assertEqual(self.look(60), OVERLOAD)
        self.assertEqual(self.supply.overloads, 1)
        self.assertEqual(self.look(1), 0)
        self.assertEqual(self.told[-1], ("overload_retried", 1))
        self.supply.reasons = OVERLOAD
        self.supply.overloads = 3
        self.make(Overload, overcurrent_peak_mA=50000)
        self.assertEqual(self.look(10000), OVERLOAD)

    def test_the_peak_trips_at_once(self):
        self.make(Overload, overcurrent_peak_mA=50000)
        self.reading.current_mA = 49999
        self.assertEqual(self.look(100), 0)
        self.reading.current_mA = 50000
        self.assertEqual(self.until(OVERLOAD), 1)

    def test_unknown_neither_trips_nor_tries(self):
        self.make(Overload, overcurrent_mA=10000, overcurrent_peak_mA=50000)
        self.reading.current_mA = 60000
        self.sight.measured = False
        self.assertEqual(self.look(100), 0)
        self.sight.measured = True
        self.look()
        self.sight.measured = False
        self.assertEqual(self.look(1000), OVERLOAD)
        self.sight.measured = True
        self.assertEqual(self.look(), 0)

    def test_current_round_an_open_relay_is_no_overload(self):
        self.make(Overload, overcurrent_mA=10000, overcurrent_peak_mA=50000)
        self.reading.current_mA = 60000
        self.sight.closed = False
        self.sight.up += 1
        self.assertEqual(self.detector.step(self.sight, self.tell), 0)


class Volts(Case):

    def test_too_high(self):
        self.make(Mains, overvoltage_V=253)
        self.reading.voltage_cV = 25300
        self.assertEqual(self.look(100), 0)
        self.reading.voltage_cV = 25301
        self.assertEqual(self.until(VOLTAGE), 6)
        self.reading.voltage_cV = 24801  # within the hysteresis
        self.assertEqual(self.look(100), VOLTAGE)
        self.reading.voltage_cV = 24800
        self.assertEqual(self.until(0), 61)
        self.assertEqual(self.told, [
            ("overvoltage_began", 25301), ("overvoltage_ended", 24800)])

    def test_too_low(self):
        self.make(Mains, undervoltage_V=195)
        self.reading.voltage_cV = 19499
        self.assertEqual(self.until(VOLTAGE), 6)
        self.reading.voltage_cV = 20000
        self.assertEqual(self.until(0), 61)
        self.assertEqual(self.told, [
            ("undervoltage_began", 19499), ("undervoltage_ended", 20000)])

    def test_a_dip_or_a_moment_of_good_voltage_changes_nothing(self):
        self.make(Mains, undervoltage_V=195)
        for _ in range(20):
            self.reading.voltage_cV = 17000
            self.assertEqual(self.look(5), 0)
            self.reading.voltage_cV = 23000
            self.look(1)
        self.reading.voltage_cV = 17000
        self.look(6)
        for _ in range(5):
            self.reading.voltage_cV = 23000
            self.assertEqual(self.look(60), VOLTAGE)
            self.reading.voltage_cV = 17000
            self.look(1)

    def test_unknown_or_failing_mains_neither_trips_nor_closes(self):
        for blind in ("measured", "mains_good"):
            self.setUp()
            self.make(Mains, undervoltage_V=195)
            self.reading.voltage_cV = 0
            setattr(self.sight, blind, False)
            self.assertEqual(self.look(100), 0)
            setattr(self.sight, blind, True)
            self.look(10)
            self.reading.voltage_cV = 23000
            setattr(self.sight, blind, False)
            self.assertEqual(self.look(1000), VOLTAGE)
            setattr(self.sight, blind, True)
            self.assertEqual(self.until(0), 61)

    def test_a_start_goes_on_holding_until_it_was_good_for_long_enough(self):
        self.supply.reasons = VOLTAGE
        self.make(Mains, overvoltage_V=253)
        self.assertEqual(self.look(20), VOLTAGE)
        self.reading.voltage_cV = 25400  # too short to be told
        self.look(3)
        self.reading.voltage_cV = 23000
        self.assertEqual(self.until(0), 61)
        self.assertEqual(self.told, [])

    def test_frequency(self):
        self.make(Mains, frequency_low_cHz=4750, frequency_high_cHz=5150)
        for bad, good in ((4749, 4760), (5151, 5140)):
            self.told = []
            self.reading.frequency_cHz = bad
            self.assertEqual(self.until(VOLTAGE), 6)
            self.reading.frequency_cHz = 0  # cannot be told: all stays
            self.assertEqual(self.look(100), VOLTAGE)
            self.reading.frequency_cHz = good
            self.assertEqual(self.until(0), 61)
            self.assertEqual(self.told, [("frequency_left", bad), ("frequency_back", good)])

    def test_switched_off_limits_let_go(self):
        self.make(Mains, overvoltage_V=253, undervoltage_V=100)
        self.reading.voltage_cV = 25400
        self.look(6)
        self.detector.configure(dict(SETTINGS, undervoltage_V=100), self.sight)
        self.assertEqual(self.look(62), 0)


class Heat(Case):

    def test_trips_and_cools(self):
        self.make(Temperature, temperature_dC=950)
        self.temperature = 950
        self.assertEqual(self.look(100), 0)
        self.temperature = 951
        self.assertEqual(self.until(FAULT), 6)
        self.temperature = 851
        self.assertEqual(self.look(100), FAULT)
        self.temperature = 850
        self.assertEqual(self.look(), 0)
        self.assertEqual(self.told, [("overheated", 951), ("cooled", 850)])

    def test_without_a_sensor_or_its_word(self):
        self.temperature = None
        self.make(Temperature, temperature_dC=950)
        self.assertEqual(self.look(100), 0)
        self.temperature = 1000
        self.look(10)
        self.temperature = None
        self.assertEqual(self.look(100), FAULT)
        self.sight.sensors = {}
        self.make(Temperature, temperature_dC=950)
        self.assertEqual(self.look(100), 0)

    def test_a_start_goes_on_holding_until_it_has_cooled(self):
        self.supply.reasons = FAULT
        self.temperature = 900
        self.make(Temperature, temperature_dC=950)
        self.assertEqual(self.look(100), FAULT)
        self.temperature = 850
        self.assertEqual(self.look(), 0)
        self.assertEqual(self.told, [("cooled", 850)])


class Phases(Case):

    def setUp(self):
        Case.setUp(self, 3)
        self.set_volts(23000, 23100, 22900)

    def set_volts(self, *volts):
        self.reading.phase_voltage_cV[:] = volts
        self.reading.voltage_cV = max(volts)

    def test_a_lost_phase(self):
        self.make(Mains, phase_loss_V=150)
        self.assertEqual(self.look(100), 0)
        self.set_volts(23000, 4000, 23000)
        self.assertEqual(self.until(VOLTAGE), 6)
        self.set_volts(23000, 15400, 23000)
        self.assertEqual(self.look(100), VOLTAGE)
        self.set_volts(23000, 23000, 23000)
        self.assertEqual(self.until(0), 61)
        self.assertEqual(self.told, [("phase_lost", 2), ("phase_back", 2)])

    def test_an_outage_is_no_lost_phase(self):
        self.make(Mains, phase_loss_V=150)
        self.set_volts(0, 100, 50)
        self.assertEqual(self.look(100), 0)

    def test_too_little_is_judged_by_the_lowest_and_too_much_by_the_highest(self):
        self.make(Mains, undervoltage_V=195, overvoltage_V=253)
        self.set_volts(23000, 19000, 23000)
        self.assertEqual(self.until(VOLTAGE), 6)
        self.set_volts(23000, 23000, 23000)
        self.look(100)
        self.set_volts(23000, 23000, 26000)
        self.assertEqual(self.until(VOLTAGE), 6)

    def test_unbalance(self):
        self.make(Overload, phase_unbalance_W=3000)
        self.reading.phase_active_W[:] = (4000, 1000, 2000)
        self.assertEqual(self.look(100), 0)
        self.reading.phase_active_W[:] = (4001, 1000, 2000)
        self.assertEqual(self.until(OVERLOAD), 6)
        self.assertEqual(self.until(0), 60)
        self.assertEqual([name for name, _ in self.told], [
            "unbalance_began", "overload_tripped", "unbalance_ended", "overload_retried"])
        self.assertEqual(self.told[0][1], 3001)
        self.assertEqual(self.until(OVERLOAD), 6)  # the next try has its delay, too

    def test_a_single_phase_has_none_of_it(self):
        Case.setUp(self)
        self.make(Overload, phase_unbalance_W=1)
        self.assertEqual(self.look(100), 0)
        self.make(Mains, phase_loss_V=150)
        self.assertEqual(self.look(100), 0)


if __name__ == "__main__":
    unittest.main()
