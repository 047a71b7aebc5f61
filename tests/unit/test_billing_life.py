"""A long seeded life with everything in it, audited at every step; and an audit that bites."""

import unittest

from tariff_documents import (
    DAY_NIGHT,
    SUMMER_WINTER,
    Random,
    at,
    blocks,
    flat,
    opened,
    rule,
    tariff,
    tax,
)

from joulegate.core.account import BALANCE_LIMIT
from joulegate.core.billing import WAITING, Billing
from joulegate.core.civil import DAY_S, parse_time

SEEDS = (20230101, 4, 99)
STEPS = 1000

CHARGES = [
    {"name": "meter", "per": "day", "amount": "0.31234567"},
    {"name": "line", "per": "month", "amount": "4.5"},
    {"name": "size", "per": "month", "by_total_kWh": [["30", "1"], ["90", "2.25"], [None, "4"]]},
]
TIERS = blocks(("20", "0.10000001"), ("60.5", "0.1731"), (None, "0.31"))
CAPPED = {"mode": "net_billing_capped_per_period", "prices": {"*/*": "0.0655"}}

LIVES = (
    {},
    {"tiers": rule("month"), "energy": {"*/*": TIERS}, "fixed": CHARGES},
    {"tiers": rule("month", "this_period_only"), "periods": DAY_NIGHT, "energy": {"*/*": TIERS},
     "minimum": {"amount": "30", "per": "month"}, "tax": tax("0.0725", "energy", "export")},
    {"tiers": rule("bimonth", "all_energy", "whole"), "periods": DAY_NIGHT,
     "energy": {"*/day": TIERS, "*/night": blocks(("20", "0.3"), ("60.5", "0.2"), (None, "0.1"))},
     "adders": [{"name": "levy", "price": "0.00731"}], "export": CAPPED},
    {"tiers": rule("calendar_year", "this_period_only", "whole"), "periods": DAY_NIGHT,
     "energy": {"*/*": TIERS}, "fixed": CHARGES, "minimum": {"amount": "12", "per": "month"},
     "tax": tax("0.19")},
    {"tiers": rule("month_scaled_by_days"), "seasons": SUMMER_WINTER, "periods": DAY_NIGHT,
     "energy": {"summer/*": blocks(("1", "0.2"), (None, "0.35")), "winter/*": flat("0.12345")},
     "export": {"mode": "net_billing", "prices": {"*/day": "0.21", "*/night": "0.04"}},
     "special_days": [{"date": "07-14", "day_type": "any"}], "fixed": CHARGES[:1]},
    {"tiers": rule("calendar_year", "this_period_only"), "periods": DAY_NIGHT,
     "seasons": SUMMER_WINTER, "energy": {"summer/*": TIERS, "winter/*": flat("0.2")},
     "export": {"mode": "net_metering", "true_up": {"month": 4, "price": "0.0312"}},
     "fixed": CHARGES, "minimum": {"amount": "12", "per": "month"}, "tax": tax("0.0725")},
    {"tiers": rule("month", "all_energy", "whole"), "periods": DAY_NIGHT,
     "energy": {"*/day": TIERS, "*/night": blocks(("20", "0.3"), ("60.5", "0.2"), (None, "0.1"))},
     "export": {"mode": "net_metering"}, "tax": tax("0.1", "fixed")},
    {"tiers": rule("bimonth"), "energy": {"*/*": TIERS}, "export": {
        "mode": "net_metering", "true_up": {"month": 8}}},
)


class Life:
    """One account, and what is done to it at random."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.tariffs = [tariff(parts) for parts in LIVES]
        self.now = parse_time("2023-01-15")
        self.billing = opened(LIVES[1], "2023-01-15", "CET-1CEST,M3.5.0,M10.5.0/3")
        self.waited = 0
        self.changes = 0

    def step(self) -> None:
        random = self.random
        billing = self.billing
        what = random.below(20)
        if what < 8:
            billing.consume(random.choice((1, 7, random.below(3000), random.below(20000))))
        elif what < 10:
            billing.produce(random.below(random.choice((4000, 20000))))
        elif what < 14:
            self.now += random.below(DAY_S)
        elif what < 16:
            self.now = billing.next_edge
        elif what == 16:
            self.now += random.below(40) * DAY_S
        elif what == 17:
            self.now -= random.below(3 * DAY_S)
        elif what == 18:
            if random.below(2):
                billing.account.credit(1 + random.below(5000000))
            else:
                self.look(self.now + random.below(4000) * DAY_S)
        else:
            before = billing.tariff
            billing.load_next(
                random.choice(self.tariffs), self.now + random.below(10 * DAY_S) - DAY_S)
            self.look(self.now)
            self.changes += billing.tariff is not before
        self.look(self.now)

    def look(self, now: int) -> None:
        billing = self.billing
        if now >= billing.next_edge or now < billing.entered:
            billing.advance(now)
            if billing.take_flags() & WAITING:
                self.waited += 1


class TestLife(unittest.TestCase):
    def test_the_audit_agrees_at_every_step(self) -> None:
        for seed in SEEDS:
            life = Life(seed)
            billing = life.billing
            account = billing.account
            marks = (billing.month, billing.day)
            for step in range(STEPS):
                life.step()
                if billing.audit():
                    self.fail("seed %d step %d: %s" % (seed, step, billing.audit()))
                if (billing.month, billing.day) < marks:
                    self.fail("seed %d step %d: a mark went back" % (seed, step))
                marks = (billing.month, billing.day)
                whole = billing.days_charged <= 31 and billing.months_charged <= 1
                kept = account.rem1 < account.d1 and account.rem2 < account.d2
                if not (whole and kept and max(billing.positions) < BALANCE_LIMIT):
                    self.fail("seed %d step %d: a counter is out of bounds" % (seed, step))
            self.assertTrue(life.waited and life.changes and billing.settled_units,
                            "seed %d has seen too little" % seed)

    def test_the_same_life_comes_to_the_same_state(self) -> None:
        def state(billing: Billing) -> tuple:
            return (billing.account.balance, billing.account.remainder, list(billing.cells),
                    list(billing.positions), billing.day, billing.next_edge)

        lives = [Life(12), Life(12)]
        for _ in range(200):
            for life in lives:
                life.step()
        self.assertEqual(state(lives[0].billing), state(lives[1].billing))


class TestAudit(unittest.TestCase):
    def setUp(self) -> None:
        self.billing = opened(LIVES[3], "2023-02-10")
        at(self.billing, "2023-02-12T12:00")
        self.billing.consume(25000)
        self.billing.produce(700)
        self.assertEqual(self.billing.audit(), "")

    def test_a_balance_that_is_not_credits_less_charges(self) -> None:
        account = self.billing.account
        account.balance += 1
        self.assertEqual(self.billing.audit(), "balance %d: credits 0 less charges %d" % (
            account.balance, account.charges))

    def test_every_number_that_money_rests_on(self) -> None:
        for owner, name in (("account", "rem1"), ("account", "rem2"),
                            ("billing", "settled_units"), ("billing", "settled_remainder")):
            self.setUp()
            target = self.billing if owner == "billing" else self.billing.account
            setattr(target, name, getattr(target, name) + 1)
            self.assertEqual(self.billing.audit()[:8], "charges ")

    def test_every_counter_that_has_a_price(self) -> None:
        t = self.billing.tariff
        for counters, priced in (("cells", t.tiers * t.n_periods), ("exports", t.n_periods)):
            for i in range(len(getattr(self.billing, counters))):
                self.setUp()
                counts = getattr(self.billing, counters)
                counts[i] += 1
                # Export beyond the import is not credited: one more of it moves no money.
                known = i < priced and (counters == "cells" or counts[i] > 1)
                self.assertEqual(self.billing.audit() != "", known, "%s[%d]" % (counters, i))

    def test_charges_of_days_and_months(self) -> None:
        for name in ("days_charged", "months_charged"):
            billing = opened(LIVES[1])
            setattr(billing, name, getattr(billing, name) - 1)
            self.assertEqual(billing.audit()[:8], "charges ")

    def test_a_charge_that_no_statement_knows(self) -> None:
        account = self.billing.account
        account.debit(1, 0, 0, 1)
        self.assertEqual(self.billing.audit()[:8], "charges ")


if __name__ == "__main__":
    unittest.main()
