# heapsize: 8M
"""The records on littlefs: power cut at every operation of every kind of entry, and the cost.

After a cut an entry is there or it is not; every other is as it was, and the next one goes on.
"""

import os
import unittest

import vfs
from flash_rig import ROOT, Counts
from parts import COUNTS_PER_KWH, METER_ID, UNIT_PLACES, FakeClock, new_switch, tariff

from joulegate.core import events as event
from joulegate.core.event_classes import QUALITY, SECURITY
from joulegate.core.events import EventLog
from joulegate.core.purchase_result import EXECUTION_OK, USED
from joulegate.core.reading import Reading
from joulegate.storage.records import Records
from joulegate.storage.state import State
from world.flash import PAGE, Flash

DAY = 86400
START = 45 * DAY
SECTORS = 256  # 1 MiB


class Kept:
    """State and records as a start of the meter finds them on a flash."""

    def __init__(self, flash, now=START):
        self.flash = flash
        vfs.mount(vfs.VfsLfs2(flash, progsize=PAGE), ROOT)
        self.clock = FakeClock(now)
        self.log = EventLog()
        self.records = Records(ROOT, self.log, self.clock)
        self.state = State(ROOT, COUNTS_PER_KWH, self.log, records=self.records)
        self.state.load(new_switch(), now)
        self.reading = Reading()

    def leave(self):
        try:
            vfs.umount(ROOT)
        except OSError:
            return  # the flash is dead already

    def rings(self):
        records = self.records
        return records.events.rings + [
            records.freezes.day_ring, records.freezes.month_ring, records.profile.ring,
            records.purchases.credits, records.purchases.refusals]

    def facts(self):
        """Return (numbers kept, damaged, missing) of every ring."""
        found = []
        for ring in self.rings():
            numbers = tuple(e["sequence"] for e in ring.entries())
            found.append((numbers, ring.damaged, ring.missing))
        return found

    # --- one entry of each kind ---

    def capture(self):
        self.records.profile._edge = self.clock.second
        self.records.profile.tick(
            self.clock.second, self.reading, self.state.registers, True, True)

    def event(self):
        self.log.add(event.SAG, self.clock.second)
        self.records.events.drain(self.state.registers)

    def day(self):
        # A day that has ended: those that have not are taken back at a start.
        self.records.freezes.day_end(self.state.billing, self.state.billing.day - 1)

    def month(self):
        billing = self.state.billing
        self.records.freezes.month_end(billing, billing.statement(True))

    def credit(self):
        n = self.records.purchases.credits.next
        self.records.purchases.credit(self.clock.second, n, 1, EXECUTION_OK, n, 5, 5)

    def refusal(self):
        n = self.records.purchases.refusals.next
        self.records.purchases.refusal(n * DAY, n, 1, 6, USED, n, 5, 5)

    def clear(self):
        self.records.events.clear(QUALITY, self.clock.second, self.state.registers)


KINDS = ("capture", "event", "day", "month", "credit", "refusal")


def provisioned(sectors=64):
    flash = Flash(sectors)
    vfs.VfsLfs2.mkfs(flash, progsize=PAGE)
    kept = Kept(flash)
    kept.state.provision(METER_ID, tariff(), UNIT_PLACES, new_switch(), START)
    kept.leave()
    return flash


class Cuts(unittest.TestCase):
    def sweep(self, flash, kind, sound=None):
        """Cut one entry of a kind at each operation, whole and torn; return how many cuts."""
        kept = Kept(flash.snapshot())
        old = kept.facts()
        before = kept.flash.operations
        getattr(kept, kind)()
        total = kept.flash.operations - before
        kept.leave()
        again = Kept(kept.flash)
        new = again.facts()
        again.leave()
        self.assertTrue(total > 0 and new != old, kind)
        for operation in range(1, total + 1):
            for torn in (False, True):
                kept = Kept(flash.snapshot())
                kept.flash.cut_power_at(operation, torn)
                try:
                    getattr(kept, kind)()
                except OSError:
                    pass
                kept.leave()
                kept.flash.restore_power()
                again = Kept(kept.flash)
                facts = again.facts()
                if sound is not None:
                    sound(again, facts)
                else:
                    self.assertTrue(facts in (old, new), (kind, operation, torn))
                getattr(again, kind)()
                again.leave()
                last = Kept(kept.flash)
                for ring, was in zip(last.rings(), old):
                    self.assertEqual((ring.damaged, ring.missing), (0, 0))
                    self.assertTrue(ring.next >= len(was[0]))
                last.leave()
        return 2 * total

    def test_every_kind_new_grown_and_wrapped(self):
        flash = provisioned()
        cuts = 0
        for kind in KINDS:
            cuts += self.sweep(flash, kind)
        kept = Kept(flash)
        for kind in KINDS:
            for _ in range(3):
                getattr(kept, kind)()
        kept.leave()
        for kind in KINDS:
            cuts += self.sweep(flash, kind)
        print("cuts:", cuts)
        self.assertTrue(cuts > 400, cuts)

    def test_a_wrap(self):
        flash = provisioned()
        kept = Kept(flash)
        ring = kept.records.purchases.credits
        while ring.next % ring.capacity or not ring.next:
            kept.credit()
        day_ring = kept.records.freezes.day_ring
        while day_ring.next % day_ring.per_file or not day_ring.next:
            kept.day()
        kept.leave()
        self.assertTrue(self.sweep(flash, "credit") > 30)
        self.assertTrue(self.sweep(flash, "day") > 30)

    def test_a_clear_never_goes_without_its_trace(self):
        flash = provisioned()
        kept = Kept(flash)
        for _ in range(3):
            kept.event()
        kept.leave()

        def sound(again, facts):
            trace = len(facts[SECURITY][0])
            cleared = facts[QUALITY][0] == (3,)
            self.assertTrue(cleared or facts[QUALITY][0] == (0, 1, 2))
            self.assertTrue(trace or not cleared)

        self.assertTrue(self.sweep(flash, "clear", sound) > 30)

    def test_midnight(self):
        """The freeze before the commit: after any cut each day is there once, and agrees."""
        flash = provisioned()
        kept = Kept(flash)
        kept.state.account.credit(10**6)
        kept.state.ledger.commit()
        kept.leave()

        def act(kept):
            kept.state.registers.add(Counts(3000))
            kept.state.billing.consume(3000)
            kept.clock.second = START + 2 * DAY + 5
            kept.state.billing.advance(kept.clock.second)
            kept.state.ledger.commit()

        kept = Kept(flash.snapshot())
        before = kept.flash.operations
        act(kept)
        total = kept.flash.operations - before
        kept.leave()
        for operation in range(1, total + 1):
            kept = Kept(flash.snapshot())
            kept.flash.cut_power_at(operation, bool(operation & 1))
            try:
                act(kept)
            except OSError:
                pass
            kept.leave()
            kept.flash.restore_power()
            again = Kept(kept.flash, START + 3 * DAY + 5)
            self.assertEqual(again.state.error, "")
            again.state.ledger.commit()
            again.leave()
            last = Kept(kept.flash, START + 3 * DAY + 9)
            days = list(last.records.freezes.days())
            self.assertEqual([e["day"] for e in days], [45, 46, 47])
            self.assertEqual(days[-1]["charges"] + 1000, last.state.account.charges)
            for e in days:
                self.assertEqual(e["balance"], e["credits"] - e["charges"])
            last.leave()
        print("midnight operations:", total)


class Cost(unittest.TestCase):
    """Flash operations an entry, on 1 MiB with everything full: a bound, and the figures."""

    def test_operations_and_space(self):
        flash = provisioned(SECTORS)
        kept = Kept(flash)
        profile = kept.records.profile.ring
        for number in range(0, profile.capacity, profile.per_file):
            profile._next = number
            kept.capture()
        profile._next = profile.capacity
        freezes = kept.records.freezes
        for _ in range(freezes.day_ring.capacity):
            kept.day()
        for _ in range(freezes.month_ring.capacity):
            kept.month()
        for ring in kept.records.events.rings:
            ring.append((0, 0, event.SAG, 0, 0, 0, 0, 0))
        kept.credit()
        kept.refusal()
        kept.leave()
        reads = flash.reads
        kept = Kept(flash)
        reads = flash.reads - reads
        print("start:", reads, "reads")
        facts = os.statvfs(ROOT)
        used = facts[2] - facts[3]
        print("sectors in use:", used)
        self.cost(kept, flash)
        kept.leave()
        self.assertTrue(used <= 90, used)

    def cost(self, kept, flash):
        for kind in KINDS:
            erases, programs, worst = flash.erases, flash.programs, 0
            for _ in range(24):
                kept.clock.second += 2 * DAY
                before = flash.operations
                getattr(kept, kind)()
                worst = max(worst, flash.operations - before)
            erases = flash.erases - erases
            programs = flash.programs - programs
            print("%s: %.2f erases, %.1f pages, worst %d operations" % (
                kind, erases / 24, programs / 24, worst))
            self.assertTrue(erases <= 24 * 1.5, (kind, erases))
            self.assertTrue(programs <= 24 * 22, (kind, programs))


if __name__ == "__main__":
    unittest.main()
