"""A Quectel modem from power to stream: the family, the transport over it, and the task."""

import asyncio
import unittest

from fake_modem_uart import FakeModem, FakeTiming, error_of, run

from joulegate.core.civil import seconds_of
from joulegate.link.errors import LinkError
from joulegate.link.modem.at_engine import AtEngine
from joulegate.link.modem.at_errors import AtError
from joulegate.link.modem.family import numbers, quoted
from joulegate.link.modem.family_finder import FAMILIES, family, family_of
from joulegate.link.modem.ladder import RESETS_A_DAY
from joulegate.link.modem.modem import Modem
from joulegate.link.modem.modem_transport import POLL_MS, ModemTransport
from joulegate.link.modem.power_lines import PowerLines
from joulegate.link.modem.quectel_qi import QuectelBc, QuectelEc
from joulegate.link.modem.sms import Sms

SETTINGS = {"apn": "meters", "apn_user": "", "apn_password": "", "sim_pin": ""}
UP = {
    "AT+CGMM": "EC200U|OK", "AT+CFUN?": "+CFUN: 1|OK", "AT+CPIN?": "+CPIN: READY|OK",
    "AT+CGDCONT?": '+CGDCONT: 1,"IP","meters"|OK', "AT+CEREG?": "+CEREG: 1,1|OK",
    "AT+CSQ": "+CSQ: 20,99|OK", "AT+QIACT?": ["OK", '+QIACT: 1,1,1,"10.0.0.2"|OK'],
    'AT+QIOPEN=1,0,"TCP","broker",1883,0,0': "OK|+QIOPEN: 0,0",
    "AT+QIRD=0,512": "+QIRD: 0|OK", "AT+QLTS=1": '+QLTS: "2026/03/04,05:06:07+12,0"|OK',
    "AT+QISTATE=1,0": '+QISTATE: 0,"TCP","10.0.0.1",1883,2000,2,1,0,0,"uart1"|OK',
    "AT+CMGF=1": "ERROR", "AT+CGATT?": "+CGATT: 1|OK", "AT+IPR?": "+IPR: 115200|OK",
}


TIME = seconds_of(2026, 3, 4, 5, 6, 7)


def copied(replies):
    return {name: list(value) if isinstance(value, list) else value
            for name, value in replies.items()}


class FakeClock:
    valid = True

    def __init__(self, timing):
        self._timing = timing
        self.offered = []

    def uptime(self):
        return self._timing.now // 1000

    def now(self):
        return TIME + 100

    def adjust(self, second):
        self.offered.append(second)
        return True


class Notes:
    def get(self, name):
        return 0

    def put(self, name, value):
        pass


class Line:
    def __init__(self, act=None):
        self.act = act
        self.presses = 0

    def value(self, level):
        self.presses += level
        if level and self.act:
            self.act()


class Case(unittest.TestCase):

    def setUp(self):
        self.timing = FakeTiming()
        self.modem = FakeModem(self.timing, copied(UP))
        self.transport = ModemTransport(self.timing)
        self.clock = FakeClock(self.timing)
        self.key = Line()
        self.reset = Line()
        self.lines = PowerLines(self.timing, self.key, self.reset)
        self.settings = dict(SETTINGS)
        self.build()

    def build(self):
        sms = Sms(self.timing, lambda text: (None, False))
        self.task = Modem(
            self.modem, self.timing, self.settings, self.lines, self.transport, sms, self.clock,
            Notes())

    def answer(self, command, reply):
        self.modem.replies[command] = reply

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

    async def opened(self):
        await self.transport.attach()
        await self.transport.open("broker", 1883, None)

    async def pause(self, ms):
        end = self.timing.now + ms
        while self.timing.now < end:
            await self.timing.sleep_ms(10)

    async def until(self, condition, ms=60000):
        end = self.timing.now + ms
        while not condition():
            if self.timing.now > end:
                raise AssertionError("not in %d ms: %r" % (ms, self.modem.commands[-5:]))
            await self.timing.sleep_ms(10)

    def asked(self, command):
        return self.modem.commands.count(command)


class TestComingUp(Case):

    def test_from_the_first_at_to_an_open_stream(self):
        self.live(self.opened)
        self.assertEqual([c for c in self.modem.commands if c != "AT"], [
            "ATE0", "AT+CGMM", "ATE0", "ATV1", "AT+CMEE=1", "AT+IPR?", "AT+QISDE=0", "AT+CTZU=1",
            "AT+CPSMS=0", "AT+CEDRXS=0", "AT+CFUN?", "AT+CPIN?", "AT+CGDCONT?", "AT+CMGF=1",
            "AT+CEREG=1", "AT+CGREG=1", "AT+CEREG?", "AT+CSQ", "AT+QLTS=1", "AT+CEREG?",
            "AT+CGATT?",
            "AT+QIACT?", 'AT+QICSGP=1,1,"meters","","",0', "AT+QIDEACT=1", "AT+QIACT=1",
            "AT+QIACT?", "AT+CEREG?", 'AT+QIOPEN=1,0,"TCP","broker",1883,0,0'])
        self.assertEqual(self.transport.signal(), -73)
        self.assertEqual(self.clock.offered, [TIME])
        self.assertEqual(self.key.presses, 0)

    def test_rate_wires_and_attachment_are_seen_to(self):
        self.answer("AT+IPR?", "+IPR: 0|OK")
        self.answer("AT+CGATT?", "+CGATT: 0|OK")
        self.task.flow_control = True
        self.live(self.opened)
        for command in ("AT+IPR=115200", "AT&W", "AT+IFC=2,2", "AT+CGATT=1"):
            self.assertEqual(self.asked(command), 1)

    def test_a_modem_that_is_off_is_started(self):
        self.modem.dead = True

        def start():
            self.modem.dead = False
            self.modem.echo = True
            self.modem.say(b"\x00\xff")
            self.modem.say("RDY|+CFUN: 1|+CPIN: READY|+QIND: SMS DONE")
        self.key.act = start
        self.live(self.opened)
        self.assertEqual(self.key.presses, 1)

    def test_a_modem_that_never_answers_is_reset_seldom(self):
        self.modem.dead = True

        async def script():
            error = None
            try:
                await self.transport.attach()
            except LinkError as e:
                error = str(e)
            self.assertEqual(error, "modem: not attached: modem: no answer to AT in 15 s")
            await self.pause(86400000 // 2)
        self.live(script)
        self.assertTrue(2 < self.key.presses + self.reset.presses <= RESETS_A_DAY)

    def test_failure_12_a_modem_that_switches_itself_off_is_started_again(self):
        def off():
            self.modem.dead = True
            self.modem.say("POWERED DOWN")

        def start():
            self.modem.dead = False
            self.modem.echo = True
            self.modem.say("RDY")
        self.key.act = start

        async def script():
            await self.opened()
            off()
            await self.until(lambda: self.task.sessions == 2)
        self.live(script)
        self.assertEqual((self.task.restarts, self.key.presses), (1, 1))

    def test_each_step_of_the_ladder_is_taken_in_turn(self):
        self.answer('AT+QIOPEN=1,0,"TCP","broker",1883,0,0', "OK|+QIOPEN: 0,569")
        done = self.modem.commands
        self.reset.act = lambda: done.append("reset")
        supply = Line()
        supply.value = lambda level: done.append("supply %d" % level)
        self.lines = PowerLines(self.timing, self.key, self.reset, supply)
        self.build()

        async def script():
            while "supply 1" not in done:
                try:
                    await self.opened()
                except LinkError:
                    pass
                await self.pause(5000)
        self.live(script)
        steps = [c for c in done if c in ("AT+CFUN=0", "AT+CFUN=1,1", "reset", "AT+QPOWD=1")
                 or c.startswith("supply")]
        self.assertEqual(steps, ["AT+CFUN=0", "AT+CFUN=1,1", "reset", "AT+QPOWD=1", "supply 0",
                                 "supply 1"])
        self.assertTrue(self.timing.now > 4300000)

    def test_a_message_through_the_task(self):
        self.answer("AT+CMGF=1", "OK")
        self.answer('AT+CMGL="ALL"', ["OK", "+CMGL: 5,0|x|OK", "OK"])
        self.answer("AT+CMGR=5", "+CMGR: 0|hello|OK")
        self.answer("AT+CMGR=2", "+CMGR: 0|hello|OK")

        async def script():
            await self.until(lambda: self.asked('AT+CMGL="ALL"') == 1)
            # A notice that nobody hears, as the list is being read, and one that is heard.
            self.modem.say('+CMTI: "SM",5')
            await self.until(lambda: self.asked("AT+CMGD=5") == 1)
            await self.pause(1000)
            self.modem.say('+CMTI: "SM",2')
            await self.until(lambda: self.asked("AT+CMGD=2") == 1)
        self.live(script)

    def test_a_time_that_is_none_is_not_offered_and_the_modem_gets_the_meters(self):
        self.answer("AT+QLTS=1", '+QLTS: ""|OK')
        self.live(self.opened)
        self.assertEqual(self.clock.offered, [])
        self.assertEqual(self.asked('AT+CCLK="26/03/04,05:07:47+00"'), 1)

    def test_settings_that_cannot_be_are_told_and_cost_no_reset(self):
        self.settings["apn"] = 'a"b'

        async def script():
            try:
                await self.transport.attach()
            except LinkError as e:
                self.assertEqual(str(e), "modem: not attached: APN: '\"' must not be in it")
            await self.pause(8 * 3600000)
        self.live(script)
        self.assertEqual(self.reset.presses + self.key.presses, 0)
        self.assertEqual([c for c in self.modem.commands if c.startswith("AT+CFUN=")], [])

    def test_failure_11_no_stream_is_opened_without_a_network(self):
        async def script():
            await self.transport.attach()
            self.answer("AT+CEREG?", "+CEREG: 1,2|OK")
            try:
                await self.transport.open("broker", 1883, None)
                self.fail("opened")
            except LinkError as e:
                self.assertEqual(str(e), "modem: network: searching")
        self.live(script)
        self.assertEqual([c for c in self.modem.commands if "QIOPEN" in c], [])

    def test_the_bc660k_needs_no_context(self):
        self.answer("AT+CGMM", "BC660K-GL|OK")
        self.answer("AT+QCGDEFCONT?", '+QCGDEFCONT: "IP","other"|OK')
        self.answer("AT+CGPADDR", '+CGPADDR: 1,"10.0.0.3"|OK')
        self.answer("AT+CCLK?", "+CCLK: 26/03/04,05:06:07+12|OK")
        self.live(self.opened)
        commands = self.modem.commands
        self.assertTrue(commands.index("AT+CFUN=0")
                        < commands.index('AT+QCGDEFCONT="IP","meters"')
                        < commands.index("AT+CFUN=1"))
        self.assertEqual(self.asked("AT+QSCLK=0"), 1)
        self.assertEqual([c for c in commands if "QIACT" in c or "CMGF" in c], [])
        self.assertEqual(self.clock.offered, [TIME - 3 * 3600])


class TestStream(Case):

    def received(self, count):
        data = b""
        buffer = bytearray(100)
        while len(data) < count:
            got = self.transport.receive_into(buffer)
            if not got:
                break
            data += bytes(buffer[:got])
        return data

    def test_bytes_out(self):
        self.answer("AT+QISEND=0,5", ">|SEND OK")

        async def script():
            await self.opened()
            self.assertEqual(self.transport.send(b"hello"), 5)
            await self.until(lambda: self.transport.sent == 5)
        self.live(script)
        self.assertEqual(self.modem.data, b"hello")

    def test_the_queue_out_is_bounded(self):
        async def script():
            await self.opened()
            self.assertEqual(self.transport.send(bytes(2000)), 1460)
            self.assertEqual(self.transport.send(b"x"), 0)
        self.live(script)

    def test_bytes_in_until_it_is_drained(self):
        self.answer("AT+QIRD=0,512", [
            b"\r\n+QIRD: 512\r\n" + b"a" * 512 + b"\r\n\r\nOK\r\n",
            b"\r\n+QIRD: 4\r\nOK\r\n\r\n\r\nOK\r\n", "+QIRD: 0|OK"])

        async def script():
            await self.opened()
            self.modem.say('+QIURC: "recv",0')
            await self.until(lambda: self.transport.received == 516)
            await self.pause(500)
            self.assertEqual(self.received(516), b"a" * 512 + b"OK\r\n")
        self.live(script)
        self.assertEqual(len([c for c in self.modem.commands if "QIRD" in c]), 3)

    def test_failure_15_what_nobody_takes_stays_in_the_modem(self):
        self.answer("AT+QIRD=0,512", b"\r\n+QIRD: 512\r\n" + b"a" * 512 + b"\r\n\r\nOK\r\n")

        async def script():
            await self.opened()
            self.modem.say('+QIURC: "recv",0')
            await self.pause(5000)
            self.assertEqual(self.transport.received, 1024)
        self.live(script)

    def test_failure_8_the_buffer_is_read_though_no_notice_came(self):
        async def script():
            await self.opened()
            self.answer("AT+QIRD=0,512", [b"\r\n+QIRD: 2\r\nhi\r\n\r\nOK\r\n", "+QIRD: 0|OK"])
            await self.until(lambda: self.transport.received == 2, POLL_MS + 1000)
        self.live(script)

    def over(self, script, reason):
        async def whole():
            await self.opened()
            await script()
            await self.pause(1500)
            try:
                self.transport.send(b"x")
                self.fail("not over")
            except LinkError as e:
                self.assertEqual(str(e), "modem: the stream is over: " + reason)
        self.live(whole)

    def test_closed_by_the_other_side_after_its_last_bytes(self):
        self.answer("AT+QIRD=0,512", [b"\r\n+QIRD: 3\r\nbye\r\n\r\nOK\r\n", "+QIRD: 0|OK"])

        async def script():
            self.modem.say('+QIURC: "closed",0')
        self.over(script, "the other side has closed it")
        self.assertEqual(self.received(3), b"bye")
        with self.assertRaises(LinkError):
            self.received(1)
        self.assertEqual(self.asked("AT+QICLOSE=0"), 1)

    def test_failure_7_a_lost_send_ok_ends_the_stream_and_nothing_is_sent_again(self):
        self.answer("AT+QISEND=0,5", ">")

        async def script():
            self.transport.send(b"hello")
            await self.pause(15000)
        self.over(script, "AT+QISEND: no answer in time")
        self.assertEqual(self.asked("AT+QISEND=0,5"), 1)
        self.assertEqual(self.asked("AT+QICLOSE=0"), 1)
        self.assertEqual(self.modem.data, b"hello")

    def test_failure_6_a_missing_prompt_ends_the_stream(self):
        self.answer("AT+QISEND=0,5", None)

        async def script():
            self.transport.send(b"hello")
            await self.pause(7000)
        self.over(script, "AT+QISEND: no prompt in 5000 ms")

    def test_failure_10_an_error_on_send_ends_the_stream(self):
        self.answer("AT+QISEND=0,5", "ERROR")

        async def script():
            self.transport.send(b"hello")
        self.over(script, "AT+QISEND: ERROR")

    def test_failure_10_a_lost_notice_of_the_end_is_found_out(self):
        self.answer("AT+QISTATE=1,0", "OK")

        async def script():
            await self.pause(POLL_MS)
        self.over(script, "the modem has closed it")

    def test_a_full_modem_is_waited_for_and_not_for_ever(self):
        self.answer("AT+QISEND=0,5", [">|SEND FAIL", ">|SEND FAIL", ">|SEND OK"])

        async def script():
            await self.opened()
            self.transport.send(b"hello")
            await self.until(lambda: self.transport.sent == 5)
            self.answer("AT+QISEND=0,5", ">|SEND FAIL")
            self.transport.send(b"hello")
            await self.pause(40000)
            with self.assertRaises(LinkError):
                self.transport.send(b"x")
        self.live(script)

    def test_a_lost_context_is_brought_up_again(self):
        async def script():
            await self.opened()
            self.answer("AT+QIACT?", ["OK", '+QIACT: 1,1,1,"10.0.0.2"|OK'])
            self.modem.say('+QIURC: "pdpdeact",1')
            await self.until(lambda: not self.transport.attached)
            with self.assertRaises(LinkError):
                self.transport.send(b"x")
            await self.opened()
        self.live(script)
        self.assertEqual(self.asked("AT+QIACT=1"), 2)
        self.assertEqual(self.asked("AT+QICLOSE=0"), 1)

    def test_failure_12_a_restart_in_mid_session_begins_all_anew(self):
        async def script():
            await self.opened()
            self.modem.echo = True
            self.modem.say("RDY")
            await self.until(lambda: self.task.restarts == 1)
            try:
                self.transport.receive_into(bytearray(4))
                self.fail("not over")
            except LinkError as e:
                self.assertEqual(str(e), "modem: the stream is over: modem restarted: "
                                 "it said RDY")
            await self.pause(15000)
            await self.opened()
        self.live(script)
        self.assertEqual(self.task.sessions, 2)
        self.assertEqual(self.asked("AT+CMEE=1"), 2)
        self.assertEqual(self.asked("AT+QICLOSE=0"), 0)

    def test_failure_5_a_silent_restart_is_seen_by_its_echo(self):
        async def script():
            await self.opened()
            self.modem.echo = True
            await self.until(lambda: self.task.restarts == 1, 61000)
            await self.until(lambda: self.task.sessions == 2)
        self.live(script)

    def test_an_error_when_opening_is_told_and_the_ladder_climbs(self):
        self.answer('AT+QIOPEN=1,0,"TCP","broker",1883,0,0', "OK|+QIOPEN: 0,566")

        async def script():
            texts = []
            for _ in range(3):
                try:
                    await self.opened()
                except LinkError as e:
                    texts.append(str(e))
                await self.pause(150000)
            self.assertEqual(texts, ["modem: open broker:1883: error 566, connection refused"] * 3)
        self.live(script)
        self.assertEqual(self.asked("AT+QIDEACT=1"), 2)
        self.assertEqual(self.asked("AT+CFUN=0"), 1)

    def test_a_host_that_would_be_more_than_a_host(self):
        async def script():
            await self.transport.attach()
            for host in ('a"b', "a\rb", "x" * 101):
                try:
                    await self.transport.open(host, 1883, None)
                    self.fail("opened")
                except LinkError:
                    pass
        self.live(script)
        self.assertEqual(self.task.ladder.failures, 0)

    def test_nothing_before_it_is_open(self):
        for call in (lambda: self.transport.send(b"x"),
                     lambda: self.transport.receive_into(bytearray(4))):
            with self.assertRaises(LinkError):
                call()
        self.transport.close()
        error_of(LinkError, self.transport.open("broker", 1883, None))

    def test_a_lost_registration_is_noticed(self):
        async def script():
            await self.opened()
            self.answer("AT+CEREG?", "+CEREG: 1,2|OK")
            self.modem.say("+CEREG: 2")
            await self.until(lambda: not self.transport.attached, 30000)
            with self.assertRaises(LinkError):
                self.transport.send(b"x")
            self.answer("AT+CEREG?", "+CEREG: 1,5|OK")
            await self.until(lambda: self.task.sessions == 2, 200000)
        self.live(script)


class TlsSettings:
    ca = bytes(range(256)) * 3
    certificate = None
    key = None
    name = "broker"


class TestTls(unittest.TestCase):

    def setUp(self):
        self.timing = FakeTiming()
        self.modem = FakeModem(self.timing, {
            "AT+CCLK?": '+CCLK: "26/03/04,05:06:07+12"|OK',
            'AT+QSSLOPEN=1,1,0,"broker",8883,0': "OK|+QSSLOPEN: 0,0",
            "AT+QSSLSEND=0,2": ">|SEND OK",
            "AT+QSSLRECV=0,4": b"\r\n+QSSLRECV: 2\r\nhi\r\nOK\r\n"})
        self.engine = AtEngine(self.modem, self.timing)
        self.family = QuectelEc()
        self.tls = TlsSettings()
        self.upload = 'AT+QFUPL="jg6e17f3b9b6a0bd6c.pem",1095,60'

    def open(self):
        answers = self.modem.replies
        modem = self.modem
        real = modem._command

        def command(line):
            if line.startswith("AT+QFUPL"):
                modem.commands.append(line)
                modem._wanted = int(line.split(",")[1])
                modem._after = "+QFUPL: %d,0|OK" % modem._wanted
                modem.say("CONNECT")
            elif line.startswith("AT+QFLST") and line not in answers:
                modem.commands.append(line)
                modem.say("+CME ERROR: 405")
            else:
                real(line)
        modem._command = command
        return self.family.open(self.engine, "broker", 8883, self.tls)

    def test_the_ca_is_uploaded_once_and_believed(self):
        run(self.open())
        listed = [c for c in self.modem.commands if "QFLST" in c][0]
        name = listed.split('"')[1]
        size = len(self.modem.data)
        self.assertTrue(self.modem.data.startswith(b"-----BEGIN CERTIFICATE-----\nAAECAwQF"))
        self.assertTrue(self.modem.data.endswith(b"-----END CERTIFICATE-----\n"))
        self.assertTrue('AT+QSSLCFG="cacert",1,"%s"' % name in self.modem.commands)
        for setting in ('"seclevel",1,1', '"checkhost",1,1', '"sni",1,1', '"sslversion",1,3',
                        '"ignorelocaltime",1,0'):
            self.assertTrue("AT+QSSLCFG=" + setting in self.modem.commands, setting)
        self.modem.replies[listed] = '+QFLST: "UFS:%s",%d|OK' % (name, size)
        self.modem.data = b""
        run(self.open())
        self.assertEqual(self.modem.data, b"")
        into = bytearray(4)
        self.assertEqual(run(self.family.send(self.engine, b"yo")), 2)
        self.assertEqual(run(self.family.receive(self.engine, memoryview(into))), 2)
        run(self.family.close(self.engine))
        self.assertEqual(self.modem.commands[-1], "AT+QSSLCLOSE=0")

    def test_both_sides_prove_themselves(self):
        self.tls.certificate = b"c" * 10
        self.tls.key = b"k" * 10
        run(self.open())
        self.assertTrue('AT+QSSLCFG="seclevel",1,2' in self.modem.commands)
        self.assertEqual(len([c for c in self.modem.commands if "QFUPL" in c]), 3)

    def refused(self, text):
        self.assertEqual(str(error_of(ValueError, self.open())), text)
        self.assertEqual([c for c in self.modem.commands if "QSSLOPEN" in c], [])

    def test_without_the_time_there_is_none(self):
        self.modem.replies["AT+CCLK?"] = '+CCLK: "80/01/06,00:00:12+00"|OK'
        self.refused("tls: the modem's clock is not set, and certificates have dates")

    def test_a_modem_that_cannot_check_the_name_is_not_used(self):
        self.modem.replies['AT+QSSLCFG="checkhost",1,1'] = "ERROR"
        self.refused('tls: the modem refuses the setting "checkhost"')

    def test_another_name_than_the_hosts(self):
        self.tls.name = "other"
        self.refused("tls: this modem checks the certificate for the host it opens, broker, "
                     "not for the name other")

    def test_an_upload_cut_short(self):
        real = self.modem.say
        self.modem.say = lambda reply: real(
            "+QFUPL: 5,0|OK" if isinstance(reply, str) and reply.startswith("+QFUPL") else reply)
        error = str(error_of(LinkError, self.open()))
        self.assertTrue(error.startswith("tls: the modem took 5,0 of "), error)


class TestParts(unittest.TestCase):

    def test_fields(self):
        self.assertEqual(numbers('1,"a,b",-5,x,"7",,0x1F'), [1, "a,b", -5, "x", "7", "", "0x1F"])
        self.assertEqual(numbers(' "recv", 0'), ["recv", 0])
        self.assertEqual(numbers(""), [""])
        self.assertEqual(numbers('"open'), ['"open'])

    def test_texts_in_quotes(self):
        self.assertEqual(quoted("host", "a.b-c_d"), "a.b-c_d")
        for value in ('"', "\\", "\r", "\x1a", "\xe9", "x" * 101):
            with self.assertRaises(ValueError):
                quoted("host", value)

    def test_models(self):
        for model, name in (("EC200U", "quectel-ec"), ("EC800M", "quectel-ec"),
                            ("BG95-M3", "quectel-bg"), ("BG96", "quectel-bg"),
                            ("BC660K-GL", "quectel-bc"), ("Quectel_BC660K-GL", "quectel-bc")):
            self.assertEqual(family_of(model).name, name)
        for name in FAMILIES:
            self.assertEqual(family(name).name, name)
        for bad in ("", "XYZ", "x" * 400):
            with self.assertRaises(LinkError):
                family_of(bad)
        with self.assertRaises(LinkError):
            family("nokia")

    def test_notices_of_others_and_of_nothing(self):
        family = QuectelEc()
        for line in ("+QIURC:", '+QIURC: "recv"', '+QIURC: "recv",1', '+QIURC: "closed",x',
                     '+QIURC: "pdpdeact",2', '+QIURC: "incoming full"', "+QIND: SMS DONE",
                     "+CPIN: NOT READY"):
            self.assertEqual(family.notice(line), 0, line)

    def test_no_address_no_context(self):
        timing = FakeTiming()
        modem = FakeModem(timing, {"AT+QIACT?": '+QIACT: 1,0,1,"0.0.0.0"|OK',
                                   "AT+CGPADDR": '+CGPADDR: 1,"0.0.0.0"|OK'})
        engine = AtEngine(modem, timing)
        error_of(LinkError, QuectelEc().context_up(engine, SETTINGS))
        error_of(LinkError, QuectelBc().context_up(engine, SETTINGS))
        modem.replies["AT+QIACT=1"] = "ERROR"
        error_of(AtError, QuectelEc().context_up(engine, SETTINGS))


if __name__ == "__main__":
    unittest.main()
