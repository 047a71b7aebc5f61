# heapsize: 384wK
"""What a home is told: the documents, the state, and when each goes out."""

import json
import unittest

from parts import NOON, tariff
from scratch import scratch_folder
from uplink_rig import UplinkRig

from joulegate.core.civil import NO_TIME, Zone, parse_time
from joulegate.core.forecast import Forecast
from joulegate.core.load_control import LoadControl
from joulegate.core.tariff import Tariff
from joulegate.core.tariff_document import TariffDocument
from joulegate.link.home import Home, price_text
from joulegate.link.home_documents import ALWAYS, NAMES, config_topic, document

STATE = b"joulegate/1/01234567890/state"
PAYLOAD_MAX = 512
KEYS = ("name", "uniq_id", "stat_t", "avty_t", "val_tpl", "dev", "o", "dev_cla", "stat_cla",
        "unit_of_meas", "pl_on", "pl_off")


class Board:
    NAME = "BENCH"


class FakeSettings:
    def __init__(self, **values):
        self.values = {"home": True, "home_prefix": "homeassistant", "home_seconds": 30}
        self.values.update(values)


class FakeBudget:
    def __init__(self):
        self.room = True
        self.spent = 0

    def allows(self, urgent):
        assert not urgent
        return self.room

    def spend(self, size):
        self.spent += size


def two_periods(zone="CET-1CEST,M3.5.0,M10.5.0/3", weekend=True):
    """Return (tariff, zone): night 22:00 to 06:00, day else; no day on Sundays; winter dearer."""
    days = ("mon", "tue", "wed", "thu", "fri", "sat")
    plan = [{"from": "00:00", "to": "06:00", "period": "night"},
            {"from": "06:00", "to": "22:00", "period": "day"},
            {"from": "22:00", "to": "24:00", "period": "night"}]
    body = json.loads(tariff())
    body["day_types"] = {day: "work" for day in days}
    body["day_types"]["sun"] = "rest"
    body["seasons"] = [{"id": "summer", "months": [4, 5, 6, 7, 8, 9]},
                       {"id": "winter", "months": [10, 11, 12, 1, 2, 3]}]
    body["periods"] = {"*/work": plan,
                       "*/rest": [{"from": "00:00", "to": "24:00", "period": "night"}]}
    body["energy"] = {"*/day": [{"up_to_kWh": None, "price": "0.4"}],
                      "summer/night": [{"up_to_kWh": None, "price": "0.2"}],
                      "winter/night": [{"up_to_kWh": None, "price": "0.25"}]}
    body.pop("export")
    return Tariff(TariffDocument(body), 32000, 5), Zone(zone)


class Billing:
    """Where billing stands, by the calendar alone."""

    next_start = 0x3FFFFFFF
    tier = 0

    def __init__(self, tariff, zone, season, period):
        self.tariff = tariff
        self.zone = zone
        self.season = tariff.document.seasons.index(season)
        self.period = tariff.document.periods.index(period)


class Holder:
    pass


def forecast_at(when, season, period, **others):
    """Return (time, season, period) of the next change as the forecast has it."""
    app = Holder()
    app.state = Holder()
    made, zone = two_periods(**others)
    app.state.billing = Billing(made, zone, season, period)
    found = Forecast(app).next_change(parse_time(when))
    if found is None:
        return None
    d = made.document
    return found[0] - parse_time(when), d.seasons[found[1]], d.periods[found[2]]


class NextChange(unittest.TestCase):

    def test_within_the_day(self):
        # 11:00 UTC is 12:00 in winter; it is a Wednesday.
        self.assertEqual(
            forecast_at("2025-01-15T11:00", "winter", "day"), (10 * 3600, "winter", "night"))

    def test_over_midnight_without_a_change_there(self):
        self.assertEqual(
            forecast_at("2025-01-15T22:00", "winter", "night"), (7 * 3600, "winter", "day"))

    def test_over_a_sunday(self):
        # Saturday 22:00 to Monday 06:00.
        self.assertEqual(
            forecast_at("2025-01-18T21:00", "winter", "night"), (32 * 3600, "winter", "day"))

    def test_season(self):
        # 31 March 2025 is a Monday in summer time; April begins at 22:00 UTC.
        self.assertEqual(
            forecast_at("2025-03-31T20:30", "winter", "night"), (5400, "summer", "night"))

    def test_clocks_go_forward(self):
        # Sunday 30 March 2025: night all day, then Monday 06:00 CEST is 04:00 UTC.
        self.assertEqual(
            forecast_at("2025-03-29T23:00", "winter", "night"), (29 * 3600, "winter", "day"))

    def test_minutes_that_come_twice_or_never(self):
        made, zone = two_periods("XXX-1YYY,M3.5.3/5:30,M10.5.3/7")
        app = Holder()
        app.state = Holder()
        app.state.billing = Billing(made, zone, "winter", "night")
        forecast = Forecast(app)
        # Wednesday 26 March 2025: from 05:30 to 06:30 there is nothing, so day begins at 06:30.
        found = forecast.next_change(parse_time("2025-03-26T00:00"))
        self.assertEqual(found[0], parse_time("2025-03-26T04:30"))
        # Wednesday 29 October: 06:00 to 07:00 comes twice; day begins with the first.
        found = forecast.next_change(parse_time("2025-10-29T00:00"))
        self.assertEqual(found[0], parse_time("2025-10-29T04:00"))

    def test_found_once(self):
        made, zone = two_periods()
        app = Holder()
        app.state = Holder()
        app.state.billing = Billing(made, zone, "winter", "day")
        forecast = Forecast(app)
        at = parse_time("2025-01-15T11:00")
        found = forecast.next_change(at)
        zone.offset = None
        self.assertTrue(forecast.next_change(at + 3600) is found)
        with self.assertRaises(TypeError):
            forecast.next_change(at - 1)
        app.state.billing.period = 1 - app.state.billing.period
        with self.assertRaises(TypeError):
            forecast.next_change(at + 3600)

    def test_a_tariff_to_follow_ends_what_is_known(self):
        made, zone = two_periods()
        app = Holder()
        app.state = Holder()
        app.state.billing = Billing(made, zone, "winter", "day")
        app.state.billing.next_start = parse_time("2025-01-15T20:00")
        self.assertEqual(Forecast(app).next_change(parse_time("2025-01-15T11:00")), None)

    def test_none(self):
        app = Holder()
        app.state = Holder()
        document = TariffDocument(json.loads(tariff()))
        app.state.billing = Billing(Tariff(document, 32000, 5), Zone("UTC0"), "year", "all")
        self.assertEqual(Forecast(app).next_change(NOON), None)
        self.assertEqual(Forecast(app).next_change(NO_TIME + 60), None)


class Documents(unittest.TestCase):

    def test_keys_and_lengths(self):
        for at, name in enumerate(NAMES):
            found = document(at, "9" * 13, "EUR", "METER_RP2040_W", "10.10.10")
            for key in found:
                self.assertTrue(key in KEYS, key)
            self.assertEqual(found["val_tpl"], "{{ value_json." + name + " }}")
            self.assertTrue(len(json.dumps(found)) <= PAYLOAD_MAX, found)

    def test_topics(self):
        self.assertEqual(
            config_topic("ha", "01234567890", NAMES.index("price")),
            b"ha/sensor/joulegate_01234567890/price/config")
        self.assertEqual(
            config_topic("ha", "01234567890", NAMES.index("supply")),
            b"ha/binary_sensor/joulegate_01234567890/supply/config")

    def test_units_of_money(self):
        by_name = {NAMES[at]: document(at, "1", "KES", "b", "v") for at in range(len(NAMES))}
        self.assertEqual(by_name["balance"]["unit_of_meas"], "KES")
        self.assertEqual(by_name["price"]["unit_of_meas"], "KES/kWh")
        self.assertFalse("unit_of_meas" in by_name["period"])


class HomeRig(UplinkRig):
    board = Board()


class Sending(unittest.TestCase):

    def setUp(self):
        self.rig = HomeRig(scratch_folder("home"))
        self.settings = FakeSettings()
        self.home = Home(self.rig, self.settings)

    def all(self):
        found = []
        while True:
            item = self.home.next()
            if item is None:
                return found
            found.append(item)
            self.assertTrue(len(found) < 100)

    def pass_ms(self, ms):
        self.rig.clock.pass_ms(ms)

    def state(self):
        found = self.all()
        self.assertEqual([topic for topic, _ in found], [STATE])
        return json.loads(found[0][1])

    def test_documents_then_state(self):
        found = self.all()
        self.assertEqual([topic for topic, _ in found], [
            config_topic("homeassistant", "01234567890", at) for at in range(ALWAYS)
        ] + [STATE])
        state = json.loads(found[-1][1])
        for name in NAMES[:ALWAYS]:
            self.assertTrue(name in state, name)
        for _, payload in found:
            self.assertTrue(len(payload) <= PAYLOAD_MAX)
        self.assertEqual(self.home.next(), None)

    def test_what_the_state_says(self):
        rig = self.rig
        rig.metering.reading.voltage_cV = 23000
        reading = rig.metering.reading
        reading.active_W = -1250
        reading.current_mA = 5123
        rig.gate.credit(1, 1234567, rig.clock.now())
        self.all()
        self.pass_ms(30000)
        state = self.state()
        account = rig.state.account
        self.assertEqual(
            (state["power"], state["voltage"], state["current"]), (-1250, "230.00", "5.123"))
        self.assertEqual(state["balance"], "%d.%05d" % (
            account.balance // 100000, account.balance % 100000))
        self.assertEqual((state["price"], state["period"], state["tier"], state["season"]),
                         ("0.12345678", "all", 1, "year"))
        self.assertEqual((state["import_kWh"], state["export_kWh"]), ("0.000", "0.000"))
        self.assertEqual(state["time"], "2020-01-01T12:00:30Z")
        self.assertEqual((state["days_left"], state["next_change"]), (None, None))

    def test_every_so_often(self):
        self.all()
        for _ in range(29):
            self.pass_ms(1000)
            self.assertEqual(self.all(), [])
        self.pass_ms(1000)
        self.state()
        self.settings.values["home_seconds"] = 10
        self.pass_ms(9999)
        self.assertEqual(self.all(), [])
        self.pass_ms(1)
        self.state()

    def test_ticks_that_wrap(self):
        self.rig.clock.ms = 0x3FFFFFFF - 5000
        self.all()
        self.pass_ms(29000)
        self.assertEqual(self.all(), [])
        self.pass_ms(1000)
        self.state()
        # So long that the ticks have come round.
        self.pass_ms(0x20000000 + 5000)
        self.state()

    def test_at_once_when_supply_changes(self):
        self.all()
        self.pass_ms(2000)
        self.rig.supply.forbid(2)
        state = self.state()
        self.assertEqual((state["state"], state["lifts"]), ("disconnected", "none"))
        self.assertTrue(state["reasons"].endswith("administrator"))
        self.rig.supply.lift(2)
        self.pass_ms(999)
        self.assertEqual(self.all(), [])
        self.pass_ms(1)
        self.state()

    def test_at_once_when_the_price_changes(self):
        pricing = self.rig.state.billing.pricing
        self.all()
        self.pass_ms(2000)
        pricing.tier = 1
        state = self.state()
        self.assertEqual((state["tier"], state["price"]), (2, "0.30"))

    def test_at_once_when_the_tariff_changes(self):
        billing = self.rig.state.billing
        self.all()
        self.pass_ms(2000)
        billing.tariff = Tariff(billing.tariff.document, 32000, 5)
        self.state()
        self.pass_ms(2000)
        self.assertEqual(self.all(), [])

    def test_a_new_connection(self):
        self.all()
        self.home.restart()
        self.assertEqual(len(self.all()), ALWAYS + 1)

    def test_off(self):
        self.settings.values["home"] = False
        self.assertEqual(self.all(), [])

    def test_switched_off_takes_the_documents_back(self):
        self.all()
        self.settings.values["home"] = False
        found = self.all()
        self.assertEqual(found, [
            (config_topic("homeassistant", "01234567890", at), b"") for at in range(ALWAYS)
        ] + [(STATE, b"")])
        self.settings.values["home"] = True
        self.assertEqual(len(self.all()), ALWAYS + 1)

    def test_another_prefix(self):
        self.all()
        self.settings.values["home_prefix"] = "ha"
        found = self.all()
        self.assertEqual(len(found), 2 * ALWAYS + 2)
        self.assertEqual(found[0], (config_topic("homeassistant", "01234567890", 0), b""))
        self.assertEqual(found[ALWAYS + 1][0], config_topic("ha", "01234567890", 0))

    def test_outputs_are_announced_as_sensors_and_taken_back(self):
        outputs = self.rig.watch.outputs = Holder()
        control = outputs.control = LoadControl(2)
        found = self.all()
        self.assertEqual([topic for topic, _ in found[ALWAYS:]], [
            b"homeassistant/binary_sensor/joulegate_01234567890/output_1/config",
            b"homeassistant/binary_sensor/joulegate_01234567890/output_2/config", STATE])
        document = json.loads(found[ALWAYS][1])
        self.assertEqual((document["pl_on"], document["pl_off"]), ("on", "off"))
        self.assertFalse("cmd_t" in document)
        state = json.loads(found[-1][1])
        self.assertEqual((state["output_1"], state["output_2"]), ("off", "off"))
        self.pass_ms(2000)
        control.on = 2
        state = self.state()
        self.assertEqual((state["output_1"], state["output_2"]), ("off", "on"))
        self.rig.watch.outputs = None
        found = self.all()
        self.assertEqual(found[ALWAYS + 1], (
            b"homeassistant/binary_sensor/joulegate_01234567890/output_2/config", b""))
        self.assertEqual(len(found), 2 * ALWAYS + 4)
        self.assertFalse("output_1" in json.loads(found[-1][1]))

    def test_another_currency(self):
        self.all()
        self.rig.state.billing.tariff.document.currency = "USD"
        found = self.all()
        self.assertEqual(len(found), ALWAYS)
        self.assertTrue(b"USD/kWh" in found[1][1])

    def test_the_budget(self):
        budget = FakeBudget()
        home = self.home = Home(self.rig, self.settings, budget)
        found = self.all()
        self.assertEqual(budget.spent, sum([len(payload) for _, payload in found]))
        budget.room = False
        home.restart()
        self.assertEqual(self.all(), [])

    def test_not_provisioned(self):
        self.rig.state.billing = None
        self.assertFalse(self.rig.state.provisioned)
        self.assertEqual(self.all(), [])

    def test_days_left(self):
        rig = self.rig
        account = rig.state.account
        for day in range(3):
            account.debit(1, 20000 * (day + 1), 0, 0)
            rig.day(day)
        rig.gate.credit(1, 1000000, rig.clock.now())
        self.all()
        self.pass_ms(30000)
        days = sum([entry["day_charges"] for entry in rig.records.freezes.days()])
        usable = rig.state.account.balance - rig.supply.credit.cut_off
        self.assertEqual(self.state()["days_left"], "%.1f" % (usable * 3 / days))
        rig.supply.credit.cut_off = 500000
        self.assertEqual(Forecast(rig).days_left(), "%.1f" % ((usable - 500000) * 3 / days))
        # Read once, and no more until another day has ended.
        rig.records.freezes.day_ring.read = None
        self.pass_ms(30000)
        self.state()

    def test_days_left_has_an_end(self):
        rig = self.rig
        rig.state.account.debit(1, 1, 0, 0)
        rig.day(0)
        rig.gate.credit(1, 1000000000 - 10 ** 6, rig.clock.now())
        forecast = Forecast(rig)
        self.assertTrue(float(forecast.days_left()) <= 999)
        rig.records = None
        self.assertEqual(Forecast(rig).days_left(), None)

    def test_alarms(self):
        rig = self.rig
        rig.switch.fault = "stuck"
        rig.clock.valid = False
        self.all()
        self.pass_ms(30000)
        self.assertEqual(self.state()["alarms"], "relay clock")

    def test_nothing_due_allocates_nothing(self):
        import gc
        self.all()
        self.pass_ms(2000)
        home = self.home
        home.next()
        gc.collect()
        if not hasattr(gc, "mem_alloc"):
            return
        gc.disable()
        before = gc.mem_alloc()
        for _ in range(10):
            home.next()
        used = gc.mem_alloc() - before
        gc.enable()
        self.assertEqual(used, 0)


class Prices(unittest.TestCase):

    def test_every_decimal(self):
        for price, rate, text in (("0.12345678", "0", "0.12345678"), ("0.3", "0", "0.30"),
                                  ("2", "0.075", "2.15"), ("0.1234", "0.0725", "0.1323465")):
            body = json.loads(tariff())
            body["energy"] = {"*/*": [{"up_to_kWh": None, "price": price}]}
            body["tax"] = {"rate": rate, "included_in_prices": False}
            made = Tariff(TariffDocument(body), 32000, 5)
            self.assertEqual(price_text(made, 0, 0, 0), text)

    def test_none(self):
        made, _ = two_periods()
        made.prices = (None,) * len(made.prices)
        self.assertEqual(price_text(made, 0, 0, 0), None)


if __name__ == "__main__":
    unittest.main()
