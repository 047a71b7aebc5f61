# heapsize: 1024wK
"""The windows on records: what is selected is what is shown, and it stays."""

import unittest

from bus_rig import BLOCKS, UNIX_2020, BusRig, Reader
from parts import tariff
from scratch import scratch_folder

from joulegate.bus.modbus.register_map import RegisterMap
from joulegate.core import events as event
from joulegate.core.civil import NO_TIME, date_of
from joulegate.core.event_classes import NAMES, QUALITY
from joulegate.storage.load_profile import CHANNELS
from joulegate.vending.carriers import BUS

WINDOWS = {"day": 0x0800, "month": 0x0900, "profile": 0x0A00, "purchase": 0x0B00,
           "event": 0x0C00}


class WindowTest(unittest.TestCase):
    def setUp(self):
        self.rig = BusRig(scratch_folder("windows"))
        self.reader = self.rig.reader

    def shown(self, window):
        """Return {name without the window's: value} of a window."""
        code, body = self.reader.ask(False, WINDOWS[window], sum(
            [row.width for row in BLOCKS[False, WINDOWS[window]]]))
        self.assertEqual(code, 0)
        found = {}
        for row in BLOCKS[False, WINDOWS[window]]:
            at = 2 * (row.address - WINDOWS[window])
            self.assertEqual(row.name.split("_")[0], window)
            found[row.name[len(window) + 1:]] = row.value(body[at:at + 2 * row.width])
        return found

    def select(self, name, *values):
        self.assertEqual(self.reader.put(name, *values), 0)
        return self.shown(name.split("_")[0])

    def assert_nothing(self, found, selected):
        self.assertEqual((found["selected"], found["valid"]), (selected, 0))
        self.assertEqual([name for name, value in found.items() if value is not None
                          and name not in ("selected", "valid") and value != bytes(8)], [])

    def live(self, days):
        """Live so many days, each with some use."""
        rig = self.rig
        billing = rig.state.billing
        for day in range(days):
            rig.state.registers.wh[0] += 1000 + day
            rig.state.registers.wh[4] += day
            rig.state.registers.wh[6] += 1100 + day
            billing.consume(32 * (1000 + day))
            billing.produce(320)
            rig.clock.second += 86400
            billing.advance(rig.clock.second)

    # --- days ---

    def test_days(self):
        self.live(5)
        kept = [entry for entry in self.rig.records.freezes.days()]
        self.assertEqual(len(kept), 5)
        for back in range(1, 6):
            entry = kept[-back]
            found = self.select("day_select", back)
            year, month, mday = date_of(entry["day"])
            expected = {
                "selected": back, "valid": 1, "number": entry["sequence"],
                "time": entry["time"] + UNIX_2020, "date": year * 10000 + month * 100 + mday,
                "flags": entry["flags"], "import_energy": entry["wh"][0],
                "export_energy": entry["wh"][1], "reactive_import": entry["wh"][2],
                "reactive_export": entry["wh"][3], "money_places": 5,
                "balance": entry["balance"], "charged": entry["day_charges"],
                "credited": entry["day_credits"], "total_charges": entry["charges"],
                "total_credits": entry["credits"],
                "import_T1": sum(entry["cells"]) * 1000 // 32000,
                "export_T1": entry["exports"][0] * 1000 // 32000,
                "tariff_digest": entry["tariff_digest"]}
            for i in range(2, 7):
                expected["import_T%d" % i] = expected["export_T%d" % i] = None
            self.assertEqual(found, expected)
        self.assertTrue(found["balance"] < 0 and found["charged"] > 0)
        self.assert_nothing(self.select("day_select", 6), 6)
        self.assert_nothing(self.select("day_select", 0), 0)

    def test_what_is_shown_stays(self):
        self.live(2)
        before = self.select("day_select", 1)
        self.live(3)
        self.assertEqual(self.shown("day"), before)
        self.assertEqual(self.select("day_select", 4)["number"], before["number"])

    def test_days_without_time_and_of_another_tariff(self):
        rig = self.rig
        self.live(1)
        rig.clock.second = NO_TIME + 5
        rig.day(rig.state.billing.day)
        found = self.select("day_select", 1)
        self.assertEqual(found["time"], None)
        self.assertTrue(found["import_T1"] is not None)
        rig.clock.second = 3 * 86400
        rig.state.load_tariff(tariff("other", "0.2"), rig.clock.second)
        rig.state.billing.advance(rig.clock.second)
        found = self.select("day_select", 1)
        self.assertEqual((found["valid"], found["import_T1"], found["export_T1"]),
                         (1, None, None))

    def test_days_that_were_made_twice(self):
        """A mark that was lowered: the later of two freezes of a day stands."""
        rig = self.rig
        for day in (0, 1, 2, 3, 4, 5, 2, 3):
            rig.clock.second += 60
            rig.day(day)
        numbers = [self.select("day_select", back)["number"] for back in range(1, 6)]
        self.assertEqual(numbers, [7, 6, 1, 0, None])

    def test_days_with_a_gap(self):
        for day in (0, 1, 5):
            self.rig.day(day)
        found = [self.select("day_select", back)["number"] for back in range(1, 7)]
        self.assertEqual(found, [2, None, None, None, 1, 0])

    # --- months ---

    def test_months(self):
        self.live(70)
        kept = [entry for entry in self.rig.records.freezes.months()]
        self.assertEqual(len(kept), 2)
        for back in (1, 2):
            entry = kept[-back]
            found = self.select("month_select", back)
            month = entry["month"]
            for name, value in (
                    ("number", entry["sequence"]), ("time", entry["time"] + UNIX_2020),
                    ("date", month // 12 * 100 + month % 12 + 1), ("flags", entry["flags"]),
                    ("import_energy", entry["wh"][0]), ("quadrant_2", entry["more"][0]),
                    ("apparent_import", entry["more"][2]), ("demand_minutes", 0),
                    ("demand_import", None), ("demand_import_time", None),
                    ("billed_import", entry["import_counts"] * 1000 // 32000),
                    ("billed_export", entry["export_counts"] * 1000 // 32000),
                    ("energy_cost", entry["energy"]), ("adders", 0), ("fixed", entry["fixed"]),
                    ("export_credit", entry["export_credit"]), ("tax", 0),
                    ("total", entry["total"]), ("balance", entry["balance"]),
                    ("T1", sum(entry["cells"]) * 1000 // 32000), ("T2", None),
                    ("tariff_digest", entry["tariff_digest"])):
                self.assertEqual((name, found[name]), (name, value))
            self.assertTrue(found["total"] > 0 and found["date"] in (202001, 202002))
        self.assert_nothing(self.select("month_select", 3), 3)

    def test_demand_of_a_month(self):
        rig = self.rig
        rig.state.settings.set(demand_minutes=15)
        rig.state.configure_demand(rig.state.billing, rig.clock.now())
        rig.state.registers.wh[0] += 500
        rig.state.demand.tick(rig.clock.now() + 900)
        rig.records.freezes.demand = rig.state.demand
        watts = rig.state.demand.maxima
        rig.month()
        found = self.select("month_select", 1)
        self.assertEqual(
            (found["demand_minutes"], found["demand_import"], found["demand_import_time"],
             found["demand_export"], found["demand_export_time"]),
            (15, watts[0], watts[1] + UNIX_2020, 0, None))

    # --- load profile ---

    def capture(self, wh, channels=None):
        rig = self.rig
        profile = rig.records.profile
        if channels is not None:
            profile.configure(15, channels)
        for quantity in range(4):
            rig.state.registers.wh[quantity] += wh + quantity
        for second in (0, 900):
            rig.clock.second += second
            profile.tick(rig.clock.second, rig.metering.reading, rig.state.registers, True, True)

    def test_profile(self):
        rig = self.rig
        reading = rig.metering.reading
        reading.voltage_cV, reading.active_W, reading.current_mA = 23000, 70000, 12345
        for wh in (10, 20, 0x8000):
            self.capture(wh, 0x0F | 0x40 | 0x80)
        self.capture(7, 0x31)
        kept = [entry for entry in rig.records.profile.intervals()]
        self.assertEqual(len(kept), 4)
        for back in range(1, 5):
            entry = kept[-back]
            found = self.select("profile_select", back)
            self.assertEqual(
                (found["number"], found["time"], found["minutes"], found["flags"]),
                (entry["sequence"], entry["time"] + UNIX_2020, 15, entry["flags"]))
            since = entry["since"]
            self.assertEqual(found["since"], None if since is None else since + UNIX_2020)
            names = ("import", "export", "reactive_import", "reactive_export", "voltage_min",
                     "voltage_max", "power_max", "current_max")
            for name, channel in zip(names, CHANNELS):
                self.assertEqual((back, name, found[name]), (back, name, entry.get(channel)))
        self.assertEqual(found["import"], None)  # nothing before it to subtract
        second = self.select("profile_select", 3)
        self.assertEqual((second["import"], second["reactive_export"], second["power_max"],
                          second["current_max"], second["voltage_min"]),
                         (20, 23, 65535, 1234, None))
        self.assert_nothing(self.select("profile_select", 5), 5)

    def test_profile_entry_that_cannot_be_believed(self):
        for wh in (10, 20, 30):
            self.capture(wh)
        ring = self.rig.records.profile.ring
        number, slot = ring.place(1)
        with open(ring.file_name(number), "r+b") as f:
            f.seek(12 + slot * ring.layout.size + 9)
            f.write(b"\x55\xaa")
        self.assertEqual(self.select("profile_select", 1)["valid"], 1)
        self.assert_nothing(self.select("profile_select", 2), 2)

    # --- purchases ---

    def test_purchases(self):
        log = self.rig.records.purchases
        log.credit(100, 5, BUS, 3, 77, 5000, 4100, 900)
        log.credit(NO_TIME + 3, 6, 1, 3, 0xFFFFFFF0, 1, 4101)
        log.refusal(200, 6, 2, 4, 3, 77, -5, -100)
        found = self.select("purchase_list", 0, 2)
        self.assertEqual(found, {
            "selected": 2, "valid": 1, "number": 0, "log": 0, "time": 100 + UNIX_2020,
            "commit": 5, "carrier": 5, "code": 3, "reason": 0, "tid": 77, "amount": 5000,
            "debt": 900, "before": 0, "after": 4100})
        found = self.select("purchase_select", 1)
        self.assertEqual((found["time"], found["tid"], found["debt"]), (None, 0xFFFFFFF0, 0))
        self.assert_nothing(self.select("purchase_select", 3), 3)
        found = self.select("purchase_list", 1, 1)
        self.assertEqual(
            (found["log"], found["reason"], found["amount"], found["before"], found["debt"]),
            (1, 3, -5, -100, 0))
        # Another list alone shows that one at the same place.
        self.assertEqual(self.select("purchase_list", 0)["number"], 1)

    # --- events ---

    def test_events(self):
        rig = self.rig
        rig.state.registers.wh[0] = 1234567
        rig.happen(event.SAG, -7)
        rig.clock.second += 60
        rig.happen(event.OVERVOLTAGE_BEGAN, 26000)
        rig.clock.second += 60
        rig.happen(event.OVERVOLTAGE_ENDED, 26500)
        found = self.select("event_class", QUALITY, 3)
        self.assertEqual(
            (found["log"], found["code"], found["value"], found["import_energy"]),
            (QUALITY, event.SAG, -7, 1234567))
        found = self.select("event_select", 1)
        self.assertEqual(
            (found["code"], found["time"], found["began"], found["missed"]),
            (event.OVERVOLTAGE_ENDED, rig.clock.second + UNIX_2020,
             rig.clock.second - 60 + UNIX_2020, 0))
        for number, name in enumerate(NAMES):
            found = self.select("event_class", number, 1)
            self.assertEqual((name, found["valid"]), (name, 1 if number == QUALITY else 0))

    # --- all ---

    def test_one_write_selects_in_all_windows(self):
        self.live(32)
        self.capture(5)
        self.rig.happen(event.SAG)
        self.assertEqual(self.reader.put("day_select", 1, 1, 1, 1, 1, QUALITY, 1), 0)
        valid = [self.shown(window)["valid"] for window in sorted(WINDOWS)]
        self.assertEqual(valid, [1, 1, 1, 1, 0])

    def test_nothing_is_read_from_flash_to_show_it(self):
        self.live(3)
        self.select("day_select", 2)
        self.rig.records.freezes.day_ring.read = None
        self.assertEqual(self.shown("day")["valid"], 1)

    def test_a_bad_value_shows_nothing_else(self):
        self.live(3)
        before = self.select("day_select", 2)
        self.assertEqual(self.reader.put("day_select", 1, 1000), 3)
        self.assertEqual(self.shown("day"), before)

    def test_damaged_storage(self):
        """Files that are no files: nothing is shown, and nothing raised."""
        self.live(3)
        rig = self.rig
        ring = rig.records.freezes.day_ring
        for number in range(ring.files):
            try:
                with open(ring.file_name(number), "r+b") as f:
                    f.write(b"\xff" * 600)
            except OSError:
                continue
        self.assert_nothing(self.select("day_select", 1), 1)
        self.assertEqual(Reader(RegisterMap(rig)).get("day_charges"), None)


if __name__ == "__main__":
    unittest.main()
