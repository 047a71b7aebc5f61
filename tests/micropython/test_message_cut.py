# heapsize: 8M
"""Power cuts at every program and erase while a message is carried out, whole and torn.

The message is sent again after each, as its sender would. Money moves once, a key changes with
its receipt, anything else is done, not done, or answered as interrupted; and no number of the
meter's own messages, on which a nonce hangs, comes twice.
"""

import unittest

import vfs
from message_rig import ADMINISTRATOR, REASON, VENDING, Codes, Rig, opened, seal, unix
from parts import NOON

from joulegate.core.supply import REMOTE, REMOTE_WH
from joulegate.core.supply_reasons import ADMINISTRATOR as BY_ADMINISTRATOR
from joulegate.core.supply_reasons import KEEP_POWER
from joulegate.vending.gate import EXECUTION_OK, RECEIVED
from world.flash import PAGE, Flash

ROOT = "/cut"
SECTORS = 48
NEW_KEY = bytes(range(0x80, 0x90))


def mounted(flash):
    vfs.mount(vfs.VfsLfs2(flash, progsize=PAGE), ROOT)


def leave():
    try:
        vfs.umount(ROOT)
    except OSError:
        pass  # the flash is dead already


class Cut(unittest.TestCase):

    def setUp(self):
        self.flash = Flash(SECTORS)
        vfs.VfsLfs2.mkfs(self.flash, progsize=PAGE)
        mounted(self.flash)
        rig = Rig(ROOT)
        rig.gate.credit(50, 100000, NOON)
        rig.accept(seal(ADMINISTRATOR, 1, {0: Codes.TEST}))
        leave()

    def sweep(self, message, check):
        """Cut at every operation of a message; check(rig, answer) looks at what is found."""
        flash = self.flash.snapshot()
        mounted(flash)
        rig = Rig(ROOT, fresh=False)
        before = flash.operations
        self.assertTrue(rig.accept(message).accepted)
        total = flash.operations - before
        leave()
        self.assertTrue(total > 4, total)
        for operation in range(1, total + 1):
            for torn in (False, True):
                self.cut(message, operation, torn, check)
        return total

    def cut(self, message, operation, torn, check):
        flash = self.flash.snapshot()
        mounted(flash)
        try:
            rig = Rig(ROOT, fresh=False)
            flash.cut_power_at(operation, torn)
            answers = [rig.accept(message)]
        finally:
            leave()
        self.assertFalse(flash.powered)
        flash.restore_power()
        for _ in range(2):
            mounted(flash)
            try:
                rig = Rig(ROOT, fresh=False)
                self.assertEqual(rig.state.error, "")
                self.assertEqual(rig.gate.suspended, "")
                self.assertEqual(rig.state.billing.audit(), "")
                answers.append(rig.accept(message))
                check(rig, answers[-1])
            finally:
                leave()
        if answers[0].accepted:
            self.assertTrue(answers[1].accepted)
        numbers = [opened(rig, a.receipt)[0] for a in answers if a.receipt]
        self.assertEqual(len(set(numbers)), len(numbers))

    def money(self, body, balance, role=ADMINISTRATOR):
        def check(rig, answer):
            self.assertEqual((answer.status, rig.state.account.balance), (EXECUTION_OK, balance))

        self.sweep(seal(role, 2, body), check)

    def test_credit(self):
        self.money({0: Codes.CREDIT, 2: 51, 3: 300}, 99300, VENDING)

    def test_debit(self):
        self.money({0: Codes.DEBIT, 2: 51, 3: 300}, 98700)

    def test_clear_credit(self):
        self.money({0: Codes.CLEAR_CREDIT, 2: 51}, 0)

    def test_close_account(self):
        self.money({0: Codes.CLOSE_ACCOUNT, 2: 51}, 0)

    def test_supply_off(self):
        def check(rig, answer):
            off = bool(rig.supply.reasons & BY_ADMINISTRATOR)
            if answer.status == RECEIVED:
                self.assertEqual(answer.reason, REASON["interrupted"])
            else:
                self.assertTrue(answer.accepted and off, answer.text)

        self.sweep(seal(ADMINISTRATOR, 2, {0: Codes.SUPPLY_OFF}), check)

    def order(self, body, given):
        """Cut an order to the supply: it is given and answered so, or known to be in doubt."""
        def check(rig, answer):
            if answer.status == RECEIVED:
                self.assertEqual(answer.reason, REASON["interrupted"])
            else:
                self.assertTrue(answer.accepted and given(rig.supply), answer.text)

        self.sweep(seal(ADMINISTRATOR, 2, body), check)

    def test_temporary_supply(self):
        self.order({0: Codes.SUPPLY_UNTIL, 2: unix(NOON + 3600)},
                   lambda supply: supply.until == NOON + 3600)

    def test_keep_power(self):
        self.order({0: Codes.KEEP_POWER, 2: True}, lambda supply: supply.kept == KEEP_POWER)

    def test_account_mode(self):
        """Mode and limit are one: a mode without its limit would cut, a limit without its mode
        would be forgotten."""
        self.order({0: Codes.ACCOUNT_MODE, 2: True, 3: 5000, 4: True},
                   lambda supply: (supply.kept, supply.left) == (REMOTE | REMOTE_WH, 5000))

    def test_limits(self):
        def check(rig, answer):
            values = rig.state.settings.values
            found = values["cut_off"], values["warnings"]
            if answer.status == RECEIVED:
                self.assertTrue(found in ((0, []), (-500, [300])), found)
            else:
                self.assertEqual((answer.accepted, found), (True, (-500, [300])))

        self.sweep(seal(ADMINISTRATOR, 2, {
            0: Codes.LIMITS, 2: ["cut_off", -500, "warnings", [300]]}), check)

    def test_key_change(self):
        body = {0: Codes.KEY_CHANGE, 2: VENDING, 3: b"V2", 4: NEW_KEY, 5: b"V1"}

        def check(rig, answer):
            self.assertTrue(answer.accepted, answer.text)
            self.assertEqual(rig.ring.find(b"V1"), None)
            self.assertEqual(rig.ring.find(b"V2").key, NEW_KEY)

        self.sweep(seal(ADMINISTRATOR, 2, body), check)

    def test_change_of_ones_own_key(self):
        body = {0: Codes.KEY_CHANGE, 2: ADMINISTRATOR, 3: b"A2", 4: NEW_KEY, 5: b"A1"}

        def check(rig, answer):
            self.assertTrue(answer.accepted, answer.text)
            self.assertEqual(rig.ring.find(b"A2").key, NEW_KEY)
            self.assertTrue(rig.ring.find(b"A1").retired)

        self.sweep(seal(ADMINISTRATOR, 2, body), check)


if __name__ == "__main__":
    unittest.main()
