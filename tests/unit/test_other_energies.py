# heapsize: 256wK
"""Energies counted by pulses: against exact sums, over month ends, changes, restarts and cuts."""

import os
import random
import unittest

from parts import (
    METER_ID,
    NOON,
    UNIT_PLACES,
    error_text,
    event_names,
    new_state,
    new_switch,
    provisioned,
    tariff,
)
from scratch import scratch_folder

from joulegate.core.energy_setting import Energy, EnergyError, check_for, parse
from joulegate.core.other_energies import EnergyState

DAY = 86400
PLACES_BEYOND = 10 ** (8 - UNIT_PLACES)
WATER = "1 water 100/m3 2.35"


class Tap:
    """An input with as many pulses as a test gives it."""

    def __init__(self):
        self.pulses = 0
        self.missed = 0
        self.released = False

    def take(self):
        n = self.pulses
        self.pulses = 0
        return n

    def release(self):
        self.released = True


class Texts(unittest.TestCase):
    def refused(self, text, *wanted):
        found = error_text(EnergyError, parse, text if isinstance(text, list) else [text])
        for part in wanted:
            self.assertTrue(part in found, "%r: %s" % (part, found))

    def test_all_words(self):
        e = Energy("4 hot-water 3/250kWh 0.12345678 above 10 1 above 20 2.5 daily 0.3 ms 80")
        self.assertEqual((e.input, e.name, e.pulses, e.size, e.unit),
                         (4, "hot-water", 3, 250, "kWh"))
        self.assertEqual(e.steps, [(0, 12345678), (10, 10 ** 8), (20, 250000000)])
        self.assertEqual((e.daily, e.least_ms), (30000000, 80))

    def test_least_words(self):
        e = Energy(WATER)
        self.assertEqual((e.size, e.unit, e.daily, e.least_ms), (1, "m3", 0, 30))

    def test_bad_texts(self):
        self.refused("", "INPUT NAME PULSES/UNIT PRICE")
        self.refused(7, "INPUT NAME PULSES/UNIT PRICE")
        self.refused("1 water 100/m3", "INPUT NAME PULSES/UNIT PRICE")
        self.refused(WATER + " " * 120, "at most 120")
        self.refused("5 water 100/m3 1", "input '5'", "1 to 4")
        self.refused("-1 water 100/m3 1", "input '-1'", "1 to 4")
        self.refused("1 Water 100/m3 1", "name 'Water'", "letter")
        self.refused("1 2water 100/m3 1", "name '2water'")
        self.refused("1 waterwaterwat 100/m3 1", "12 at most")
        self.refused("1 water 0/m3 1", "pulses '0'", "1 to 100000")
        self.refused("1 water 1.5/m3 1", "pulses '1.5'")
        self.refused("1 water 100000000000/m3 1", "pulses")
        self.refused("1 water 100 1", "unit ''")
        self.refused("1 water 1/1001l 1", "units '1001'", "1 to 1000")
        self.refused("1 water 1/litres 1", "unit 'litres'", "4 at most")
        self.refused("1 water 1/m3 1.123456789", "price '1.123456789'", "8 places")
        self.refused("1 water 1/m3 -1", "price '-1'")
        self.refused("1 water 1/m3 1000001", "at most 1000000")
        self.refused("1 water 1/m3 1 above 10", "above: must be followed")
        self.refused("1 water 1/m3 1 above 0 2", "above '0'", "1 to 1000000")
        self.refused("1 water 1/m3 1 above 10 2 above 10 3", "above 10: must rise")
        self.refused("1 water 1/m3 1" + "".join([" above %d 1" % i for i in range(1, 6)]),
                     "at most 4 steps")
        self.refused("1 water 1/m3 1 above 10 x", "price above 10 'x'")
        self.refused("1 water 1/m3 1 daily 1 daily 1", "daily")
        self.refused("1 water 1/m3 1 daily", "daily: must be followed")
        self.refused("1 water 1/m3 1 ms 1", "ms '1'", "2 to 1000")
        self.refused("1 water 1/m3 1 weekly 1", "'weekly'", "'daily PRICE'")

    def test_texts_together(self):
        self.refused([WATER] * 5, "5 texts", "at most 4")
        self.refused([WATER, "1 gas 1/m3 1"], "must be different from those of water")
        self.refused([WATER, "2 water 1/m3 1"], "must be different from those of water")

    def test_what_a_board_and_a_unit_allow(self):
        energies = parse([WATER, "3 gas 1/m3 167.77216"])
        check_for(energies, 5, 3)
        self.assertTrue("gas: input 3: this board has 2" in error_text(
            EnergyError, check_for, energies, 5, 2))
        self.assertTrue("costs 16777217 credit units" in error_text(
            EnergyError, check_for, parse(["1 gas 1/m3 167.77217"]), 5, 4))
        self.assertTrue("heat" in error_text(
            EnergyError, check_for, parse(["1 heat 1/kWh 1 daily 1000"]), 5, 4))


class Exact:
    """What an input must have charged, as a fraction: numerators, by denominator."""

    def __init__(self):
        self.sums = {}
        self.month = 0

    def copy(self):
        found = Exact()
        found.sums = dict(self.sums)
        found.month = self.month
        return found

    def pulse(self, energy):
        """One more pulse: its share of each step it reaches into."""
        a = self.month * energy.size
        b = a + energy.size
        self.month += 1
        bounds = [above for above, _ in energy.steps] + [10 ** 12]
        for i in range(len(energy.steps)):
            share = min(b, bounds[i + 1] * energy.pulses) - max(a, bounds[i] * energy.pulses)
            if share > 0:
                self.add(share * energy.steps[i][1], energy.pulses)

    def add(self, numerator, denominator):
        self.sums[denominator] = self.sums.get(denominator, 0) + numerator

    def units(self):
        """Whole credit units, rounded down."""
        d = 1
        for other in self.sums:
            d *= other
        total = sum([n * (d // other) for other, n in self.sums.items()])
        return total // (d * PLACES_BEYOND)


def random_texts():
    found = []
    for number, name in ((1, "water 7/m3"), (2, "gas 1/10l"), (4, "heat 1000/3kWh")):
        text = "%d %s 0.%08d above 3 %d.%07d" % (
            number, name, random.randrange(1, 10 ** 8), random.randrange(3),
            random.randrange(10 ** 7))
        if random.randrange(2):
            text += " above 40 0.5"
        if random.randrange(2):
            text += " daily 0.%06d" % random.randrange(10 ** 6)
        found.append(text)
    return found


class Life(unittest.TestCase):
    def setUp(self):
        self.folder = scratch_folder("energies")

    def begin(self, texts, now=NOON):
        state = provisioned(self.folder, now, energies=texts)
        return self.attach(state)

    def attach(self, state):
        state.energies.attach([(energy, Tap()) for energy in state.energies.energies])
        return state

    def again(self, now):
        state = new_state(self.folder)
        state.load(new_switch(), now)
        self.assertEqual(state.error, "")
        return self.attach(state) if state.energies is not None else state

    def pulse(self, state, number, n):
        for energy, tap in state.energies.inputs:
            if energy.input == number:
                tap.pulses += n
        return state.energies.take()

    def change(self, state, texts, now):
        state.settings.set(energies=texts)
        state.configure_energies(now)
        self.attach(state)
        state.ledger.commit()

    def agrees(self, state, exact):
        kept = state.energies.state
        total = 0
        for number, wanted in exact.items():
            self.assertEqual(kept.charged[number - 1], wanted.units())
            self.assertEqual(kept.month_counts[number - 1], wanted.month)
            total += wanted.units()
        self.assertEqual(state.account.other_charges, total)
        self.assertEqual(state.billing.audit(), "")

    def test_random_lives(self):
        for seed in range(4):
            self.setUp()
            random.seed(seed)
            self.now = NOON
            self.state = self.begin(random_texts())
            self.exact = {1: Exact(), 2: Exact(), 4: Exact()}
            self.store()
            for _ in range(220):
                act = random.randrange(12)
                if act < 6:
                    self.some_pulses()
                elif act < 8:
                    self.some_days(random.randrange(1, 20))
                elif act < 9:
                    self.state.billing.consume(random.randrange(1, 5000))
                elif act == 9:
                    self.change(self.state, random_texts(), self.now)
                    self.store()
                elif act == 10:
                    self.store()
                else:
                    self.power_cut()
                self.agrees(self.state, self.exact)

    def store(self):
        self.state.ledger.commit()
        self.stored = {number: e.copy() for number, e in self.exact.items()}
        self.stored_now = self.now

    def power_cut(self):
        """What was not committed is as if it had never been."""
        self.exact = {number: e.copy() for number, e in self.stored.items()}
        self.now = self.stored_now
        self.state = self.again(self.now)
        self.assertFalse("audit_failed" in event_names(self.state.log))

    def some_pulses(self):
        energy = self.state.energies.energies[random.randrange(3)]
        n = random.randrange(1, 60)
        self.assertEqual(self.pulse(self.state, energy.input, n), n)
        for _ in range(n):
            self.exact[energy.input].pulse(energy)

    def some_days(self, days):
        billing = self.state.billing
        month = billing.month
        self.now += days * DAY
        before = billing.day
        billing.advance(self.now)
        self.assertEqual(billing.day - before, days)
        for energy in self.state.energies.energies:
            exact = self.exact[energy.input]
            exact.add(days * energy.daily * energy.pulses, energy.pulses)
            if billing.month != month:
                exact.month = 0

    def test_a_pulse_on_a_step_is_divided(self):
        state = self.begin(["1 water 3/2m3 1 above 1 2"])
        before = state.account.balance
        self.pulse(state, 1, 1)  # two thirds of a cubic metre
        self.assertEqual(before - state.account.balance, 66666)
        self.pulse(state, 1, 1)  # a third at 1, a third at 2
        self.assertEqual(before - state.account.balance, 166666)
        self.pulse(state, 1, 1)
        self.assertEqual(before - state.account.balance, 300000)
        self.assertEqual(state.billing.audit(), "")

    def test_rows_of_months(self):
        state = self.begin([WATER, "2 gas 1/10l 0.001 daily 0.1"], 29 * DAY + NOON)
        self.pulse(state, 1, 250)
        state.billing.advance(31 * DAY + NOON)  # 1 February
        state.ledger.commit()
        self.pulse(state, 1, 50)
        self.change(state, ["1 water 10/m3 2.35"], 31 * DAY + NOON)  # another meter, and no gas
        self.pulse(state, 1, 3)
        state = self.again(31 * DAY + NOON)
        rows = list(state.ledger.energies.ring.entries())
        self.assertEqual([
            (r["month"] % 12, r["flags"], r["input"], r["month_counts"], r["charged"], r["counts"])
            for r in rows],
            [(0, 0, 1, 250, 587500, 250), (0, 0, 2, 0, 10000, 0),
             (1, 8, 1, 50, 117500, 300), (1, 8, 2, 0, 10000, 0)])
        kept = state.energies.state
        self.assertEqual((kept.counts[0], kept.charged[0]), (0, 0))
        self.assertEqual(state.account.other_charges, 725000)

    def test_the_end_of_a_customer(self):
        state = self.begin([WATER])
        self.pulse(state, 1, 100)
        state.billing.close_account(NOON + 60)
        state.ledger.commit()
        row, = state.ledger.energies.ring.entries()
        self.assertEqual((row["flags"], row["charged"]), (8, 235000))
        self.assertEqual((state.energies.state.month_counts[0], state.billing.audit()), (0, ""))

    def test_off_and_on_again(self):
        state = self.begin([WATER])
        self.pulse(state, 1, 7)
        taps = state.energies.inputs
        self.change(state, [], NOON)
        self.assertTrue(taps[0][1].released)
        state = self.again(NOON)
        self.assertTrue(state.energies is None and state.ledger.energies is None)
        self.assertEqual((state.account.other_charges, state.billing.audit()), (16450, ""))
        self.change_first(state)
        self.assertEqual(state.energies.state.counts[0], 7)
        self.pulse(state, 1, 1)
        self.assertEqual((state.account.other_charges, state.billing.audit()), (18800, ""))

    def change_first(self, state):
        state.settings.set(energies=[WATER])
        state.configure_energies(NOON)
        self.attach(state)

    def test_a_meter_without_pays_nothing(self):
        state = provisioned(self.folder)
        self.assertTrue(state.energies is None and state.ledger.energies is None)
        state.ledger.commit()
        self.assertFalse("energies" in os.listdir(self.folder))

    def test_another_account_begins_without(self):
        state = self.begin([WATER])
        self.pulse(state, 1, 7)
        state.ledger.commit()
        for name in ("ledger.bin", "registers.bin", "journal/purchases.bin"):
            os.remove(self.folder + "/" + name)
        state = new_state(self.folder)
        state.provision(METER_ID, tariff(), UNIT_PLACES, new_switch(), NOON, energies=[WATER])
        self.assertEqual((state.energies.state.counts[0], state.account.other_charges), (0, 0))
        state.ledger.commit()
        self.assertEqual(self.again(NOON).account.other_state, 1)

    # --- storage that fails -------------------------------------------------------------------

    def test_power_goes_between_the_two_records(self):
        state = self.begin([WATER])
        self.pulse(state, 1, 10)
        state.ledger.commit()
        self.pulse(state, 1, 5)
        state.ledger.energies.prepare(NOON)  # and no ledger after it
        again = self.again(NOON)
        self.assertEqual(again.energies.state.counts[0], 10)
        self.assertEqual((again.account.other_charges, again.billing.audit()), (23500, ""))
        state.ledger.energies.cancel()
        state.ledger.commit()
        self.assertEqual(self.again(NOON).energies.state.counts[0], 15)

    def test_a_ledger_that_cannot_be_written(self):
        state = self.begin([WATER])
        self.pulse(state, 1, 10)
        state.ledger.commit()
        path = state.ledger.hot.path
        for _ in range(3):
            self.pulse(state, 1, 1)
            state.ledger.hot.path = self.folder + "/none/ledger.bin"
            with self.assertRaises(OSError):
                state.ledger.commit()
            self.assertEqual(self.again(NOON).energies.state.counts[0], 10)
        state.ledger.hot.path = path
        state.ledger.commit()
        self.assertEqual(self.again(NOON).energies.state.counts[0], 13)

    def test_a_record_that_cannot_be_written(self):
        state = self.begin([WATER])
        self.pulse(state, 1, 10)
        state.ledger.commit()
        record = state.ledger.energies.record
        path = record.path
        record.path = self.folder + "/energies/none/state.bin"
        self.pulse(state, 1, 1)
        state.ledger.commit()
        state.ledger.commit()
        self.assertEqual(event_names(state.log).count("storage_error"), 1)
        # The money is kept all the same, and agrees.
        again = self.again(NOON)
        self.assertEqual((again.account.other_charges, again.billing.audit()), (25850, ""))
        record.path = path
        state.ledger.commit()
        self.assertEqual(self.again(NOON).energies.state.counts[0], 11)

    def test_a_record_that_cannot_be_believed(self):
        state = self.begin([WATER])
        self.pulse(state, 1, 10)
        state.ledger.commit()
        with open(self.folder + "/energies/state.bin", "r+b") as f:
            f.seek(30)
            f.write(b"\xff\xff")
        again = self.again(NOON)
        self.assertTrue("storage_error" in event_names(again.log))
        self.assertEqual((again.account.other_charges, again.billing.audit()), (23500, ""))
        self.pulse(again, 1, 1)
        again.ledger.commit()
        last = self.again(NOON)
        self.assertEqual((last.energies.state.counts[0], last.account.other_charges),
                         (1, 25850))

    def test_generations_go_round(self):
        state = self.begin([WATER])
        state.account.other_state = 253
        for n in range(1, 5):
            self.pulse(state, 1, 1)
            state.ledger.commit()
            again = self.again(NOON)
            self.assertEqual((again.energies.state.counts[0], again.billing.audit()), (n, ""))
        self.assertEqual(again.account.other_state, 3)

    def test_nothing_is_written_without_pulses(self):
        state = self.begin([WATER])
        state.ledger.commit()
        self.assertEqual(state.account.other_state, 1)
        state.ledger.commit()
        self.assertEqual(state.account.other_state, 1)

    def test_a_copy_is_a_copy(self):
        a, b = EnergyState(), EnergyState()
        a.begin(Energy(WATER))
        b.take(a)
        a.counts[0] = 5
        self.assertEqual((b.counts[0], b.name(0)), (0, b"water" + bytes(7)))


if __name__ == "__main__":
    unittest.main()
