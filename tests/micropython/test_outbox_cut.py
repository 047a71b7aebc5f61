# heapsize: 8M
"""The outbox on littlefs: power cut at every operation of every change, whole and torn.

What was acknowledged and on flash stays so; what was put in is there, with its source moved on,
or neither; numbers go on in order; and a receipt for which `put_receipt` returned is there.
"""

import unittest

import vfs
from flash_rig import ROOT

from joulegate.core.events import EventLog
from joulegate.storage.outbox import DAY, EVENTS, NONE, Outbox
from world.flash import PAGE, Flash

NOW = 200000000
SECTORS = 32


class Kept:
    """The outbox as a start finds it on a flash."""

    def __init__(self, flash):
        self.flash = flash
        vfs.mount(vfs.VfsLfs2(flash, progsize=PAGE), ROOT)
        self.log = EventLog()
        self.box = Outbox(ROOT, self.log)
        self.box.load(NOW)

    def leave(self):
        try:
            vfs.umount(ROOT)
        except OSError:
            return  # the flash is dead already

    def facts(self):
        """Return all that must be old or new together."""
        box = self.box
        held = []
        for number in range(box.first, box.next):
            kind = box.kind(number)
            at = number % len(box.kinds)
            held.append((number, kind, 0 if kind == NONE else box.places[at]))
        return box.first, box.next, box.discarded, box.day, box.month, tuple(box.events), held

    # --- one change of each kind ---

    def put(self):
        box = self.box
        box.put_events(3, box.events[3], 2)
        box.put_day(box.day + 1)
        box.commit()

    def receipt(self):
        self.box.put_receipt(b"receipt %d" % self.box.next, NOW)

    def acknowledge(self):
        self.box.acknowledge(self.box.first, b"\x01")
        self.box.commit()

    def crowd(self):
        """A receipt for which the oldest message has to go."""
        while self.box.held < len(self.box.kinds):
            self.box.put_day(self.box.day + 1)
        self.receipt()

    def go_above(self):
        self.box.acknowledge(self.box.next + 3, b"")
        self.box.commit()


CHANGES = ("put", "receipt", "acknowledge", "crowd", "go_above")


def new_flash(messages):
    flash = Flash(SECTORS)
    vfs.VfsLfs2.mkfs(flash, progsize=PAGE)
    kept = Kept(flash)
    for _ in range(messages):
        kept.put()
        kept.receipt()
    kept.leave()
    return flash


class Cuts(unittest.TestCase):
    def sweep(self, flash, change):
        kept = Kept(flash.snapshot())
        old = kept.facts()
        before = kept.flash.operations
        getattr(kept, change)()
        total = kept.flash.operations - before
        kept.leave()
        again = Kept(kept.flash)
        new = again.facts()
        again.leave()
        self.assertTrue(total > 0 and new != old, change)
        for operation in range(1, total + 1):
            for torn in (False, True):
                kept = Kept(flash.snapshot())
                kept.flash.cut_power_at(operation, torn)
                returned = True
                try:
                    getattr(kept, change)()
                except OSError:
                    returned = False
                kept.leave()
                kept.flash.restore_power()
                again = Kept(kept.flash)
                facts = again.facts()
                self.assertTrue(facts in (old, new), (change, operation, torn, facts))
                self.assertTrue(facts == new or not returned, (change, operation, torn))
                self.assertEqual(again.log.count, 0)
                self.receipts(again)
                # It goes on: the next number follows.
                number = again.box.next
                if not again.box.room:
                    again.box.acknowledge(number - 9, b"")
                again.put()
                again.leave()
                last = Kept(kept.flash)
                self.assertEqual([last.box.kind(number), last.box.kind(number + 1)],
                                 [EVENTS, DAY])
                self.receipts(last)
                last.leave()
        return 2 * total

    def receipts(self, kept):
        """Every receipt that is held can be read, and is that of its number."""
        box = kept.box
        for number in range(box.first, box.next):
            if box.kind(number) == 4:
                self.assertEqual(box.receipt(number), b"receipt %d" % number)

    def test_every_change_of_a_new_and_of_a_used_one(self):
        cuts = 0
        for messages in (0, 1, 6):
            flash = new_flash(messages)
            for change in CHANGES:
                if messages or change not in ("acknowledge",):
                    cuts += self.sweep(flash, change)
        print("cuts:", cuts)
        self.assertTrue(cuts > 200, cuts)

    def test_while_the_folder_moves(self):
        """Every commit for as long as littlefs takes to compact and to move the pair."""
        flash = new_flash(2)
        cuts = 0
        for n in range(130):
            cuts += self.sweep(flash, ("put", "acknowledge")[n & 1])
            kept = Kept(flash)
            kept.put()
            kept.box.acknowledge(kept.box.next - 3, b"")
            kept.box.commit()
            kept.leave()
        print("cuts of moves:", cuts)
        self.assertTrue(cuts >= 520, cuts)


class Cost(unittest.TestCase):
    def test_operations(self):
        flash = new_flash(4)
        kept = Kept(flash)
        for change in ("put", "acknowledge", "receipt"):
            erases, programs = flash.erases, flash.programs
            for _ in range(40):
                getattr(kept, change)()
                kept.box.acknowledge(kept.box.next - 4, b"")
            erases = flash.erases - erases
            programs = flash.programs - programs
            print("%s: %.2f erases, %.1f pages" % (change, erases / 40, programs / 40))
            self.assertTrue(erases <= 40 * (1.7 if change == "receipt" else 0.5), erases)
        kept.leave()


if __name__ == "__main__":
    unittest.main()
