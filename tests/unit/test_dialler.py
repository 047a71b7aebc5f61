"""PPP over a modem: dialling, the line that is left alone, every way back, and every refusal."""

import asyncio
import unittest

from fake_modem_uart import FakeModem, FakeTiming, run

from joulegate.link.errors import LinkError
from joulegate.link.modem.dialler import CONNECT_MS, Dialler
from joulegate.link.modem.modem import Modem
from joulegate.link.modem.modem_transport import ModemTransport
from joulegate.link.modem.no_stream import NoStream
from joulegate.link.modem.power_lines import PowerLines
from joulegate.link.modem.sms import Sms

SETTINGS = {"apn": "meters", "sim_pin": ""}
DIAL = "ATD*99#"
UP = {
    "AT+CGMM": "EC200U|OK", "AT+CFUN?": "+CFUN: 1|OK", "AT+CPIN?": "+CPIN: READY|OK",
    "AT+CGDCONT?": '+CGDCONT: 1,"IP","meters"|OK', "AT+CEREG?": "+CEREG: 1,1|OK",
    "AT+CSQ": "+CSQ: 20,99|OK", "AT+QLTS=1": '+QLTS: "2026/03/04,05:06:07+12,0"|OK',
    "AT+CMGF=1": "ERROR", "AT+CGATT?": "+CGATT: 1|OK", "AT+IPR?": "+IPR: 115200|OK",
    "AT+QIACT?": '+QIACT: 1,1,1,"10.0.0.2"|OK',
}
FRAME = b"\x7e\xff\x7d\x23\xc0\x21\x7d\x21\r\nERROR\r\n\x7e"


class DialModem(FakeModem):
    """Has a mode in which bytes are data, left by +++ with a second of silence on either side."""

    def __init__(self, timing, replies):
        super().__init__(timing, replies)
        self.online = False
        self.written = []
        self.escapes = True
        self._wrote_ms = 0

    def connect(self, text="CONNECT 115200"):
        self.online = True
        self._wrote_ms = self.timing.now
        if text:
            self.say(text)

    def drop(self):
        self.online = False
        self.say("NO CARRIER")

    def write(self, data):
        silence = self.timing.now - self._wrote_ms
        self._wrote_ms = self.timing.now
        if not self.online:
            return super().write(data)
        self.written.append(bytes(data))
        if data == b"+++" and silence >= 1000 and self.escapes:
            self.timing.later(1000, self._escaped)
        return len(data)

    def _escaped(self):
        if self.timing.now - self._wrote_ms >= 1000:
            self.online = False
            self.say("OK")


class FakeClock:
    valid = True

    def __init__(self, timing):
        self._timing = timing

    def uptime(self):
        return self._timing.now // 1000

    def now(self):
        return 0

    def adjust(self, second):
        return True


class Notes:
    def get(self, name):
        return 0

    def put(self, name, value):
        pass


class Case(unittest.TestCase):

    def setUp(self):
        self.timing = FakeTiming()
        self.modem = DialModem(self.timing, dict(UP))
        self.modem.replies[DIAL] = self.modem.connect
        self.build(NoStream())

    def build(self, transport):
        self.transport = transport
        self.sms = Sms(self.timing, lambda text: (None, False))
        self.dialler = Dialler(self.modem, self.timing)
        self.task = Modem(
            self.modem, self.timing, SETTINGS, PowerLines(self.timing), transport, self.sms,
            FakeClock(self.timing), Notes(), self.dialler)

    def live(self, script):
        """Run a coroutine function beside the modem's task."""
        async def both():
            task = asyncio.create_task(self.task.run())
            try:
                return await script()
            finally:
                task.cancel()
                try:
                    await task
                except asyncio.CancelledError:
                    pass
        return run(both())

    async def call(self):
        await self.dialler.attach()
        return await self.dialler.dial("*99#")

    async def pause(self, ms):
        end = self.timing.now + ms
        while self.timing.now < end:
            await self.timing.sleep_ms(10)

    async def error(self, awaited):
        try:
            await awaited
        except LinkError as e:
            return str(e)
        raise AssertionError("no LinkError")

    def asked(self, command):
        return self.modem.commands.count(command)


class Calls(Case):

    def test_the_line_is_left_alone_and_nothing_of_ppp_is_read(self):
        def reply():
            self.modem.connect()
            self.modem.out += FRAME
        self.modem.replies[DIAL] = reply

        async def script():
            self.assertTrue(await self.call() is self.modem)
            self.assertEqual(self.modem.out, FRAME)
            commands = len(self.modem.commands)
            await self.pause(200000)
            self.assertEqual((self.modem.out, self.modem.written), (FRAME, []))
            self.assertEqual(len(self.modem.commands), commands)
            self.assertEqual((self.dialler.signal(), self.dialler.calls), (-73, 1))
        self.live(script)

    def test_hung_up_by_escape_and_dialled_again(self):
        async def script():
            for _ in range(3):
                await self.call()
                self.modem.write(FRAME)
                self.modem.out += FRAME
                await self.dialler.hang_up()
                self.assertFalse(self.modem.online)
                await self.dialler.hang_up()
        self.live(script)
        self.assertEqual(self.modem.written, [FRAME, b"+++"] * 3)
        self.assertEqual((self.asked("ATH"), self.asked(DIAL)), (3, 3))
        self.assertEqual((self.task.restarts, self.task.ladder.failures), (0, 0))

    def test_the_modem_is_brought_up_anew_after_a_call(self):
        async def script():
            await self.call()
            self.modem.replies["AT+CSQ"] = "+CSQ: 10,99|OK"
            await self.dialler.hang_up()
            await self.dialler.attach()
        self.live(script)
        self.assertEqual((self.task.sessions, self.dialler.signal()), (2, -93))
        self.assertEqual(self.asked("AT+CMEE=1"), 2)

    def test_no_escape_where_the_call_has_ended(self):
        async def script():
            await self.call()
            self.modem.drop()
            await self.dialler.hang_up()
            await self.dialler.attach()
        self.live(script)
        self.assertEqual((self.modem.written, self.asked("ATH")), ([], 0))

    def test_no_carrier_that_ppp_has_read(self):
        async def script():
            await self.call()
            self.modem.online = False
            await self.dialler.hang_up()
            await self.dialler.attach()
        self.live(script)
        self.assertEqual(self.task.ladder.failures, 0)

    def test_no_carrier_in_what_somebody_sent(self):
        async def script():
            await self.call()
            self.modem.out += b"\r\nNO CARRIER\r\nPOWERED DOWN\r\nRDY\r\n"
            await self.dialler.hang_up()
            await self.dialler.attach()
        self.live(script)
        self.assertEqual(self.modem.written[-1], b"+++")
        self.assertEqual((self.task.ladder.failures, self.task.restarts), (0, 0))

    def test_a_late_no_carrier_spoils_no_command(self):
        self.modem.replies["ATH"] = lambda: self.timing.later(
            500, lambda: self.modem.say("NO CARRIER")) or "OK"

        async def script():
            await self.call()
            await self.dialler.hang_up()
            await self.dialler.attach()
        self.live(script)
        self.assertEqual(self.task.ladder.failures, 0)

    def test_clock_and_messages_come_first(self):
        self.modem.replies["AT+CMGF=1"] = "OK"

        async def script():
            await self.dialler.attach()
            self.sms.send("+15550100", "low")
            await self.dialler.dial("*99#")
        self.modem.replies['AT+CMGS="+15550100"'] = ">|+CMGS: 1|OK"
        self.live(script)
        commands = self.modem.commands
        for command in ("AT+QLTS=1", 'AT+CMGS="+15550100"', 'AT+CMGL="ALL"'):
            self.assertTrue(commands.index(command) < commands.index(DIAL), command)

    def test_a_number_of_its_own(self):
        self.modem.replies["ATD*99***1#"] = lambda: self.modem.connect("CONNECT")

        async def script():
            await self.dialler.attach()
            await self.dialler.dial("*99***1#")
            await self.dialler.hang_up()
        self.live(script)
        self.assertEqual(self.asked(DIAL), 0)


class Shared(Case):

    def setUp(self):
        super().setUp()
        self.build(ModemTransport(self.timing))

    def test_its_own_sockets_give_way(self):
        async def script():
            await self.transport.attach()
            await self.call()
            self.assertFalse(self.transport.attached or self.transport.wanted)
            said = await self.error(self.transport.attach())
            self.assertEqual(said, "modem: not attached: its line carries PPP")
            await self.dialler.hang_up()
            await self.transport.attach()
        self.live(script)
        commands = self.modem.commands
        self.assertTrue(commands.index("AT+QIDEACT=1") < commands.index(DIAL))
        self.assertEqual(self.task.sessions, 2)

    def test_ppp_is_asked_to_give_way(self):
        async def script():
            self.transport.release = self.dialler.hang_up
            await self.call()
            await self.transport.attach()
            self.assertTrue(self.transport.attached)
        self.live(script)
        self.assertEqual(self.task.ladder.failures, 0)


class Failures(Case):

    def refused(self, reply):
        """Dial in vain; return what is said of it."""
        self.modem.replies[DIAL] = [reply, "CONNECT"]

        async def script():
            said = await self.error(self.call())
            self.assertEqual(self.task.ladder.failures, 1)
            self.assertEqual(await self.error(self.dialler.attach()),
                             "modem: not registered: " + said[len("modem: "):])
            await self.pause(60000)
            self.modem.replies[DIAL] = self.modem.connect
            await self.call()
            return said
        return self.live(script)

    def test_refusals_are_named_and_the_ladder_counts(self):
        for reply, said in (
            ("NO CARRIER", "NO CARRIER"), ("BUSY", "BUSY"), ("NO ANSWER", "NO ANSWER"),
            ("NO DIALTONE", "NO DIALTONE"), ("ERROR", "ERROR"), ("OK", "OK"),
            ("+CME ERROR: 30", "CME error 30, no network service"),
        ):
            self.setUp()
            self.assertEqual(self.refused(reply), "modem: ATD*99#: " + said)

    def test_silence(self):
        began = []
        said = self.refused(lambda: began.append(self.timing.now))
        self.assertEqual(said, "modem: ATD*99#: no answer in time")
        self.assertTrue(self.timing.now - began[0] >= CONNECT_MS)

    def test_a_connect_that_is_lost(self):
        said = self.refused(lambda: self.modem.connect(""))
        self.assertEqual(said, "modem: ATD*99#: no answer in time")
        self.assertEqual(self.modem.written, [b"+++"])

    def test_a_family_without_ppp(self):
        self.modem.replies.update({"AT+CGMM": "BC660K-GL|OK", "AT+CCLK?": "ERROR",
                                   "AT+QCGDEFCONT?": '+QCGDEFCONT: "IP","meters"|OK'})

        async def script():
            return await self.error(self.call())
        self.assertEqual(self.live(script), "modem: quectel-bc: this family has no PPP")
        self.assertEqual((self.asked(DIAL), self.task.ladder.failures), (0, 0))

    def test_not_registered(self):
        self.modem.replies["AT+CEREG?"] = "+CEREG: 1,3|OK"
        self.modem.replies["AT+CGREG?"] = "ERROR"

        async def script():
            return await self.error(self.call())
        self.assertEqual(
            self.live(script), "modem: not registered: network: not registered, denied")

    def test_registration_lost_before_dialling(self):
        async def script():
            await self.dialler.attach()
            self.modem.replies["AT+CEREG?"] = "+CEREG: 1,2|OK"
            self.modem.replies["AT+CGREG?"] = "ERROR"
            return await self.error(self.dialler.dial("*99#"))
        self.assertEqual(self.live(script), "modem: network: searching")
        self.assertEqual(self.asked(DIAL), 0)

    def test_a_modem_that_does_not_come_back(self):
        self.modem.escapes = False

        async def script():
            await self.call()
            await self.dialler.hang_up()
            self.assertEqual(self.dialler.problem, "modem: it does not answer after PPP")
            self.assertEqual(self.task.ladder.failures, 1)
            self.modem.online = False
            await self.pause(30000)
            await self.call()
        self.live(script)
        self.assertEqual(self.task.sessions, 2)

    def test_a_modem_that_has_restarted_meanwhile(self):
        async def script():
            await self.call()
            self.modem.online = False
            self.modem.echo = True
            self.modem.say("RDY|+CPIN: READY")
            await self.dialler.hang_up()
            await self.call()
        self.live(script)
        self.assertEqual((self.task.sessions, self.task.ladder.failures), (2, 0))

    def test_a_modem_that_restarts_while_it_dials(self):
        self.modem.replies[DIAL] = "RDY"

        async def script():
            return await self.error(self.call())
        self.assertEqual(self.live(script), "modem: modem restarted: it said RDY")

    def test_a_call_that_was_of_no_use(self):
        async def script():
            await self.call()
            await self.dialler.hang_up("ppp: no address")
            self.assertEqual(await self.error(self.dialler.attach()),
                             "modem: not registered: ppp: no address")
            self.assertEqual(self.task.ladder.failures, 1)
            await self.pause(20000)
            await self.call()
            await self.dialler.hang_up()
            await self.dialler.attach()
            self.assertEqual(self.task.ladder.failures, 0)
        self.live(script)

    def test_nobody_wants_the_call_any_more(self):
        self.modem.replies[DIAL] = lambda: self.timing.later(3000, self.modem.connect)

        async def script():
            await self.dialler.attach()
            dialling = asyncio.create_task(self.dialler.dial("*99#"))
            while not self.asked(DIAL):
                await self.timing.sleep_ms(10)
            dialling.cancel()
            await self.pause(30000)
            self.assertFalse(self.modem.online)
            self.assertEqual(self.modem.written, [b"+++"])
            await self.dialler.attach()
        self.live(script)

    def test_nobody_wants_the_call_before_it_is_dialled(self):
        async def script():
            await self.dialler.attach()
            dialling = asyncio.create_task(self.dialler.dial("*99#"))

            def attached():
                dialling.cancel()
                self.timing.later(1000, lambda: self.modem.say("+CGATT: 1|OK"))
            self.modem.replies["AT+CGATT?"] = attached
            await self.pause(20000)
            self.modem.replies["AT+CGATT?"] = "+CGATT: 1|OK"
            await self.dialler.attach()
            self.assertEqual(self.asked("ATD"), 0)
            await self.dialler.dial("*99#")
        self.live(script)
        self.assertEqual((self.asked(DIAL), self.task.ladder.failures), (1, 0))

    def test_only_one_call_and_only_when_ready(self):
        async def script():
            self.assertTrue("not registered" in await self.error(self.dialler.dial("*99#")))
            await self.call()
            self.assertEqual(await self.error(self.dialler.dial("*99#")),
                             "modem: its line carries PPP already")
        self.live(script)


if __name__ == "__main__":
    unittest.main()
