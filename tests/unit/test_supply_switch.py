"""The supply switch against a relay that moves, sticks, or hangs."""

import unittest

from parts import FakeClock, FakeRelay, event_names

from joulegate.core.events import EventLog
from joulegate.core.reading import Reading
from joulegate.supply_switch import (
    DAILY_PULSES,
    HOURLY_PULSES,
    INTENT_CLOSE,
    INTENT_OPEN,
    NO_INTENT,
    TRIES,
    SupplySwitch,
)


class Case(unittest.TestCase):

    def setUp(self):
        self.clock = FakeClock()
        self.relay = FakeRelay()
        self.log = EventLog()
        self.reading = Reading()
        self.reading.voltage_cV = 23000
        self.commits = []
        self.storage_works = True
        self.restart()

    def restart(self, intent=NO_INTENT, closed=0):
        self.switch = SupplySwitch(self.relay, self.clock, self.log)
        self.switch.intent = intent
        self.switch.closed = closed

    def commit(self):
        if self.storage_works:
            self.commits.append(
                (self.switch.intent, self.switch.closed, len(self.relay.pulses)))
        return self.storage_works

    def run_ms(self, allowed, ms, step=100):
        for _ in range(0, ms, step):
            self.switch.step(allowed, self.reading, self.clock.now(), self.commit)
            self.clock.pass_ms(step)

    @property
    def pulses(self):
        return self.relay.pulses

    def settled(self, closed):
        self.assertEqual((self.switch.intent, self.switch.closed), (NO_INTENT, closed))
        self.assertFalse(self.switch.busy)


class Works(Case):

    def test_closes(self):
        self.run_ms(True, 1000)
        self.assertEqual(self.pulses, [True])
        # Intent on flash before the pulse, result after it.
        self.assertEqual(self.commits, [(INTENT_CLOSE, 0, 0), (NO_INTENT, 1, 1)])
        self.assertEqual(event_names(self.log), ["supply_connected"])
        self.settled(1)

    def test_opens(self):
        self.restart(closed=1)
        self.relay.closed = True
        self.run_ms(False, 1000)
        self.assertEqual(self.pulses, [False])
        self.assertEqual(self.commits, [(INTENT_OPEN, 1, 0), (NO_INTENT, 0, 1)])
        self.assertEqual(event_names(self.log), ["supply_disconnected"])
        self.settled(0)

    def test_rests_when_all_is_well(self):
        self.run_ms(False, 5000)
        self.assertEqual((self.pulses, self.commits), ([], []))

    def test_verifies_after_the_pulse_only(self):
        self.switch.step(True, self.reading, 0, self.commit)
        self.assertTrue(self.switch.busy)
        self.clock.pass_ms(299)
        self.switch.step(True, self.reading, 0, self.commit)
        self.assertTrue(self.switch.busy)
        self.clock.pass_ms(1)
        self.switch.step(True, self.reading, 0, self.commit)
        self.settled(1)

    def test_without_load_side_detector(self):
        self.relay.sensed = False
        self.run_ms(True, 1000)
        self.settled(1)
        self.reading.current_mA = 0
        self.run_ms(False, 1000)
        self.settled(0)

    def test_pulses_keep_a_second_apart(self):
        times = []
        pulse = self.relay.pulse

        def timed(close):
            times.append(self.clock.ms)
            pulse(close)

        self.relay.pulse = timed
        for i in range(100):
            self.run_ms(i % 2 == 0, 300)
        self.assertTrue(len(times) > 5, times)
        gaps = [later - earlier for earlier, later in zip(times, times[1:])]
        self.assertTrue(min(gaps) >= 1000, gaps)

    def test_finishes_what_a_restart_cut_short(self):
        for intent, allowed in ((INTENT_CLOSE, True), (INTENT_OPEN, False)):
            self.restart(intent=intent, closed=int(not allowed))
            self.relay.pulses = []
            self.run_ms(allowed, 1000)
            self.assertEqual(self.pulses, [allowed])
            self.settled(int(allowed))

    def test_turns_an_unfinished_intent_round(self):
        self.restart(intent=INTENT_CLOSE, closed=0)
        self.relay.closed = True  # it had moved before the cut
        self.run_ms(False, 1000)
        self.assertEqual(self.pulses, [False])
        self.assertEqual(self.commits[0], (INTENT_OPEN, 0, 0))
        self.settled(0)


    def test_position_of_a_new_meter(self):
        for closed in (True, False):
            self.restart()
            self.relay.closed = closed
            self.switch.find_position()
            self.assertEqual(self.switch.closed, int(closed))
        self.relay.sensed = False
        self.restart()
        self.switch.find_position()
        self.run_ms(False, 1000)
        self.assertEqual(self.pulses, [False])


class Urgent(Case):

    def run_ms(self, allowed, ms, step=10):
        for _ in range(0, ms, step):
            self.switch.step(allowed, self.reading, self.clock.now(), self.commit, 4)
            self.clock.pass_ms(step)

    def test_opens_first_and_commits_after(self):
        self.restart(closed=1)
        self.relay.closed = True
        self.run_ms(False, 1000)
        self.assertEqual(self.pulses, [False])
        self.assertEqual(self.commits, [(INTENT_OPEN, 1, 1), (NO_INTENT, 0, 1)])
        self.settled(0)

    def test_closing_commits_first_all_the_same(self):
        self.run_ms(True, 1000)
        self.assertEqual(self.commits, [(INTENT_CLOSE, 0, 0), (NO_INTENT, 1, 1)])

    def test_without_a_load_side_the_intent_goes_first(self):
        self.relay.sensed = False
        self.restart(closed=1)
        self.run_ms(False, 1000)
        self.assertEqual(self.commits[0], (INTENT_OPEN, 1, 0))

    def test_a_cut_before_the_commit_leaves_nobody_in_the_dark(self):
        self.restart(closed=1)  # what the ledger says, and the relay is open
        self.reading.voltage_cV = 0
        self.run_ms(True, 1000)
        self.assertEqual(self.pulses, [])
        self.reading.voltage_cV = 23000
        self.run_ms(True, 1000)
        self.assertEqual(self.pulses, [True])
        self.settled(1)

    def test_an_open_relay_that_must_be_open_is_opened_again(self):
        self.restart(closed=1)
        self.run_ms(False, 1000)
        self.assertEqual(self.pulses, [False])
        self.settled(0)

    def test_a_position_is_only_believed_at_a_start(self):
        self.restart(closed=1)
        self.relay.closed = True
        self.run_ms(True, 100)
        self.relay.closed = False  # somebody's hammer: not ours to undo
        self.run_ms(True, 5000)
        self.assertEqual(self.pulses, [])

    def test_closing_onto_a_fault_turns_back_once_the_pulse_is_over(self):
        self.switch.step(True, self.reading, 0, self.commit)
        self.clock.pass_ms(20)
        self.run_ms(False, 90)
        self.assertEqual(self.pulses, [True])
        self.run_ms(False, 10)
        self.assertEqual(self.pulses, [True, False])
        self.run_ms(False, 5000)
        self.assertEqual(self.pulses, [True, False])
        self.settled(0)

    def test_an_overload_just_after_closing_does_not_wait_for_the_rest(self):
        self.run_ms(True, 400)
        self.settled(1)
        self.run_ms(False, 10)
        self.assertEqual(self.pulses, [True, False])

    def test_opening_again_waits_for_the_rest(self):
        self.relay.stuck = True
        self.restart(closed=1)
        self.relay.closed = True
        self.run_ms(False, 990)
        self.assertEqual(self.pulses, [False])
        self.run_ms(False, 30)
        self.assertEqual(self.pulses, [False, False])

    def test_turning_back_is_not_free_of_the_quotas(self):
        for _ in range(100):
            self.switch.step(True, self.reading, 0, self.commit)
            self.run_ms(False, 1500)
        self.assertTrue(len(self.pulses) <= HOURLY_PULSES, len(self.pulses))


class Fails(Case):

    def test_does_not_close(self):
        self.relay.stuck = True
        self.run_ms(True, 60000)
        self.assertEqual(self.pulses, [True] * TRIES)
        self.assertTrue(self.switch.fault)
        self.assertEqual(event_names(self.log), ["relay_fault", "relay_failed_open"])
        self.assertEqual((self.switch.intent, self.switch.closed), (INTENT_CLOSE, 0))

    def test_weld(self):
        self.restart(closed=1)
        self.relay.closed = True
        self.relay.stuck = True
        self.reading.current_mA = 5000
        self.run_ms(False, 60000)
        self.assertEqual(self.pulses, [False] * TRIES)
        self.assertTrue(self.switch.fault)
        self.assertEqual(event_names(self.log), ["relay_fault", "relay_welded"])
        self.assertEqual(self.log.entry(1)[2], 5000)
        self.reading.current_mA = 0
        self.assertEqual((self.switch.intent, self.switch.closed), (INTENT_OPEN, 1))

    def test_weld_told_by_current(self):
        self.restart(closed=1)
        self.relay.sensed = False
        self.reading.current_mA = 41
        self.run_ms(False, 10000)
        self.assertTrue(self.switch.fault)

    def test_the_other_direction_has_tries_of_its_own(self):
        self.test_weld()
        self.relay.stuck = False
        self.run_ms(True, 2000)
        self.assertFalse(self.switch.fault)
        self.settled(1)
        self.run_ms(False, 2000)
        self.settled(0)

    def test_second_try_works(self):
        self.relay.stuck = True
        self.run_ms(True, 900)
        self.relay.stuck = False
        self.run_ms(True, 1500)
        self.assertEqual(self.pulses, [True, True])
        self.settled(1)
        self.relay.stuck = True
        self.run_ms(False, 10000)
        self.assertEqual(len(self.pulses), 2 + TRIES)  # all three again

    def test_stops_closing_when_supply_is_no_longer_allowed(self):
        self.relay.stuck = True
        self.run_ms(True, 500)
        self.relay.stuck = False
        self.run_ms(False, 3000)
        self.assertEqual(self.pulses, [True, False])
        self.settled(0)

    def test_busy_coil(self):
        self.relay.busy = True
        self.run_ms(True, 60000)
        self.assertEqual(self.pulses, [])
        self.assertTrue(self.switch.fault)
        self.assertEqual(event_names(self.log), ["relay_fault"])


class BackFeed(Case):

    def setUp(self):
        super().setUp()
        self.relay.closed = True  # the load side has voltage

    def test_does_not_close_on_voltage_from_elsewhere(self):
        self.run_ms(True, 10000)
        self.assertEqual((self.pulses, self.commits), ([], []))
        self.relay.closed = False
        self.run_ms(True, 1000)
        self.settled(1)

    def test_current_says_that_the_voltage_is_our_own(self):
        self.reading.current_mA = 41
        self.run_ms(True, 1000)
        self.settled(1)

    def test_after_a_cut_in_a_pulse_the_voltage_may_be_our_own(self):
        self.restart(intent=INTENT_CLOSE)
        self.run_ms(True, 1000)
        self.assertEqual(self.pulses, [True])
        self.settled(1)

    def test_closes_all_the_same_where_nobody_looks(self):
        self.switch.configure({"back_feed_s": 0})
        self.run_ms(True, 1000)
        self.settled(1)


class Mains(Case):

    def test_no_pulse_at_a_low_rail(self):
        self.reading.voltage_cV = 16099
        self.run_ms(True, 5000)
        self.assertEqual((self.pulses, self.commits), ([], []))
        self.reading.voltage_cV = 16100
        self.run_ms(True, 1000)
        self.settled(1)

    def test_mains_goes_before_the_proof(self):
        self.switch.step(True, self.reading, 0, self.commit)
        self.reading.voltage_cV = 0
        self.clock.pass_ms(400)
        self.run_ms(True, 5000)
        self.assertEqual((self.switch.intent, self.switch.closed), (INTENT_CLOSE, 0))
        self.assertEqual(self.pulses, [True])
        self.reading.voltage_cV = 23000
        self.run_ms(True, 2000)
        self.settled(1)


class Quota(Case):

    def flip(self, times):
        for _ in range(times):
            self.run_ms(not self.switch.closed, 1200, 300)

    def test_an_hour(self):
        self.flip(HOURLY_PULSES)
        self.assertEqual(len(self.pulses), HOURLY_PULSES)
        self.run_ms(not self.switch.closed, 60000, 1000)
        self.assertEqual(len(self.pulses), HOURLY_PULSES)
        self.run_ms(not self.switch.closed, 3600000, 10000)
        self.assertEqual(len(self.pulses), HOURLY_PULSES + 1)

    def test_a_day(self):
        for _ in range(10):
            self.flip(HOURLY_PULSES)
            self.run_ms(bool(self.switch.closed), 3600000, 60000)
        self.assertEqual(len(self.pulses), DAILY_PULSES)

    def test_refused_pulse_leaves_the_intent_uncommitted(self):
        self.flip(HOURLY_PULSES)
        commits = len(self.commits)
        self.run_ms(not self.switch.closed, 5000)
        self.assertEqual(len(self.commits), commits)

    def test_free_again_after_ticks_have_wrapped(self):
        self.flip(HOURLY_PULSES)
        for _ in range(8 * 24):
            self.run_ms(bool(self.switch.closed), 3600000, 1800000)
        self.assertTrue(self.clock.ms > 0x20000000)
        closed = self.switch.closed
        self.run_ms(not closed, 1200, 300)
        self.settled(1 - closed)


class Storage(Case):

    def test_never_closes_unrecorded(self):
        self.storage_works = False
        self.run_ms(True, 10000)
        self.assertEqual(self.pulses, [])
        self.assertEqual(self.switch.intent, NO_INTENT)
        self.storage_works = True
        self.run_ms(True, 1000)
        self.settled(1)

    def test_opens_unrecorded(self):
        self.restart(closed=1)
        self.relay.closed = True
        self.storage_works = False
        self.run_ms(False, 1000)
        self.assertEqual(self.pulses, [False])
        self.settled(0)

    def test_an_unproven_opening_is_not_forgotten(self):
        # Opened, but the mains went before the proof; then credit came and storage failed.
        self.restart(intent=INTENT_OPEN, closed=1)
        self.relay.closed = False
        self.storage_works = False
        self.run_ms(True, 3000)
        self.assertEqual(self.pulses, [])
        self.assertEqual(self.switch.intent, INTENT_OPEN)
        self.storage_works = True
        self.run_ms(True, 2000)
        self.assertEqual(self.pulses, [True])
        self.settled(1)


class Bypass(Case):

    def test_reported_once(self):
        self.reading.current_mA = 500
        self.run_ms(False, 2900)
        self.assertEqual(event_names(self.log), [])
        self.run_ms(False, 60000)
        self.assertEqual(
            [(name, value) for _, _, name, value in self.log.since(0)],
            [("relay_bypassed", 500)])
        self.assertEqual(self.pulses, [])

    def test_again_after_it_was_gone(self):
        for current in (500, 0, 500):
            self.reading.current_mA = current
            self.run_ms(False, 4000)
        self.assertEqual(event_names(self.log), ["relay_bypassed"] * 2)

    def test_no_bypass_when_closed_or_within_the_noise(self):
        self.reading.current_mA = 40
        self.run_ms(False, 10000)
        self.reading.current_mA = 5000
        self.run_ms(True, 10000)
        self.assertEqual(event_names(self.log), ["supply_connected"])


if __name__ == "__main__":
    unittest.main()
