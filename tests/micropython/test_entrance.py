# heapsize: 16M
"""The ways in on a whole meter: keys, tokens and messages, by request, locked and in safe mode."""

import json
import sys
import unittest
from binascii import hexlify, unhexlify

from message_rig import KEYS, Codes, seal
from token_maker import KEY, credit, key_sections, management

from joulegate.core.reset_cause import WATCHDOG
from joulegate.health.restarts import LEVEL_MAX
from joulegate.vending.carriers import CONSOLE, KEYPAD, NETWORK, SMS
from joulegate.vending.crypto.hkdf import derive
from joulegate.vending.crypto.hmac_sha256 import hmac_sha256
from joulegate.vending.entrance import REPORTS_DAILY
from joulegate.vending.envelope import context
from joulegate.vending.keys import ADMINISTRATOR, TECHNICIAN, VENDING
from joulegate.vending.login import CHALLENGE_S, IDLE_S, LONGEST_S
from joulegate.vending.sts_token import CLEAR_TAMPER
from meter.cut_acts import document, new_meter, wait
from meter.cut_case import METER_ID

TID = 6932880
"""Issued on 2027-03-08 at noon, when these meters begin."""
UNITS = 250000
MODULES = ("token_entry", "lockout", "misty1", "sts_keys", "message_service", "envelope", "cbor")
ROLES = ("vending", "administrator", "technician", "meter")
RING = [{"role": ROLES[role - 1], "kid": hexlify(kid).decode(), "key": hexlify(key).decode()}
        for role, (kid, key) in KEYS.items()]
DECODER = {"key": hexlify(KEY).decode(), "ea": 11, "base": 2014, "ken": 255, "krn": 1, "kt": 2,
           "sgc": 123457, "ti": 1}


def loaded():
    """Return which of the modules that only keys need are in memory."""
    return [name for name in MODULES if "joulegate.vending." + name in sys.modules]


def wrong(tid):
    """Return a credit whose check sum is wrong."""
    return credit(tid, 5, bytes(16))


def failing(steps):
    """Return steps of a message that end in a failure of ours."""
    yield next(steps)
    raise MemoryError("none left")


class WithoutKeys(unittest.TestCase):
    """The first of the file: nothing may have loaded the modules before."""

    def test_nothing_is_loaded_and_nothing_taken(self):
        for name in list(sys.modules):
            if name.startswith("joulegate.vending.") and name.split(".")[2] in MODULES:
                del sys.modules[name]
        meter = new_meter()
        meter.app.commissioning.provision(METER_ID, document(), 5, None, {}, None)
        meter.power_down()
        meter.power_up()
        meter.steps()
        with self.assertRaises(RuntimeError):
            meter.app.enter_token(credit(TID, 5), KEYPAD)
        with self.assertRaises(RuntimeError):
            meter.app.accept_message(b"", NETWORK)
        self.assertEqual(loaded(), [])
        meter.power_down()


class Case(unittest.TestCase):

    def setUp(self):
        self.meter = new_meter()
        self.profile = "development"

    def tearDown(self):
        self.meter.power_down()

    @property
    def app(self):
        return self.meter.app

    def provision(self):
        self.app.commissioning.provision(METER_ID, document(), 5, None, {}, None)
        self.meter.steps()

    def restart(self, cause=0):
        self.meter.power_down()
        self.meter.board.cause = cause
        self.meter.power_up().profile = self.profile
        self.meter.steps()

    def answer(self, do, **arguments):
        arguments["do"] = do
        return json.loads(self.app.requests.call(json.dumps(arguments)))

    def ok(self, do, **arguments):
        answer = self.answer(do, **arguments)
        self.assertTrue("ok" in answer, answer)
        return answer["ok"]

    def refusal(self, do, **arguments):
        answer = self.answer(do, **arguments)
        self.assertTrue("error" in answer, answer)
        return answer["error"]

    def events(self, name):
        """Return the values of the events of a name since the start."""
        found = []
        since = 0
        while True:
            rows = list(self.app.log.since(since))
            found += [value for _, _, known, value in rows if known == name]
            if not rows or rows[-1][0] + 1 >= self.app.log.count:
                return found
            since = rows[-1][0] + 1

    def send(self, role, number, body):
        return self.ok("message", hex=hexlify(seal(role, number, body)).decode())


class Tokens(Case):

    def test_key_before_provisioning_then_credit(self):
        self.assertEqual(self.ok("token_key", key=DECODER), {})
        self.provision()
        self.assertFalse(self.meter.board.contact.closed)
        said = self.ok("token", digits=credit(TID, 250))
        self.assertTrue(said["accepted"], said)
        self.assertEqual(said["amount"], "3.08642")  # 25 kWh at the first tier's price
        wait(self.meter, 60)
        self.assertTrue(self.meter.board.contact.closed)
        self.restart()
        said = self.ok("token", digits=credit(TID, 250))
        self.assertEqual((said["accepted"], said["reason"]), (False, "used"))

    def test_key_after_provisioning_and_another_in_its_place(self):
        self.provision()
        self.assertEqual(self.refusal("token", digits=credit(TID, 5)),
                         "token: the meter has no decoder key")
        self.ok("token_key", key=DECODER)
        self.assertTrue(self.ok("token", digits=credit(TID, 5))["accepted"])
        other = dict(DECODER, key="0f" * 16)
        self.ok("token_key", key=other)
        self.assertEqual(self.ok("token", digits=credit(TID + 1, 5))["reason"], "crc")
        self.assertTrue(self.ok("token", digits=credit(TID + 1, 5, b"\x0f" * 16))["accepted"])
        self.assertEqual(len(self.events("decoder_key_changed")), 2)

    def test_bad_keys_are_refused_and_not_told(self):
        self.provision()
        for change, text in (
                ({"key": "0" * 31}, "decoder key: key: must be pairs"),
                ({"key": "00" * 15}, "decoder key: 15 bytes, must be 16"),
                ({"key": 5}, "decoder key: key: must be pairs"), ({"ken": "1"}, "ken: must be an"),
                ({"base": 2000}, "base"), ({"krn": 10}, "krn 10: must be 1 to 9"),
                ({"more": 1}, "more: must be key or one of")):
            refusal = self.refusal("token_key", key=dict(DECODER, **change))
            self.assertTrue(text in refusal, refusal)
        self.assertEqual(self.refusal("token_key", key=[]), "decoder key: must be an object")
        self.assertFalse(self.app.entrance.has_token_key)

    def test_key_change_and_other_tokens(self):
        self.ok("token_key", key=DECODER)
        self.provision()
        new = bytes(range(0x70, 0x80))
        for digits, left in zip(key_sections(new), (3, 2, 1, 0)):
            self.assertEqual(self.ok("token", digits=digits)["waiting"], left)
        self.app.metering.meter.supply.forbid(16)
        self.assertTrue(
            self.ok("token", digits=management(CLEAR_TAMPER, TID, 0, new))["accepted"])
        self.assertEqual(self.app.metering.meter.supply.reasons & 16, 0)
        self.restart()
        self.assertTrue(self.ok("token", digits=credit(TID + 1, 5, new))["accepted"])

    def test_wrong_tokens_are_told_and_bounded(self):
        self.ok("token_key", key=DECODER)
        self.provision()
        for n in range(3):
            self.assertEqual(self.ok("token", digits=wrong(TID + n))["reason"], "crc")
        self.assertEqual(self.events("token_wrong"), [CONSOLE] * 3)
        self.assertEqual(self.events("tokens_locked"), [CONSOLE])
        self.assertEqual(self.ok("token", digits=credit(TID, 5))["reason"], "locked")
        # Another way in is open.
        self.assertTrue(self.app.enter_token(credit(TID, 5), KEYPAD).accepted)
        wait(self.meter, 10)
        self.assertTrue(self.ok("token", digits=credit(TID + 1, 5))["accepted"])
        for n in range(REPORTS_DAILY + 9):
            self.app.enter_token(wrong(TID + n), SMS)
            wait(self.meter, 1300)
        self.assertTrue(len(self.events("token_wrong")) <= REPORTS_DAILY)

    def test_a_typed_token_is_answered_in_a_line(self):
        from joulegate.console.commands import Commands
        lines = []
        self.ok("token_key", key=DECODER)
        self.provision()
        commands = Commands(self.app, lines.append)
        digits = credit(TID, 250)
        commands.obey("token %s %s-%s" % (digits[:4], digits[4:8], digits[8:]))
        commands.obey("token " + digits)
        commands.obey("token 5")
        self.assertTrue(lines[0].startswith("accepted: "), lines)
        self.assertTrue(lines[1].startswith("refused: used: tid "), lines)
        self.assertTrue(lines[2].startswith("refused: format: 1 digits"), lines)


class Messages(Case):

    def ready(self):
        self.ok("message_keys", keys=RING, factory=False)
        self.provision()

    def test_credit_and_a_token_of_the_same_purchase(self):
        self.ok("token_key", key=DECODER)
        self.ready()
        said = self.send(VENDING, 1, {0: Codes.CREDIT, 2: TID, 3: UNITS})
        self.assertTrue(said["accepted"] and said["receipt"], said)
        wait(self.meter, 60)
        self.assertTrue(self.meter.board.contact.closed)
        self.assertEqual(self.ok("token", digits=credit(TID, 5))["reason"], "used")

    def test_supply_stays_off_over_a_power_cut(self):
        self.ready()
        self.send(VENDING, 1, {0: Codes.CREDIT, 2: TID, 3: UNITS})
        self.assertTrue(self.send(ADMINISTRATOR, 1, {0: Codes.SUPPLY_OFF})["accepted"])
        self.meter.steps()
        self.restart()
        self.assertFalse(self.meter.board.contact.closed)
        self.assertEqual(self.ok("status")["reasons"], "administrator")
        self.send(ADMINISTRATOR, 2, {0: Codes.SUPPLY_ON})
        self.meter.steps()
        self.assertTrue(self.meter.board.contact.closed)

    def test_factory_keys_must_be_changed_first(self):
        self.ok("message_keys", keys=RING)
        self.provision()
        said = self.send(VENDING, 1, {0: Codes.CREDIT, 2: TID, 3: UNITS})
        self.assertFalse(said["accepted"], said)
        self.assertEqual(self.ok("balance")["credits"], "0.00000")

    def test_what_is_told_and_what_is_not(self):
        self.ready()
        body = {0: Codes.TEST}
        self.assertTrue(self.send(TECHNICIAN, 7, body)["accepted"])
        for _ in range(3):
            self.send(TECHNICIAN, 7, body)
        self.assertEqual(self.events("message_accepted"), [Codes.TEST])
        for _ in range(REPORTS_DAILY + 5):
            self.send(TECHNICIAN, 6, body)
        self.assertEqual(len(self.events("message_refused")), REPORTS_DAILY)
        count = self.app.log.count
        operations = self.meter.flash.operations
        for _ in range(5):
            self.assertEqual(self.ok("message", hex="d0" * 40)["receipt"], "")
        forged = seal(TECHNICIAN, 9, body, key=bytes(range(16)))
        self.assertEqual(self.ok("message", hex=hexlify(forged).decode())["receipt"], "")
        self.assertEqual(self.app.log.count, count)
        self.assertEqual(self.meter.flash.operations, operations)
        self.assertEqual(self.app.entrance.unproven, 6)

    def test_lock_out_is_reset_by_message_whichever_key_came_first(self):
        self.ready()
        self.ok("token_key", key=DECODER)
        for n in range(3):
            self.ok("token", digits=wrong(TID + n))
        self.assertEqual(self.ok("token", digits=credit(TID, 5))["reason"], "locked")
        self.assertTrue(self.send(TECHNICIAN, 1, {0: Codes.RESET_LOCK_OUT})["accepted"])
        self.assertTrue(self.ok("token", digits=credit(TID, 5))["accepted"])

    def test_two_carriers_at_a_time(self):
        """The console's message comes after each step of the network's, which ends first."""
        self.ready()
        tid = TID
        steps = 0
        while True:
            one, two, tid = tid + 1, tid + 2, tid + 2
            work = self.app.begin_message(
                seal(VENDING, 1, {0: Codes.CREDIT, 2: one, 3: UNITS}), NETWORK)
            for _ in range(steps):
                work.step()
            over = work.done
            self.assertTrue(self.send(VENDING, 2, {0: Codes.CREDIT, 2: two, 3: UNITS})["accepted"])
            self.assertTrue(work.done)
            self.assertEqual(work.step(), "")
            self.assertTrue(work.answer.accepted and work.answer.fresh)
            if over:
                break
            steps += 1
        self.assertTrue(steps > 8, steps)
        # In the order in which they came, though the second was whole before the first.
        entries = self.app.state.journal.load()
        self.assertEqual([e.tid for e in entries][-2:], [one, two])
        self.assertEqual(self.app.state.account.credits, 2 * UNITS * (steps + 1))

    def test_the_same_message_by_two_carriers_at_a_time(self):
        self.ready()
        message = seal(VENDING, 1, {0: Codes.CREDIT, 2: TID, 3: UNITS})
        work = self.app.begin_message(message, NETWORK)
        work.step()
        said = self.ok("message", hex=hexlify(message).decode())
        self.assertEqual(unhexlify(said["receipt"]), work.answer.receipt)
        self.assertEqual(self.app.state.account.credits, UNITS)

    def test_what_fails_is_told_to_the_carrier_it_came_by(self):
        self.ready()
        work = self.app.begin_message(
            seal(VENDING, 1, {0: Codes.CREDIT, 2: TID, 3: UNITS}), NETWORK)
        work._steps = failing(work._steps)
        self.assertTrue(
            self.send(VENDING, 2, {0: Codes.CREDIT, 2: TID + 1, 3: UNITS})["accepted"])
        with self.assertRaises(MemoryError):
            work.step()

    def test_new_keys_wait_for_the_message_that_is_under_way(self):
        self.ready()
        work = self.app.begin_message(seal(ADMINISTRATOR, 1, {0: Codes.TEST}), NETWORK)
        work.step()
        fresh = [dict(row, key=hexlify(bytes(range(90 + i, 106 + i))).decode())
                 for i, row in enumerate(RING)]
        self.ok("message_keys", keys=fresh, factory=False)
        self.assertTrue(work.done and work.answer.accepted)
        self.restart()
        kept = [entry.key for entry in self.app.entrance.messages.ring.entries]
        self.assertEqual(kept, [unhexlify(row["key"]) for row in fresh])

    def test_bad_rings_are_refused(self):
        for keys, text in (
                ([], "a list of 1 to 10"), ({}, "a list of 1 to 10"), ([5], "each must be"),
                ([dict(RING[0], role="boss")], "role 'boss'"), (RING[:1], "must be one"),
                ([dict(RING[0], key="x")], "key: must be pairs"), (RING[:1] * 11, "a list of 1"),
                ([dict(RING[0], kid="")], "kid: 0 bytes, must be 1 to 8")):
            refusal = self.refusal("message_keys", keys=keys)
            self.assertTrue(text in refusal, refusal)
        self.assertFalse(self.app.entrance.has_message_keys)
        self.assertTrue("factory" in self.refusal("message_keys", keys=RING, factory=1))


class Locked(Case):
    """A production meter with an account."""

    def setUp(self):
        super().setUp()
        self.profile = self.app.profile = "production"

    def test_what_proves_itself_is_taken(self):
        self.ok("token_key", key=DECODER)
        self.ok("message_keys", keys=RING, factory=False)
        self.provision()
        self.assertTrue(self.app.locked)
        self.assertTrue(self.ok("token", digits=credit(TID, 5))["accepted"])
        self.assertTrue(
            self.send(VENDING, 1, {0: Codes.CREDIT, 2: TID + 1, 3: UNITS})["accepted"])
        self.assertTrue("locked" in self.refusal("credit", tid=5, amount="1"))

    def test_the_first_keys_close_the_door(self):
        self.provision()
        self.ok("token_key", key=DECODER)
        for do, arguments in (("token_key", {"key": DECODER}), ("message_keys", {"keys": RING})):
            self.assertTrue("locked" in self.refusal(do, **arguments))
        self.restart()
        self.assertTrue("locked" in self.refusal("message_keys", keys=RING))
        self.assertTrue(self.ok("token", digits=credit(TID, 5))["accepted"])

    def test_credit_in_safe_mode(self):
        self.ok("token_key", key=DECODER)
        self.ok("message_keys", keys=RING, factory=False)
        self.provision()
        for _ in range(LEVEL_MAX + 1):
            self.restart(WATCHDOG)
        self.assertTrue(self.app.restarts.safe_mode and self.app.records is None)
        self.assertTrue(self.ok("token", digits=credit(TID, 5))["accepted"])
        self.assertTrue(
            self.send(VENDING, 1, {0: Codes.CREDIT, 2: TID + 1, 3: UNITS})["accepted"])
        self.assertEqual(self.ok("token", digits=wrong(TID + 2))["reason"], "crc")


class LoggedIn(Case):
    """A technician at a locked meter."""

    def setUp(self):
        super().setUp()
        self.profile = self.app.profile = "production"
        self.ok("message_keys", keys=RING, factory=False)
        self.provision()

    def proof(self, role, challenge, meter_id=METER_ID):
        kid, key = KEYS[role]
        derived = derive(key, b"", context(meter_id, 2, kid), 32)
        return hexlify(hmac_sha256(derived, unhexlify(challenge))[:16]).decode()

    def log_in(self, role=TECHNICIAN):
        challenge = self.ok("challenge")["challenge"]
        self.ok("login", kid=hexlify(KEYS[role][0]).decode(), proof=self.proof(role, challenge))

    def test_what_a_technician_may(self):
        request = {"values": {"commit_Wh": 120}}
        self.assertTrue("locked" in self.refusal("set", **request))
        self.log_in()
        self.ok("set", **request)
        self.ok("clock", set="2027-03-08T12:30:00")
        for do, arguments in (
                ("tariff_check", {}), ("credit", {"tid": 5, "amount": "1"}),
                ("token_key", {"key": DECODER}), ("message_keys", {"keys": RING}),
                ("clear_log", {"name": "security"})):
            self.assertTrue("locked" in self.refusal(do, **arguments), do)
        who = int.from_bytes(KEYS[TECHNICIAN][0] + b"\0", "big")
        self.assertEqual(self.events("logged_in"), [who])
        self.assertEqual(self.events("technician_did"), [who, 1 << 24 | who])
        self.ok("logout")
        self.assertTrue("locked" in self.refusal("set", **request))
        self.assertEqual(self.events("logged_out"), [who])

    def test_what_an_administrator_may(self):
        self.log_in(ADMINISTRATOR)
        self.ok("upload", at=0, hex=hexlify(document("next")).decode()[:1024])
        self.ok("token_key", key=DECODER)
        self.assertTrue("locked" in self.refusal("message_keys", keys=RING))
        self.assertTrue("locked" in self.refusal("credit", tid=5, amount="1"))

    def test_sessions_end(self):
        request = {"values": {"commit_Wh": 120}}
        self.log_in()
        for seconds in (IDLE_S - 9, IDLE_S - 9):
            wait(self.meter, seconds)
            self.ok("set", **request)
        wait(self.meter, IDLE_S + 1)
        self.assertTrue("locked" in self.refusal("set", **request))
        self.log_in()
        for _ in range(LONGEST_S // 500):
            self.ok("set", **request)
            wait(self.meter, 500)
        wait(self.meter, 200)
        self.assertTrue("locked" in self.refusal("set", **request))
        self.log_in()
        self.restart()
        self.assertTrue("locked" in self.refusal("set", **request))

    def test_a_key_that_is_taken_away_ends_its_session(self):
        self.log_in()
        self.assertTrue(self.send(
            ADMINISTRATOR, 1, {0: Codes.KEY_REMOVE, 2: KEYS[TECHNICIAN][0]})["accepted"])
        self.assertTrue("locked" in self.refusal("set", values={"commit_Wh": 120}))

    def test_wrong_answers(self):
        kid = hexlify(KEYS[TECHNICIAN][0]).decode()
        good = self.proof(TECHNICIAN, self.ok("challenge")["challenge"])
        self.assertTrue("wrong" in self.refusal("login", kid=kid, proof="00" * 16))
        self.assertTrue("no challenge" in self.refusal("login", kid=kid, proof=good))
        challenge = self.ok("challenge")["challenge"]
        for proof in (good, self.proof(VENDING, challenge), good[:30], "",
                      self.proof(TECHNICIAN, challenge, "1")):
            self.assertTrue("login" in self.refusal("login", kid=kid, proof=proof))
            challenge = self.ok("challenge")["challenge"]
        vending = hexlify(KEYS[VENDING][0]).decode()
        self.assertTrue("may log in" in self.refusal(
            "login", kid=vending, proof=self.proof(VENDING, challenge)))
        challenge = self.ok("challenge")["challenge"]
        wait(self.meter, CHALLENGE_S + 1)
        self.assertTrue("no challenge" in self.refusal(
            "login", kid=kid, proof=self.proof(TECHNICIAN, challenge)))
        for _ in range(REPORTS_DAILY + 3):
            self.refusal("login", kid=kid, proof="")
        self.assertEqual(len(self.events("login_refused")), REPORTS_DAILY)
        self.assertTrue("locked" in self.refusal("reset"))

    def test_typed(self):
        from joulegate.console.commands import Commands
        lines = []
        commands = Commands(self.app, lines.append)
        commands.obey("login")
        answer = self.proof(TECHNICIAN, lines[0].split()[1])
        commands.obey("login %s %s" % (hexlify(KEYS[TECHNICIAN][0]).decode(), answer))
        commands.obey("set commit_Wh 130")
        commands.obey("logout")
        self.assertEqual(lines[1:], ["logged in", "commit_Wh is 130", "logged out"])


class WithoutKeysLocked(Case):

    def test_nobody_logs_in(self):
        self.profile = self.app.profile = "production"
        self.provision()
        self.assertTrue("no keys" in self.refusal("challenge"))
        self.assertTrue("no challenge" in self.refusal("login", kid="00", proof="00"))
        self.ok("logout")


class Damaged(Case):

    def test_keys_that_cannot_be_read(self):
        self.ok("token_key", key=DECODER)
        self.ok("message_keys", keys=RING, factory=False)
        self.provision()
        for name in ("/decoder.bin", "/keys/ring.bin", "/keys.copy/ring.bin"):
            with open(self.meter.board.FOLDER + name, "r+b") as f:
                f.write(b"\xff\xff")
        self.restart()
        self.assertEqual(self.ok("token", digits=credit(TID, 5))["reason"], "key")
        self.assertTrue("keys" in self.ok("message", hex="d0" * 30)["text"])
        self.assertEqual(len(self.events("storage_error")), 2)
        self.meter.steps()


if __name__ == "__main__":
    unittest.main()
