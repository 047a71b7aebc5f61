# heapsize: 8M
"""Other energies on littlefs: power cut at every operation of a commit, with and without a month.

After a cut money, counts and rows of months are those before or those after, together.
"""

import unittest

import vfs
from flash_rig import ROOT
from parts import COUNTS_PER_KWH, METER_ID, UNIT_PLACES, new_switch, tariff

from joulegate.core.events import EventLog
from joulegate.storage.state import State
from world.flash import PAGE, Flash

DAY = 86400
START = 30 * DAY + 3600
"""The last of January."""
TEXTS = ["1 water 7/m3 2.35 above 3 3.1 daily 0.07", "3 gas 1/10l 0.00123"]


class Tap:
    missed = 0

    def __init__(self):
        self.pulses = 0

    def take(self):
        n = self.pulses
        self.pulses = 0
        return n

    def release(self):
        pass


class Kept:
    def __init__(self, flash, now=START):
        self.flash = flash
        vfs.mount(vfs.VfsLfs2(flash, progsize=PAGE), ROOT)
        self.state = State(ROOT, COUNTS_PER_KWH, EventLog())
        self.state.load(new_switch(), now)
        if self.state.energies is not None:
            self.attach()

    def attach(self):
        energies = self.state.energies
        energies.attach([(energy, Tap()) for energy in energies.energies])

    def leave(self):
        try:
            vfs.umount(ROOT)
        except OSError:
            return  # the flash is dead already

    def facts(self):
        state = self.state
        kept = state.energies.state
        return (
            state.account.balance, state.account.other_charges, list(kept.counts),
            list(kept.month_counts), list(kept.charged), list(kept.remainders), kept.month,
            bytes(kept.names), state.billing.day,
            [(r["month"], r["input"], r["flags"], r["counts"], r["month_counts"], r["charged"])
             for r in state.ledger.energies.ring.entries()])

    # --- what is cut ---

    def pulses(self):
        for n, (_, tap) in enumerate(self.state.energies.inputs):
            tap.pulses += 5 + n
        self.state.energies.take()
        self.state.billing.consume(1234)
        self.state.ledger.commit()

    def month(self):
        self.state.energies.inputs[0][1].pulses += 3
        self.state.energies.take()
        self.state.billing.advance(START + DAY)
        self.state.ledger.commit()

    def another_meter(self):
        state = self.state
        state.energies.configure(
            TEXTS[:1], state.energies.energies[:1], state.billing.month, START)
        state.ledger.commit()


class Cuts(unittest.TestCase):
    def sweep(self, flash, kind):
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
        seen = set()
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
                self.assertTrue(facts in (old, new), (kind, operation, torn, facts, old, new))
                seen.add(facts == new)
                self.assertEqual(again.state.billing.audit(), "")
                self.assertEqual(again.state.log.count, 0)
                if facts == old:
                    getattr(again, kind)()
                    again.leave()
                    again = Kept(kept.flash)
                    self.assertEqual(again.facts(), new)
                again.leave()
        self.assertEqual(seen, {False, True})
        return 2 * total

    def test_every_kind(self):
        flash = Flash(64)
        vfs.VfsLfs2.mkfs(flash, progsize=PAGE)
        kept = Kept(flash)
        kept.state.provision(
            METER_ID, tariff(), UNIT_PLACES, new_switch(), START, energies=TEXTS)
        kept.attach()
        kept.pulses()
        kept.leave()
        cuts = 0
        for kind in ("pulses", "month", "another_meter"):
            cuts += self.sweep(flash, kind)
            kept = Kept(flash)
            kept.pulses()
            kept.leave()
        print("cuts:", cuts)
        self.assertTrue(cuts > 100, cuts)


if __name__ == "__main__":
    unittest.main()
