"""Demand: block and sliding, against a brute-force oracle; cut blocks never count too much."""

import unittest

from tariff_documents import Random

from joulegate.core.civil import NO_TIME, Zone, seconds_of
from joulegate.core.demand import Demand
from joulegate.core.registers import Registers

NOON = seconds_of(2027, 3, 27, 12)
MARCH = 2027 * 12 + 2
CET = "CET-1CEST,M3.5.0,M10.5.0/3"
KATHMANDU = "<+0545>-5:45"


class Billing:
    def __init__(self, zone: str = "UTC0") -> None:
        self.zone = Zone(zone)
        self.month = MARCH


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.registers = Registers(32000)
        self.billing = Billing()
        self.now = NOON
        self.curve = []  # [second, Wh until then], at every tick

    def begin(self, minutes: int = 15, subperiods: int = 1) -> None:
        self.demand = Demand(self.registers, self.billing, minutes, subperiods, self.now)
        self.curve.append((self.now, self.registers.wh[0]))

    def run_for(self, seconds: int, watts: int, step: int = 30, export: int = 0) -> None:
        """Tick for a time with a steady power, in whole Wh a step."""
        for _ in range(seconds // step):
            self.now += step
            self.registers.wh[0] += watts * step // 3600
            self.registers.wh[1] += export * step // 3600
            self.curve.append((self.now, self.registers.wh[0]))
            self.demand.tick(self.now)

    def restart(self, minutes: int = 15, subperiods: int = 1) -> None:
        """A start, with what the record holds."""
        again = Registers(32000)
        for name in ("wh", "remainder", "demand", "demand_marks"):
            getattr(again, name)[:] = getattr(self.registers, name)
        self.registers = again
        self.begin(minutes, subperiods)

    def energy(self, first: int, last: int) -> int:
        """Wh between two seconds, from the curve alone."""
        values = [wh for second, wh in self.curve if first <= second <= last]
        before = [wh for second, wh in self.curve if second <= first]
        return values[-1] - (before or values)[-1 if before else 0] if values else 0


class Blocks(Case):
    def test_aligned_to_the_local_clock(self) -> None:
        for zone, minutes in (("UTC0", 15), (KATHMANDU, 30), (KATHMANDU, 60)):
            self.setUp()
            self.billing.zone = Zone(zone)
            self.now += 7 * 60
            self.begin(minutes)
            shift = self.billing.zone.standard
            seen = set()
            for _ in range(3 * 60):
                self.run_for(60, 6000, 60)
                if self.demand.last_time:
                    seen.add(self.demand.last_time)
            self.assertTrue(len(seen) >= 2)
            self.assertEqual(set([(s + shift) % (minutes * 60) for s in seen]), {0})
            self.assertEqual(self.demand.last(0), 6000)

    def test_running_last_and_maximum_with_its_time(self) -> None:
        self.begin()
        self.run_for(900, 2400)
        self.run_for(900, 7200, export=1200)
        self.run_for(900, 1200)
        self.run_for(450, 4800)
        d = self.demand
        self.assertEqual((d.running(0), d.last(0), d.last_time), (2400, 1200, NOON + 2700))
        self.assertEqual(d.maxima, (7200, NOON + 1800, 1200, NOON + 1800))

    def test_the_first_of_equals_is_the_maximum(self) -> None:
        self.begin()
        self.run_for(2700, 2400)
        self.assertEqual(self.demand.maxima[:2], (2400, NOON + 900))

    def test_the_first_block_counts_over_the_whole_period(self) -> None:
        self.now += 600
        self.begin()
        self.run_for(300, 6000)
        self.assertEqual(self.demand.maxima[:2], (2000, NOON + 900))

    def test_registers_may_pass_65536(self) -> None:
        self.registers.wh[0] = 65000
        self.begin(60)
        self.run_for(3600, 1200)
        self.assertEqual(self.demand.last(0), 1200)


class Sliding(Case):
    def test_against_every_window_of_the_curve(self) -> None:
        random = Random(31)
        for minutes, subperiods in ((15, 3), (15, 15), (30, 5), (60, 15), (60, 1)):
            self.setUp()
            self.begin(minutes, subperiods)
            sub = minutes * 60 // subperiods
            best = (0, 0)
            for _ in range(150):
                self.run_for(120, 120 * random.below(80), 60)
                end = self.now - self.now % sub
                watts = self.energy(end - minutes * 60, end) * 60 // minutes
                if end > NOON:
                    self.assertEqual((self.demand.last(0), self.demand.last_time), (watts, end))
            for end in range(NOON + sub, self.now + 1, sub):
                watts = self.energy(end - minutes * 60, end) * 60 // minutes
                if watts > best[0]:
                    best = (watts, end)
            self.assertEqual(self.demand.maxima[:2], best)

    def test_it_finds_what_blocks_divide(self) -> None:
        peaks = []
        for subperiods in (1, 15):
            self.setUp()
            self.begin(15, subperiods)
            self.run_for(480, 0)
            self.run_for(900, 6000)
            self.run_for(900, 0)
            peaks.append(self.demand.maxima[0])
        self.assertEqual(peaks[1], 6000)
        self.assertTrue(peaks[0] < 3600)


class Cuts(Case):
    def test_an_outage_that_ends_in_the_block_goes_on_with_it(self) -> None:
        self.begin()
        self.run_for(300, 6000)
        self.now += 200
        self.restart()
        self.run_for(400, 6000, 10)
        self.assertEqual((self.demand.last(0), self.demand.last_time), (4560, NOON + 900))

    def test_a_block_cut_by_an_outage_counts_its_energy_over_the_whole_period(self) -> None:
        self.begin()
        self.run_for(600, 6000)
        self.now += 7200
        self.restart()
        self.assertEqual(self.demand.maxima[:2], (4000, NOON + 900))
        self.assertEqual((self.demand.last(0), self.demand.running(0)), (0, 0))

    def test_a_window_holds_what_was_before_an_outage(self) -> None:
        self.begin(60, 15)
        self.run_for(1800, 6000)
        self.now += 1200
        self.restart(60, 15)
        self.assertEqual((self.demand.last(0), self.demand.running(0)), (3000, 3000))
        self.run_for(600, 6000)
        self.assertEqual(self.demand.last(0), 4000)

    def test_a_clock_set_forward_or_back_never_counts_too_much(self) -> None:
        random = Random(77)
        for minutes, subperiods in ((15, 1), (15, 5), (60, 15)):
            self.setUp()
            self.begin(minutes, subperiods)
            for _ in range(300):
                kind = random.below(12)
                if kind == 0:
                    self.now += random.below(20000)
                elif kind == 1:
                    self.now -= random.below(20000)
                elif kind == 2:
                    self.now += random.below(5000)
                    self.restart(minutes, subperiods)
                elif kind == 3:
                    self.billing.zone = Zone(("UTC0", CET, KATHMANDU)[random.below(3)])
                self.run_for(30 * random.below(40), 6000)
                self.curve = []  # room
            self.assertTrue(self.demand.maxima[0] <= 6000, self.demand.maxima)
            self.assertTrue(self.demand.last(0) <= 6000)

    def test_a_block_that_the_clock_cut_short_counts_at_once(self) -> None:
        self.begin()
        self.run_for(600, 6000)
        self.now -= 400
        self.run_for(30, 0)
        self.assertEqual(self.demand.maxima[:2], (4000, self.now))
        self.assertEqual(self.demand.running(0), 0)

    def test_without_a_time_blocks_go_on_and_their_time_is_none(self) -> None:
        self.now = NO_TIME + 5
        self.begin()
        self.run_for(2700, 6000)
        self.assertEqual(self.demand.maxima[0], 6000)
        self.assertTrue(self.demand.maxima[1] < NO_TIME + 3600)
        self.now = NOON + 100
        self.run_for(1800, 3600)
        self.assertEqual((self.demand.maxima[0], self.demand.last(0)), (6000, 3600))

    def test_the_hours_of_the_change_of_summer_time(self) -> None:
        self.billing.zone = Zone(CET)
        self.now = seconds_of(2027, 3, 28, 0, 30)
        self.begin(60)
        self.run_for(4 * 3600, 6000)
        self.assertEqual((self.demand.maxima[0], self.demand.last(0)), (6000, 6000))


class Months(Case):
    def test_closed_by_whoever_ends_it_and_only_once(self) -> None:
        self.begin()
        self.run_for(870, 6000)
        self.now += 30
        self.registers.wh[0] += 50
        wanted = (6000, NOON + 900, 0, 0)
        self.assertEqual(self.demand.close_month(self.now, MARCH), wanted)
        self.assertEqual(self.demand.close_month(self.now, MARCH), wanted)
        self.restart()
        self.assertEqual(self.demand.close_month(self.now, MARCH), wanted)
        self.billing.month = MARCH + 1
        self.run_for(900, 2400)
        d = self.demand
        self.assertEqual((d.maxima[0], d.previous, d.cumulative), (2400, wanted, (6000, 0)))
        self.assertEqual(d.close_month(self.now, MARCH + 5), (0, 0, 0, 0))

    def test_a_month_that_nobody_closed_ends_with_its_last_block(self) -> None:
        self.begin()
        self.run_for(870, 6000)
        self.billing.month = MARCH + 1
        self.run_for(30, 6000)
        self.assertEqual(self.demand.previous, (6000, NOON + 900, 0, 0))
        self.assertEqual(self.demand.maxima, (0, 0, 0, 0))

    def test_a_month_closed_in_the_ledger_alone_is_closed_at_the_start(self) -> None:
        self.begin()
        self.run_for(600, 6000)
        self.billing.month = MARCH + 1
        self.now += 3600
        self.restart()
        self.assertEqual((self.demand.previous[0], self.demand.maxima[0]), (4000, 0))

    def test_months_of_an_outage_have_none(self) -> None:
        self.begin()
        self.run_for(900, 6000)
        for months, wanted in ((0, 6000), (1, 0), (2, 0)):
            self.assertEqual(self.demand.close_month(self.now, MARCH + months)[0], wanted)

    def test_a_reset_begins_anew(self) -> None:
        self.begin()
        self.run_for(1350, 6000)
        self.assertEqual(self.demand.reset(self.now), 6000)
        self.assertEqual((self.demand.maxima, self.demand.running(0)), ((0, 0, 0, 0), 0))
        self.run_for(450, 6000)
        self.assertEqual(self.demand.maxima[:2], (3000, NOON + 1800))
        self.assertEqual(self.demand.cumulative, (6000, 0))

    def test_another_period_begins_anew(self) -> None:
        self.begin()
        self.run_for(900, 6000)
        self.restart(30)
        self.assertEqual(self.demand.maxima, (0, 0, 0, 0))


if __name__ == "__main__":
    unittest.main()
