# heapsize: 768wK
"""Work in steps: one party ends what another began, and a message is whole or not begun."""

import unittest

from message_rig import ADMINISTRATOR, REASON, VENDING, Rig, opened, seal
from message_rig import Codes as I
from parts import NOON
from scratch import scratch_folder

from joulegate.vending.carriers import CONSOLE, NETWORK
from joulegate.vending.crypto.aes_ccm import STEP, AesCcm
from joulegate.vending.message_result import AUTHENTICATION_FAILURE, EXECUTION_OK
from joulegate.vending.steps import DEED, NUMBER, SUPPLY, Work, finish

CREDIT = {0: I.CREDIT, 2: 5000, 3: 70000}
SETTING = {0: I.SET_SETTING, 2: "uplink_minutes", 3: 7}
COMPUTING_MIN = 8
"""Fewer steps of computing in a message with a receipt are longer than 20 ms on an RP2040."""


def counting(closed, fails=None):
    try:
        yield ""
        yield DEED
        if fails is not None:
            raise fails
        return 5
    finally:
        closed.append(1)


class Works(unittest.TestCase):

    def test_at_once(self):
        self.assertEqual(finish(counting([])), 5)
        self.assertEqual(Work(counting([])).finish(), 5)

    def test_step_by_step(self):
        work = Work(counting([]))
        self.assertEqual([work.step(), work.done, work.step(), work.done],
                         ["", False, DEED, False])
        self.assertEqual((work.step(), work.done, work.answer), ("", True, 5))
        self.assertEqual((work.step(), work.finish()), ("", 5))

    def test_ended_by_another(self):
        work = Work(counting([]))
        work.step()
        work.finish()
        self.assertEqual((work.step(), work.done, work.answer), ("", True, 5))

    def test_failure_is_told_to_both(self):
        work = Work(counting([], MemoryError("none left")))
        for _ in range(2):
            with self.assertRaises(MemoryError):
                work.finish()
        self.assertTrue(work.done)

    def test_given_up(self):
        closed = []
        work = Work(counting(closed))
        work.step()
        work.drop()
        work.drop()
        self.assertEqual((closed, work.done, work.answer), ([1], True, None))
        with self.assertRaises(RuntimeError):
            work.step()
        done = Work(counting([]))
        done.finish()
        done.drop()
        self.assertEqual(done.finish(), 5)


class Ciphers(unittest.TestCase):

    def test_a_step_is_short_whatever_the_length(self):
        ccm = AesCcm(bytes(range(16)))
        for length in (0, 1, STEP - 16, STEP, STEP + 1, 4 * STEP + 5):
            text = bytes(length)
            sealed = ccm.seal(bytes(13), b"data", text)
            self.assertEqual(ccm.open(bytes(13), b"data", sealed), text)
            for steps in (ccm.sealing(bytes(13), b"data", text),
                          ccm.opening(bytes(13), b"data", sealed)):
                self.assertTrue(len(list(steps)) >= 1 + 2 * ((length - 1) // STEP), length)


class Messages(unittest.TestCase):

    def setUp(self):
        self.rig = Rig(scratch_folder("steps"))

    def facts(self):
        rig = self.rig
        return rig.facts(), rig.numbers(), rig.state.ledger.commits

    def steps(self, message, each):
        """Take a message, each(name) after every step but the last; return (names, Answer)."""
        work = self.rig.begin(message)
        names = []
        while True:
            name = work.step()
            if work.done:
                return names, work.answer
            names.append(name)
            each(name)

    def test_nothing_changes_before_the_deed_and_all_in_it(self):
        for role, body in ((VENDING, CREDIT), (ADMINISTRATOR, SETTING)):
            seen = [self.facts()]
            names, answer = self.steps(
                seal(role, 1, body), lambda _, seen=seen: seen.append(self.facts()))
            self.assertEqual(answer.status, EXECUTION_OK)
            deed = names.index(DEED) + 1
            for facts in seen[:deed]:
                self.assertEqual(facts, seen[0])
            self.assertNotEqual(seen[deed], seen[0])
            for facts in seen[deed:]:
                self.assertEqual(facts[:2], seen[deed][:2])
            self.assertEqual(names.count(DEED), 1)
            self.assertEqual(names.count(NUMBER), 1)
            self.assertTrue(names.count("") >= COMPUTING_MIN, names)
            self.assertEqual(SUPPLY in names, role == VENDING)

    def test_a_forged_one_changes_nothing_in_any_step(self):
        before = self.facts()
        forged = seal(VENDING, 1, CREDIT, key=bytes(range(16)))
        names, answer = self.steps(
            forged, lambda _: self.assertEqual(self.facts(), before))
        self.assertEqual((answer.status, answer.reason),
                         (AUTHENTICATION_FAILURE, REASON["tag"]))
        self.assertFalse(DEED in names)
        self.assertEqual(self.facts(), before)

    def test_given_up_after_any_step_and_sent_again(self):
        """As a cut of the power, with a start from flash in between or without one."""
        count = 0
        while True:
            for restart in (False, True):
                rig = self.rig = Rig(scratch_folder("steps"))
                for role, body in ((VENDING, CREDIT), (ADMINISTRATOR, SETTING)):
                    message = seal(role, 1, body)
                    work = rig.begin(message)
                    for _ in range(count):
                        work.step()
                    over = work.done
                    work.drop()
                    if restart:
                        rig.restart()
                    answer = rig.accept(message)
                    self.assertEqual(answer.status, EXECUTION_OK, answer.text)
                    self.assertEqual(opened(rig, answer.receipt)[1][6],
                                     rig.state.account.balance)
                self.assertEqual(rig.state.account.credits, 70000)
                self.assertEqual(rig.state.settings.values["uplink_minutes"], 7)
            if over:
                break
            count += 1
        self.assertTrue(count >= COMPUTING_MIN)

    def test_ticks_between_the_steps_see_money_that_adds_up(self):
        rig = self.rig
        account = rig.state.account

        def tick(_):
            rig.tick()
            self.assertEqual(account.balance, account.credits - account.charges)
            self.assertEqual(account.credits, 70000 if rig.state.replay.used(5000) else 0)
            rig.state.ledger.commit()

        _, answer = self.steps(seal(VENDING, 1, CREDIT), tick)
        self.assertEqual(answer.status, EXECUTION_OK)
        rig.restart()
        self.assertEqual(rig.state.account.credits, 70000)

    def test_a_purchase_by_another_way_between_the_steps(self):
        names = self.steps(seal(VENDING, 1, CREDIT), lambda _: None)[0]
        for at in range(len(names)):
            rig = self.rig = Rig(scratch_folder("steps"))
            work = rig.begin(seal(VENDING, 1, CREDIT))
            for _ in range(at):
                work.step()
            self.assertTrue(rig.gate.credit(6000, 30000, NOON, CONSOLE).accepted)
            self.assertEqual(work.finish().status, EXECUTION_OK)
            rig.restart()
            self.assertEqual(rig.state.account.credits, 100000)

    def test_at_once_and_in_steps_come_to_the_same(self):
        other = Rig(scratch_folder("steps_other"))
        for message in (seal(VENDING, 1, CREDIT), seal(ADMINISTRATOR, 1, SETTING), b"\xd0" * 40,
                        seal(VENDING, 1, CREDIT), seal(VENDING, 2, SETTING),
                        seal(ADMINISTRATOR, 3, {0: I.READ_OUT, 2: 1})):
            at_once = other.accept(message, NETWORK)
            in_steps = self.steps(message, lambda _: None)[1]
            for name in ("status", "reason", "text", "fresh"):
                self.assertEqual(getattr(at_once, name), getattr(in_steps, name))
            self.assertEqual(at_once.receipt, in_steps.receipt)


if __name__ == "__main__":
    unittest.main()
