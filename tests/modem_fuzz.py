"""A seeded fuzzer of what a modem says: pieces that are right, cut, mixed and drowned in noise.

What may come of it is a value, or an error the engine names; the buffers stay as they are.
"""

import asyncio

from joulegate.link.errors import LinkError
from joulegate.link.modem import family_finder, simcom_cch
from joulegate.link.modem.at_engine import AtEngine
from joulegate.link.modem.family import numbers
from joulegate.link.modem.network_clock import parse_time
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
FAMILY_PIECES = {
    "simcom": (
        b"\r\n+CIPRXGET: 1,0\r\n", b"\r\n+CIPRXGET: 2,0,3,4\r\nabc\r\nOK\r\n",
        b"\r\n+CIPRXGET: 2,0,99999,1\r\n", b"\r\n+CIPRXGET: 2,0,-1,0\r\n",
        b"\r\n+CIPRXGET: 4,0,0\r\n", b"\r\n+IP ERROR: No data\r\n\r\nERROR\r\n",
        b"\r\n+CIPOPEN: 0,0\r\n", b"\r\n+CIPSEND: 0,5,3\r\n", b"\r\n+CIPSEND: 0,5,-1\r\n",
        b"\r\n+NETOPEN: 0\r\n", b"\r\n+NETCLOSE: 0\r\n", b"\r\n+IPCLOSE: 0,1\r\n",
        b"\r\n+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY\r\n", b"\r\n+CCHSTART: 0\r\n",
        b"\r\n+CCHOPEN: 0,0\r\n", b"\r\n+CCHRECV: DATA,0,4\r\nOK\r\n\r\n+CCHRECV: 0,0\r\n",
        b"\r\n+CCHRECV: 0,0\r\n", b"\r\n+CCHEVENT: 0,RECV EVENT\r\n", b"\r\n+CCHSEND: 0,0\r\n",
        b'\r\n+CGPADDR: 1,"10.0.0.2"\r\n'),
    "sim7080": (
        b"\r\n+CADATAIND: 0\r\n", b"\r\n+CARECV: 5,abcde\r\n\r\nOK\r\n",
        b"\r\n+CARECV: 0,5,abcde\r\n\r\nOK\r\n", b"\r\n+CARECV: 0\r\n",
        b"\r\n+CARECV: 99999,", b"\r\n+CARECV: 0,", b"\r\n+CARECV: x,", b"\r\n+CAOPEN: 0,0\r\n",
        b"\r\n+CASTATE: 0,0\r\n", b"\r\n+CASTATE: 0,1\r\n", b"\r\n+APP PDP: 0,ACTIVE\r\n",
        b"\r\n+APP PDP: 0,DEACTIVE\r\n", b'\r\n+CNACT: 0,1,"10.0.0.2"\r\n',
        b"\r\nDOWNLOAD\r\n", b"\r\n+CFSGFIS: 7\r\n"),
    "sim7020": (
        b"\r\n+CSONMI: 0,4,4F4B\r\n", b"\r\n+CSONMI: 0,2,4F4B\r\n", b"\r\n+CSONMI: 0,4,4F4G\r\n",
        b"\r\n+CSONMI: 0,1024," + b"41" * 512 + b"\r\n", b"\r\n+CSONMI: 0,2048," + b"4" * 1100,
        b"\r\n+CSONMI: \r\n", b"\r\n+CSOERR: 0,-1\r\n", b"\r\n+CSOC: 0\r\n",
        b'\r\n+CDNSGIP: 1,"h","10.0.0.1"\r\n', b'\r\n+CGPADDR: 1,"10.0.0.2"\r\n'),
    "bc95": (
        b"\r\n+NSONMI:1,5\r\n", b"\r\n1,10.0.0.1,1883,2,4F4B,7\r\n", b"\r\n1,2\r\n",
        b"\r\n1,10.0.0.1,1883,3,4F4B,7\r\n", b"\r\n1,10.0.0.1,1883,2,4F4G,7\r\n", b"\r\n,,,,,\r\n",
        b"\r\n1,10.0.0.1,1883,200," + b"41" * 200 + b",0\r\n", b"\r\n1\r\n", b"\r\n0\r\n",
        b"\r\n1,5\r\n", b"\r\n+NSOCLI:1\r\n", b"\r\n+CGPADDR:1,10.0.0.2\r\n"),
}
"""What only modems of one family say."""


class Random:
    """The same numbers under either interpreter."""

    def __init__(self, seed):
        self._state = seed & 0xFFFFFFF or 1

    def below(self, bound):
        self._state = (self._state * 1103515 + 12345) % 0xFFFFFFB
        return (self._state >> 4) % bound


class NoisyModem:
    def __init__(self, random, pieces, restart):
        self._random = random
        self._pieces = pieces
        self._restart = restart
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
            piece = self._pieces[self._random.below(len(self._pieces))]
            if kind < 15:
                piece = piece[:self._random.below(len(piece) + 1)]
        elif kind < 71:
            piece = self._restart
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


class Tls:
    name = "10.0.0.1"
    ca = b"a certificate"
    certificate = None


class TlsRefused(Exception):
    pass


class Fuzz:
    def __init__(self, seed, name="quectel-ec"):
        self._random = Random(seed)
        self._timing = FastTiming()
        self._family = family_finder.family(name)
        restart = b"\r\n" + self._family.boots[0].encode() + b"\r\n"
        self._modem = NoisyModem(self._random, PIECES + FAMILY_PIECES.get(name, ()), restart)
        self._engine = AtEngine(self._modem, self._timing)
        self._engine.reader.use_line_max(self._family.line_max)
        self._registration = Registration(self._timing, None)
        self._sms = Sms(self._timing, self._handle)
        self._engine.boots = self._family.boots
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
        assert len(line) <= self._family.line_max
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
            except (LinkError, TlsRefused) as e:
                ending = type(e).__name__
            self.endings[ending] = self.endings.get(ending, 0) + 1
            assert len(self._engine.reader._line) == self._family.line_max
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
            await family.close(engine)
        elif kind == 9:
            text = "".join(chr(32 + self._random.below(95)) for _ in range(40))
            assert numbers(text)
            state_of(text, True)
            parse_time(text)
            token_in(text)
        else:
            engine.pump()
            self._pretend()

    def _pretend(self):
        """Have a stream open, as seldom happens in such noise."""
        one = self._family
        if isinstance(getattr(one, "_socket", None), int):
            one._socket = self._random.below(2)
            one._fault = ""
        if hasattr(one, "_cch"):
            one._cch = simcom_cch if self._random.below(2) else None

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
            assert 0 <= await family.send(engine, b"hello") <= 5
        else:
            await family.context_up(engine, {"apn": "x"})
            await self._open()

    async def _open(self):
        tls = Tls() if self._random.below(2) else None
        try:
            await self._family.open(self._engine, "10.0.0.1", 1, tls)
        except ValueError as e:
            if tls is None:
                raise
            raise TlsRefused(str(e)) from None
