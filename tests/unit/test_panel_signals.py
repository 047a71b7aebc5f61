# heapsize: 2M
"""Lamps and buzzer by the meter's state, in virtual time."""

import unittest

from panel_rig import Rig
from parts import event_names
from scratch import scratch_folder

from joulegate.core.supply_reasons import EMERGENCY, OVERLOAD, TAMPER
from joulegate.panel import patterns
from joulegate.panel.customer_button import CustomerButton

NOON_LOCAL = 2 * 3600
"""From the rig's start, 10:00 local."""


def new(**settings):
    return Rig(scratch_folder("panel_signals"), lamps=True, sound=True, **settings)


def blinking(rig, name, seconds=6):
    """Return how long a lamp is on and off, in tenths of a second, over some seconds."""
    rig.pass_ms(2000, 100)
    rig.lit[name].clear()
    begin = rig.clock.ms
    rig.pass_ms(seconds * 1000, 100)
    changes = rig.lit[name]
    spans = [(later[0] - one[0]) // 100 * (1 if one[1] else -1)
             for one, later in zip(changes, changes[1:])]
    return spans if changes and begin else []


def last(rig, name):
    rig.pass_ms(1200, 100)
    return rig.lit[name][-1][1] if rig.lit[name] else None


class Lamps(unittest.TestCase):

    def test_credit(self):
        rig = new()
        rig.tick()
        self.assertEqual(last(rig, "credit"), False)
        rig.credit(5000000)
        self.assertEqual(last(rig, "credit"), True)
        rig.state.account.balance = 900000
        rig.tick()
        spans = blinking(rig, "credit")
        self.assertEqual(set(spans), {10, -10})
        rig.state.account.balance = -1
        rig.tick()
        self.assertEqual(last(rig, "credit"), False)

    def test_emergency_credit_blinks_twice(self):
        rig = new(emergency_credit=300000, emergency_threshold=100000)
        rig.state.account.balance = 50000
        rig.tick()
        self.assertEqual(set(blinking(rig, "credit")), {10, -10})
        rig.state.supply.kept |= EMERGENCY
        rig.state.account.balance = -1000
        rig.tick()
        self.assertEqual(set(blinking(rig, "credit")), {2, -2, -14})

    def test_alarm(self):
        rig = new()
        rig.credit(5000000)
        self.assertEqual(last(rig, "alarm"), False)
        rig.clock.valid = False
        self.assertEqual(set(blinking(rig, "alarm")), {1, -29})
        rig.state.supply.forbid(OVERLOAD)
        rig.tick()
        self.assertEqual(set(blinking(rig, "alarm")), {10, -10})
        rig.state.supply.forbid(TAMPER)
        self.assertEqual(set(blinking(rig, "alarm")), {2, -2})
        rig.clock.valid = True
        rig.state.supply.lift(OVERLOAD | TAMPER)
        rig.watch.sight.alarms = 8
        self.assertEqual(set(blinking(rig, "alarm")), {2, -2})
        rig.watch.sight.alarms = 0
        self.assertEqual(last(rig, "alarm"), False)

    def test_low_credit_is_no_alarm(self):
        rig = new()
        rig.state.account.balance = 400000
        rig.tick()
        self.assertEqual(last(rig, "alarm"), False)

    def test_a_lamp_that_fails(self):
        rig = new()
        rig.credit(5000000)
        rig.pass_ms(2000, 100)

        def broken(on):
            raise OSError(19)

        rig.panel.signals._alarm._pin = broken
        rig.watch.sight.alarms = 8
        rig.pass_s(60)
        self.assertEqual(event_names(rig.log).count("panel_failed"), 1)
        rig.panel.signals._alarm._pin = lambda on: None
        rig.pass_s(20)
        self.assertEqual(rig.panel.failed, 0)


def beeps(rig):
    """Return the lengths of what has sounded since the last time, in hundredths of a second."""
    sounds = rig.sounds
    found = []
    began = None
    for ms, on in sounds:
        if on and began is None:
            began = ms
        elif not on and began is not None:
            found.append((ms - began) // 10)
            began = None
    sounds.clear()
    return found


class Sounds(unittest.TestCase):

    def low(self, balance, **settings):
        """A meter that has just come down to a balance."""
        rig = new(**settings)
        rig.credit(5000000)
        rig.pass_ms(2000)
        self.fall(rig, balance)
        return rig

    def fall(self, rig, balance):
        rig.sounds.clear()
        rig.state.account.balance = balance
        rig.tick()
        rig.pass_ms(5000)

    def test_keys_and_answers(self):
        rig = Rig(scratch_folder("panel_signals"), sound=True, keypad=True)
        rig.pass_ms(100)
        rig.type("5")
        self.assertEqual(beeps(rig), [patterns.CLICK[0]])
        rig.panel._typing.clear()
        rig.panel.signals.answer(True)
        rig.pass_ms(2000)
        self.assertEqual(beeps(rig), [10, 40])
        rig.panel.signals.answer(False)
        rig.pass_ms(2000)
        self.assertEqual(beeps(rig), [15, 15, 15])

    def test_levels(self):
        rig = self.low(900000)
        self.assertEqual(beeps(rig), [20])
        self.fall(rig, 400000)
        self.assertEqual(beeps(rig), [20, 20])
        self.fall(rig, -1)
        self.assertEqual(beeps(rig), [60, 60, 60])
        rig.pass_s(7200)
        self.assertEqual(beeps(rig), [])

    def test_repeated(self):
        rig = self.low(900000, buzzer_minutes=10)
        self.assertEqual(beeps(rig), [20])
        rig.pass_ms(590000, 100)
        self.assertEqual(beeps(rig), [])
        rig.pass_ms(20000, 100)
        self.assertEqual(len(beeps(rig)), 1)

    def test_once(self):
        rig = self.low(900000, buzzer_minutes=0)
        beeps(rig)
        rig.pass_s(7200)
        self.assertEqual(beeps(rig), [])

    def test_as_it_was_at_the_start(self):
        rig = new()
        rig.state.account.balance = 900000
        rig.tick()
        rig.pass_ms(5000)
        self.assertEqual(beeps(rig), [])

    def test_muted_by_the_button_until_the_next_level(self):
        rig = self.low(900000, buzzer_minutes=10)
        beeps(rig)
        rig.button = CustomerButton(rig, lambda: False)
        code = rig.panel.browser.code
        rig.button.press(False)
        self.assertTrue(rig.panel.signals.muted)
        self.assertEqual(rig.panel.browser.code, code)
        rig.button.press(False)
        self.assertTrue(rig.panel.browser.code != code)
        rig.pass_s(3600)
        self.assertEqual(beeps(rig), [])
        self.fall(rig, 400000)
        self.assertEqual(beeps(rig), [20, 20])
        self.assertFalse(rig.panel.signals.muted)

    def test_long_after_a_warning_the_button_turns_pages(self):
        rig = self.low(900000)
        rig.pass_s(61)
        rig.button = CustomerButton(rig, lambda: False)
        rig.button.press(False)
        self.assertFalse(rig.panel.signals.muted)

    def test_hours_of_quiet(self):
        rig = new(buzzer_quiet_from=10, buzzer_quiet_until=11)
        rig.credit(5000000)
        rig.pass_ms(2000)
        self.fall(rig, 900000)
        self.assertEqual(beeps(rig), [])
        rig.clock.second += 3600
        rig.pass_ms(2000)
        self.assertEqual(beeps(rig), [20])

    def test_quiet_over_midnight(self):
        rig = new()
        signals = rig.panel.signals
        for hour, quiet in ((21, False), (22, True), (23, True), (0, True), (6, True), (7, False)):
            rig.clock.second = 5 * 86400 + (hour - 8) % 24 * 3600
            self.assertEqual(signals._is_quiet(rig), quiet, hour)

    def test_settings(self):
        rig = self.low(900000, buzzer=0)
        self.assertEqual(beeps(rig), [])
        rig.panel.key("5")
        rig.pass_ms(100)
        self.assertEqual(beeps(rig), [])
        rig = self.low(900000, buzzer=1)
        self.assertEqual(beeps(rig), [20])
        rig.panel.key("5")
        rig.pass_ms(100)
        self.assertEqual(beeps(rig), [])


if __name__ == "__main__":
    unittest.main()
