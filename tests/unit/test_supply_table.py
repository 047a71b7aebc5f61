"""Every combination of reasons, lifts and people, against a table written here by hand.

The oracle knows names only, in sets; it shares neither bits nor rules with the firmware.
"""

import unittest

from joulegate.core.civil import NO_TIME, Zone, parse_time
from joulegate.core.supply import Supply
from joulegate.core.supply_reasons import (
    LIFTS,
    MAY_LIFT,
    MODES,
    REASONS,
    WHO,
    forbidding,
    lifted,
    reason_names,
)
from joulegate.vending.keys import ADMINISTRATOR, TECHNICIAN, VENDING

NOW = parse_time("2027-01-04T12:00")
SETTINGS = {
    "cut_off": 0, "warnings": [], "emergency_credit": 100, "emergency_threshold": 0,
}
MONEY = ("credit", "alarm")
PEOPLE = {
    "customer": ("alarm", "load_limit"),
    "vending": ("tamper",),
    "administrator": (
        "administrator", "overload", "tamper", "load_limit", "fault", "alarm"),
    "technician": ("overload", "load_limit", "fault"),
    "meter": ("credit", "overload", "voltage", "load_limit", "fault", "alarm"),
}


def names(bits, table):
    return [name for i, name in enumerate(table) if bits >> i & 1]


def bits_of(found, table):
    return sum([1 << table.index(name) for name in found])


class Table(unittest.TestCase):

    def test_what_forbids_supply(self):
        supply = Supply()
        for reasons in range(1 << len(REASONS)):
            there = names(reasons, REASONS)
            for lifts in range(1 << len(LIFTS)):
                stay = [name for name in there if not (lifts and name in MONEY)]
                wanted = bits_of(stay, REASONS)
                self.assertEqual(forbidding(reasons, lifts), wanted, (there, lifts))
                supply.reasons = reasons
                supply.lifts = lifts
                self.assertEqual(supply.forbidding, wanted)
                self.assertEqual(supply.allowed, not stay, (there, lifts))

    def test_what_forbids_supply_by_what_gives_the_lifts(self):
        """The same, each lift given as it is in life and each combination decided by a tick."""
        supply = Supply()
        for lifts in range(1 << len(LIFTS)):
            given = names(lifts, LIFTS)
            settings = dict(SETTINGS)
            if "friendly" in given:
                settings["friendly_hours"] = ["all 00:00-24:00"]
            supply.configure(settings, True, Zone("UTC0"))
            for reasons in range(1 << len(REASONS)):
                there = names(reasons, REASONS)
                stay = [name for name in there if not (given and name in MONEY)]
                supply.reasons = reasons
                supply.kept = bits_of([n for n in given if n != "temporary"], LIFTS)
                supply.until = NOW + 60 if "temporary" in given else NO_TIME
                supply.step(NOW, 0, -50 if "credit" in there else 50, 0)
                self.assertEqual(supply.allowed, not stay, (there, given))
                self.assertEqual((supply.reasons, supply.lifts), (reasons, lifts))

    def test_who_lifts_what(self):
        supply = Supply()
        for who, name in enumerate(WHO):
            for reasons in range(1 << len(REASONS)):
                there = names(reasons, REASONS)
                his = bits_of([n for n in there if n in PEOPLE[name]], REASONS)
                self.assertEqual(lifted(who, reasons), his, (name, there))
                for asked in (reasons, 255, his):
                    supply.reasons = reasons
                    self.assertEqual(supply.lift_for(who, asked), his)
                    self.assertEqual(supply.reasons, reasons - his)

    def test_nobody_lifts_what_he_was_not_asked_for(self):
        supply = Supply()
        for who in range(len(WHO)):
            for i in range(len(REASONS)):
                supply.reasons = 255
                supply.lift_for(who, 1 << i)
                self.assertTrue(supply.reasons in (255, 255 - (1 << i)))

    def test_every_reason_has_its_way_back(self):
        for name in REASONS:
            self.assertTrue([who for who in PEOPLE if name in PEOPLE[who]], name)
        self.assertEqual(len(MAY_LIFT), len(WHO))

    def test_roles_are_those_of_the_keys(self):
        self.assertEqual(
            [WHO[role] for role in (VENDING, ADMINISTRATOR, TECHNICIAN)],
            ["vending", "administrator", "technician"])

    def test_reasons_have_names(self):
        self.assertEqual(reason_names(0), "none")
        self.assertEqual(reason_names(1 | 4 | 64), "credit overload fault")

    def test_control_modes_are_those_of_the_blue_book(self):
        # Transitions: a remote direct, f manual disconnect, h local reconnect.
        letters = {1: "f", 2: "af", 3: "", 4: "a", 5: "fh", 6: "h"}
        for mode in letters:
            self.assertEqual(
                "".join([letter for bit, letter in ((1, "a"), (4, "f"), (2, "h"))
                         if MODES[mode] & bit]), letters[mode])


if __name__ == "__main__":
    unittest.main()
