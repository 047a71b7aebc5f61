# heapsize: 2M
"""The life of a token at the keypad, scrolling, the button, time-outs, parts that fail."""

import unittest

from panel_rig import START, Rig
from parts import event_names
from scratch import scratch_folder
from token_maker import credit, key_sections

from joulegate.core.supply_press import ACCEPTED, DISCONNECTED, NOTHING, RECONNECTED
from joulegate.panel import page as signs
from joulegate.panel.customer_button import CustomerButton
from joulegate.panel.panel import DISPLAY_FAILED, KEY_STUCK, KEYPAD_FAILED
from joulegate.vending.sts_time import tid_of

TID = tid_of(START // 60, 2014)
GOOD = credit(TID, 100)
"""10 kWh at 0.3583 for the first tier of the valley, which holds while nobody knows the time."""
WRONG = GOOD[:19] + ("1" if GOOD[19] != "1" else "2")


def new(**settings):
    return Rig(scratch_folder("panel_keys"), **settings)


class Token(unittest.TestCase):

    def setUp(self):
        self.rig = new(keypad=True)
        self.rig.pass_ms(100)

    def shown(self):
        return self.rig.view.shown

    def test_typed_in_groups(self):
        rig = self.rig
        rig.type("12345")
        self.assertEqual(self.shown(), [5, "Enter token", "12345", "", "1234 5", ""])
        rig.type("678")
        self.assertEqual(self.shown()[:3] + self.shown()[4:], [
            8, "Enter token", "12345678", "1234 5678", ""])
        rig.type("90123")
        self.assertEqual(self.shown(), [
            13, "Enter token", "90123", "", "1234 5678 9012", "3"])
        rig.type("4567890")
        self.assertEqual(self.shown(), [
            20, "# enter   * delete", "34567890", "", "1234 5678 9012", "3456 7890"])

    def test_no_more_than_twenty(self):
        self.rig.type("1" * 20 + "2")
        self.assertEqual(self.shown()[0], 20)
        self.assertEqual(self.shown()[5], "1111 1111")

    def test_deleted(self):
        rig = self.rig
        rig.type("12345**")
        self.assertEqual(self.shown()[:3], [3, "Enter token", "123"])
        rig.type("***")
        self.assertEqual(self.shown()[:2], [100, "Balance"])
        self.assertEqual(bytes(rig.panel._typing._digits), bytes(20))

    def test_good(self):
        rig = self.rig
        rig.type(GOOD + "#")
        # 10 kWh at the tariff's default price, that of the peak here.
        value = rig.state.account.balance
        self.assertTrue(value > 0)
        self.assertEqual(self.shown(), [
            0, "Token accepted", "%d.%02d" % (value // 100000, value // 1000 % 100), "¥",
            "balance %d.%02d ¥" % (value // 100000, value // 1000 % 100), ""])
        self.assertEqual(bytes(rig.panel._typing._digits), bytes(20))
        rig.pass_s(11)
        self.assertEqual(self.shown()[:2], [100, "Balance"])

    def test_used_already(self):
        self.rig.type(GOOD + "#")
        self.rig.type(GOOD + "#")
        self.assertEqual(self.shown(), [
            0, "Token refused", "E-04", "", "used already", ""])

    def test_wrong_until_locked(self):
        rig = self.rig
        for _ in range(3):
            rig.type(WRONG + "#")
            self.assertEqual(self.shown(), [
                0, "Token refused", "E-09", "", "wrong digits, or", "of another meter"])
        self.assertTrue(rig.view.signs & signs.SIGN_LOCKED)
        rig.pass_s(1)
        rig.type(GOOD + "#")
        self.assertEqual(self.shown()[1:2] + self.shown()[3:], [
            "Keypad locked", "s", "wait: too many", "wrong tokens"])
        left = int(self.shown()[2])
        self.assertTrue(3 <= left <= 9, left)
        rig.pass_s(2)
        self.assertEqual(int(self.shown()[2]), left - 2)
        self.assertEqual(rig.state.account.balance, 0)
        rig.pass_s(10)
        self.assertFalse(rig.view.signs & signs.SIGN_LOCKED)
        rig.type(GOOD + "#")
        self.assertEqual(self.shown()[1], "Token accepted")

    def test_sections_of_a_key(self):
        tokens = key_sections(b"\x55" * 16)
        for i, token in enumerate(tokens[:3]):
            self.rig.type(token + "#")
            self.assertEqual(self.shown()[1:5], [
                "Token accepted", str(3 - i), "", "%d more tokens" % (3 - i)])
        self.rig.type(tokens[3] + "#")
        self.assertEqual(self.shown()[1:5], ["Token accepted", "donE", "", "carried out"])

    def test_too_short_keeps_the_digits(self):
        rig = self.rig
        rig.type("1234#")
        self.assertEqual(self.shown()[1:], ["Token refused", "E-08", "", "not 20 digits", ""])
        self.assertEqual(event_names(rig.log).count("token_wrong"), 0)
        rig.type("5")
        self.assertEqual(self.shown()[:3], [5, "Enter token", "12345"])

    def test_forgotten_after_a_minute(self):
        rig = self.rig
        rig.type("123456")
        rig.pass_s(59)
        self.assertEqual(self.shown()[0], 6)
        rig.pass_s(2)
        self.assertEqual(self.shown()[1], "Balance")
        self.assertEqual(bytes(rig.panel._typing._digits), bytes(20))
        rig.type(GOOD + "#")
        self.assertEqual(self.shown()[1], "Token accepted")

    def test_each_key_puts_the_time_out_off(self):
        rig = self.rig
        for digit in "12345":
            rig.type(digit)
            rig.pass_s(50)
        self.assertEqual(self.shown()[0], 5)

    def test_ghosts_type_nothing(self):
        rig = self.rig
        for closed in (1, 3, 0b11011, 0b1011, 0):
            rig.keys.closed = closed
            rig.pass_ms(100)
        self.assertEqual(self.shown()[:3], [2, "Enter token", "12"])

    def test_short_code(self):
        rig = self.rig
        rig.type("401")
        self.assertEqual(self.shown(), [3, "Enter token", "401", "", "401", "# shows: Voltage"])
        rig.type("#")
        self.assertEqual(self.shown()[:2], [401, "Voltage"])
        rig.type("777#")
        self.assertEqual(self.shown()[:2], [777, "No such page"])

    def test_locked_out_digits_are_nowhere(self):
        """Neither events nor refusals have what was typed."""
        rig = self.rig
        rig.type(WRONG + "#")
        told = [list(entry.values()) for entry in rig.records.purchases.entries()]
        for number in (int(WRONG), int(WRONG[:10]), int(WRONG[10:])):
            self.assertFalse(str(number) in str(told))
            self.assertFalse(str(number) in str(list(rig.log.since(0))))


class WithoutKey(unittest.TestCase):

    def test_no_decoder_key(self):
        rig = new(keypad=True, key=False)
        rig.pass_ms(100)
        rig.type(GOOD + "#")
        self.assertEqual(rig.view.shown[1:], [
            "Token refused", "E-00", "", "this meter", "takes no tokens"])

    def test_keypad_alone(self):
        rig = new(keypad=True, view=False)
        rig.pass_ms(100)
        rig.type(GOOD + "#")
        self.assertTrue(rig.state.account.balance > 0)


class Rolling(unittest.TestCase):

    def test_through_the_default_pages(self):
        rig = new(display_seconds=2)
        seen = []
        for _ in range(14):
            rig.pass_s(1)
            if not seen or seen[-1] != rig.view.shown[0]:
                seen.append(rig.view.shown[0])
        self.assertEqual(seen[:2], [100, 200])
        self.assertTrue(201 in seen and 302 in seen and 400 in seen)
        self.assertFalse(500 in seen)

    def test_supply_and_alarms_roll_along(self):
        rig = new(display_seconds=2)
        rig.tick()
        seen = set()
        for _ in range(20):
            rig.pass_s(1)
            seen.add(rig.view.shown[0])
        self.assertTrue(500 in seen and 501 in seen, seen)

    def test_pages_of_the_setting(self):
        rig = new(display_seconds=2, display_pages=[401, 777, 904])
        seen = []
        for _ in range(8):
            rig.pass_s(1)
            seen.append(rig.view.shown[0])
        self.assertEqual(sorted(set(seen)), [401, 904])

    def test_after_some_idle_time(self):
        rig = new(display_idle_s=20, display_seconds=3)
        rig.page(401)
        rig.pass_s(19)
        self.assertEqual(rig.view.shown[0], 401)
        rig.pass_s(2)
        self.assertEqual(rig.view.shown[0], 100)

    def test_dark(self):
        rig = new(display_dark_s=60, keypad=True)
        rig.pass_s(61)
        self.assertEqual(rig.view.shown, None)
        rig.pass_s(10)
        self.assertEqual(rig.view.blanked, 1)
        rig.type("#")  # lights it, and no more
        self.assertEqual(rig.view.shown[1], "Balance")
        rig.type("#")
        self.assertEqual(rig.view.shown[1], "Available")
        rig.pass_s(61)
        rig.type("5")
        self.assertEqual(rig.view.shown[:3], [1, "Enter token", "5"])


class Button(unittest.TestCase):

    def meter(self, **settings):
        rig = new(**settings)
        rig.credit(5000000)
        rig.button = CustomerButton(rig, lambda: False)
        rig.panel.step()
        return rig

    def test_turns_pages_where_the_supply_wants_nothing(self):
        rig = self.meter()
        before = rig.log.count
        self.assertEqual(rig.button.press(False), NOTHING)
        rig.panel.step()
        self.assertEqual(rig.view.shown[1], "Available")
        self.assertEqual(rig.log.count, before)
        self.assertEqual(rig.task.steps, 0)

    def test_the_supply_first(self):
        rig = self.meter(control_mode=1)
        self.assertEqual(rig.button.press(True), DISCONNECTED)
        rig.tick()
        rig.panel.step()
        self.assertEqual(rig.view.shown[1:3], ["Supply", "PrESS"])
        self.assertEqual(rig.button.press(False), RECONNECTED)
        self.assertEqual(event_names(rig.log)[-2:], ["button_pressed"] * 2)
        self.assertEqual(rig.button.press(False), NOTHING)
        rig.panel.step()
        self.assertEqual(rig.view.shown[1], "Meter number 1/2")

    def test_emergency_credit(self):
        rig = self.meter(emergency_credit=300000, emergency_threshold=100000)
        rig.state.account.balance = 50000
        rig.tick()
        self.assertEqual(rig.button.press(False), ACCEPTED)
        rig.tick()
        rig.panel.step()
        self.assertEqual(rig.view.shown[1:6], ["Emergency credit", "3.00", "¥", "in use", ""])

    def test_a_long_press_turns_nothing(self):
        rig = self.meter()
        self.assertEqual(rig.button.press(True), NOTHING)
        rig.panel.step()
        self.assertEqual(rig.view.shown[1], "Balance")
        self.assertEqual(event_names(rig.log)[-1], "button_pressed")

    def test_without_display_nothing_changes(self):
        rig = new(view=False, lamps=True)
        rig.button = CustomerButton(rig, lambda: False)
        self.assertEqual(rig.button.press(False), NOTHING)
        self.assertEqual(event_names(rig.log)[-1], "button_pressed")
        rig.panel = None
        self.assertEqual(rig.button.press(False), NOTHING)
        self.assertEqual(event_names(rig.log)[-1], "button_pressed")

    def test_lights_a_dark_display(self):
        rig = self.meter(display_dark_s=60)
        rig.pass_s(61)
        self.assertEqual(rig.view.shown, None)
        rig.button.press(False)
        rig.panel.step()
        page = rig.view.shown[0]
        rig.button.press(False)
        rig.panel.step()
        self.assertTrue(rig.view.shown[0] != page)


class Failing(unittest.TestCase):

    def test_a_display_that_fails_is_told_once_and_tried_again(self):
        rig = new()
        rig.pass_s(2)
        rig.view.error = OSError(5)
        rig.pass_s(120)
        self.assertEqual(rig.panel.failed, DISPLAY_FAILED)
        self.assertEqual(event_names(rig.log).count("panel_failed"), 1)
        refreshed = rig.view.refreshed
        rig.view.error = None
        rig.pass_s(12)
        self.assertEqual(rig.panel.failed, 0)
        self.assertTrue(rig.view.refreshed > refreshed)

    def test_a_keypad_that_fails(self):
        rig = new(keypad=True)
        rig.pass_ms(100)
        rig.keys.error = OSError(19)
        rig.pass_s(60)
        self.assertEqual(rig.panel.failed, KEYPAD_FAILED)
        self.assertEqual(event_names(rig.log).count("panel_failed"), 1)
        rig.keys.error = None
        rig.pass_s(20)
        rig.pass_ms(100)
        rig.type("5")
        self.assertEqual(rig.view.shown[:3], [1, "Enter token", "5"])
        self.assertEqual(rig.panel.failed, 0)

    def test_told_again_after_an_hour(self):
        rig = new()
        for _ in range(3):
            rig.view.error = OSError(5)
            rig.pass_s(2)
            rig.view.error = None
            rig.pass_s(15)
        self.assertEqual(event_names(rig.log).count("panel_failed"), 1)
        rig.pass_s(3600)
        rig.view.error = OSError(5)
        rig.pass_s(2)
        self.assertEqual(event_names(rig.log).count("panel_failed"), 2)

    def test_a_key_that_sticks(self):
        rig = new(keypad=True)
        rig.pass_ms(100)
        rig.keys.closed = 1
        rig.pass_ms(25000)
        self.assertEqual(rig.panel.failed, KEY_STUCK)
        self.assertEqual(event_names(rig.log).count("panel_failed"), 1)


if __name__ == "__main__":
    unittest.main()
