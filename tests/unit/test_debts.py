# heapsize: 384wK
"""Debts, against a model in plain integers: by time, of top-ups, under a cap, suspended."""

import sys
import unittest
from errno import EIO

from parts import (
    COUNTS_PER_KWH,
    NOON,
    error_text,
    event_names,
    new_state,
    new_switch,
    provisioned,
)
from scratch import scratch_folder

from joulegate.core.account import BALANCE_LIMIT
from joulegate.core.civil import NO_TIME
from joulegate.core.supply import REMOTE
from joulegate.core.supply_reasons import CREDIT, EMERGENCY, FRIENDLY, KEEP_POWER
from joulegate.vending.gate import EXECUTION_OK, RECEIVED, Gate

DAY_S = 86400
DAILY = 1000  # credit units, of parts.tariff
PRICES = (12345678, 30000000)  # 1e-8 of the currency a kWh, until 1.5 kWh a month and beyond
LIMIT = 1500 * COUNTS_PER_KWH // 1000
SCALE = 1000 * COUNTS_PER_KWH  # 1e-8 of the currency a kWh are units a count times this
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MONTH_STARTS = [sum([MONTH_DAYS[i % 12] for i in range(m)]) + (m > 1) + (m > 49)
                for m in range(60)]  # 29 February of 2020 and of 2024


class Rng:
    """Numbers by chance, the same on both interpreters."""

    def __init__(self, seed):
        self.state = seed * 7919 + 1

    def below(self, n):
        self.state = (self.state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self.state >> 8) % n

    def one_of(self, *items):
        return items[self.below(len(items))]


class Model:
    """What an account with debts must be; sums of charges over SCALE, exact."""

    def __init__(self, settings):
        self.settings = settings
        self.credits = 0
        self.charged = DAILY * SCALE
        self.recovered = 0
        self.debts = [0, 0, 0]
        self.capped = 0
        self.day = 0
        self.position = 0
        self.emergency = False
        self.keep_power = False

    def copy(self):
        other = Model(self.settings)
        for name in ("credits", "charged", "recovered", "capped", "day", "position",
                     "emergency", "keep_power"):
            setattr(other, name, getattr(self, name))
        other.debts = list(self.debts)
        return other

    @property
    def balance(self):
        return self.credits - self.charged // SCALE - self.recovered

    def use(self, counts):
        cheap = min(counts, max(0, LIMIT - self.position))
        self.position += counts
        self.charged += cheap * PRICES[0] + (counts - cheap) * PRICES[1]

    def look(self, now):
        today = now // DAY_S
        if today > self.day + 62:
            return
        while self.day < today:
            self.day += 1
            self.begin_day()
            self.charged += DAILY * SCALE

    def begin_day(self):
        month_begins = self.day in MONTH_STARTS
        week_begins = (self.day - 5) % 7 == 0  # 6 January 2020 was a Monday
        begun = (None, True, week_begins, month_begins)
        if month_begins:
            self.position = 0
        s = self.settings
        if begun[s["debt_cap_period"]]:
            self.capped = 0
        if not self.suspended():
            for i in range(2):
                if begun[s["debt_%d_period" % (i + 1)]]:
                    self.take(i, min(self.debts[i], s["debt_%d_rate" % (i + 1)]))

    def suspended(self):
        s = self.settings
        if self.balance > s["cut_off"]:
            return False
        if self.emergency and s["debt_suspend"] & 1:
            return True
        on = self.keep_power or (
            self.emergency and self.balance > s["cut_off"] - s["emergency_credit"])
        return not on and s["debt_suspend"] & 2 != 0

    def take(self, i, units):
        self.debts[i] -= units
        self.recovered += units

    def share(self, units):
        """Return what of a top-up pays the debt: after emergency credit, before the balance."""
        s = self.settings
        left = units
        if self.emergency:
            left -= max(0, min(left, s["cut_off"] - self.balance))
        share = min(units * s["debt_percent"] // 100, left, self.debts[2])
        if s["debt_cap"]:
            share = min(share, max(0, s["debt_cap"] - self.capped))
        return share

    def top_up(self, units, share=None):
        if share is None:
            share = self.share(units)
        share = min(share, self.debts[2])
        self.credits += units
        self.capped += share
        self.take(2, share)
        return share


class Case(unittest.TestCase):

    def begin(self, **settings):
        self.folder = scratch_folder("debts")
        self.state = provisioned(self.folder, **settings)
        self.now = NOON
        self.tid = 0
        self.built()
        self.model = Model(self.state.settings.values)

    def built(self):
        state = self.state
        self.account = state.account
        self.billing = state.billing
        self.gate = Gate(state.account, state.replay, state.ledger, state.journal, state.log)

    def restart(self):
        self.state = new_state(self.folder)
        self.state.load(new_switch(), self.now)
        self.assertEqual(self.state.error, "")
        self.built()
        self.gate.recover(self.now)

    def settings(self, **changes):
        self.state.settings.set(**changes)
        self.state.configure_debts()
        self.model.settings = self.state.settings.values

    def owe(self, *debts):
        for i, units in enumerate(debts):
            self.state.set_debt(i + 1, units)
            self.model.debts[i] = units

    def top_up(self, units):
        self.tid += 1
        receipt = self.gate.credit(self.tid, units, self.now)
        self.assertEqual((receipt.code, receipt.debt), (EXECUTION_OK, self.model.top_up(units)))
        self.assertEqual(receipt.balance, self.model.balance)
        return receipt

    def pass_to(self, day, second=NOON):
        """Look at the clock at a second of a day."""
        self.now = day * DAY_S + second
        self.billing.advance(self.now)
        self.model.look(self.now)

    def agree(self):
        model = self.model
        debts = self.account.debts
        self.assertEqual(
            (list(debts.remaining), debts.recovered, debts.capped, self.billing.day),
            (model.debts, model.recovered, model.capped, model.day))
        self.assertEqual(
            (self.account.balance, self.account.credits, self.account.charges),
            (model.balance, model.credits, model.charged // SCALE + model.recovered))
        self.assertEqual(self.billing.audit(), "")


class ByTime(Case):

    def test_a_day_a_week_and_a_month(self):
        self.begin(debt_1_rate=300, debt_1_period=1, debt_2_rate=5000, debt_2_period=2)
        self.owe(100000, 100000)
        for day in range(1, 40):
            self.pass_to(day)
            self.agree()
        # Mondays: 6, 13, 20, 27 January and 3 February.
        self.assertEqual(self.model.recovered, 39 * 300 + 5 * 5000)
        self.settings(debt_1_period=3, debt_2_rate=0)
        before = self.model.recovered
        for day in range(40, 95):
            self.pass_to(day)
        self.agree()
        self.assertEqual(self.model.recovered - before, 2 * 300)  # 1 March, 1 April

    def test_never_more_than_remains(self):
        self.begin(debt_1_rate=300, debt_2_rate=70)
        self.owe(1000, 70)
        for day in range(1, 9):
            self.pass_to(day)
            self.agree()
        self.assertEqual(self.model.debts, [0, 0, 0])
        self.assertEqual(self.model.recovered, 1070)

    def test_a_clock_set_back_takes_nothing_twice(self):
        self.begin(debt_1_rate=300)
        self.owe(100000)
        for day in (5, 3, 5, 1, 4, 6, 2, 6):
            self.pass_to(day)
            self.agree()
        self.assertEqual(self.model.recovered, 6 * 300)

    def test_an_outage_is_made_up_day_by_day_and_once(self):
        self.begin(debt_1_rate=300, debt_2_rate=1000, debt_2_period=2)
        self.owe(100000, 100000)
        self.now = 20 * DAY_S
        for _ in range(3):
            self.restart()  # cut before it commits, twice
        self.model.look(self.now)
        self.agree()
        self.state.ledger.commit()
        self.restart()
        self.agree()
        self.assertEqual(self.model.recovered, 20 * 300 + 3 * 1000)

    def test_what_is_too_far_ahead_waits(self):
        self.begin(debt_1_rate=300)
        self.owe(100000)
        self.pass_to(63)
        self.agree()
        self.assertEqual(self.model.recovered, 0)

    def test_the_account_at_its_lowest_owes_on(self):
        self.begin(debt_1_rate=BALANCE_LIMIT)
        self.owe(BALANCE_LIMIT)
        self.billing.advance(NOON + DAY_S)
        self.assertEqual(self.account.balance, -BALANCE_LIMIT - DAILY)
        self.assertEqual(self.account.debts.remaining[0], DAILY)
        self.assertEqual(self.billing.audit(), "")

    def test_is_told_when_it_is_settled(self):
        self.begin(debt_1_rate=300)
        self.owe(500, 0, 0)
        for day, told in ((1, []), (2, [1]), (3, [])):
            self.pass_to(day)
            self.assertEqual(bool(self.billing.take_flags() & 32), told != [])
            self.assertEqual(self.account.debts.recovery.take_settled(), told)


class OfTopUps(Case):

    def test_a_share_and_no_more_than_remains(self):
        self.begin(debt_percent=30)
        self.owe(0, 0, 1000)
        self.assertEqual(self.top_up(999).debt, 299)
        self.assertEqual(self.top_up(2000).debt, 600)
        self.assertEqual(self.top_up(2000).debt, 101)
        self.assertEqual(self.top_up(2000).debt, 0)
        self.agree()
        self.assertEqual(event_names(self.state.log).count("debt_settled"), 1)
        self.restart()
        self.agree()

    def test_all_of_it_and_none(self):
        self.begin(debt_percent=100)
        self.owe(0, 0, BALANCE_LIMIT)
        self.assertEqual(self.top_up(5000).debt, 5000)
        self.settings(debt_percent=0)
        self.assertEqual(self.top_up(5000).debt, 0)
        self.agree()

    def test_a_cap_of_a_week(self):
        self.begin(debt_percent=50, debt_cap=700)
        self.owe(0, 0, 10000)
        taken = []
        for day in (1, 2, 4, 5, 5, 6, 12, 40):  # 5 and 12 are Mondays
            self.pass_to(day)
            self.state.ledger.commit()
            taken.append(self.top_up(1000).debt)
            self.restart()
            self.agree()
        self.assertEqual(taken, [500, 200, 0, 500, 200, 0, 500, 500])

    def test_a_cap_of_a_month_survives_the_clock(self):
        self.begin(debt_percent=100, debt_cap=700, debt_cap_period=3)
        self.owe(0, 0, 10000)
        taken = []
        for day in (20, 32, 33, 20, 33, 0, 59, 60):
            self.pass_to(day)
            taken.append(self.top_up(600).debt)
            self.agree()
        self.assertEqual(taken, [600, 600, 100, 0, 0, 0, 0, 600])

    def test_emergency_credit_comes_first(self):
        self.begin(debt_percent=40, emergency_credit=5000, cut_off=-200)
        self.owe(0, 0, 10000)
        self.state.supply.kept |= EMERGENCY
        self.model.emergency = True
        self.assertEqual(self.model.balance, -DAILY)  # 800 below the cut-off
        self.assertEqual(self.top_up(700).debt, 0)
        self.assertEqual(self.top_up(300).debt, 120)
        self.assertEqual(self.model.balance, -120)
        self.assertEqual(self.top_up(100).debt, 40)
        self.agree()

    def test_what_is_below_zero_without_emergency_credit_does_not(self):
        self.begin(debt_percent=40)
        self.owe(0, 0, 10000)
        self.assertEqual(self.top_up(100).debt, 40)
        self.agree()

    def test_the_same_receipt_again(self):
        self.begin(debt_percent=40)
        self.owe(0, 0, 10000)
        self.top_up(1000)
        self.top_up(500)
        again = self.gate.repeated(1, 1000, 1)
        self.assertEqual((again.units, again.debt, again.data, again.balance),
                         (1000, 400, [400], -DAILY + 600))

    def test_what_the_journal_alone_has_is_taken_again(self):
        self.begin(debt_percent=40, debt_cap=700)
        self.owe(0, 0, 10000)
        kept = self.state.ledger.commit
        self.state.ledger.commit = self.fail_with_io
        self.tid += 1
        receipt = self.gate.credit(self.tid, 1000, self.now)
        self.assertEqual((receipt.code, receipt.debt), (RECEIVED, 400))
        self.state.ledger.commit = kept
        self.settings(debt_percent=90)  # must not matter: the receipt is out
        self.restart()
        self.model.top_up(1000, 400)
        self.agree()
        self.restart()
        self.agree()
        self.assertEqual(self.top_up(1000).debt, 300)

    def fail_with_io(self):
        raise OSError(EIO)


class Suspended(Case):

    def days_taken(self, days=3):
        """Return what was recovered in some days, each of 300 units."""
        before = self.account.debts.recovered
        for _ in range(days):
            self.pass_to(self.billing.day + 1)
        return (self.account.debts.recovered - before) / 300

    def prepare(self, flags, **settings):
        self.begin(debt_1_rate=300, debt_suspend=flags, emergency_credit=9000, **settings)
        self.owe(100000)

    def test_not_unless_asked(self):
        self.prepare(0)
        self.state.supply.kept = EMERGENCY
        self.state.supply.reasons = CREDIT
        self.assertEqual(self.days_taken(), 3)

    def test_in_emergency_until_it_is_repaid(self):
        self.prepare(1)
        self.assertEqual(self.days_taken(), 3)  # off, and nothing accepted
        self.state.supply.kept = EMERGENCY
        self.assertEqual(self.days_taken(), 0)
        self.gate.credit(1, 50000, self.now)
        self.assertEqual(self.days_taken(), 3)

    def test_while_off_for_want_of_credit(self):
        self.prepare(2)
        supply = self.state.supply
        self.assertEqual(self.days_taken(), 0)
        for kept, until, days in (
                (KEEP_POWER, NO_TIME, 3), (FRIENDLY, NO_TIME, 3), (0, 1 << 29, 3),
                (0, self.now, 0), (EMERGENCY, NO_TIME, 2)):
            # Emergency credit carries until the balance has gone to -9000 and below.
            supply.kept, supply.until = kept, until
            if kept == EMERGENCY:
                self.gate.credit(2, -self.account.balance - 7000, self.now)
            self.assertEqual(self.days_taken(), days, kept)
            supply.until = NO_TIME
        supply.kept = 0
        self.gate.credit(1, 50000, self.now)
        self.assertEqual(self.days_taken(), 3)

    def test_while_off_below_the_close_permit(self):
        self.prepare(2, close_permit=50000)
        self.state.supply.reasons = CREDIT
        self.gate.credit(1, 30000, self.now)
        self.assertEqual(self.days_taken(), 0)
        self.gate.credit(2, 30000, self.now)
        self.assertEqual(self.days_taken(), 3)

    def test_never_off_in_control_mode_0(self):
        self.prepare(2, control_mode=0)
        self.assertEqual(self.days_taken(), 3)

    def test_by_the_limit_of_a_remote_account(self):
        self.prepare(3)
        self.state.supply.kept = REMOTE | EMERGENCY
        self.assertEqual(self.days_taken(), 3)
        self.state.supply.reasons = CREDIT
        self.assertEqual(self.days_taken(), 0)

    def test_a_cap_begins_anew_all_the_same(self):
        self.begin(debt_percent=100, debt_cap=100, debt_suspend=2)
        self.owe(0, 0, 10000)
        self.top_up(500)
        self.pass_to(5)
        self.assertEqual(self.top_up(500).debt, 100)


class Setting(Case):

    def test_bounds(self):
        self.begin()
        for number, units, rule in (
                (0, 5, "must be 1 or 2, by time, or 3"), (4, 5, "must be 1 or 2"),
                (1, -1, "must be 0 to"), (2, BALANCE_LIMIT + 1, "debt 2: 1073741824: must be")):
            text = error_text(ValueError, self.state.set_debt, number, units)
            self.assertTrue(rule in text, text)
        self.assertEqual(list(self.account.debts.remaining), [0, 0, 0])

    def test_nothing_is_loaded_without(self):
        for name in list(sys.modules):
            if name == "joulegate.core.debts":
                del sys.modules[name]
        self.begin(debt_1_rate=5)
        self.pass_to(3)
        self.top_up(100)
        self.restart()
        self.assertTrue(self.account.debts.recovery is None)
        self.assertFalse("joulegate.core.debts" in sys.modules)

    def test_survives_and_is_answered(self):
        self.begin()
        self.assertEqual(self.state.set_debt(2, 700), 0)
        self.restart()
        self.assertEqual(self.state.set_debt(2, 40), 700)

    def test_failing_storage_leaves_it_as_it_was(self):
        self.begin()
        self.state.set_debt(1, 700)
        self.state.ledger.commit = self.fail_with_io
        with self.assertRaises(OSError):
            self.state.set_debt(1, 5)
        self.assertEqual(self.account.debts.remaining[0], 700)

    def fail_with_io(self):
        raise OSError(EIO)

    def test_audit_finds_what_was_counted_wrongly(self):
        self.begin(debt_1_rate=300)
        self.owe(1000)
        self.pass_to(1)
        self.account.debts.recovered_low += 1
        self.assertTrue("statements say" in self.billing.audit())


class Lives(Case):
    """Lives by chance: every figure after every step."""

    STEPS = 60

    def test_lives(self):
        for seed in range(6):
            rng = Rng(seed)
            self.begin(**self.some_settings(rng))
            self.files = []
            self.kept = self.model.copy()
            for step in range(self.STEPS):
                rng.one_of(self.buy, self.buy, self.live, self.live, self.live, self.set_back,
                           self.pull, self.fall_back, self.owe_more, self.change,
                           self.press)(rng)
                try:
                    self.agree()
                except AssertionError as e:
                    raise AssertionError("seed %d step %d: %s" % (seed, step, e)) from e
            self.assertTrue(self.model.recovered > 0)

    def some_settings(self, rng):
        return {
            "debt_1_rate": rng.one_of(0, 100, 7777), "debt_1_period": 1 + rng.below(3),
            "debt_2_rate": rng.one_of(0, 1, 500), "debt_2_period": 1 + rng.below(3),
            "debt_percent": rng.one_of(0, 1, 33, 100, 100), "debt_cap": rng.one_of(0, 0, 900),
            "debt_cap_period": 2 + rng.below(2), "debt_suspend": rng.below(4),
            "emergency_credit": 8000, "cut_off": rng.one_of(0, -500, 900)}

    def committed(self):
        """Note what a fall-back of the ledger may bring back."""
        self.state.ledger.commit()
        self.kept = self.model.copy()

    def buy(self, rng):
        self.committed()
        self.top_up(1 + rng.below(rng.one_of(10, 3000, 60000)))
        self.kept = self.model.copy()

    def live(self, rng):
        counts = rng.below(20000)
        self.billing.consume(counts)
        self.state.registers.add(Counted(counts))
        self.model.use(counts)
        self.pass_to(self.now // DAY_S + rng.one_of(0, 1, 1, 3, 12))
        if rng.below(2):
            self.committed()

    def set_back(self, rng):
        self.pass_to(max(0, self.now // DAY_S - rng.below(20)))

    def pull(self, rng):
        """Cut without a word: what was not committed is gone."""
        self.now = max(self.now, self.kept.day * DAY_S) + rng.below(5) * DAY_S
        self.model = self.kept.copy()
        self.restart()
        self.model.look(self.now)
        self.committed()

    def fall_back(self, rng):
        """Have the ledger fall back to before some purchases: the journal brings them again."""
        self.now = max(self.now, self.model.day * DAY_S)
        self.pass_to(self.now // DAY_S)
        self.committed()
        older = self.model.copy()
        names = ("/ledger.bin", "/registers.bin")
        contents = []
        for name in names:
            with open(self.folder + name, "rb") as f:
                contents.append(f.read())
        bought = []
        for _ in range(1 + rng.below(3)):
            units = 1 + rng.below(5000)
            bought.append((units, self.top_up(units).debt))
        for name, content in zip(names, contents):
            with open(self.folder + name, "wb") as f:
                f.write(content)
        self.model = older
        self.now += rng.below(9) * DAY_S
        self.restart()
        self.model.look(self.now)
        for units, share in bought:
            self.model.top_up(units, share)
        self.committed()

    def owe_more(self, rng):
        number = rng.below(3)
        self.committed()
        self.state.set_debt(number + 1, rng.one_of(0, 900, 40000, 1000000))
        self.model.debts[number] = self.account.debts.remaining[number]
        self.kept = self.model.copy()

    def change(self, rng):
        self.settings(**self.some_settings(rng))
        self.kept.settings = self.model.settings

    def press(self, rng):
        supply = self.state.supply
        self.model.emergency = rng.below(2) == 1
        self.model.keep_power = rng.below(3) == 1
        supply.kept = EMERGENCY * self.model.emergency | KEEP_POWER * self.model.keep_power
        self.committed()


class Counted:
    """A reading of imported counts."""

    def __init__(self, counts):
        self.import_counts = counts
        self.export_counts = 0
        self.reactive_import_counts = 0
        self.reactive_export_counts = 0


if __name__ == "__main__":
    unittest.main()
