"""The tick: order of things, what it reports, and that slicing energy changes nothing."""

import gc
import unittest

import micropython
from tariff_documents import DAY_NIGHT, blocks, flat, opened, rule, tax

from joulegate.core.billing import DAY, PRICE
from joulegate.core.civil import parse_time
from joulegate.core.meter import SUPPLY, WARNED, Meter
from joulegate.core.reading import IMPORT, Reading
from joulegate.core.registers import Registers
from joulegate.core.supply import REMOTE, REMOTE_WH, Supply
from joulegate.core.supply_reasons import CREDIT

ON_METER = hasattr(gc, "mem_alloc")


def meter_of(parts: dict, credit: int = 100000, supply: "Supply | None" = None) -> Meter:
    billing = opened(parts)
    if credit:
        billing.account.credit(credit)
        billing.account.entered = 0
    billing.take_flags()
    return Meter(Registers(1000), supply or Supply(), billing)


def reading_of(imported: int, exported: int = 0) -> Reading:
    reading = Reading()
    reading.import_counts = imported
    reading.export_counts = exported
    return reading


def state_of(meter: Meter) -> tuple:
    b = meter.billing
    return (list(meter.registers.wh)[:6], list(meter.registers.remainder), b.account.balance,
            b.account.rem1, b.account.rem2, b.account.charges, list(b.positions), list(b.cells),
            list(b.exports), b.tier, b.period, meter.supply.reasons, b.audit())


class TestTick(unittest.TestCase):
    def test_a_meter_without_an_account_only_measures(self) -> None:
        meter = Meter(Registers(1000), Supply())
        self.assertEqual(meter.tick(0, reading_of(100)), 0)
        self.assertEqual(meter.registers.counts(IMPORT), 100)
        self.assertTrue(meter.supply.allowed)

    def test_energy_is_priced_before_the_clock_is_looked_at(self) -> None:
        meter = meter_of({"periods": DAY_NIGHT, "energy": {
            "*/night": flat("0.01"), "*/day": flat("0.1")}})
        edge = parse_time("2023-01-01T06:30")
        self.assertEqual(meter.tick(edge - 1, reading_of(100)), 0)
        self.assertEqual(meter.tick(edge, reading_of(100)), PRICE)
        self.assertEqual(meter.billing.account.balance, 100000 - 200)
        self.assertEqual(meter.tick(edge + 1, reading_of(100)), 0)
        self.assertEqual(meter.billing.account.balance, 100000 - 1200)

    def test_registers_count_what_no_account_pays_for(self) -> None:
        meter = meter_of({}, 0)
        meter.tick(parse_time("2023-01-01T01:00"), reading_of(70, 30))
        self.assertEqual(list(meter.registers.wh)[:2], [70, 30])

    def test_export_charged_as_import_stays_export_in_the_registers(self) -> None:
        supply = Supply()
        supply.configure({"cut_off": 0, "warnings": [], "export_mode": 2})
        meter = meter_of({}, 100000, supply)
        straight = meter_of({}, 100000)
        now = parse_time("2023-01-01T01:00")
        for imported, exported in ((0, 70), (5, 30), (0, 1), (3, 0)):
            meter.tick(now, reading_of(imported, exported))
            straight.tick(now, reading_of(imported + exported))
        self.assertEqual(list(meter.registers.wh)[:2], [8, 101])
        self.assertEqual(list(straight.registers.wh)[:2], [109, 0])
        self.assertEqual(state_of(meter)[2:], state_of(straight)[2:])
        self.assertEqual(meter.billing.audit(), "")

    def test_a_limit_of_energy_counts_export_with_the_import(self) -> None:
        supply = Supply()
        supply.configure({"cut_off": 0, "warnings": [], "export_mode": 2})
        supply.kept = REMOTE | REMOTE_WH
        supply.left = 100
        meter = meter_of({}, 100000, supply)
        now = parse_time("2023-01-01T01:00")
        meter.tick(now, reading_of(10, 50))
        self.assertEqual(supply.left, 40)
        supply.configure({"cut_off": 0, "warnings": [], "export_mode": 0})
        meter.tick(now, reading_of(10, 50))
        self.assertEqual(supply.left, 30)

    def test_supply_goes_off_with_the_last_unit_and_debits_go_on(self) -> None:
        meter = meter_of({}, 10000)
        now = parse_time("2023-01-01T01:00")
        self.assertEqual(meter.tick(now, reading_of(99)), 0)
        self.assertEqual(meter.tick(now, reading_of(1)), SUPPLY)
        self.assertEqual(meter.supply.reasons, CREDIT)
        self.assertEqual(meter.tick(now, reading_of(5)), 0)
        self.assertEqual(meter.billing.account.balance, -500)
        meter.billing.account.credit(501)
        self.assertEqual(meter.tick(now, reading_of(0)), SUPPLY)
        self.assertTrue(meter.supply.allowed)

    def test_a_daily_charge_may_take_the_last_unit(self) -> None:
        meter = meter_of({"fixed": [{"name": "x", "per": "day", "amount": "0.5"}]}, 100000)
        flags = meter.tick(parse_time("2023-01-02"), reading_of(0))
        self.assertEqual(flags, PRICE | DAY | SUPPLY)

    def test_warnings_come_on_the_way_down(self) -> None:
        meter = meter_of({}, 10000, Supply(0, (9000, 5000)))
        now = parse_time("2023-01-01T01:00")
        flags = [meter.tick(now, reading_of(n)) for n in (9, 1, 1, 88, 1)]
        self.assertEqual(flags, [0, WARNED, 0, WARNED, SUPPLY])

    def test_a_purchase_arms_the_warnings_and_export_credit_does_not(self) -> None:
        meter = meter_of(
            {"export": {"mode": "net_billing", "prices": {"*/*": "1"}}}, 10000,
            Supply(0, (9000, 5000)))
        now = parse_time("2023-01-01T01:00")
        flags = [meter.tick(now, reading_of(10)), meter.tick(now, reading_of(0, 5)),
                 meter.tick(now, reading_of(5))]
        self.assertEqual(flags, [WARNED, 0, 0])
        meter.billing.account.credit(500)
        self.assertEqual(meter.tick(now, reading_of(0)), 0)
        self.assertEqual(meter.tick(now, reading_of(5)), WARNED)

    def test_a_purchase_is_noted_once_also_by_the_next_start(self) -> None:
        """The mark stands in the ledger: power may fail between the gate and the tick."""
        meter = meter_of({}, 10000, Supply(0, (9000,)))
        now = parse_time("2023-01-01T01:00")
        self.assertEqual(meter.tick(now, reading_of(10)), WARNED)
        account = meter.billing.account
        account.credit(5000)
        self.assertEqual((account.entered, account.last_credit), (1, 5000))
        again = Meter(meter.registers, Supply(0, (9000,)), meter.billing)
        self.assertEqual(again.tick(now, reading_of(0)), 0)
        self.assertEqual(account.entered, 0)
        self.assertEqual(again.tick(now, reading_of(60)), WARNED)

    def test_a_clock_set_back_is_noticed(self) -> None:
        meter = meter_of({"periods": DAY_NIGHT})
        meter.tick(parse_time("2023-01-01T12:00"), reading_of(0))
        self.assertEqual(
            meter.tick(parse_time("2023-01-01T03:00"), reading_of(0)), PRICE)
        self.assertEqual(meter.billing.tariff.document.periods[meter.billing.period], "night")


class TestSlicing(unittest.TestCase):
    def check(self, parts: dict, imported: int, exported: int, slices: tuple) -> None:
        """Tick the same energy whole and in slices; both must come to the same."""
        states = []
        now = parse_time("2023-01-01T01:00")
        for pieces in slices:
            meter = meter_of(parts)
            flags = 0
            for _ in range(3):
                for i in range(pieces):
                    flags |= meter.tick(now, reading_of(
                        imported * (i + 1) // pieces - imported * i // pieces,
                        exported * (i + 1) // pieces - exported * i // pieces))
            states.append((state_of(meter), flags))
        for state in states[1:]:
            self.assertEqual(state, states[0])
        self.assertEqual(states[0][0][-1], "")

    def test_at_one_price(self) -> None:
        self.check({"energy": {"*/*": flat("0.12345678")}, "tax": tax("0.0725")}, 1001, 0,
                   (1, 7, 1001))

    def test_over_tiers(self) -> None:
        tiers = blocks(("0.5", "0.11111111"), ("1.001", "0.2"), ("2.002", "0.3"), (None, "0.7"))
        for mode in ("marginal", "whole"):
            self.check({"tiers": rule("month", "all_energy", mode), "energy": {"*/*": tiers}},
                       1001, 0, (1, 3, 1001))

    def test_with_export(self) -> None:
        for mode in ("none", "net_billing", "net_billing_capped_per_period", "net_metering"):
            export = {"mode": mode}
            if mode[:11] == "net_billing":
                export["prices"] = {"*/*": "0.07777777"}
            self.check({"export": export}, 300, 500, (1, 5, 500))


class TestAllocation(unittest.TestCase):
    @unittest.skipUnless(ON_METER, "CPython counts no heap")
    def test_a_steady_tick_allocates_nothing(self) -> None:
        tiers = blocks(("5", "0.11111111"), (None, "0.7"))
        for mode in ("none", "net_billing", "net_billing_capped_per_period"):
            export = {"mode": mode}
            if mode != "none":
                export["prices"] = {"*/*": "0.07777777"}
            meter = meter_of({"tiers": rule("month"), "energy": {"*/*": tiers},
                              "export": export, "tax": tax("0.1")},
                             90000000, Supply(0, (5000, 100)))
            reading = reading_of(3, 2)
            now = parse_time("2023-01-01T01:00")
            meter.tick(now, reading)
            gc.collect()
            before = gc.mem_alloc()
            micropython.heap_lock()
            try:
                for _ in range(1000):
                    now += 1
                    meter.tick(now, reading)
            finally:
                micropython.heap_unlock()
            self.assertEqual(gc.mem_alloc(), before)

    @unittest.skipUnless(ON_METER, "CPython counts no heap")
    def test_nor_does_one_that_nets_to_and_fro_over_a_limit(self) -> None:
        tiers = blocks(("5", "0.11111111"), (None, "0.7"))
        for mode in ("marginal", "whole"):
            for used, there, back in ((4995, 10, 10), (9000, 2, 3), (0, 2, 3)):
                meter = meter_of({"tiers": rule("month", "all_energy", mode), "energy": {
                    "*/*": tiers}, "export": {"mode": "net_metering"}},
                    90000000, Supply(0, (5000, 100)))
                now = parse_time("2023-01-01T01:00")
                meter.tick(now, reading_of(used, 0))
                reading = reading_of(there, back)
                meter.tick(now, reading)
                gc.collect()
                before = gc.mem_alloc()
                micropython.heap_lock()
                try:
                    for _ in range(100):
                        now += 1
                        meter.tick(now, reading)
                finally:
                    micropython.heap_unlock()
                self.assertEqual(gc.mem_alloc(), before)


if __name__ == "__main__":
    unittest.main()
