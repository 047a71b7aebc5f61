"""Settings: each checked, stored whole, and believed one by one."""

import json
import os
import random
import unittest

from parts import error_text
from scratch import scratch_folder

from joulegate.core.account import BALANCE_LIMIT
from joulegate.storage.commit_policy import AMPLE_WH, FRAM_WH, SMALL_WH
from joulegate.storage.setting_rules import NumberRules
from joulegate.storage.settings import SettingError, Settings, defaults

NUMBERS = NumberRules(AMPLE_WH)


class Case(unittest.TestCase):

    def setUp(self):
        self.folder = scratch_folder("settings")
        self.path = self.folder + "/settings.json"
        self.settings = Settings(self.path)

    def loaded(self):
        settings = Settings(self.path)
        return settings.load(), settings.values.whole()

    def nothing_believed(self):
        """Load, find the defaults alone, and return what was wrong; faster than `loaded`."""
        settings = Settings(self.path)
        wrong = settings.load()
        self.assertEqual(settings.values.changed, {})
        return wrong

    def put(self, content):
        with open(self.path, "wb") as f:
            f.write(content if isinstance(content, bytes) else json.dumps(content).encode())


class Keeps(Case):

    def test_missing_file_is_the_defaults(self):
        self.assertEqual(self.loaded(), ([], defaults(NUMBERS)))

    def test_what_was_set(self):
        changes = {
            "maximum_balance": 1000, "cut_off": -500, "warnings": [900, 0, -499],
            "zone": "EST5EDT,M3.2.0,M11.1.0", "commit_Wh": 110, "commit_minutes": 60,
            "tick_ms": 100, "maximum_power_W": 18201624, "phase_unbalance_W": 2300,
            "profile_minutes": 60, "control_mode": 1, "close_permit": 100, "alarm_trip": 50,
            "emergency_credit": 300, "emergency_threshold": 40, "emergency_power_W": 1000,
            "load_limit_s": 30, "load_limit_retries": 0, "load_limit_wait_s": 3600,
            "close_delay_s": 1799, "warning_percents": [50, 10],
            "friendly_hours": ["mon-fri 17:30-11:00", "12-25 00:00-24:00"],
            "energies": ["1 water 100/m3 2.35", "2 gas 1/10l 0.001 above 500 0.002 ms 50"],
            "debt_1_rate": 500, "debt_1_period": 2, "debt_2_rate": 1, "debt_2_period": 3,
            "debt_percent": 100, "debt_cap": 9000, "debt_cap_period": 3, "debt_suspend": 3,
            "uplink_minutes": 60, "uplink_batch": 6,
            "uplink_budget_bytes": 20000, "sms_numbers": ["+4930123456", "+15123"],
            "profile_channels": ["import_Wh", "voltage_min_cV"],
            "demand_minutes": 30, "demand_subperiods": 15, "bus_baud": 19200,
            "outputs": ["1 on period=valley", "2 off power>3500"],
            "language": "zh", "display_pages": [100, 999]}
        for name in NUMBERS:
            changes.setdefault(name, NUMBERS[name][2])
        self.settings.set(**changes)
        wrong, values = self.loaded()
        self.assertEqual(wrong, [])
        self.assertEqual(values, changes)
        self.assertEqual(self.settings.values.whole(), values)
        self.assertEqual(os.listdir(self.folder), ["settings.json"])

    def test_what_was_not_set_stays(self):
        self.settings.set(commit_Wh=110)
        self.settings.set(commit_minutes=5)
        values = self.loaded()[1]
        self.assertEqual((values["commit_Wh"], values["commit_minutes"]), (110, 5))

    def test_energy_between_commits_goes_by_the_memory(self):
        for least in (FRAM_WH, AMPLE_WH, SMALL_WH):
            settings = Settings(self.path, least)
            self.assertEqual(settings.values["commit_Wh"], least)
            settings.set(commit_Wh=least)
            error_text(SettingError, settings.set, commit_Wh=least - 1)
        # FRAM that is gone: what was set for it is not believed.
        self.put({"commit_Wh": FRAM_WH})
        settings = Settings(self.path, AMPLE_WH)
        self.assertEqual(len(settings.load()), 1)
        self.assertEqual(settings.values["commit_Wh"], AMPLE_WH)

    def test_limits_are_included(self):
        for name in NUMBERS:
            row = NUMBERS[name]
            for value in (row[1], row[2]):
                if name == "cut_off" and value == BALANCE_LIMIT:
                    continue  # no warning fits above it, but none is set
                self.settings.set(**{name: value})
            self.settings.set(**{name: row[0]})


class Refuses(Case):

    def refused(self, *parts, **changes):
        before = dict(self.settings.values.changed)
        text = error_text(SettingError, self.settings.set, **changes)
        for part in parts:
            self.assertTrue(part in text, text)
        self.assertEqual(self.settings.values.changed, before)
        self.assertEqual(os.listdir(self.folder), [])

    def test_numbers(self):
        for name in NUMBERS:
            row = NUMBERS[name]
            rule = "must be %d to %d %s" % row[1:]
            for value in (row[1] - 1, row[2] + 1, "7", None, 1.5, True, [1]):
                self.refused("setting " + name, repr(value), rule, **{name: value})

    def test_profile(self):
        for value in (0, 14, 20, "15", None, 15.0, True, [15]):
            self.refused("setting profile_minutes", repr(value), "15, 30 or 60",
                         profile_minutes=value)
        for value in (None, "import_Wh", [], ["colour"], [3], ["import_Wh"] * 2):
            self.refused("setting profile_channels", profile_channels=value)

    def test_sms_numbers(self):
        for value in (
                None, "+4930123456", [5], ["1234"], ["+1234567890123456"], ["+49 30 123456"], [""],
                ["4930123456"], ["49301+23456"], ["+12345"] * 5):
            self.refused("setting sms_numbers", "5 to 15 digits", sms_numbers=value)

    def test_unknown_name(self):
        self.refused("setting colour", "there is no such setting", colour=1)

    def test_zone(self):
        for value in ("", "nonsense?", 5, None):
            self.refused("setting zone", repr(value), zone=value)

    def test_warnings(self):
        for value in (5, "1", [1.5], [1, 2], [0], [5, 4, 3, 2, 1], [BALANCE_LIMIT]):
            self.refused("setting warnings", repr(value), warnings=value)

    def test_warning_percents(self):
        for value in (5, "1", [1.5], [1, 2], [0], [100], [5, 4, 3, 2, 1], [True], ["a"]):
            self.refused("setting warning_percents", repr(value), warning_percents=value)

    def test_friendly_hours(self):
        for value in (5, "all 00:00-06:00", ["all"], [5], ["all 00:00-06:00"] * 17,
                      ["all 6:00-7:00"], ["mon-fri-sun 06:00-07:00"], ["02-30 none"]):
            self.refused("setting friendly_hours", repr(value), friendly_hours=value)

    def test_energies(self):
        for value in (5, "1 water 100/m3 2.35", [5], ["1 water"], ["1 a 1/l 1", "1 b 1/l 1"]):
            self.refused("setting energies", repr(value), energies=value)

    def test_one_bad_of_several_changes_nothing(self):
        self.refused("tick_ms", commit_Wh=120, tick_ms=1, zone="UTC0")

    def test_cut_off_above_a_warning(self):
        self.settings.set(warnings=[100])
        before = self.loaded()
        text = error_text(SettingError, self.settings.set, cut_off=100)
        self.assertTrue("setting warnings: [100]" in text, text)
        self.assertEqual(self.loaded(), before)
        self.settings.set(cut_off=100, warnings=[101])

    def test_failing_storage_changes_nothing(self):
        settings = Settings(self.folder + "/none/settings.json")
        with self.assertRaises(OSError):
            settings.set(commit_Wh=120)
        self.assertEqual(settings.values.whole(), defaults(NUMBERS))


class BadFiles(Case):

    def test_a_bad_value_falls_back_alone(self):
        self.put({"commit_Wh": 120, "tick_ms": 7, "colour": 1, "zone": "Mars"})
        wrong, values = self.loaded()
        self.assertEqual(len(wrong), 3)
        self.assertTrue("tick_ms: 7" in " ".join(wrong), wrong)
        self.assertEqual(
            (values["commit_Wh"], values["tick_ms"], values["zone"]), (120, 1000, "UTC0"))

    def test_cut_off_is_read_before_the_warnings(self):
        self.put({"warnings": [-1], "cut_off": -2})
        self.assertEqual(self.loaded()[0], [])
        self.put({"warnings": [-1], "cut_off": "x"})
        wrong, values = self.loaded()
        self.assertEqual((len(wrong), values["warnings"], values["cut_off"]), (2, [], 0))

    def test_no_object(self):
        for content in ([], 5, None, "text"):
            self.put(content)
            wrong, values = self.loaded()
            self.assertEqual((len(wrong), values), (1, defaults(NUMBERS)))

    def test_too_long(self):
        self.put(b" " * 4097)
        self.assertEqual(self.loaded(), (["settings: longer than 4096 bytes"], defaults(NUMBERS)))

    def test_unreadable(self):
        os.mkdir(self.path)
        wrong, values = self.loaded()
        self.assertEqual((len(wrong), values), (1, defaults(NUMBERS)))

    def test_every_truncation(self):
        self.settings.set(commit_Wh=120, zone="CET-1CEST,M3.5.0,M10.5.0/3")
        with open(self.path, "rb") as f:
            content = f.read()
        for length in range(len(content)):
            self.put(content[:length])
            self.assertEqual(self.nothing_believed(), ["settings: are no JSON"])

    def test_random_bytes(self):
        random.seed(20)
        for _ in range(300):
            self.put(bytes(random.getrandbits(8) for _ in range(random.getrandbits(6))))
            self.assertEqual(len(self.nothing_believed()), 1)

    def test_random_damage(self):
        self.settings.set(commit_Wh=120, warnings=[300, 200])
        with open(self.path, "rb") as f:
            content = f.read()
        random.seed(21)
        for _ in range(300):
            spoilt = bytearray(content)
            spoilt[random.getrandbits(16) % len(spoilt)] = random.getrandbits(8)
            self.put(bytes(spoilt))
            _, values = self.loaded()
            # Whatever is believed can be set.
            again = Settings(self.folder + "/again.json")
            again.set(**values)


if __name__ == "__main__":
    unittest.main()
