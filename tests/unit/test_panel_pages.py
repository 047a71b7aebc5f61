# heapsize: 2M
"""Pages of a panel from fixed states, in both languages."""

import unittest

from panel_rig import DAY_S, START, Link, Rig
from scratch import scratch_folder

from joulegate.core.supply_reasons import EMERGENCY, OVERLOAD, TAMPER
from joulegate.panel import page as signs

KWH = 32000
"""Counts of a kWh."""


def meter(language="en", **others):
    """A meter of yesterday's 12.5 kWh and today's 3.25, with 100 bought and 2 of it for a debt."""
    rig = Rig(scratch_folder("panel_pages"), language=language, **others)
    rig.credit(5000000, 1)
    rig.clock.second += 3600
    rig.credit(6000000, 2)
    rig.tick(12 * KWH + KWH // 2)
    rig.state.billing.listener = rig.records.freezes
    rig.clock.second = START + DAY_S
    rig.tick()
    rig.tick(3 * KWH + KWH // 4)
    reading = rig.metering.reading
    reading.voltage_cV = 23012
    reading.current_mA = 5430
    reading.active_W = 1234
    reading.power_factor_milli = 987
    reading.frequency_cHz = 4998
    return rig


class English(unittest.TestCase):

    def setUp(self):
        self.rig = meter()

    def tearDown(self):
        self.rig.restarts.safe_mode = False

    def test_account(self):
        page = self.rig.page
        # 110 less 12.5 kWh at 0.6583 and 3.25 at 0.6583: 99.6317 down.
        self.assertEqual(page(100), ["Balance", "99.63", "¥", "Days left: 12", ""])
        self.assertEqual(page(101), ["Available", "99.63", "¥", "", ""])
        self.assertEqual(page(102), ["Days left", "12", "days", "as in the last days", ""])
        self.assertEqual(page(103), ["Emergency credit", "----", "", "none", ""])

    def test_purchases(self):
        page = self.rig.page
        self.assertEqual(
            page(111), ["Purchase 1", "60.00", "¥", "2026-07-01 11:00", "balance 110.00 ¥"])
        self.assertEqual(
            page(112), ["Purchase 2", "50.00", "¥", "2026-07-01 10:00", "balance 50.00 ¥"])
        self.assertEqual(page(113), ["Purchase 3", "----", "", "none", ""])

    def test_debts(self):
        self.assertEqual(self.rig.page(121), ["Debt 1", "----", "", "none", ""])
        self.rig.state.account.debts.remaining[0] = 1234500
        self.rig.state.account.debts.remaining[2] = 99
        self.assertEqual(self.rig.page(121), ["Debt 1", "12.35", "¥", "taken by the day", ""])
        self.assertEqual(self.rig.page(123), ["Debt 3", "0.00", "¥", "taken of top-ups", ""])

    def test_price(self):
        page = self.rig.page
        self.assertEqual(page(200), ["Price now", "0.6583", "¥/kWh", "peak", "tier 1 of 3"])
        self.assertEqual(page(201), ["Tier", "224.25", "kWh", "tier 1 of 3", "to tier 2"])
        self.assertEqual(
            page(202), ["Next price", "0.5583", "¥/kWh", "flat", "from 07-02 15:00"])
        self.rig.tick(240 * KWH)
        self.assertEqual(page(201), ["Tier", "144.25", "kWh", "tier 2 of 3", "to tier 3"])
        self.rig.tick(400 * KWH)
        self.assertEqual(page(201), ["Tier", "----", "", "tier 3 of 3", "last tier"])

    def test_energy(self):
        page = self.rig.page
        self.assertEqual(page(300), ["Used today", "3.25", "kWh", "", ""])
        self.assertEqual(page(301), ["Cost today", "2.14", "¥", "", ""])
        self.assertEqual(page(302), ["Used this month", "15.75", "kWh", "", ""])
        self.assertEqual(page(303), ["Cost this month", "10.37", "¥", "", ""])
        self.assertEqual(page(310), ["Total used", "15.75", "kWh", "", ""])
        self.assertEqual(page(311), ["Total exported", "----", "", "none", ""])
        self.rig.state.registers.wh[1] = 123456789
        self.assertEqual(page(311), ["Total exported", "123456.79", "kWh", "", ""])
        self.rig.state.registers.wh[1] = 1234567890
        self.assertEqual(page(311)[1], "1234567.9")

    def test_today_after_a_gap(self):
        self.rig.state.billing.day += 1
        self.assertEqual(self.rig.page(300), ["Used today", "----", "", "none", ""])

    def test_month_after_a_month_end(self):
        self.rig.clock.second = START + 31 * DAY_S
        self.rig.tick()
        self.rig.tick(KWH)
        self.assertEqual(self.rig.page(302)[1], "1.00")
        self.assertEqual(self.rig.page(303)[1], "0.66")

    def test_moment(self):
        page = self.rig.page
        self.assertEqual(page(400), ["Power", "1.234", "kW", "", ""])
        self.assertEqual(page(401), ["Voltage", "230.1", "V", "", ""])
        self.assertEqual(page(402), ["Current", "5.430", "A", "", ""])
        self.assertEqual(page(403), ["Power factor", "0.987", "", "", ""])
        self.assertEqual(page(404), ["Frequency", "49.98", "Hz", "", ""])
        self.rig.metering.reading.active_W = -56
        self.assertEqual(page(400)[1], "-0.056")
        self.rig.metering.measured = False
        self.assertEqual(page(400), ["Power", "----", "kW", "", ""])

    def test_three_phases(self):
        reading = self.rig.metering.reading
        reading.phase_voltage_cV = [23012, 22987, 23050]
        self.assertEqual(self.rig.page(401)[3], "230.1 229.9 230.5")

    def test_supply(self):
        rig = self.rig
        self.assertEqual(rig.page(500), ["Supply", "On", "", "connected", ""])
        rig.state.supply.forbid(OVERLOAD)
        rig.tick()
        self.assertEqual(
            rig.page(500), ["Supply", "OFF", "", "Overload:", "too much current"])
        rig.state.supply.lift(OVERLOAD)
        rig.state.supply.kept |= 16
        rig.tick()
        self.assertEqual(
            rig.page(500), ["Supply", "PrESS", "", "disconnected", "press the button"])

    def test_alarms_one_after_the_other(self):
        rig = self.rig
        self.assertEqual(rig.page(501), ["Alarm", "----", "", "none", ""])
        rig.state.supply.forbid(TAMPER)
        rig.watch.sight.alarms = 8 | 1024
        rig.clock.valid = False
        seen = []
        for _ in range(4):
            seen.append(rig.page(501)[:4])
            rig.clock.ms += 4000
        self.assertEqual(seen, [
            ["Alarm 1/4", "A-05", "", "Tampering:"], ["Alarm 2/4", "A-14", "", "Magnet near"],
            ["Alarm 3/4", "A-21", "", "Clock set back"],
            ["Alarm 4/4", "A-33", "", "Clock not set"]])

    def test_each_fault_of_the_meter_is_an_alarm(self):
        rig = self.rig
        rig.metering.measured = False
        self.assertEqual(rig.page(501)[1], "A-37")
        rig.metering.measured = True
        rig.metering.storage_failed = True
        self.assertEqual(rig.page(501)[1], "A-36")
        rig.metering.storage_failed = False
        rig.switch.fault = True
        self.assertEqual(rig.page(501)[1], "A-32")
        rig.switch.fault = False
        rig.restarts.safe_mode = True
        self.assertEqual(rig.page(501)[1], "A-35")
        rig.restarts.safe_mode = False
        rig.gate.lock("journal")
        self.assertEqual(rig.page(501)[1], "A-34")

    def test_meter(self):
        page = self.rig.page
        self.assertEqual(page(900), ["Meter number 1/2", "012", "", "01234567890", ""])
        self.assertEqual(page(901), ["Meter number 2/2", "34567890", "", "01234567890", ""])
        self.assertEqual(page(902), ["Date", "26-07-02", "", "2026-07-02", ""])
        self.assertEqual(page(903), ["Time", "10:00:00", "", "", ""])
        self.assertEqual(page(904), ["Firmware", "0-2-0", "", "0.2.0", "METER_RP2040"])
        self.rig.clock.second = -0x30000000
        self.assertEqual(page(903), ["Time", "----", "", "time not set", ""])

    def test_no_such_page(self):
        self.assertEqual(self.rig.page(7), ["No such page", "----", "", "", ""])

    def test_signs(self):
        rig = self.rig
        rig.page(100)
        self.assertEqual(rig.view.signs, signs.SIGN_T3)
        rig.network.link = Link()
        rig.network.link.connected = True
        rig.metering.reading.active_W = -5
        rig.clock.valid = False
        rig.state.supply.forbid(OVERLOAD)
        rig.tick()
        rig.page(100)
        self.assertEqual(
            rig.view.signs, signs.SIGN_T3 | signs.SIGN_LINK | signs.SIGN_EXPORT
            | signs.SIGN_CLOCK_INVALID | signs.SIGN_OFF | signs.SIGN_ALARM)


class Chinese(unittest.TestCase):

    def setUp(self):
        self.rig = meter("zh")

    def test_pages(self):
        page = self.rig.page
        self.assertEqual(page(100), ["剩余金额", "99.63", "元", "可用天数: 12", ""])
        self.assertEqual(page(102), ["可用天数", "12", "天", "按近日平均用量", ""])
        self.assertEqual(
            page(111), ["购电记录 1", "60.00", "元", "2026-07-01 11:00", "剩余 110.00 元"])
        self.assertEqual(page(200), ["当前电价", "0.6583", "元/kWh", "峰", "第1阶梯 共3阶"])
        self.assertEqual(page(201), ["当前阶梯", "224.25", "kWh", "第1阶梯 共3阶", "距第2阶梯"])
        self.assertEqual(page(202)[3:], ["平", "07-02 15:00起"])
        self.assertEqual(page(302), ["本月用电量", "15.75", "kWh", "", ""])
        self.assertEqual(page(400), ["有功功率", "1.234", "kW", "", ""])
        self.assertEqual(page(500), ["供电状态", "On", "", "合闸供电", ""])

    def test_language_changes_at_once(self):
        rig = self.rig
        values = dict(rig.state.settings.values.whole())
        values["language"] = "en"
        rig.panel.configure(values)
        rig.panel.step()
        self.assertEqual(rig.page(100)[0], "Balance")


class Money(unittest.TestCase):

    def shown(self, units, currency, **others):
        rig = Rig(scratch_folder("panel_money"), currency, **others)
        rig.state.account.balance = units
        return rig.page(100)[1:3]

    def test_currencies(self):
        self.assertEqual(self.shown(123456789, "EUR"), ["1234.56", "€"])
        self.assertEqual(self.shown(123456789, "JPY"), ["1234", "JPY"])
        self.assertEqual(self.shown(123456789, "XYZ"), ["1234.56", "XYZ"])
        self.assertEqual(self.shown(123456789, "kWh"), ["1234.56", "kWh"])

    def test_below_nothing_is_never_shown_as_nothing(self):
        self.assertEqual(self.shown(-1, "EUR"), ["-0.01", "€"])
        self.assertEqual(self.shown(999, "EUR"), ["0.00", "€"])

    def test_at_most_eight_digits(self):
        rig = Rig(scratch_folder("panel_money"))
        figures = rig.panel.figures
        page = rig.panel.page
        for units, places, value, unit in (
                (99999999999, 5, "999999.99", "¥"), (100000000000, 5, "1000000", "¥"),
                (1073741823, 1, "107374182", "k¥"), (99999999, 0, "99999999", "¥"),
                (1073741823, 0, "1073741", "k¥")):
            rig.state.billing.tariff.unit_places = places
            figures.put_money(page, units, True)
            self.assertTrue(len(page.value.replace(".", "")) <= 8, page.value)
            if places != 1:
                self.assertEqual([page.value, page.unit_text], [value, unit])

    def test_emergency_credit(self):
        rig = Rig(scratch_folder("panel_money"), emergency_credit=300000,
                  emergency_threshold=100000)
        rig.state.account.balance = 50000
        rig.tick()
        self.assertEqual(
            rig.page(103), ["Emergency credit", "3.00", "¥", "press the button", "to use it"])
        self.assertEqual(rig.page(101), ["Available", "3.50", "¥", "with emergency credit", ""])
        rig.state.supply.kept |= EMERGENCY
        rig.state.account.balance = -100000
        rig.tick()
        self.assertEqual(rig.page(103), ["Emergency credit", "2.00", "¥", "in use", ""])
        self.assertEqual(rig.page(101)[1], "2.00")


class Scrolling(unittest.TestCase):

    def codes(self, rig, key):
        found = []
        while True:
            rig.type(key)
            code = rig.view.shown[0]
            if code in found:
                return found
            found.append(code)
            assert len(found) < 100

    def test_only_pages_with_something_to_say(self):
        rig = meter()
        forward = self.codes(rig, "#")
        self.assertEqual(
            sorted(forward), [100, 101, 102, 111, 112, 200, 201, 202, 300, 301, 302, 303, 310,
                              400, 401, 402, 403, 404, 500, 900, 901, 902, 903, 904])
        rig.page(forward[-1])
        backward = self.codes(rig, "*")
        self.assertEqual(backward[0], forward[-2])
        self.assertEqual(sorted(backward), sorted(forward))

    def test_from_a_code_that_is_no_page(self):
        rig = meter()
        rig.page(105)
        rig.type("#")
        self.assertEqual(rig.view.shown[0], 111)
        rig.page(105)
        rig.type("*")
        self.assertEqual(rig.view.shown[0], 102)
        rig.page(999)
        rig.type("#")
        self.assertEqual(rig.view.shown[0], 100)
        rig.page(1)
        rig.type("*")
        self.assertEqual(rig.view.shown[0], 904)
