"""Load control: the grammar of the rules, what they come to, shedding, least times, override."""

import random
import unittest

from joulegate.core import events as event
from joulegate.core.load_control import OVERRIDE_MAX_S, SETTLE_S, LoadControl
from joulegate.core.output_rules import ENTRIES_MAX, OutputRuleError, parse
from joulegate.core.reading import Reading
from joulegate.core.sight import Sight
from joulegate.outputs import Outputs


class Grammar(unittest.TestCase):

    def test_every_form(self):
        self.assertEqual(parse([
            "1 on period=valley", "1 off period!=valley", "2 off price>60000",
            "2 off balance<-5", "3 on remote", "4 on", "2 off power>3500", "2 priority 9",
        ]), [(0, 1, "valley", True), (0, 2, "valley", False), (1, 3, 60000, False),
             (1, 4, -5, False), (2, 5, None, True), (3, 0, None, True),
             (1, 6, 3500, False), (1, 7, 9, False)])

    def test_what_is_none_is_refused_with_the_entry(self):
        for text in ("", "1", "0 on", "5 on", "x on", "1 maybe", "1 on price>", "1 on price>1.5",
                     "1 on price>-1", "1 on power>3000", "1 off power>0", "1 on period=",
                     "1 off price<5", "1 priority 0", "1 priority 10", "1 priority", "1 on now",
                     "1 off balance<1073741824", "1 on period=a b", "1 on remote remote", 5, None,
                     "1 on period=" + "x" * 40, "1 priority +5", "1 off power>3_0"):
            try:
                parse([text])
            except OutputRuleError as e:
                self.assertTrue(repr(text) in str(e), str(e))
            else:
                self.fail(repr(text))

    def test_bounds(self):
        parse(["1 on"] * ENTRIES_MAX)
        for texts in (["1 on"] * (ENTRIES_MAX + 1), ["1 off power>5", "1 off power>6"],
                      ["1 priority 5", "1 priority 6"]):
            with self.assertRaises(OutputRuleError):
                parse(texts)


class Case(unittest.TestCase):

    def control(self, *texts, on_s=0, off_s=0, count=4):
        control = LoadControl(count)
        control.configure(list(texts), on_s, off_s)
        return control


class Rules(Case):

    def test_the_first_that_holds_decides_and_none_is_off(self):
        control = self.control("1 off price>100", "1 on period=day", "1 on balance<0")
        for price, period, balance, on in (
                (None, None, None, 0), (101, "day", -1, 0), (100, "day", 5, 1),
                (100, "night", 5, 0), (100, "night", -1, 1)):
            control.price, control.period, control.balance = price, period, balance
            self.assertEqual(control.step(1), on, (price, period, balance))

    def test_other_periods_and_remote(self):
        control = self.control("1 on period!=peak", "3 on remote")
        self.assertEqual(control.step(1), 0)
        control.period = "flat"
        control.remote = 0b0101
        self.assertEqual(control.step(2), 0b0101)
        control.period = "peak"
        self.assertEqual(control.step(3), 0b0100)

    def test_least_times(self):
        control = self.control("1 on remote", on_s=100, off_s=50)
        control.remote = 1
        self.assertEqual([control.step(up) for up in (0, 49, 50)], [0, 0, 1])
        control.remote = 0
        self.assertEqual([control.step(up) for up in (51, 149, 150)], [1, 1, 0])
        control.remote = 1
        self.assertEqual([control.step(up) for up in (199, 200)], [0, 1])

    def test_override_beats_the_rules_for_its_time(self):
        control = self.control("1 on", "2 off")
        control.override(0, False, 10, 5)
        control.override(1, True, OVERRIDE_MAX_S, 5)
        self.assertEqual(control.step(6), 0b10)
        self.assertEqual((control.left(0, 6), control.left(2, 6)), (9, 0))
        self.assertEqual(control.lapse(14), 0)
        self.assertEqual(control.lapse(15), 0b01)
        self.assertEqual(control.step(15), 0b11)
        control.override(1, None, 0, 16)
        self.assertEqual(control.step(16), 0b01)

    def test_override_out_of_range_changes_nothing(self):
        control = self.control("1 on", count=2)
        for output, on, seconds in ((-1, True, 5), (2, True, 5), (0, True, 0), (0, False, -1),
                                    (0, True, OVERRIDE_MAX_S + 1), (2, None, 0)):
            with self.assertRaises(ValueError):
                control.override(output, on, seconds, 0)
        self.assertEqual(control.forced, 0)


class Shedding(Case):

    LOADS = (1000, 2000, 1500, 500)

    def power(self, control, base):
        return base + sum([w for i, w in enumerate(self.LOADS) if control.on >> i & 1])

    def run_s(self, control, base, begin, seconds):
        seen = []
        for up in range(begin, begin + seconds):
            control.power = self.power(control, base)
            before = control.on
            after = control.step(up)
            self.assertTrue(bin(before ^ after).count("1") <= 1 or up == begin)
            if before != after:
                seen.append((before ^ after, bool(after & (before ^ after))))
        return seen

    def everything(self):
        texts = []
        for i in range(1, 5):
            texts += ["%d on" % i, "%d off power>4000" % i]
        return texts + ["1 priority 1", "3 priority 9"]

    def test_lowest_priority_first_and_back_in_reverse(self):
        control = self.control(*self.everything())
        control.power = None
        control.step(0)
        self.assertEqual(control.on, 15)
        # 5000 W and nothing else: 1 goes, of the lowest priority, and 4000 W are allowed.
        self.assertEqual(self.run_s(control, 0, 1, 60), [(1, False)])
        # 3000 W more: 4 and 2 follow, of equal priority the higher number; 4500 W are left, so
        # the last one too.
        self.assertEqual(self.run_s(control, 3000, 61, 60), [
            (8, False), (2, False), (4, False)])
        # With nothing else all but the last fit into 90 % of the limit: 3, then 2 with 3500 W.
        self.assertEqual(self.run_s(control, 0, 121, 60), [(4, True), (2, True)])
        self.assertEqual(control.on, 0b0110)

    def test_no_hunting_over_a_day(self):
        random.seed(63)
        control = self.control(*self.everything(), on_s=60, off_s=60)
        switched = 0
        base = 0
        for up in range(0, 20000):
            if up % 600 == 0:
                base = random.choice((0, 1000, 2500, 3900))
            control.power = self.power(control, base)
            before = control.on
            switched += bin(before ^ control.step(up)).count("1")
        self.assertTrue(4 <= switched <= 200, switched)

    def test_waits_until_the_power_has_settled(self):
        control = self.control(*self.everything())
        control.step(0)
        control.power = 9000
        offs = []
        for up in range(1, 20):
            before = control.on
            if control.step(up) != before:
                offs.append(up)
        self.assertEqual(offs, [1, 1 + SETTLE_S, 1 + 2 * SETTLE_S, 1 + 3 * SETTLE_S])

    def test_an_overridden_one_is_not_shed_and_unknown_power_sheds_nothing(self):
        control = self.control("1 on", "1 off power>100")
        control.step(0)
        control.step(1)
        self.assertEqual(control.on, 1)
        control.override(0, True, 100, 1)
        control.power = 5000
        self.assertEqual(control.step(2), 1)
        control.override(0, None, 0, 3)
        self.assertEqual(control.step(3), 0)

    def test_without_its_limit_it_is_shed_no_longer(self):
        control = self.control("1 on", "1 off power>100")
        control.step(0)
        control.power = 5000
        self.assertEqual(control.step(1), 0)
        control.configure(["1 on"], 0, 0)
        self.assertEqual(control.step(2), 1)


class Part:
    def __init__(self, **parts):
        for name in parts:
            setattr(self, name, parts[name])


class Price:
    amount = 123456


class Tariff:
    d2 = 10
    document = Part(periods=("day", "night"))

    def price(self, season, period, tier):
        return Price() if period else None


class Driving(unittest.TestCase):

    def setUp(self):
        self.levels = {}
        pins = [lambda level, i=i: self.levels.update({i: level}) for i in range(2)]
        self.told = []
        self.now = 1000
        billing = Part(season=0, period=0, tier=0, tariff=Tariff(), account=Part(balance=50))
        self.app = Part(
            state=Part(billing=billing), log=self, clock=Part(
                uptime=lambda: self.sight.up, now=lambda: self.now))
        self.outputs = Outputs(self.app, pins)
        self.sight = Sight({})
        self.sight.reading = Reading()
        self.sight.measured = True
        self.values = {"outputs": ["1 on period=night", "2 off price>12345", "2 on balance<51"],
                       "output_on_s": 0, "output_off_s": 0, "outputs_remote": 0}
        self.outputs.configure(self.values, self.sight)

    def add(self, code, now, value):
        self.told.append((code, value))

    def tell(self, code, value=0):
        self.told.append((code, value))

    def step(self):
        self.sight.up += 1
        self.assertEqual(self.outputs.step(self.sight, self.tell), 0)
        return self.levels

    def test_pins_and_events(self):
        self.assertEqual(self.step(), {1: 1})
        self.app.state.billing.period = 1
        self.assertEqual(self.step(), {0: 1, 1: 1})
        self.assertEqual(self.outputs.control.price, 12345)
        self.app.state.billing.account.balance = 51
        self.assertEqual(self.step(), {0: 1, 1: 0})
        self.assertEqual(self.told, [(event.OUTPUT_SWITCHED, value) for value in (2, 1, -2)])

    def test_off_while_mains_fails_and_when_stopped(self):
        self.step()
        self.sight.mains_good = False
        self.assertEqual(self.step(), {0: 0, 1: 0})
        self.assertEqual(self.outputs.control.on, 0)
        self.sight.mains_good = True
        self.assertEqual(self.step(), {0: 0, 1: 1})
        self.outputs.stop()
        self.assertEqual(self.levels, {0: 0, 1: 0})

    def test_override_until_a_time(self):
        self.outputs.override_until(1, True, self.now + 2)
        self.step()
        self.step()
        self.assertEqual(self.levels[0], 0)
        self.assertEqual(self.told, [
            (event.OUTPUT_OVERRIDDEN, 1), (event.OUTPUT_SWITCHED, 1),
            (event.OUTPUT_SWITCHED, 2), (event.OUTPUT_OVERRIDDEN, 11),
            (event.OUTPUT_SWITCHED, -1)])
        self.outputs.override_until(2, False, self.now + 5)
        self.outputs.override_until(2, None, None)
        self.assertEqual(self.told[-2:], [
            (event.OUTPUT_OVERRIDDEN, -2), (event.OUTPUT_OVERRIDDEN, 12)])

    def test_override_needs_both_and_a_time(self):
        for on, until in ((True, None), (None, 2000), (True, 1000), (True, 999)):
            with self.assertRaises(ValueError):
                self.outputs.override_until(1, on, until)
        self.now = -0x3FFFFFFF
        with self.assertRaises(ValueError):
            self.outputs.override_until(1, True, 2000)
        self.assertEqual(self.told, [])


if __name__ == "__main__":
    unittest.main()
