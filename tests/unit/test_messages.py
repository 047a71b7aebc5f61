# heapsize: 448wK
"""Messages from end to end on the meter: each refusal by its code, each repetition once."""

import unittest

from message_rig import KEYS, MAXIMUM, REASON, ROWS, Rig, opened, seal, seal_bytes, unix
from message_rig import Codes as I
from parts import NOON, new_state, tariff
from scratch import scratch_folder

from joulegate.core.account import BALANCE_LIMIT
from joulegate.core.civil import NO_TIME
from joulegate.core.event_classes import NAMES as EVENT_CLASSES
from joulegate.core.friendly_hours import ENTRIES_MAX
from joulegate.core.purchase_result import BALANCE, OLD, STORAGE, USED
from joulegate.core.remote_account import LIMIT_MAX
from joulegate.core.replay import TID_MAX
from joulegate.core.supply import WAITING
from joulegate.core.supply_reasons import ADMINISTRATOR as BY_ADMINISTRATOR
from joulegate.core.supply_reasons import (
    CREDIT,
    LOAD_LIMIT,
    OVERLOAD,
    READY_FOR_RECONNECTION,
    TAMPER,
    TEMPORARY,
)
from joulegate.storage.document_inbox import SIZE_MAX
from joulegate.storage.tariff_store import digest_of
from joulegate.vending.carriers import BUS, KEYPAD, NETWORK
from joulegate.vending.cbor import encode
from joulegate.vending.envelope import DOWN, UP
from joulegate.vending.gate import RECEIVED
from joulegate.vending.instructions import TABLE
from joulegate.vending.key_record import KeyRecord
from joulegate.vending.keys import (
    ADMINISTRATOR,
    HEAD_END,
    KEY_SIZE,
    KID_MAX,
    METER,
    TECHNICIAN,
    VENDING,
    KeyRing,
)
from joulegate.vending.message_result import (
    AUTHENTICATION_FAILURE,
    EXECUTION_FAILURE,
    EXECUTION_OK,
    FORMAT_FAILURE,
    VALIDATION_FAILURE,
)
from joulegate.vending.meter_actions import MeterActions
from joulegate.vending.vault.choice import choose


class Case(unittest.TestCase):

    def setUp(self):
        self.rig = Rig(scratch_folder("messages"))
        self.number = 0

    def send(self, role, body, **others):
        self.number += 1
        return self.rig.accept(seal(role, self.number, body, **others))

    def does(self, role, body):
        """Return the data of the receipt of an instruction that is carried out."""
        answer = self.send(role, body)
        self.assertEqual((answer.status, answer.reason), (EXECUTION_OK, 0), answer.text)
        _, said = opened(self.rig, answer.receipt)
        self.assertEqual((said[4], said[5]), (EXECUTION_OK, 0))
        self.assertEqual(said[6], self.rig.state.account.balance)
        return said.get(8)

    def refused(self, message, status, reason):
        """Check that a message is refused with this reason and nothing is changed or written."""
        before = self.rig.facts(), self.rig.numbers()
        commits = self.rig.state.ledger.commits
        leased = self.rig.state.messages.leased
        files = self.files()
        answer = self.rig.accept(message)
        if isinstance(reason, str):
            reason = REASON[reason]
        self.assertEqual((answer.status, answer.reason), (status, reason), answer.text)
        self.assertTrue((self.rig.facts(), self.rig.numbers()) == before)
        if self.rig.state.messages.leased == leased:
            self.assertEqual(self.rig.state.ledger.commits, commits)
        self.assertTrue(self.files() == files)
        return answer

    def files(self):
        """Return what the journal, the keys and the settings are on flash."""
        found = []
        for name in ("/journal/purchases.bin", "/keys/ring.bin", "/keys.copy/ring.bin",
                     "/settings.json"):
            with open(self.rig.folder + name, "rb") as f:
                found.append(f.read())
        return found


class Money(Case):

    def test_credit_counts_once(self):
        message = seal(VENDING, 7, {0: I.CREDIT, 2: 1000, 3: 250000})
        first = self.rig.accept(message)
        self.assertEqual(first.status, EXECUTION_OK)
        self.assertEqual(self.rig.state.account.balance, 249000)
        _, said = opened(self.rig, first.receipt)
        self.assertEqual(said, {
            0: 1, 1: unix(NOON), 2: b"V1", 3: 7, 4: 3, 5: 0, 6: 249000, 7: "01234567890"})
        again = self.rig.accept(message)
        self.assertEqual(again.receipt, first.receipt)
        self.assertEqual(self.rig.state.account.balance, 249000)

    def test_credit_repeated_after_a_start(self):
        message = seal(VENDING, 7, {0: I.CREDIT, 2: 1000, 3: 250000})
        self.rig.accept(message)
        self.rig.gate.credit(1001, 5, NOON)
        self.rig.restart()
        before = self.rig.facts()
        _, said = opened(self.rig, self.rig.accept(message).receipt)
        self.assertEqual((said[3], said[4], said[5], said[6]), (7, 3, 0, 249000))
        self.assertEqual(self.rig.facts(), before)

    def test_typed_first_then_sent_is_used(self):
        self.rig.gate.credit(1000, 250000, NOON, KEYPAD)
        self.refused(seal(VENDING, 7, {0: I.CREDIT, 2: 1000, 3: 250000}),
                     VALIDATION_FAILURE, USED)

    def test_same_tid_another_amount_is_used(self):
        self.does(VENDING, {0: I.CREDIT, 2: 1000, 3: 250000})
        self.refused(seal(VENDING, 9, {0: I.CREDIT, 2: 1000, 3: 250001}),
                     VALIDATION_FAILURE, USED)

    def test_credits_need_no_order(self):
        for number, tid in ((9, 1000), (5, 1002), (7, 1001)):
            answer = self.rig.accept(seal(VENDING, number, {0: I.CREDIT, 2: tid, 3: 10}))
            self.assertTrue(answer.accepted, answer.text)

    def test_old(self):
        for tid in range(100, 150):
            self.does(VENDING, {0: I.CREDIT, 2: tid, 3: 10})
        self.refused(seal(VENDING, 1, {0: I.CREDIT, 2: 99, 3: 10}), VALIDATION_FAILURE, OLD)

    def test_beyond_the_maximum(self):
        self.refused(seal(VENDING, 1, {0: I.CREDIT, 2: 99, 3: MAXIMUM + 1001}),
                     VALIDATION_FAILURE, BALANCE)

    def test_debit(self):
        self.does(ADMINISTRATOR, {0: I.CREDIT, 2: 1, 3: 5000})
        message = seal(ADMINISTRATOR, 7, {0: I.DEBIT, 2: 2, 3: 1500})
        self.assertTrue(self.rig.accept(message).accepted)
        self.assertEqual(self.rig.state.account.balance, 2500)
        self.assertEqual(self.rig.state.account.credits, 3500)
        self.assertEqual(self.rig.state.billing.audit(), "")
        self.rig.restart()
        _, said = opened(self.rig, self.rig.accept(message).receipt)
        self.assertEqual((said[4], said[6]), (3, 2500))
        self.assertEqual(self.rig.state.account.balance, 2500)

    def test_clear_credit(self):
        self.does(VENDING, {0: I.CREDIT, 2: 1, 3: 5000})
        message = seal(ADMINISTRATOR, 7, {0: I.CLEAR_CREDIT, 2: 2})
        _, said = opened(self.rig, self.rig.accept(message).receipt)
        self.assertEqual((said[6], said[8]), (0, [4000]))
        self.rig.restart()
        _, said = opened(self.rig, self.rig.accept(message).receipt)
        self.assertEqual((said[6], said[8]), (0, [4000]))

    def test_debt_is_not_cleared_but_closed(self):
        self.assertEqual(self.rig.state.account.balance, -1000)
        self.assertEqual(self.does(ADMINISTRATOR, {0: I.CLEAR_CREDIT, 2: 1}), [0])
        self.assertEqual(self.rig.state.account.balance, -1000)
        self.assertEqual(self.does(ADMINISTRATOR, {0: I.CLOSE_ACCOUNT, 2: 2}), [-1000])
        self.assertEqual(self.rig.state.account.balance, 0)

    def test_close_account(self):
        state = self.rig.state
        self.does(VENDING, {0: I.CREDIT, 2: 1000, 3: 500000000})
        for _ in range(20):
            state.billing.consume(3200)
        balance = state.account.balance
        self.assertEqual(state.billing.tier, 1)
        self.assertEqual(self.does(ADMINISTRATOR, {0: I.CLOSE_ACCOUNT, 2: 1001}), [balance])
        self.assertEqual((state.account.balance, state.billing.tier), (0, 0))
        self.assertEqual(list(state.billing.positions), [0] * 6)
        self.assertEqual(state.billing.audit(), "")
        # What the one before had bought is of no use to the next.
        self.refused(seal(ADMINISTRATOR, 9, {0: I.CREDIT, 2: 1000, 3: 500000001}),
                     VALIDATION_FAILURE, USED)
        self.rig.restart()
        self.assertEqual(self.rig.state.billing.audit(), "")
        self.assertEqual(self.rig.state.account.balance, 0)


class Control(Case):

    def test_output(self):
        asked = []

        class Outputs:
            def override_until(self, number, on, until):
                asked.append((number, on, until))
                if number == 4:
                    raise ValueError("output 4: must be 1 to 2")

        answer = self.send(ADMINISTRATOR, {0: I.OUTPUT, 2: 2})
        self.assertEqual(
            (answer.status, answer.reason), (EXECUTION_FAILURE, REASON["unsupported"]))
        self.rig.watch.outputs = Outputs()
        try:
            self.does(ADMINISTRATOR, {0: I.OUTPUT, 2: 2, 3: True, 4: unix(NOON + 60)})
            self.does(ADMINISTRATOR, {0: I.OUTPUT, 2: 3})
            answer = self.send(ADMINISTRATOR, {0: I.OUTPUT, 2: 4})
        finally:
            self.rig.watch.outputs = None
        self.assertEqual((answer.status, answer.reason), (EXECUTION_FAILURE, REASON["refused"]))
        self.assertEqual(asked, [(2, True, NOON + 60), (3, None, None), (4, None, None)])

    def test_tariff_in_pieces(self):
        document = tariff(name="other", price="0.2")
        digest = digest_of(document)
        for at in range(0, len(document), 300):
            piece = document[at:at + 300]
            self.assertEqual(self.does(ADMINISTRATOR, {
                0: I.TARIFF_PIECE, 2: digest, 3: len(document), 4: at, 5: piece}),
                [at + len(piece)])
        self.does(ADMINISTRATOR, {0: I.TARIFF_ACTIVATE, 2: digest, 3: unix(NOON + 60)})
        self.assertEqual(self.rig.state.billing.next_digest, digest)
        self.assertEqual(self.rig.state.billing.next_start, NOON + 60)

    def test_tariff_refused(self):
        digest = digest_of(b"{}")
        answer = self.send(ADMINISTRATOR, {0: I.TARIFF_ACTIVATE, 2: digest, 3: unix(NOON)})
        self.assertEqual((answer.status, answer.reason), (EXECUTION_FAILURE, REASON["refused"]))
        self.does(ADMINISTRATOR, {0: I.TARIFF_PIECE, 2: digest, 3: 2, 4: 0, 5: b"{}"})
        answer = self.send(ADMINISTRATOR, {0: I.TARIFF_ACTIVATE, 2: digest, 3: unix(NOON)})
        self.assertEqual((answer.status, answer.reason), (EXECUTION_FAILURE, REASON["refused"]))

    def test_setting(self):
        self.does(TECHNICIAN, {0: I.SET_SETTING, 2: "cut_off", 3: -500})
        self.does(TECHNICIAN, {0: I.SET_SETTING, 2: "warnings", 3: [300, 100]})
        self.assertEqual(self.rig.state.settings.values["cut_off"], -500)
        for name, value in (("cut_off", "low"), ("load_limit_W", 100), ("zone", [1])):
            answer = self.send(TECHNICIAN, {0: I.SET_SETTING, 2: name, 3: value})
            self.assertEqual(
                (answer.status, answer.reason), (EXECUTION_FAILURE, REASON["refused"]))

    def test_any_value_for_any_setting_is_taken_or_refused(self):
        for name in sorted(self.rig.state.settings.values) + ["other"]:
            for value in (0, -1, 1 << 62, -(1 << 63), True, False, "", "x", "CET-1", [], [1],
                          [-(1 << 62)], ["a"], [1, "a"], ["V"], [1] * 40, ["P"] * 5):
                answer = self.send(TECHNICIAN, {0: I.SET_SETTING, 2: name, 3: value})
                self.assertTrue(
                    answer.accepted or answer.reason == REASON["refused"], (name, value))
        self.assertEqual(self.rig.state.settings.load(), [])

    def test_time(self):
        self.does(TECHNICIAN, {0: I.SET_TIME, 2: unix(NOON + 77)})
        self.assertEqual(self.rig.clock.second, NOON + 77)

    def test_supply_off_survives_a_start(self):
        self.does(ADMINISTRATOR, {0: I.SUPPLY_OFF})
        self.assertTrue(self.rig.supply.reasons & BY_ADMINISTRATOR)
        self.rig.restart()
        self.assertTrue(self.rig.supply.reasons & BY_ADMINISTRATOR)
        self.does(ADMINISTRATOR, {0: I.SUPPLY_ON})
        self.assertFalse(self.rig.supply.reasons & BY_ADMINISTRATOR)
        self.rig.restart()
        self.assertFalse(self.rig.supply.reasons & BY_ADMINISTRATOR)

    def test_supply_is_armed_for_a_press(self):
        self.rig.button = True
        self.rig.configure()
        self.does(ADMINISTRATOR, {0: I.SUPPLY_OFF})
        self.does(ADMINISTRATOR, {0: I.SUPPLY_ARM})
        self.assertEqual(self.status()[11], READY_FOR_RECONNECTION)
        self.rig.restart()
        self.assertTrue(self.rig.supply.kept & WAITING)
        self.assertFalse(self.rig.supply.reasons & BY_ADMINISTRATOR)

    def test_temporary_supply(self):
        supply = self.rig.supply
        for until in (NOON, NOON + 32 * 86400):
            answer = self.send(ADMINISTRATOR, {0: I.SUPPLY_UNTIL, 2: unix(until)})
            self.assertEqual(
                (answer.status, answer.reason), (EXECUTION_FAILURE, REASON["refused"]))
        self.does(ADMINISTRATOR, {0: I.SUPPLY_UNTIL, 2: unix(NOON + 60)})
        self.rig.tick()
        self.assertTrue(supply.allowed)
        self.assertEqual(self.status()[10], TEMPORARY)
        self.rig.restart()
        self.rig.tick()
        self.assertTrue(self.rig.supply.allowed)
        self.rig.clock.second += 60
        self.rig.tick()
        self.assertFalse(self.rig.supply.allowed)

    def test_power_is_kept(self):
        self.does(ADMINISTRATOR, {0: I.KEEP_POWER, 2: True})
        self.rig.restart()
        self.rig.tick()
        self.assertTrue(self.rig.supply.allowed)
        self.does(ADMINISTRATOR, {0: I.KEEP_POWER, 2: False})
        self.rig.tick()
        self.assertFalse(self.rig.supply.allowed)

    def test_several_limits_at_once(self):
        values = self.rig.state.settings.values
        self.does(TECHNICIAN, {0: I.LIMITS, 2: [
            "cut_off", -500, "warnings", [300, 100], "zone", "CET-1", "close_permit", 7]})
        self.assertEqual((values["cut_off"], values["warnings"]), (0, []))
        values = self.rig.state.settings.values
        self.assertEqual(
            (values["cut_off"], values["warnings"], values["zone"], values["close_permit"]),
            (-500, [300, 100], "CET-1", 7))
        for pairs in (["cut_off", 1, "tick_ms", 1], ["cut_off", 1, "other", 1],
                      ["cut_off", 1, "cut_off", 1]):
            answer = self.send(TECHNICIAN, {0: I.LIMITS, 2: pairs})
            self.assertEqual(
                (answer.status, answer.reason), (EXECUTION_FAILURE, REASON["refused"]))
        self.assertEqual(self.rig.state.settings.values, values)

    def test_schedule(self):
        self.does(ADMINISTRATOR, {0: I.SCHEDULE, 2: ["all 11:00-13:00", "12-25 none"]})
        self.assertTrue(self.rig.supply.friendly.hold(NOON))
        self.rig.restart()
        self.assertTrue(self.rig.supply.friendly.hold(NOON))
        answer = self.send(ADMINISTRATOR, {0: I.SCHEDULE, 2: ["all 11:00"]})
        self.assertEqual(answer.reason, REASON["refused"])
        self.does(ADMINISTRATOR, {0: I.SCHEDULE, 2: []})
        self.assertEqual(self.rig.supply.friendly, None)

    def test_remote_account(self):
        self.assertEqual(
            self.does(ADMINISTRATOR, {0: I.ACCOUNT_MODE, 2: True, 3: 500}), [0])
        self.rig.tick()
        self.assertTrue(self.rig.supply.allowed)
        balance = self.rig.state.account.balance
        self.rig.state.account.debit(200, 1, 0, 0)
        self.rig.tick()
        self.assertEqual(self.status()[12], 300)
        self.assertEqual(self.rig.state.account.balance, balance - 200)
        self.rig.state.ledger.commit()
        self.rig.restart()
        self.assertEqual(
            self.does(ADMINISTRATOR, {0: I.ACCOUNT_MODE, 2: True, 3: 9, 4: True}), [300])
        self.rig.tick()
        self.assertTrue(self.rig.supply.allowed)
        self.assertEqual(self.does(ADMINISTRATOR, {0: I.ACCOUNT_MODE, 2: False}), [9])
        self.rig.tick()
        self.assertFalse(self.rig.supply.allowed)
        for body in ({0: I.ACCOUNT_MODE, 2: True}, {0: I.ACCOUNT_MODE, 2: False, 3: 5}):
            self.assertEqual(self.send(ADMINISTRATOR, body).reason, REASON["refused"])

    def test_an_order_that_cannot_be_stored_is_not_given(self):
        supply = self.rig.supply
        self.rig.button = True
        self.rig.configure()
        before = supply.reasons, supply.kept, supply.until, supply.left, supply.tries
        commit = self.rig.metering.commit
        self.rig.metering.commit = lambda: False
        for body in ({0: I.SUPPLY_OFF}, {0: I.SUPPLY_UNTIL, 2: unix(NOON + 60)},
                     {0: I.KEEP_POWER, 2: True}, {0: I.ACCOUNT_MODE, 2: True, 3: 5}):
            self.assertEqual(self.send(ADMINISTRATOR, body).reason, STORAGE)
            self.assertEqual(
                (supply.reasons, supply.kept, supply.until, supply.left, supply.tries), before)
            self.assertEqual(supply.remote, None)
        self.rig.metering.commit = commit

    def test_an_alarm_is_reset_by_what_the_role_may(self):
        supply = self.rig.supply
        for role, left in ((TECHNICIAN, TAMPER | BY_ADMINISTRATOR), (ADMINISTRATOR,
                                                                     BY_ADMINISTRATOR)):
            supply.forbid(OVERLOAD | TAMPER | LOAD_LIMIT | BY_ADMINISTRATOR)
            self.does(role, {0: I.RESET_ALARM})
            self.assertEqual(supply.reasons & ~CREDIT, left)
            self.rig.restart()
            supply = self.rig.supply
            self.assertEqual(supply.reasons & ~CREDIT, left)

    def status(self):
        return self.does(TECHNICIAN, {0: I.READ_OUT, 2: I.STATUS})

    def test_what_cannot_be_done_is_said(self):
        for body in ({0: I.SUPPLY_ARM}, {0: I.RESET_LOCK_OUT}):
            answer = self.send(ADMINISTRATOR, body)
            self.assertEqual(
                (answer.status, answer.reason), (EXECUTION_FAILURE, REASON["unsupported"]))

    def test_read_outs(self):
        self.does(TECHNICIAN, {0: I.READ_OUT, 2: I.STATUS})
        status = self.does(TECHNICIAN, {0: I.READ_OUT, 2: I.STATUS})
        self.assertEqual(status[6], self.rig.state.ledger.sequence)
        self.assertEqual(self.does(TECHNICIAN, {0: I.READ_OUT, 2: I.REGISTERS}), [0] * 10)
        answer = self.send(TECHNICIAN, {0: I.READ_OUT, 2: I.DEMAND})
        self.assertEqual(answer.reason, REASON["unsupported"])
        answer = self.send(TECHNICIAN, {0: I.READ_OUT, 2: I.DAYS})
        self.assertEqual(answer.reason, REASON["unsupported"])

    def test_demand_is_read_out_and_reset_and_told(self):
        for body in ({0: I.DEMAND_RESET}, {0: I.READ_OUT, 2: I.DEMAND}):
            answer = self.send(TECHNICIAN, body)
            self.assertEqual(answer.reason, REASON["unsupported"])
        self.rig.commissioning.change_settings({"demand_minutes": 15})
        state = self.rig.state
        state.registers.wh[0] += 500
        self.rig.clock.second += 900
        state.demand.tick(self.rig.clock.second)
        end = self.rig.clock.second
        found = self.does(TECHNICIAN, {0: I.READ_OUT, 2: I.DEMAND})
        self.assertEqual(found, [
            15, 1, 0, 0, 2000, 0, unix(end), 2000, unix(end), 0, None, 0, None, 0, None, 0, 0])
        self.assertEqual(self.does(TECHNICIAN, {0: I.DEMAND_RESET}), [2000, 0])
        told = [row[2:] for row in state.log.since(0) if row[2] == "demand_reset"]
        self.assertEqual(told, [("demand_reset", 2000)])
        self.assertEqual(state.demand.maxima, (0, 0, 0, 0))
        self.assertEqual(self.send(VENDING, {0: I.DEMAND_RESET}).reason, REASON["role"])
        self.rig.restart()
        self.assertEqual(self.rig.state.demand.cumulative, (2000, 0))

    def test_days_of_the_largest_numbers_fit(self):
        class Freezes:
            def days(self, first, last):
                for _ in range(first, last + 1):
                    yield {"day": 0x7FFF, "flags": 255, "wh": [0xFFFFFFFF] * 4,
                           "balance": -0x3FFFFFFF, "charges": 1 << 62, "credits": -1 << 62}

        class Records:
            freezes = Freezes()

        self.rig.records = Records()
        days = self.does(ADMINISTRATOR, {0: I.READ_OUT, 2: I.DAYS, 3: 5, 4: I.DAYS_MAX})
        self.assertEqual(len(days), I.DAYS_MAX)

    def test_resets_and_test(self):
        self.rig.switch.fault = True
        self.does(TECHNICIAN, {0: I.RESET_ALARM})
        self.assertFalse(self.rig.switch.fault)
        self.assertEqual(self.does(TECHNICIAN, {0: I.TEST}), [2, 2])

    def test_clear_events(self):
        cleared = []

        class Records:
            class events:  # noqa: N801
                @staticmethod
                def clear(number, now, registers):
                    cleared.append((number, now))

        self.rig.records = Records()
        self.does(ADMINISTRATOR, {0: I.CLEAR_EVENTS, 2: 3})
        self.assertEqual(cleared, [(3, NOON)])

    def test_lock_out_is_reset_for_every_carrier(self):
        good = []

        class Lockout:
            def was_good(self, carrier):
                good.append(carrier)

        self.rig.lockout = Lockout()
        self.rig.build()
        self.does(TECHNICIAN, {0: I.RESET_LOCK_OUT})
        self.assertEqual(good, [0, 1, 2, 3, 4, 5])


class Order(Case):

    def test_numbers_rise(self):
        self.does(ADMINISTRATOR, {0: I.SET_TIME, 2: unix(NOON + 5)})
        self.rig.accept(seal(ADMINISTRATOR, 10, {0: I.SUPPLY_OFF}))
        self.refused(seal(ADMINISTRATOR, 9, {0: I.SUPPLY_ON}), VALIDATION_FAILURE, "number")
        self.refused(seal(ADMINISTRATOR, 10, {0: I.SUPPLY_ON}), VALIDATION_FAILURE, "number")
        self.rig.restart()
        self.refused(seal(ADMINISTRATOR, 10, {0: I.SUPPLY_ON}), VALIDATION_FAILURE, "number")
        # Each key has numbers of its own.
        self.assertTrue(
            self.rig.accept(seal(TECHNICIAN, 1, {0: I.SET_TIME, 2: unix(NOON)})).accepted)

    def test_repetition_gives_the_same_receipt(self):
        message = seal(ADMINISTRATOR, 10, {0: I.SUPPLY_OFF})
        first = self.rig.accept(message)
        self.rig.supply.lift(BY_ADMINISTRATOR)
        self.assertEqual(self.rig.accept(message).receipt, first.receipt)
        self.rig.restart()
        before = self.rig.facts()
        again = self.rig.accept(message)
        self.assertEqual(self.rig.facts(), before)
        self.assertEqual(opened(self.rig, again.receipt)[1], opened(self.rig, first.receipt)[1])

    def test_an_answer_that_was_a_refusal_is_kept_too(self):
        message = seal(ADMINISTRATOR, 10, {0: I.SUPPLY_ARM})
        self.rig.accept(message)
        self.rig.restart()
        answer = self.rig.accept(message)
        self.assertEqual(answer.reason, REASON["unsupported"])

    def test_power_lost_in_between_is_told(self):
        message = seal(ADMINISTRATOR, 10, {0: I.SUPPLY_OFF})
        self.rig.ring.take(self.rig.ring.find(b"A1"), 10, message[-4:])
        self.rig.restart()
        answer = self.rig.accept(message)
        self.assertEqual((answer.status, answer.reason), (RECEIVED, REASON["interrupted"]))
        self.assertEqual(self.rig.supply.reasons & BY_ADMINISTRATOR, 0)

    def test_the_number_is_stored_first(self):
        kept = []

        def self_test():
            ring = KeyRing(KeyRecord(choose(self.rig.folder, None, "")))
            ring.load()
            kept.append(ring.find(b"T1").number)
            return []

        self.rig.self_test = self_test
        self.rig.accept(seal(TECHNICIAN, 9, {0: I.TEST}))
        self.assertEqual(kept, [9])

    def test_own_numbers_never_come_twice(self):
        seen = []
        for _ in range(3):
            for _ in range(3):
                answer = self.send(TECHNICIAN, {0: I.TEST})
                seen.append(opened(self.rig, answer.receipt)[0])
            self.rig.restart()
        self.assertEqual(len(set(seen)), 9)
        self.assertEqual(seen, sorted(seen))

    def test_expiry(self):
        late = {0: I.CREDIT, 1: unix(NOON - 1), 2: 5, 3: 10}
        self.refused(seal(VENDING, 1, late), VALIDATION_FAILURE, "expired")
        self.assertTrue(self.send(VENDING, {0: I.CREDIT, 1: unix(NOON), 2: 6, 3: 1}).accepted)
        self.rig.clock.second = NO_TIME
        answer = self.send(VENDING, late)
        self.assertTrue(answer.accepted)
        self.assertFalse(1 in opened(self.rig, answer.receipt)[1])


class Keys(Case):

    def change(self, role, kid, key, replaces=None):
        body = {0: I.KEY_CHANGE, 2: role, 3: kid, 4: key}
        if replaces is not None:
            body[5] = replaces
        return body

    def test_change_of_another(self):
        new = bytes(range(0x80, 0x90))
        self.does(ADMINISTRATOR, self.change(VENDING, b"V2", new, b"V1"))
        credit = {0: I.CREDIT, 2: 1, 3: 10}
        self.refused(seal(VENDING, 1, credit), AUTHENTICATION_FAILURE, "key")
        self.rig.restart()
        message = seal(VENDING, 1, credit, kid=b"V2", key=new)
        self.assertTrue(self.rig.accept(message).accepted)

    def test_change_of_ones_own_is_answered_again(self):
        new = bytes(range(0x80, 0x90))
        message = seal(ADMINISTRATOR, 5, self.change(ADMINISTRATOR, b"A2", new, b"A1"))
        self.assertTrue(self.rig.accept(message).accepted)
        self.rig.restart()
        self.assertTrue(self.rig.accept(message).accepted)
        self.refused(seal(ADMINISTRATOR, 6, {0: I.SUPPLY_OFF}), AUTHENTICATION_FAILURE, "key")
        self.assertTrue(
            self.rig.accept(seal(ADMINISTRATOR, 1, {0: I.TEST}, kid=b"A2", key=new)).accepted)
        self.rig.restart()
        self.refused(message, AUTHENTICATION_FAILURE, "key")
        self.assertEqual(
            sorted([e.kid for e in self.rig.ring.entries]), [b"A2", b"M1", b"T1", b"V1"])

    def test_change_of_the_meters_own(self):
        new = bytes(range(0x80, 0x90))
        self.does(ADMINISTRATOR, self.change(METER, b"M2", new, b"M1"))
        self.assertEqual(self.rig.ring.own().kid, b"M2")

    def test_refused_changes(self):
        new = bytes(range(0x80, 0x90))
        self.number = 20
        for body in (
                self.change(METER, b"M2", new),  # a second one
                self.change(VENDING, b"A1", new),  # the id is taken
                self.change(VENDING, b"V2", KEYS[ADMINISTRATOR][1]),
                self.change(VENDING, b"V2", bytes(16)),
                self.change(VENDING, b"V2", new, b"V3"),
                self.change(VENDING, b"V2", new, b"A1"),
                {0: I.KEY_REMOVE, 2: b"A1"}, {0: I.KEY_REMOVE, 2: b"M1"},
                {0: I.KEY_REMOVE, 2: b"X1"},
        ):
            self.number += 1
            self.refused(seal(ADMINISTRATOR, self.number, body), VALIDATION_FAILURE, "key_ring")

    def test_remove(self):
        self.does(ADMINISTRATOR, {0: I.KEY_REMOVE, 2: b"T1"})
        self.refused(seal(TECHNICIAN, 1, {0: I.TEST}), AUTHENTICATION_FAILURE, "key")

    def test_factory_keys_force_a_change(self):
        self.rig = Rig(scratch_folder("factory"), factory=True)
        self.refused(seal(VENDING, 1, {0: I.CREDIT, 2: 1, 3: 1}), VALIDATION_FAILURE,
                     "factory_key")
        for at, role in enumerate((VENDING, TECHNICIAN, METER, ADMINISTRATOR)):
            self.refused(seal(ADMINISTRATOR, at + 1, {0: I.TEST}), VALIDATION_FAILURE,
                         "factory_key")
            key = bytes(range(0x80 + at, 0x90 + at))
            kid = b"N%d" % at
            self.assertTrue(self.rig.accept(seal(
                ADMINISTRATOR, at + 1, self.change(role, kid, key, KEYS[role][0]))).accepted)
        self.assertTrue(self.rig.accept(
            seal(ADMINISTRATOR, 1, {0: I.TEST}, kid=b"N3", key=key)).accepted)


class Refusals(Case):

    def test_roles(self):
        for row in ROWS:
            for role, initial in ((VENDING, "v"), (ADMINISTRATOR, "a"), (TECHNICIAN, "t")):
                if initial not in row[2]:
                    self.refused(seal(role, 3, {0: int(row[0])}), VALIDATION_FAILURE, "role")

    def test_envelope(self):
        body = {0: I.CREDIT, 2: 1, 3: 1}
        good = seal(VENDING, 3, body)
        failure = AUTHENTICATION_FAILURE
        for message, status, reason in (
                (seal(VENDING, 3, body, kid=b"V9"), failure, "key"),
                (seal(VENDING, 3, body, key=KEYS[TECHNICIAN][1]), failure, "tag"),
                (seal(VENDING, 3, body, kid=b"T1"), failure, "tag"),
                (seal(VENDING, 3, body, meter_id="01234567891"), failure, "tag"),
                (seal(VENDING, 3, body, direction=UP), failure, "tag"),
                (seal(METER, 3, body), failure, "direction"),
                (seal(METER, 3, body, direction=UP), failure, "direction"),
                (good[:-1], FORMAT_FAILURE, "form"), (good + b"\x00", FORMAT_FAILURE, "form"),
                (good[:-1] + bytes((good[-1] ^ 1,)), failure, "tag"),
                (good[1:], FORMAT_FAILURE, "form"), (b"\xd1" + good[1:], FORMAT_FAILURE, "form"),
                (b"", FORMAT_FAILURE, "length"), (good[:21], FORMAT_FAILURE, "length"),
                (good + bytes(512), FORMAT_FAILURE, "length"),
                (good.replace(b"\x43\xa1\x01\x0a", b"\x43\xa1\x01\x18"), FORMAT_FAILURE,
                 "algorithm"),
                (good.replace(b"\x43\xa1\x01\x0a", b"\x43\xa1\x01\x0b"), FORMAT_FAILURE,
                 "algorithm"),
        ):
            self.assertEqual(self.refused(message, status, reason).receipt, None)

    def test_nonces_differ_by_direction(self):
        envelope = self.rig.service._messages._envelope
        entry = self.rig.ring.own()
        down, up = envelope._material(entry, DOWN), envelope._material(entry, UP)
        self.assertTrue(down[1] != up[1] and down[2] != up[2])

    def test_headers(self):
        sealed = bytes(20)
        for headers in ({4: b"V1"}, {6: b"\x01"}, {4: b"V1", 6: b"\x01", 7: 1},
                        {4: b"", 6: b"\x01"}, {4: b"123456789", 6: b"\x01"},
                        {4: b"V1", 6: b""}, {4: b"V1", 6: b"\x00"},
                        {4: b"V1", 6: b"\x00\x01"}, {4: b"V1", 6: bytes((1, 2, 3, 4, 5))},
                        {4: 1, 6: b"\x01"}, {4: b"V1", 6: 1}, {1: 10, 4: b"V1", 6: b"\x01"}):
            message = b"\xd0" + encode([b"\xa1\x01\x0a", headers, sealed], 99)
            self.refused(message, FORMAT_FAILURE, "header")
        for parts in ([b"\xa1\x01\x0a", {4: b"V1", 6: b"\x01", 7: sealed}],
                      [1, 2, bytes(20)], {0: bytes(30)},
                      [b"\xa1\x01\x0a", [4, 6], sealed], [b"\xa1\x01\x0a", {}, "x" * 20]):
            self.refused(b"\xd0" + encode(parts, 99), FORMAT_FAILURE, "form")
        message = b"\xd0" + encode([b"\xa1\x01\x0a", {4: b"V1", 6: b"\x01"}, bytes(8)], 99)
        self.refused(message, FORMAT_FAILURE, "length")

    def test_bodies(self):
        for plaintext, reason in (
                (b"\x80", "body"), (b"\xa1\x00\x18\x01", "body"),
                (b"\xa2\x02\x01\x00\x01", "body"), (b"\xbf\x00\x01\xff", "body"),
                (b"\xa1\x00\x01\x00", "body"), (b"\xff", "body"),
                (b"\xa0", "instruction"), (b"\xa1\x00\x00", "instruction"),
                (b"\xa1\x00\x18\x40", "instruction"), (b"\xa1\x00\x41\x01", "instruction"),
                (b"\xa1\x00\xf5", "instruction"), (b"\xa1\x00\x81\x01", "instruction"),
                (b"\xa1\x00\xf6", "instruction"),
        ):
            self.refused(seal_bytes(ADMINISTRATOR, 3, plaintext), FORMAT_FAILURE, reason)

    def test_fields(self):
        for body in (
                {0: I.CREDIT, 2: 1}, {0: I.CREDIT, 3: 1}, {0: I.CREDIT, 2: 1, 3: 1, 4: 1},
                {0: I.CREDIT, 2: 1, 3: 1, -1: 1}, {0: I.CREDIT, 2: 0, 3: 1},
                {0: I.CREDIT, 2: 1 << 24, 3: 1}, {0: I.CREDIT, 2: 1, 3: 0},
                {0: I.CREDIT, 2: 1, 3: -5}, {0: I.CREDIT, 2: 1, 3: 1 << 30},
                {0: I.CREDIT, 2: 1, 3: 1 << 63}, {0: I.CREDIT, 2: True, 3: 1},
                {0: I.CREDIT, 2: 1, 3: True}, {0: I.CREDIT, 2: "1", 3: 1},
                {0: I.CREDIT, 2: 1, 3: None}, {0: I.CREDIT, 1: 5, 2: 1, 3: 1},
                {0: I.CREDIT, 1: "x", 2: 1, 3: 1}, {0: I.CREDIT, 1: 1 << 40, 2: 1, 3: 1},
                {0: I.SUPPLY_OFF, 2: 1}, {0: I.SET_SETTING, 2: "", 3: 1},
                {0: I.SET_SETTING, 2: "x" * 33, 3: 1}, {0: I.SET_SETTING, 2: "zone", 3: "x" * 65},
                {0: I.SET_SETTING, 2: "zone", 3: b"x"}, {0: I.SET_SETTING, 2: "zone", 3: [[]]},
                {0: I.SET_SETTING, 2: "zone", 3: [True]}, {0: I.SET_SETTING, 2: "zone", 3: {}},
                {0: I.SET_SETTING, 2: "zone", 3: None}, {0: I.KEEP_POWER, 2: 1},
                {0: I.KEY_CHANGE, 2: 1, 3: b"", 4: bytes(16)},
                {0: I.KEY_CHANGE, 2: 6, 3: b"N", 4: bytes(16)},
                {0: I.KEY_CHANGE, 2: 1, 3: b"N", 4: bytes(15)},
                {0: I.TARIFF_PIECE, 2: bytes(7), 3: 1, 4: 0, 5: b"1"},
                {0: I.TARIFF_PIECE, 2: bytes(8), 3: 16385, 4: 0, 5: b"1"},
                {0: I.TARIFF_PIECE, 2: bytes(8), 3: 1, 4: 0, 5: b""},
                {0: I.READ_OUT, 2: 4}, {0: I.READ_OUT, 2: 2, 4: 8}, {0: I.CLEAR_EVENTS, 2: 9},
                {0: I.ACKNOWLEDGE}, {0: I.ACKNOWLEDGE, 2: -1}, {0: I.ACKNOWLEDGE, 2: 1 << 32},
                {0: I.ACKNOWLEDGE, 2: 1, 3: b""}, {0: I.ACKNOWLEDGE, 2: 1, 3: bytes(6)},
                {0: I.RESEND, 2: 0, 3: 1}, {0: I.RESEND, 2: 1, 3: 65}, {0: I.RESEND, 2: 1},
                {0: I.SEND_READING, 2: 1},
        ):
            self.refused(seal(ADMINISTRATOR, 3, body), FORMAT_FAILURE, "field")

    def test_what_is_not_proven_gets_no_answer_and_uses_no_number(self):
        leased = self.rig.state.messages.leased
        answer = self.rig.accept(seal(VENDING, 3, {0: 1}, kid=b"V9"))
        self.assertEqual((answer.receipt, answer.sender), (None, None))
        self.assertEqual(self.rig.state.messages.leased, leased)

    def test_the_carrier_is_kept(self):
        self.rig.accept(seal(VENDING, 3, {0: I.CREDIT, 2: 9, 3: 9}), BUS)
        self.assertEqual(self.rig.state.journal.find(9).carrier, BUS)
        self.assertTrue(NETWORK != BUS)


class Service(Case):

    def test_supply_does_not_wait_for_the_next_tick(self):
        self.does(VENDING, {0: I.CREDIT, 2: 9, 3: 9})
        self.does(ADMINISTRATOR, {0: I.SUPPLY_OFF})
        self.assertEqual(self.rig.task.steps, 2)
        self.does(ADMINISTRATOR, {0: I.TEST})
        self.send(VENDING, {0: I.CREDIT, 2: 9, 3: 10})
        self.assertEqual(self.rig.task.steps, 2)

    def test_keys_that_cannot_be_read(self):
        for name in ("/keys/ring.bin", "/keys.copy/ring.bin"):
            with open(self.rig.folder + name, "wb") as f:
                f.write(bytes(424))
        self.rig.restart()
        self.assertTrue("check sum" in self.rig.service.problem)
        answer = self.send(VENDING, {0: I.CREDIT, 2: 9, 3: 9})
        self.assertEqual(
            (answer.status, answer.reason, answer.receipt), (EXECUTION_FAILURE, STORAGE, None))

    def test_not_provisioned(self):
        self.rig.state = new_state(scratch_folder("blank"))
        self.rig.service.start()
        self.assertEqual(self.rig.service.problem, "messages: the meter is not provisioned")


class Table(unittest.TestCase):

    def test_limits_are_those_of_the_parts(self):
        for rule in ("tid:i:1:%d" % TID_MAX, "units:i:1:%d" % BALANCE_LIMIT,
                     "digest:b:8:8 size:i:1:%d at:i:0:%d" % (SIZE_MAX, SIZE_MAX - 1),
                     "role:i:%d:%d kid:b:1:%d key:b:%d:%d" % (
                         VENDING, HEAD_END, KID_MAX, KEY_SIZE, KEY_SIZE),
                     "event_class:i:0:%d\n" % (len(EVENT_CLASSES) - 1),
                     "friendly:h:0:%d\n" % ENTRIES_MAX, "limit?:i:0:%d " % LIMIT_MAX):
            self.assertTrue(rule in TABLE, rule)

    def test_every_instruction_has_a_method(self):
        for row in ROWS:
            if not row[1].startswith("key_"):
                self.assertTrue(hasattr(MeterActions, row[1]), row[1])


if __name__ == "__main__":
    unittest.main()
