# heapsize: 320wK
"""Supply: credit, lifts, waiting for a press, and what a start finds again."""

import unittest

from joulegate.core.account import BALANCE_LIMIT
from joulegate.core.civil import NO_TIME, Zone, parse_time
from joulegate.core.supply import (
    NEWS_ALARM,
    NEWS_EXHAUSTED,
    NEWS_LAPSED,
    NEWS_OFFERED,
    NEWS_READY,
    NEWS_REPAID,
    WAITING,
    Supply,
)
from joulegate.core.supply_orders import SupplyError, SupplyOrders
from joulegate.core.supply_press import ACCEPTED, DISCONNECTED, NOTHING, RECONNECTED, press
from joulegate.core.supply_reasons import (
    ADMINISTRATOR,
    ALARM,
    CONNECTED,
    CREDIT,
    EMERGENCY,
    FAULT,
    FRIENDLY,
    KEEP_POWER,
    OVERLOAD,
    READY_FOR_RECONNECTION,
    TAMPER,
    TEMPORARY,
    VOLTAGE,
)
from joulegate.core.supply_reasons import DISCONNECTED as OFF
from joulegate.core.warning_levels import WARNINGS_MAX

NOW = parse_time("2027-01-04T12:00")  # a Monday
SETTINGS = {
    "cut_off": 0, "warnings": [], "warning_percents": [], "control_mode": 6,
    "close_permit": -BALANCE_LIMIT, "alarm_trip": -BALANCE_LIMIT, "emergency_credit": 0,
    "emergency_threshold": 0, "friendly_hours": [], "maximum_power_W": 0,
    "emergency_power_W": 0, "tick_ms": 1000, "load_limit_s": 60, "load_limit_retries": 3,
    "load_limit_wait_s": 60,
}


def refusal(cut_off: int, warnings: tuple = ()) -> str:
    """Return the text of the error that these levels come to."""
    try:
        Supply(cut_off, warnings)
    except ValueError as e:
        return str(e)
    raise AssertionError("taken: %d %r" % (cut_off, warnings))


class Account:
    balance = 0
    last_credit = 0
    charges_low = 0


class Registers:
    def __init__(self) -> None:
        self.wh = [0]


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.now = NOW
        self.up = 0
        self.balance = 1000
        self.account = Account()
        self.registers = Registers()
        self.make()

    def make(self, button: bool = True, **settings: object) -> Supply:
        self.button = button
        self.settings = dict(SETTINGS, **settings)
        self.supply = Supply()
        self.configure()
        self.orders = SupplyOrders(self.supply, self.account, self.registers)
        return self.supply

    def configure(self) -> None:
        self.supply.configure(self.settings, self.button, Zone("UTC0"))

    def at(self, balance: "int | None" = None, seconds: int = 1) -> bool:
        """Tick at a balance; return whether supply may be on."""
        if balance is not None:
            self.balance = balance
        self.now += seconds
        self.up += seconds
        self.supply.step(self.now, self.up, self.balance, 0)
        return self.supply.allowed

    def buy(self, units: int) -> bool:
        self.balance += units
        self.account.balance = self.balance
        self.account.last_credit = units
        self.supply.arm(self.account)
        return self.at()

    def restart(self) -> None:
        """Make the supply anew from what the ledger keeps."""
        kept = self.orders.snapshot()
        self.make(self.button, **self.settings)
        self.orders.put_back(kept)
        self.supply.resume(self.account, self.registers)
        self.up = 0


class TestCredit(Case):
    def test_supply_goes_off_at_the_cut_off_and_comes_back_above(self) -> None:
        self.make(cut_off=100)
        self.assertEqual([self.at(b) for b in (102, 101, 100, 99, -5, 100, 101, 102)],
                         [True, True, False, False, False, False, True, True])

    def test_a_change_is_told_once(self) -> None:
        supply = self.make(cut_off=100)
        self.assertEqual([supply.step(NOW, 0, b, 0) for b in (101, 100, 99, 101, 102)],
                         [False, True, False, True, False])
        self.assertEqual(supply.take_news(), NEWS_EXHAUSTED)
        self.assertEqual(supply.take_news(), 0)

    def test_overdraft_is_a_cut_off_below_zero(self) -> None:
        self.make(cut_off=-500)
        self.assertEqual([self.at(b) for b in (-499, -500)], [True, False])

    def test_credit_lifts_its_own_reason_only(self) -> None:
        self.supply.forbid(OVERLOAD)
        self.at(0)
        self.assertEqual(self.supply.reasons, OVERLOAD | CREDIT)
        self.assertFalse(self.at(1))
        self.assertEqual(self.supply.reasons, OVERLOAD)
        self.supply.lift(OVERLOAD)
        self.assertTrue(self.supply.allowed)

    def test_a_reason_is_lifted_once_whatever_the_number_of_times_it_came(self) -> None:
        self.supply.forbid(FAULT)
        self.supply.forbid(FAULT)
        self.supply.lift(OVERLOAD)
        self.assertEqual(self.supply.reasons, FAULT)
        self.supply.lift(FAULT)
        self.supply.lift(FAULT)
        self.assertEqual(self.supply.reasons, 0)

    def test_close_permit(self) -> None:
        self.make(close_permit=500)
        self.assertTrue(self.at(300))
        self.assertFalse(self.at(0))
        self.assertFalse(self.at(500))
        self.restart()
        self.assertFalse(self.at(500))
        self.assertTrue(self.at(501))
        self.assertTrue(self.at(300))

    def test_close_permit_does_not_cut_what_was_lifted(self) -> None:
        self.make(close_permit=500)
        self.orders.keep_power(True)
        self.assertTrue(self.at(-100))
        self.assertTrue(self.at(200))
        self.orders.keep_power(False)
        self.assertTrue(self.at(200))

    def test_a_cut_off_has_bounds(self) -> None:
        for cut_off in (BALANCE_LIMIT + 1, -BALANCE_LIMIT - 1):
            self.assertTrue("cut_off %d: must be within" % cut_off in refusal(cut_off))
        self.assertEqual(Supply(-BALANCE_LIMIT).credit.cut_off, -BALANCE_LIMIT)


class TestAlarm(Case):
    def test_it_trips_once_and_comes_back_by_a_press(self) -> None:
        self.make(alarm_trip=200)
        self.assertEqual([self.at(b) for b in (201, 200, 150)], [True, False, False])
        self.assertEqual(self.supply.take_news(), NEWS_ALARM)
        self.assertEqual(press(self.supply, False), RECONNECTED)
        self.assertEqual([self.at(b) for b in (150, 100, 1, 0)], [True, True, True, False])

    def test_a_purchase_ends_it_and_arms_it_again(self) -> None:
        self.make(alarm_trip=200)
        self.at(100)
        self.assertTrue(self.buy(500))
        self.assertFalse(self.at(200))

    def test_a_purchase_that_is_too_small_does_not(self) -> None:
        self.make(alarm_trip=200)
        self.at(100)
        self.assertFalse(self.buy(50))
        press(self.supply, False)
        self.assertTrue(self.at())
        self.assertTrue(self.buy(1))

    def test_it_has_tripped_over_a_start(self) -> None:
        self.make(alarm_trip=200)
        self.at(100)
        self.restart()
        self.assertFalse(self.at(100))
        press(self.supply, False)
        self.restart()
        self.assertTrue(self.at(100))

    def test_export_credit_does_not_arm_it(self) -> None:
        self.make(alarm_trip=200)
        self.at(100)
        press(self.supply, False)
        self.assertEqual([self.at(b) for b in (300, 100)], [True, True])

    def test_without_a_button_it_never_trips(self) -> None:
        self.make(False, alarm_trip=200)
        self.assertTrue(self.at(100))


class TestEmergency(Case):
    def setUp(self) -> None:
        super().setUp()
        self.make(emergency_credit=300, emergency_threshold=100)

    def test_offered_accepted_used_up_and_repaid(self) -> None:
        self.at(101)
        self.assertEqual(press(self.supply, False), NOTHING)
        self.at(100)
        self.assertEqual(self.supply.take_news(), NEWS_OFFERED)
        self.assertFalse(self.at(0))
        self.supply.take_news()
        self.assertEqual(press(self.supply, False), ACCEPTED)
        self.assertEqual([self.at(b) for b in (-1, -299, -300)], [True, True, False])
        self.assertEqual(press(self.supply, False), NOTHING)
        self.assertFalse(self.buy(0))
        self.assertTrue(self.buy(200))  # what is owed is repaid first
        self.assertEqual(self.supply.lifts & EMERGENCY, EMERGENCY)
        self.supply.take_news()
        self.assertTrue(self.buy(1000))
        self.assertEqual(self.supply.take_news(), NEWS_REPAID)
        self.assertEqual(self.supply.kept, 0)

    def test_it_can_be_accepted_before_the_cut(self) -> None:
        self.at(50)
        self.assertEqual(press(self.supply, False), ACCEPTED)
        self.assertEqual([self.at(b) for b in (0, -200)], [True, True])

    def test_it_survives_a_start(self) -> None:
        self.at(-100)
        press(self.supply, False)
        self.at()
        self.restart()
        self.assertTrue(self.at(-200))
        self.assertFalse(self.at(-300))

    def test_one_is_not_followed_by_another(self) -> None:
        self.at(-100)
        press(self.supply, False)
        self.at(-300)
        self.restart()
        self.at(-300)
        self.assertEqual(press(self.supply, False), NOTHING)
        self.assertFalse(self.at())

    def test_it_is_no_use_against_another_reason(self) -> None:
        self.supply.forbid(TAMPER)
        self.at(-100)
        press(self.supply, False)
        self.assertFalse(self.at())

    def test_a_new_customer_begins_without(self) -> None:
        self.at(-100)
        press(self.supply, False)
        self.orders.forget_customer()
        self.assertFalse(self.at(-100))
        self.assertEqual(press(self.supply, False), ACCEPTED)

    def test_paying_never_cuts(self) -> None:
        self.make(emergency_credit=300, emergency_threshold=100, close_permit=500)
        self.at(-100)
        press(self.supply, False)
        self.at(-100)
        self.assertTrue(self.buy(250))


class TestTemporary(Case):
    def test_it_lifts_credit_until_then(self) -> None:
        self.at(-5)
        self.orders.supply_until(self.now + 100, self.now)
        self.assertTrue(self.at())
        self.assertEqual(self.supply.lifts, TEMPORARY)
        self.assertTrue(self.at(seconds=98))
        self.supply.take_news()
        self.assertFalse(self.at())
        self.assertEqual(self.supply.take_news(), NEWS_LAPSED)
        self.now -= 50
        self.assertFalse(self.at())

    def test_it_lifts_nothing_else(self) -> None:
        self.supply.forbid(TAMPER)
        self.orders.supply_until(self.now + 100, self.now)
        self.assertFalse(self.at(-5))

    def test_it_rests_while_nobody_knows_the_time(self) -> None:
        self.at(-5)
        self.orders.supply_until(self.now + 100, self.now)
        known = self.now
        self.now = NO_TIME + 5
        self.assertFalse(self.at())
        self.now = known
        self.assertTrue(self.at())

    def test_it_survives_a_start(self) -> None:
        self.at(-5)
        self.orders.supply_until(self.now + 100, self.now)
        self.restart()
        self.assertTrue(self.at())

    def test_bounds(self) -> None:
        for until in (self.now, self.now - 1, self.now + 31 * 86400 + 1):
            with self.assertRaises(SupplyError):
                self.orders.supply_until(until, self.now)
        with self.assertRaises(SupplyError):
            self.orders.supply_until(self.now, NO_TIME)
        self.assertEqual(self.supply.until, NO_TIME)
        self.orders.supply_until(self.now + 31 * 86400, self.now)


class TestFriendly(Case):
    def setUp(self) -> None:
        super().setUp()
        self.make(friendly_hours=["all 18:00-08:00"])

    def clock(self, text: str) -> None:
        self.now = parse_time(text) - 1

    def test_no_cut_within_and_a_cut_at_the_end(self) -> None:
        self.clock("2027-01-04T19:00")
        self.assertTrue(self.at(5))
        self.assertTrue(self.at(-5))
        self.assertEqual(self.supply.lifts, FRIENDLY)
        self.clock("2027-01-05T07:59:59")
        self.assertTrue(self.at())
        self.assertFalse(self.at())

    def test_credit_before_the_end_and_nothing_happens(self) -> None:
        self.clock("2027-01-04T19:00")
        self.at(-5)
        self.assertTrue(self.buy(100))
        self.clock("2027-01-05T08:00")
        self.assertTrue(self.at())

    def test_who_is_off_already_stays_off(self) -> None:
        self.assertFalse(self.at(-5))
        self.clock("2027-01-04T19:00")
        self.assertFalse(self.at())
        self.restart()
        self.assertFalse(self.at())

    def test_who_was_supplied_is_so_after_a_start(self) -> None:
        self.clock("2027-01-04T19:00")
        self.at(-5)
        self.restart()
        self.assertTrue(self.at())

    def test_what_lapses_within_does_not_cut(self) -> None:
        self.at(-5)
        self.orders.keep_power(True)
        self.at()
        self.clock("2027-01-04T19:00")
        self.at()
        self.orders.keep_power(False)
        self.assertTrue(self.at())
        self.clock("2027-01-05T08:00")
        self.assertFalse(self.at())

    def test_not_while_nobody_knows_the_time(self) -> None:
        self.clock("2027-01-04T19:00")
        self.at(-5)
        self.now = NO_TIME
        self.assertFalse(self.at())


class TestKeepPower(Case):
    def test_it_lifts_credit_alone_and_survives_a_start(self) -> None:
        self.orders.keep_power(True)
        self.assertTrue(self.at(-5))
        self.assertEqual(self.supply.lifts, KEEP_POWER)
        self.restart()
        self.assertTrue(self.at(-5))
        self.supply.forbid(OVERLOAD)
        self.assertFalse(self.at())
        self.supply.lift(OVERLOAD)
        self.orders.keep_power(False)
        self.assertFalse(self.at())


class TestControlModes(Case):
    def state(self) -> int:
        self.at()
        return self.supply.state

    def test_remote_reconnection(self) -> None:
        for mode, button, wanted in (
                (1, True, READY_FOR_RECONNECTION), (2, True, CONNECTED),
                (3, True, READY_FOR_RECONNECTION), (4, True, CONNECTED),
                (5, True, READY_FOR_RECONNECTION), (6, True, READY_FOR_RECONNECTION),
                (1, False, CONNECTED), (6, False, CONNECTED)):
            self.make(button, control_mode=mode)
            self.at()
            self.orders.turn_off()
            self.assertEqual(self.state(), OFF)
            self.orders.turn_on()
            self.assertEqual(self.state(), wanted, (mode, button))
            self.restart()
            self.assertEqual(self.state(), wanted)
            press(self.supply, False)
            self.assertEqual(self.state(), CONNECTED)

    def test_turned_on_when_it_is_on_waits_for_nothing(self) -> None:
        self.orders.turn_on()
        self.orders.make_ready()
        self.assertEqual(self.state(), CONNECTED)

    def test_arming_waits_in_every_mode(self) -> None:
        for mode in range(1, 7):
            self.make(control_mode=mode)
            self.orders.turn_off()
            self.at()
            self.orders.make_ready()
            self.assertEqual(self.state(), READY_FOR_RECONNECTION)

    def test_off_takes_readiness_away(self) -> None:
        self.orders.turn_off()
        self.orders.make_ready()
        self.at()
        self.orders.turn_off()
        self.assertEqual(self.state(), OFF)
        self.assertEqual(press(self.supply, False), NOTHING)
        self.assertEqual(self.state(), OFF)

    def test_local_disconnection(self) -> None:
        for mode in range(1, 7):
            self.make(control_mode=mode)
            self.assertFalse(self.at(-5))
            self.assertEqual(press(self.supply, False), NOTHING)
            self.at(100)
            self.assertEqual(self.supply.state,
                             CONNECTED if mode > 4 else READY_FOR_RECONNECTION, mode)
            if mode <= 4:
                self.assertEqual(self.supply.take_news(), NEWS_EXHAUSTED | NEWS_READY)
                self.restart()
                self.assertEqual(self.state(), READY_FOR_RECONNECTION)
                self.assertEqual(press(self.supply, False), RECONNECTED)
            self.assertEqual(self.state(), CONNECTED)

    def test_local_disconnection_behind_an_administrators(self) -> None:
        """A remote reconnection, however direct, does not make the meter's own come back."""
        self.make(control_mode=4)
        self.orders.turn_off()
        self.at(5)
        self.at(-5)
        self.orders.turn_on()
        self.at(-5)
        self.assertEqual(self.supply.state, OFF)
        self.at(5)
        self.assertEqual(self.supply.state, READY_FOR_RECONNECTION)
        self.orders.turn_on()
        self.assertEqual(self.state(), CONNECTED)

    def test_without_a_button_nothing_waits(self) -> None:
        self.make(False, control_mode=1)
        self.at(-5)
        self.assertTrue(self.at(5))

    def test_manual_disconnection(self) -> None:
        for mode in range(7):
            self.make(control_mode=mode)
            self.at()
            done = press(self.supply, True)
            self.assertEqual(done, DISCONNECTED if mode in (1, 2, 5) else NOTHING, mode)
            if done:
                self.assertEqual(self.state(), READY_FOR_RECONNECTION)
                self.assertEqual(press(self.supply, True), NOTHING)
                press(self.supply, False)
            self.assertEqual(self.state(), CONNECTED)

    def test_mode_0_never_disconnects(self) -> None:
        self.make(control_mode=0)
        self.supply.forbid(TAMPER)
        self.assertTrue(self.at(-5))
        with self.assertRaises(SupplyError):
            self.orders.turn_off()
        self.assertEqual(self.supply.forbidding, 0)

    def test_no_press_beats_a_reason(self) -> None:
        for reason in (ADMINISTRATOR, OVERLOAD, VOLTAGE, TAMPER, FAULT, CREDIT):
            self.make(control_mode=1)
            self.supply.kept |= WAITING
            self.supply.forbid(reason)
            balance = -5 if reason == CREDIT else 5
            self.at(balance)
            self.assertEqual(press(self.supply, False), NOTHING)
            self.assertFalse(self.at(balance))
            self.assertTrue(self.supply.kept & WAITING)


class TestStart(Case):
    def test_reasons_outlast_a_start(self) -> None:
        for reason in (OVERLOAD, TAMPER, VOLTAGE, FAULT, ALARM):
            self.make()
            self.supply.forbid(reason)
            self.restart()
            self.assertEqual(self.supply.reasons, reason)

    def test_a_rest_delays_closing_alone(self) -> None:
        self.supply.rest(90)
        self.at()
        commands = self.supply.commands
        self.assertEqual((commands(0, 89), commands(1, 89), commands(0, 90)),
                         (False, True, True))
        self.supply.forbid(TAMPER)
        self.assertFalse(commands(1, 5))


class TestRemote(Case):
    def test_a_limit_in_units(self) -> None:
        self.account.charges_low = (1 << 29) - 10  # it wraps on the way
        self.orders.use_remote(100, False)
        self.assertTrue(self.at(-5000))
        self.account.charges_low = 89
        self.assertTrue(self.at())
        self.assertEqual(self.supply.left, 1)
        self.restart()
        self.assertTrue(self.at())
        self.account.charges_low = 90
        self.assertFalse(self.at())
        self.assertFalse(self.at(5000))
        self.orders.use_remote(10, False)
        self.assertTrue(self.at())

    def test_a_limit_in_energy(self) -> None:
        self.orders.use_remote(1000, True)
        self.account.charges_low = 99999
        self.registers.wh[0] = 999
        self.assertTrue(self.at())
        self.registers.wh[0] = 1000
        self.assertFalse(self.at())

    def test_what_export_pays_comes_back(self) -> None:
        self.account.charges_low = 50
        self.orders.use_remote(100, False)
        self.account.charges_low = 20
        self.at()
        self.assertEqual(self.supply.left, 130)
        for _ in range(20):
            self.account.charges_low = self.account.charges_low - (1 << 27) & (1 << 29) - 1
            self.at()
        self.assertEqual(self.supply.left, (1 << 29) - 1)

    def test_used_up_it_stays_so(self) -> None:
        self.orders.use_remote(1, False)
        for _ in range(20):
            self.account.charges_low = self.account.charges_low + (1 << 27) & (1 << 29) - 1
            self.assertFalse(self.at())
        self.assertEqual(self.supply.left, -(1 << 29) + 1)

    def test_back_to_the_balance(self) -> None:
        self.orders.use_remote(0, False)
        self.assertFalse(self.at(5))
        self.orders.use_local()
        self.assertTrue(self.at())
        self.assertFalse(self.at(0))

    def test_warnings_and_emergency_credit_are_of_the_balance(self) -> None:
        self.make(warnings=[500], emergency_credit=100, emergency_threshold=50)
        self.orders.use_remote(0, False)
        self.at(-5)
        self.assertFalse(self.supply.warn(-5))
        self.assertEqual(press(self.supply, False), NOTHING)

    def test_an_order_is_undone(self) -> None:
        before = self.orders.snapshot()
        self.orders.use_remote(7, True)
        self.orders.keep_power(True)
        self.orders.turn_off()
        self.orders.put_back(before)
        self.assertEqual(self.orders.snapshot(), before)
        self.assertTrue(self.at(5))


class TestWarn(unittest.TestCase):
    def test_each_level_warns_once_on_the_way_down(self) -> None:
        supply = Supply(0, (300, 200, 100))
        self.assertEqual(
            [supply.warn(b) for b in (301, 300, 299, 200, 150, 99, 50, 0, -7)],
            [False, True, False, True, False, True, False, False, False])

    def test_levels_passed_at_once_warn_once(self) -> None:
        supply = Supply(0, (300, 200, 100))
        self.assertTrue(supply.warn(50))
        self.assertFalse(supply.warn(40))
        self.assertEqual(supply.levels.warned, 3)

    def test_a_purchase_arms_the_levels_that_it_passes(self) -> None:
        supply = Supply(0, (300, 200, 100))
        supply.warn(50)
        supply.levels.arm(250)
        self.assertFalse(supply.warn(240))
        self.assertTrue(supply.warn(200))
        supply.levels.arm(1000)
        self.assertTrue(supply.warn(300))

    def test_a_rise_without_a_purchase_arms_nothing(self) -> None:
        supply = Supply(0, (300, 200, 100))
        supply.warn(150)
        self.assertEqual([supply.warn(b) for b in (250, 400, 200, 150, 100)],
                         [False, False, False, False, True])

    def test_parts_of_the_last_top_up(self) -> None:
        supply = Supply()
        supply.configure(dict(SETTINGS, warnings=[300], warning_percents=[50, 10]))
        self.assertEqual(supply.levels.levels, (300,))
        account = Account()
        account.balance = 2500
        account.last_credit = 2000
        supply.arm(account)
        self.assertEqual(supply.levels.levels, (1000, 300, 200))
        self.assertEqual([supply.warn(b) for b in (1001, 1000, 400, 300, 201, 200, 0)],
                         [False, True, False, True, False, True, False])
        account.last_credit = BALANCE_LIMIT
        supply.resume(account, None)
        self.assertEqual(supply.levels.levels[0], BALANCE_LIMIT // 2)

    def test_no_levels_no_warnings(self) -> None:
        self.assertFalse(Supply().warn(-1000))

    def check(self, rule: str, cut_off: int, warnings: tuple = ()) -> None:
        self.assertTrue(rule in refusal(cut_off, warnings))

    def test_warnings_fall_and_stay_above_the_cut_off(self) -> None:
        for cut_off, warnings in (
            (0, (100, 100)), (0, (100, 200)), (0, (100, 0)), (50, (100, 49)),
            (0, (BALANCE_LIMIT,)), (0, (1 << 40,)),
        ):
            self.check("warnings %r: must fall, and stay above the cut-off %d"
                       % (warnings, cut_off), cut_off, warnings)

    def test_warnings_are_few(self) -> None:
        levels = tuple(range(WARNINGS_MAX + 1, 0, -1))
        self.check("at most %d levels" % WARNINGS_MAX, 0, levels)
        self.assertEqual(len(Supply(0, levels[:-1]).levels.levels), WARNINGS_MAX)


if __name__ == "__main__":
    unittest.main()
