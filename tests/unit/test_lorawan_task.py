# heapsize: 256wK
"""The LoRaWAN link against a module of a few lines: joining, pieces both ways, what goes wrong."""

import asyncio
import unittest

from fake_modem_uart import FakeModem
from link_rig import Answer, answered
from parts import FakeClock

from joulegate.core.events import SOFTWARE_FAILED
from joulegate.link.errors import LinkError
from joulegate.link.lorawan.air import airtime_ms
from joulegate.link.lorawan.lorawan_task import UNHEARD_MAX, LorawanLink
from joulegate.link.lorawan.pieces import Cutter
from joulegate.link.lorawan.rak3172 import (
    BUSY,
    CONFIRMED,
    RECEIVED_MAX,
    RESTRICTED,
    TOO_LONG,
    UNHEARD,
    Rak3172,
)
from joulegate.link.uplink.budget import Budget
from joulegate.vending.carriers import NETWORK

KEY = "00112233445566778899AABBCCDDEEFF"
CONFIRM = "+EVT:SEND_CONFIRMED_OK"


class Timing:
    """Time that goes on to the next thing that somebody waits for, when all have had a turn."""

    def __init__(self):
        self.now = 0
        self._ends = []
        self._later = []

    def ticks_ms(self):
        return self.now

    def ticks_diff(self, end, start):
        return end - start

    def later(self, ms, action):
        self._later.append((self.now + ms, action))

    async def sleep_ms(self, ms):
        end = self.now + ms
        self._ends.append(end)
        await asyncio.sleep(0)
        while self.now < end:
            await asyncio.sleep(0)
        self._ends.remove(end)

    async def go_on(self):
        for _ in range(3):
            await asyncio.sleep(0)
        waited = [end for end in self._ends if end > self.now] + [at for at, _ in self._later]
        self.now = max(self.now, min(waited, default=self.now))
        due = [item for item in self._later if item[0] <= self.now]
        self._later = [item for item in self._later if item[0] > self.now]
        for _, action in due:
            action()


class Module(FakeModem):
    """Answers the setup, joins, and does with each SEND what `outcomes` says next."""

    def __init__(self, timing):
        super().__init__(timing, {"AT+NWM=?": "AT+NWM=1|OK", "AT+DR=?": "AT+DR=0|OK"})
        self.in_network = False
        self.joins = []
        self.outcomes = []
        self.payloads = []

    def event(self, ms, line):
        self.timing.later(ms, lambda: self.say(line))

    def _command(self, line):
        if line.startswith("AT+JOIN="):
            self.replies[line] = "OK"
            outcome = self.joins.pop(0) if self.joins else "JOINED"
            self.in_network = outcome == "JOINED"
            if outcome:
                self.event(3000, "+EVT:" + outcome)
        elif line == "AT+NJS=?":
            self.replies[line] = "AT+NJS=%d|OK" % self.in_network
        elif line.startswith("AT+SEND="):
            outcome = self.outcomes.pop(0) if self.outcomes else CONFIRM
            self.replies[line] = "OK" if outcome[:1] in ("", "+") else outcome
            if outcome[:1] in ("", "+"):
                self.payloads.append(line.split(":")[1])
                self.event(1500, "+EVT:TX_DONE")
            if outcome[:1] == "+":
                self.event(2500, outcome)
        super()._command(line)


class FakeUplink:
    def __init__(self):
        self.budget = Budget()
        self.signal = None
        self.messages = []
        self.given = 0
        self.done = []
        self.told = []
        self.restarts = 0
        self.steps = 0
        self.receipts = []
        self.receipt_error = None

    def step(self, now):
        self.steps += 1

    def next(self):
        if self.given == len(self.messages):
            return None
        self.given += 1
        return (self.given,) + self.messages[self.given - 1]

    def handed(self, token):
        self.done.append(token)

    def restart(self):
        self.restarts += 1
        self.given = len(self.done)

    def connected(self, up):
        self.told.append(up)

    def receipt(self, data):
        if data is None:
            return
        if self.receipt_error:
            raise self.receipt_error
        self.receipts.append(data)


class FakeLog:
    def __init__(self):
        self.events = []

    def add(self, code, now, value=0):
        self.events.append(code)


class Settings:
    def __init__(self, **values):
        self.values = {
            "lora_band": "EU868", "lora_sub_band": 0, "lora_dev_eui": "", "lora_port": 2,
            "lora_join_eui": "0000000000000000", "lora_app_key": KEY, "lora_airtime_s": 300}
        self.values.update(values)


class World:
    def __init__(self, **values):
        self.timing = Timing()
        self.module = Module(self.timing)
        self.settings = Settings(**values)
        self.radio = Rak3172(self.module, self.timing)
        self.uplink = FakeUplink()
        self.log = FakeLog()
        self.accepted = []
        self.accept_error = None
        self.dead = 0
        self.meter_id = "01234567890"
        self.task = None
        self.loop = asyncio.new_event_loop()
        clock = FakeClock()
        self.more_s = 0
        clock.uptime = lambda: self.timing.now // 1000 + self.more_s
        self.link = LorawanLink(
            lambda: self.meter_id, self.settings, self.radio, self.uplink, self.accept, clock,
            lambda n: n // 2, self.log, self.timing)

    def accept(self, message, carrier):
        assert carrier == NETWORK
        if self.accept_error:
            raise self.accept_error
        self.accepted.append(message)
        return answered(Answer(b"receipt of " + message))

    def run(self, seconds):
        """Let the link run for so many of its seconds; it goes on where it was."""
        self.loop.run_until_complete(self._run(self.timing.now + seconds * 1000))

    async def _run(self, until):
        if self.task is None:
            self.task = asyncio.create_task(self.link.run())
        while self.timing.now < until:
            await self.timing.go_on()
            self.dead += not self.link.alive()

    def do(self, coroutine):
        """Let something be done to its end; return what it returns, or the LinkError."""
        return self.loop.run_until_complete(self._do(coroutine))

    async def _do(self, coroutine):
        async def tried():
            try:
                return await coroutine
            except LinkError as e:
                return e

        task = asyncio.create_task(tried())
        while not task.done():
            await self.timing.go_on()
        return await task

    def end(self):
        if self.task is not None:
            self.loop.run_until_complete(self._end())
        self.loop.close()

    async def _end(self):
        self.task.cancel()
        try:
            await self.task
        except asyncio.CancelledError:
            pass

    def down(self, ms, message, size=51, tag=1, port=2, kind="UNICAST"):
        cutter = Cutter(0, tag, message)
        while not cutter.over:
            piece = cutter.piece(size)
            cutter.passed()
            text = "".join(["%02X" % b for b in piece])
            self.module.event(ms, "+EVT:RX_C:-101:7:%s:%d:%s" % (kind, port, text))
            ms += 100


class Case(unittest.TestCase):

    def setUp(self):
        self.worlds = []

    def tearDown(self):
        for world in self.worlds:
            world.end()

    def world(self, **values):
        self.worlds.append(World(**values))
        return self.worlds[-1]


class Joining(Case):

    def test_setup(self):
        world = self.world(lora_sub_band=2, lora_band="US915", lora_dev_eui="70B3D57ED0005678")
        world.do(world.radio.set_up(world.settings.values))
        self.assertEqual(world.module.commands[1:], [
            "AT+NWM=?", "AT+NJM=1", "AT+BAND=5", "AT+MASK=0002", "AT+DEVEUI=70B3D57ED0005678",
            "AT+APPEUI=0000000000000000", "AT+APPKEY=" + KEY, "AT+CLASS=C", "AT+CFM=1",
            "AT+ADR=1", "AT+RETY=0"])

    def test_what_a_module_may_lack(self):
        world = self.world()
        for command in ("AT+ADR=1", "AT+RETY=0"):
            world.module.replies[command] = "AT_COMMAND_NOT_FOUND"
        world.run(20)
        self.assertTrue(world.link.connected)
        world.module.replies["AT+CLASS=C"] = "AT_ERROR"
        said = str(world.do(world.radio.set_up(world.settings.values)))
        self.assertEqual(said, "AT+CLASS: AT_ERROR")

    def test_another_mode_is_changed(self):
        world = self.world()
        world.module.replies["AT+NWM=?"] = "AT+NWM=0|OK"
        world.module.replies["AT+NWM=1"] = "OK|RAKwireless RAK3172|Current Work Mode: LoRaWAN."
        world.do(world.radio.set_up(world.settings.values))
        self.assertTrue("AT+NWM=1" in world.module.commands)
        self.assertFalse(world.do(world.radio.joined()))

    def test_echo_is_passed_over(self):
        world = self.world()
        world.module.echo = True
        world.run(20)
        self.assertTrue(world.link.connected)

    def test_secret_is_not_told(self):
        world = self.world()
        world.module.replies["AT+APPKEY=" + KEY] = "AT_PARAM_ERROR"
        said = str(world.do(world.radio.set_up(world.settings.values)))
        self.assertEqual(said, "AT+APPKEY: AT_PARAM_ERROR")

    def test_joins(self):
        world = self.world()
        world.run(20)
        self.assertTrue(world.link.connected)
        self.assertEqual((world.uplink.told, world.uplink.restarts), ([True], 1))
        self.assertTrue(world.uplink.steps > 5)

    def test_joined_already(self):
        world = self.world()
        world.module.in_network = True
        world.run(10)
        self.assertTrue(world.link.connected)
        self.assertFalse("AT+JOIN=1:0:10:0" in world.module.commands)

    def test_failed_and_again(self):
        world = self.world()
        world.module.joins = ["JOIN_FAILED_RX_TIMEOUT", "JOIN FAILED", ""]
        world.run(15)
        self.assertFalse(world.link.connected)
        self.assertTrue("join" in world.link.failure, world.link.failure)
        world.run(300)
        self.assertTrue(world.link.connected)
        self.assertEqual((world.link.failures, world.link.failure), (3, ""))

    def test_rests_become_longer(self):
        world = self.world()
        world.module.joins = ["JOIN_FAILED_TX_TIMEOUT"] * 100
        world.run(20000)
        self.assertTrue(8 < world.link.failures < 16, world.link.failures)
        self.assertEqual(world.dead, 0)

    def test_a_dead_module(self):
        world = self.world()
        world.module.dead = True
        world.run(150)
        self.assertTrue("does not answer" in world.link.failure, world.link.failure)
        self.assertEqual(world.dead, 0)
        world.module.dead = False
        world.run(500)
        self.assertTrue(world.link.connected)

    def test_a_meter_without_a_number_waits(self):
        world = self.world()
        world.meter_id = ""
        world.run(60)
        self.assertEqual(world.module.commands, [])
        world.meter_id = "01234567890"
        world.run(600)
        self.assertTrue(world.link.connected)

    def test_without_a_key_nothing_is_done(self):
        world = self.world(lora_app_key="")
        world.run(100)
        self.assertEqual(world.module.commands, [])


class Sending(Case):

    def test_in_pieces_then_handed(self):
        world = self.world()
        world.uplink.messages = [("receipt", bytes(range(80)))]
        world.run(40)
        text = "".join(["%02X" % n for n in range(80)])
        first, second = world.module.payloads
        self.assertEqual((first[2:4], second[2:4]), ("00", "81"))
        self.assertEqual(first[4:] + second[4:], text)
        self.assertEqual((len(first), int(first[:2], 16) >> 5, first[:2]), (102, 1, second[:2]))
        self.assertEqual(world.uplink.done, [1])

    def test_as_long_as_the_rate_allows(self):
        world = self.world()
        world.module.replies["AT+DR=?"] = "AT+DR=5|OK"
        world.uplink.messages = [("reading", bytes(150)), ("status", bytes(10))]
        world.run(40)
        self.assertEqual([len(p) // 2 for p in world.module.payloads], [152, 12])
        tags = [int(p[:2], 16) for p in world.module.payloads]
        self.assertEqual((tags[0] >> 5, tags[1] >> 5), (2, 5))
        self.assertEqual((tags[1] - tags[0]) % 32, 1)

    def test_outcomes(self):
        world = self.world()
        world.do(world.radio.set_up(world.settings.values))
        for reply, outcome in (
                (CONFIRM, CONFIRMED), ("+EVT:SEND CONFIRMED OK", CONFIRMED),
                ("+EVT:SEND_CONFIRMED_FAILED(4)", UNHEARD), ("", UNHEARD),
                ("AT_BUSY_ERROR", BUSY), ("AT_PARAM_ERROR", TOO_LONG),
                ("AT_TEST_PARAM_OVERFLOW", TOO_LONG), ("AT_DUTYCYCLE_RESTRICTED", RESTRICTED)):
            world.module.outcomes = [reply]
            self.assertEqual(world.do(world.radio.send(b"xy")), outcome)
        world.module.outcomes = ["AT_NO_NETWORK_JOINED"]
        said = str(world.do(world.radio.send(b"xy")))
        self.assertEqual(said, "AT+SEND: AT_NO_NETWORK_JOINED")

    def test_unheard_pieces_go_again(self):
        world = self.world()
        world.module.outcomes = [
            CONFIRM, "+EVT:SEND_CONFIRMED_FAILED", "AT_BUSY_ERROR", "AT_DUTYCYCLE_RESTRICTED",
            "", CONFIRM]
        world.uplink.messages = [("receipt", bytes(range(80)))]
        world.run(300)
        sent = world.module.payloads
        self.assertEqual([p[2:4] for p in sent], ["00", "81", "81", "81"])
        self.assertEqual(sent[1], sent[3])
        self.assertEqual(world.link.airtime_ms, sum(
            [airtime_ms("EU868", 0, len(p) // 2) for p in sent]))
        self.assertEqual(world.uplink.done, [1])
        self.assertEqual(world.link.losses, 0)

    def test_never_heard_joins_anew(self):
        world = self.world()
        world.module.outcomes = [""] * UNHEARD_MAX
        world.uplink.messages = [("receipt", b"abc")]
        world.run(3000)
        self.assertEqual(
            [c for c in world.module.commands if "JOIN" in c], ["AT+JOIN=1:0:10:0"] * 2)
        self.assertEqual((world.link.losses, world.uplink.told, world.uplink.restarts),
                         (1, [True, False, True], 2))
        self.assertEqual(world.uplink.done, [1])
        self.assertEqual(world.dead, 0)

    def test_left_the_network(self):
        world = self.world()
        world.run(20)
        world.module.in_network = False
        world.run(150)
        self.assertEqual(world.link.losses, 1)
        self.assertTrue(world.link.connected)

    def test_the_module_restarts(self):
        world = self.world()
        world.run(20)
        world.module.in_network = False
        world.module.event(2000, "RAKwireless RAK3172-E")
        world.run(60)
        self.assertEqual((world.link.losses, world.link.connected), (1, True))

    def test_shorter_when_refused(self):
        world = self.world()
        world.module.replies["AT+DR=?"] = "AT+DR=5|OK"
        world.module.outcomes = ["AT_PARAM_ERROR", "AT_PARAM_ERROR"]
        world.uplink.messages = [("event", bytes(100))]
        world.run(60)
        self.assertEqual([len(p) // 2 for p in world.module.payloads], [55, 49])
        self.assertEqual(world.uplink.done, [1])

    def test_always_refused(self):
        world = self.world()
        world.module.outcomes = ["AT_PARAM_ERROR"] * 20
        world.uplink.messages = [("event", bytes(100))]
        world.run(30)
        self.assertTrue("refuses 11 bytes" in world.link.failure, world.link.failure)

    def test_the_air_is_kept_free(self):
        world = self.world()
        world.uplink.messages = [("event", bytes(49))] * 40
        world.run(3600)
        # 2794 ms each: 18 s at once, and as much in the hour.
        self.assertEqual(len(world.module.payloads), 12)
        self.assertEqual(world.link.airtime_ms, 12 * 2794)

    def test_the_day_and_what_is_urgent(self):
        world = self.world(lora_airtime_s=11)
        world.uplink.messages = [("event", bytes(49))] * 9
        world.run(30)
        self.assertTrue(world.uplink.budget.strait)
        self.assertFalse(world.uplink.budget.allows(False))
        self.assertTrue(world.uplink.budget.allows(True))
        world.run(100)
        self.assertEqual(len(world.module.payloads), 3)
        world.more_s = 86400
        world.run(100)
        self.assertTrue(len(world.module.payloads) > 3)

    def test_settings_changed(self):
        world = self.world()
        world.run(20)
        world.settings.values["lora_band"] = "US915"
        world.link.reconnect()
        world.run(30)
        self.assertTrue("AT+BAND=5" in world.module.commands)
        self.assertEqual(len([c for c in world.module.commands if "JOIN" in c]), 2)
        self.assertTrue(world.link.connected)


class Receiving(Case):

    def test_in_pieces(self):
        world = self.world()
        message = bytes(range(120))
        world.down(8000, message)
        world.run(20)
        self.assertEqual(world.accepted, [message])
        self.assertEqual(world.uplink.receipts, [b"receipt of " + message])
        self.assertEqual((world.uplink.signal, world.link.received), (-101, 1))

    def test_not_ours(self):
        world = self.world()
        world.down(8000, b"m", port=3)
        world.down(8200, b"m", kind="MULTICAST")
        for line in ("+EVT:RX_1", "+EVT:RX_1:a:b:UNICAST:2:00", "+EVT:RX_2:1:2:UNICAST:2:0",
                     "+EVT:RX_2:1:2:UNICAST:x:00", "+EVT:RX_2:1:2:UNICAST:2:zz"):
            world.module.event(8400, line)
        world.run(20)
        self.assertEqual((world.accepted, world.radio.strays), ([], 7))

    def test_while_sending(self):
        world = self.world()
        world.uplink.messages = [("event", bytes(49))] * 3
        world.down(8000, bytes(120))
        world.run(30)
        self.assertEqual(len(world.accepted), 1)
        self.assertEqual(len(world.uplink.done), 3)

    def test_a_flood(self):
        world = self.world()
        world.run(20)
        for n in range(RECEIVED_MAX + 3):
            world.radio._heard("+EVT:RX_C:-90:5:UNICAST:2:0%d8041" % (n % 9))
        self.assertEqual(world.radio.discarded, 3)
        world.run(5)
        self.assertEqual(len(world.accepted), RECEIVED_MAX)

    def test_what_cannot_be_kept_gets_no_receipt(self):
        world = self.world()
        world.uplink.receipt_error = OSError(28)
        world.down(8000, b"credit")
        world.run(20)
        self.assertEqual((world.link.refused, world.link.received), (1, 0))
        self.assertTrue("28" in world.link.failure, world.link.failure)
        world.uplink.receipt_error = None
        world.down(1000, b"credit")
        world.run(5)
        self.assertEqual(world.uplink.receipts, [b"receipt of credit"])

    def test_a_mistake_of_ours_is_told(self):
        world = self.world()
        world.accept_error = KeyError("x")
        world.down(8000, b"credit")
        world.run(20)
        self.assertEqual(world.log.events, [SOFTWARE_FAILED])
        self.assertTrue(world.link.connected)


if __name__ == "__main__":
    unittest.main()
