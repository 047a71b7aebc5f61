# heapsize: 8M
"""The clock at a start of the whole firmware: what the battery clock of the bench tells it."""

import json
import unittest

import vfs
from parts import error_text

import board
from joulegate.core.civil import NO_TIME, TIME_MIN, parse_time
from meter.bed import METER_ID, RTC_ADDRESS, Bed
from world import bench_clock, wiring
from world.pcf8563_model import Pcf8563Model

LOAD = "data/load/household-1min.csv"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TARIFF = json.dumps({
    "id": "two", "currency": "EUR",
    "day_types": {day: "any" for day in DAYS},
    "seasons": [{"id": "year", "months": list(range(1, 13))}],
    "periods": {"*/*": [{"from": "00:00", "to": "06:00", "period": "night"},
                        {"from": "06:00", "to": "24:00", "period": "day"}]},
    "tiers": {"window": "none", "count": "all_energy", "mode": "marginal"},
    "energy": {"*/night": [{"up_to_kWh": None, "price": "0.1"}],
               "*/day": [{"up_to_kWh": None, "price": "0.3"}]},
    "fixed": [{"name": "standing", "per": "day", "amount": "0.5"}],
    "tax": {"rate": "0", "included_in_prices": True},
}).encode()
DAY_UNITS = 50000


class TestStart(unittest.TestCase):

    def setUp(self):
        bench_clock.set_mode(bench_clock.VIRTUAL)
        self.bed = Bed(LOAD)
        self.bed.power_up()
        self.app.provision(METER_ID, TARIFF, 5)
        self.app.gate.credit(1, 10000000, self.app.clock.now())
        self.run_s(60)

    def tearDown(self):
        if self.app is not None:
            vfs.umount(board.FOLDER)

    @property
    def app(self):
        return self.bed.app

    def run_s(self, seconds):
        for _ in range(seconds):
            bench_clock.advance_us(1000000)
            self.app.metering.step()

    def outage(self, seconds):
        self.bed.mains(False)
        self.app.metering.step()
        self.bed.power_down()
        bench_clock.advance_us(seconds * 1000000)
        self.bed.mains(True)
        self.bed.power_up()

    def period(self):
        billing = self.app.state.billing
        return billing.tariff.document.periods[billing.period]

    def events(self):
        return {name: value for _, _, name, value in self.app.log.since(0)}

    def clock_test(self):
        return [row[1:] for row in self.app.self_test() if row[0] == "clock"][0]

    def test_a_battery_clock_carries_the_time_over_an_outage(self):
        self.outage(3 * 3600)
        self.assertEqual(self.app.clock.now(), self.bed.second - 1577836800)
        self.assertEqual(self.period(), "night")
        self.assertEqual(self.events().get("clock_invalid"), None)
        self.assertEqual(self.clock_test()[0], True)

    def test_a_battery_that_is_empty_means_the_default_price_and_days_that_wait(self):
        self.bed.rtc.battery = False
        charges = self.app.state.account.charges
        self.outage(30 * 3600)  # over one midnight, to six in the morning
        self.assertFalse(self.app.clock.valid)
        self.assertEqual(self.events()["rtc_failed"], 2)
        self.assertEqual(self.period(), "day")
        self.assertEqual(self.clock_test()[0], False)
        self.run_s(120)
        self.assertTrue(NO_TIME + 119 <= self.app.clock.now() < TIME_MIN)
        spent = self.app.state.account.charges - charges
        self.assertTrue(0 < spent < DAY_UNITS, spent)
        self.app.commissioning.set_clock(parse_time("2007-05-02T03:00"))
        self.run_s(2)
        self.assertEqual(self.events()["clock_valid"], 120)
        self.assertEqual(self.period(), "night")
        spent = self.app.state.account.charges - charges
        self.assertTrue(DAY_UNITS < spent < 2 * DAY_UNITS, spent)
        self.assertEqual(self.app.state.billing.audit(), "")
        self.outage(60)  # the battery is still empty
        self.assertFalse(self.app.clock.valid)

    def test_a_clock_that_shows_less_than_was_seen_is_not_believed(self):
        self.outage(3 * 3600)
        self.bed.rtc.shift(-2 * 86400)
        self.outage(60)
        self.assertFalse(self.app.clock.valid)
        self.assertEqual(self.period(), "day")
        self.assertTrue("clock_invalid" in self.events())

    def test_a_clock_set_back_by_hand_is_believed_after_the_next_outage(self):
        self.run_s(10)
        self.app.commissioning.set_clock(parse_time("2007-04-20"))
        self.run_s(2)
        self.outage(60)
        self.assertTrue(self.app.clock.valid)
        self.assertEqual(self.app.clock.now() // 86400, parse_time("2007-04-20") // 86400)

    def test_a_blank_meter_without_a_time_is_provisioned_with_one(self):
        self.bed.power_down()
        bed = self.bed = Bed(LOAD)
        bed.rtc.lose()
        bed.power_up()
        self.assertFalse(self.app.clock.valid)
        text = error_text(RuntimeError, self.app.commissioning.provision,
                          METER_ID, TARIFF, 5, None, {})
        self.assertTrue("no time" in text, text)
        self.assertFalse(self.app.state.provisioned)
        self.app.commissioning.provision(METER_ID, TARIFF, 5, parse_time("2007-05-01"), {})
        self.run_s(2)
        self.assertEqual(self.app.state.account.charges // DAY_UNITS, 1)

    def test_the_other_battery_clock_is_found_too(self):
        self.bed.power_down()
        wiring.wire_i2c(0, RTC_ADDRESS, None)
        wiring.wire_i2c(0, 0x51, Pcf8563Model(bench_clock.now_us, self.bed.second))
        self.bed.power_up()
        self.assertTrue(self.app.clock.valid)
        self.assertEqual(type(board.rtc()).__name__, "Pcf8563")
        wiring.wire_i2c(0, 0x51, None)
        self.assertEqual(type(board.rtc()).__name__, "RTC")


if __name__ == "__main__":
    unittest.main()
