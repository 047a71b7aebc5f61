"""A seeded fuzzer of what a modem says: pieces that are right, cut, mixed and drowned in noise.

What may come of it is a value, or an error the engine names; the buffers stay as they are.
"""

import asyncio

from joulegate.link.errors import LinkError
from joulegate.link.modem.at_engine import AtEngine
from joulegate.link.modem.at_line import LINE_MAX
from joulegate.link.modem.family import numbers
from joulegate.link.modem.network_clock import parse_time
from joulegate.link.modem.quectel_qi import QuectelEc
from joulegate.link.modem.registration import Registration, signal_dBm, state_of
from joulegate.link.modem.sms import Sms
from joulegate.link.modem.sms_tokens import token_in

PIECES = (
    b"\r\nOK\r\n", b"\r\nERROR\r\n", b"\r\n+CME ERROR: 14\r\n", b"\r\n+CMS ERROR: 321\r\n", b"0\r",
    b"\r\n> ", b">", b"\r\nSEND OK\r\n", b"\r\nSEND FAIL\r\n", b'\r\n+QIURC: "recv",0\r\n',
    b'\r\n+QIURC: "closed",0\r\n', b'\r\n+QIURC: "pdpdeact",1\r\n', b"\r\n+QIURC:\r\n",
    b"\r\n+QIRD: 5\r\nabcde\r\n\r\nOK\r\n", b"\r\n+QIRD: 99999\r\n", b"\r\n+QIRD: -1\r\n",
    b"\r\n+CEREG: 1,1\r\n", b'\r\n+CEREG: 5,"1A","2B",7\r\n', b"\r\n+CSQ: 20,99\r\n",
    b'\r\n+CMTI: "SM",3\r\n', b'\r\n+CMGR: "REC READ","+1234",,"t",145,4,0,0,"x",145,9\r\nOK\r\n',
    b"\r\n+CMGL: 1\r\n", b"\r\n+QIOPEN: 0,0\r\n", b"\r\n+QIACT: 1,1,1,\"10.0.0.1\"\r\n",
    b'\r\n+CCLK: "26/03/04,05:06:07+12"\r\n', b"\x00", b"\xff\xff", b"\r", b"\n", b'"', b",", b":",
    b"+", b"AT+CSQ\r", b"\x1a", b"\x1b",
)
RESTART = b"\r\nRDY\r\n"


class Random:
    """The same numbers under either interpreter."""

    def __init__(self, seed):
        self._state = seed & 0xFFFFFFF or 1

    def below(self, bound):
        self._state = (self._state * 1103515 + 12345) % 0xFFFFFFB
        return (self._state >> 4) % bound


class NoisyModem:
    def __init__(self, random):
        self._random = random
        self._out = b""

    def any(self):
        return len(self._out)

    def readinto(self, buffer):
        count = min(len(self._out), len(buffer), 1 + self._random.below(300))
        buffer[:count] = self._out[:count]
        self._out = self._out[count:]
        return count or None

    def write(self, data):
        for _ in range(self._random.below(4)):
            self.add()
        return len(data)

    def add(self):
        kind = self._random.below(100)
        if kind < 70:
            piece = PIECES[self._random.below(len(PIECES))]
            if kind < 15:
                piece = piece[:self._random.below(len(piece) + 1)]
        elif kind < 71:
            piece = RESTART
        elif kind < 72:
            piece = b"x" * 500
        elif kind < 85:
            piece = bytes(self._random.below(256) for _ in range(self._random.below(20)))
        else:
            piece = b"\r\nOK\r\n"
        self._out = (self._out + piece)[-4096:]


class FastTiming:
    """Time that passes a good deal with each look at it, so that no wait is long."""

    def __init__(self):
        self.now = 0

    def ticks_ms(self):
        self.now += 250
        return self.now

    def ticks_diff(self, end, start):
        return end - start

    async def sleep_ms(self, ms):
        self.now += ms


class Fuzz:
    def __init__(self, seed):
        self._random = Random(seed)
        self._timing = FastTiming()
        self._modem = NoisyModem(self._random)
        self._engine = AtEngine(self._modem, self._timing)
        self._family = QuectelEc()
        self._registration = Registration(self._timing, None)
        self._sms = Sms(self._timing, self._handle)
        self._engine.boots = ("RDY",)
        self._engine.notices = self._family.notices + self._sms.notices + ("+CEREG", "+CGREG")
        self._engine.on_notice = self._heard
        self._into = memoryview(bytearray(64))
        self.rounds = 0
        self.endings = {}

    def run(self, rounds):
        asyncio.run(self._run(rounds))

    def _handle(self, text):
        token_in(text)
        return None, False

    def _heard(self, line):
        assert len(line) <= LINE_MAX
        self._family.notice(line)
        self._registration.heard(line)
        if line.startswith("+CM"):
            self._sms.heard(line)

    async def _run(self, rounds):
        for _ in range(rounds):
            self.rounds += 1
            self._modem.add()
            try:
                await self._step(self._random.below(11))
                ending = "ok"
            except LinkError as e:
                ending = type(e).__name__
            self.endings[ending] = self.endings.get(ending, 0) + 1
            assert len(self._engine.reader._line) == LINE_MAX
            assert len(self._sms._pending) <= 10
            if self.rounds % 50 == 0:
                await asyncio.sleep(0)

    async def _step(self, kind):
        engine = self._engine
        family = self._family
        if kind < 6:
            await self._ask(kind)
        elif kind == 6:
            count = await family.receive(engine, self._into)
            assert 0 <= count <= len(self._into)
        elif kind == 7:
            self._sms.capable = True
            if self._sms.due:
                await self._sms.step(engine)
        elif kind == 8:
            await family.connected(engine)
        elif kind == 9:
            text = "".join(chr(32 + self._random.below(95)) for _ in range(40))
            assert numbers(text)
            state_of(text, True)
            parse_time(text)
            token_in(text)
        else:
            engine.pump()

    async def _ask(self, kind):
        engine = self._engine
        family = self._family
        if kind == 0:
            engine._settle = False
            await engine.begin_session()
        elif kind == 1:
            await self._registration.check(engine, family)
        elif kind == 2:
            signal_dBm(await engine.command("AT+CSQ", "+CSQ:"))
        elif kind == 3:
            parse_time(await engine.command("AT+CCLK?", "+CCLK:"))
        elif kind == 4:
            await family.send(engine, b"hello")
        else:
            await family.context_up(engine, {"apn": "x"})
            await family.open(engine, "host", 1, None)
