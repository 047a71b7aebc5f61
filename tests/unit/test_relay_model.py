"""The relay model against the figures of the sheet: pulses, faults and what it counts."""

import unittest

from world.relay_model import STUCK_OPEN, WEAK, WELDED, RelayModel

MS = 1000


class Bench:
    """A relay and a clock that the test moves."""

    def __init__(self, closed: bool = False) -> None:
        self.now = 0
        self.relay = RelayModel(lambda: self.now, closed)
        self.moves = []
        self.relay.on_change(lambda state, at_us: self.moves.append((state, at_us // MS)))

    def wait(self, ms: int) -> None:
        self.now += ms * MS

    def pulse(self, coil: object, ms: int) -> None:
        coil(1)
        self.wait(ms)
        coil(0)


class TestPulses(unittest.TestCase):
    def test_good_pulses_close_and_open(self) -> None:
        bench = Bench()
        relay = bench.relay
        bench.pulse(relay.set_coil, 100)
        self.assertTrue(relay.closed)
        bench.wait(1000)
        bench.pulse(relay.reset_coil, 50)
        self.assertFalse(relay.closed)
        self.assertEqual(bench.moves, [(True, 15), (False, 1115)])
        self.assertEqual((relay.operations, relay.pulses, relay.short_pulses), (2, 2, 0))

    def test_contact_moves_at_the_operate_time(self) -> None:
        bench = Bench()
        bench.relay.set_coil(1)
        self.assertEqual(bench.relay.next_change_us, 15 * MS)
        bench.wait(14)
        self.assertFalse(bench.relay.closed)
        bench.wait(1)
        self.assertTrue(bench.relay.closed)
        self.assertTrue(bench.relay.next_change_us is None)

    def test_short_pulse_falls_back(self) -> None:
        for ms in (49, 20):
            bench = Bench()
            bench.pulse(bench.relay.set_coil, ms)
            self.assertFalse(bench.relay.closed)
            self.assertEqual(bench.moves, [(True, 15), (False, ms)])
            self.assertEqual(bench.relay.short_pulses, 1)
        bench = Bench()
        bench.pulse(bench.relay.set_coil, 10)
        self.assertEqual(bench.moves, [])

    def test_repeated_pulse_moves_nothing(self) -> None:
        bench = Bench(closed=True)
        bench.pulse(bench.relay.set_coil, 100)
        bench.pulse(bench.relay.set_coil, 20)
        self.assertTrue(bench.relay.closed)
        self.assertEqual(bench.relay.operations, 0)

    def test_position_survives_power_off(self) -> None:
        bench = Bench()
        bench.pulse(bench.relay.set_coil, 100)
        bench.relay.power_off()
        bench.wait(10_000_000)
        self.assertTrue(bench.relay.closed)

    def test_power_lost_in_a_pulse_is_a_short_pulse(self) -> None:
        bench = Bench()
        bench.relay.set_coil(1)
        bench.wait(30)
        bench.relay.power_off()
        self.assertFalse(bench.relay.closed)
        self.assertEqual(bench.relay.short_pulses, 1)

    def test_low_rail_moves_nothing(self) -> None:
        bench = Bench()
        bench.relay.rail_percent = 79
        bench.pulse(bench.relay.set_coil, 100)
        self.assertFalse(bench.relay.closed)
        bench.relay.rail_percent = 80
        bench.pulse(bench.relay.set_coil, 100)
        self.assertTrue(bench.relay.closed)


class TestAbuse(unittest.TestCase):
    def test_both_coils_are_recorded_and_move_nothing(self) -> None:
        bench = Bench()
        bench.relay.set_coil(1)
        bench.relay.reset_coil(1)
        bench.wait(100)
        self.assertFalse(bench.relay.closed)
        self.assertEqual(bench.relay.both_coils, 1)
        bench.relay.reset_coil(0)
        bench.wait(100)
        bench.relay.set_coil(0)
        self.assertTrue(bench.relay.closed)

    def test_coil_left_on_overheats_then_burns(self) -> None:
        bench = Bench()
        relay = bench.relay
        bench.pulse(relay.set_coil, 1000)
        self.assertEqual(len(relay.overheated), 0)
        relay.reset_coil(1)
        bench.wait(1001)
        relay.settle()
        self.assertEqual((relay.overheated, relay.burnt), ({"reset"}, set()))
        bench.wait(9000)
        relay.reset_coil(0)
        self.assertEqual(relay.burnt, {"reset"})
        bench.pulse(relay.set_coil, 100)
        bench.pulse(relay.reset_coil, 100)
        self.assertTrue(relay.closed)


class TestFaults(unittest.TestCase):
    def test_welded_never_opens(self) -> None:
        bench = Bench()
        bench.relay.inject(WELDED)
        self.assertTrue(bench.relay.closed)
        bench.pulse(bench.relay.reset_coil, 100)
        self.assertTrue(bench.relay.closed)
        bench.relay.inject(None)
        bench.pulse(bench.relay.reset_coil, 100)
        self.assertFalse(bench.relay.closed)

    def test_stuck_open_never_closes(self) -> None:
        bench = Bench(closed=True)
        bench.relay.inject(STUCK_OPEN)
        bench.pulse(bench.relay.set_coil, 200)
        self.assertFalse(bench.relay.closed)
        self.assertEqual(bench.moves, [(False, 0)])

    def test_weak_needs_longer(self) -> None:
        bench = Bench()
        bench.relay.inject(WEAK)
        bench.pulse(bench.relay.set_coil, 100)
        self.assertFalse(bench.relay.closed)
        bench.pulse(bench.relay.set_coil, 120)
        self.assertTrue(bench.relay.closed)

    def test_unknown_fault(self) -> None:
        with self.assertRaises(ValueError):
            Bench().relay.inject("tired")


class TestLoadSide(unittest.TestCase):
    def test_voltage_on_the_load_side(self) -> None:
        relay = Bench().relay
        for mains, closed, back_feed, live in (
            (True, True, False, True), (True, False, False, False), (False, True, False, False),
            (True, False, True, True), (False, False, True, True),
        ):
            relay.inject(None)
            relay.inject(WELDED if closed else STUCK_OPEN)
            relay.mains_on = mains
            relay.back_feed = back_feed
            self.assertEqual(relay.load_live, live)
