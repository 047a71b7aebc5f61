"""Quectel modems: the QI sockets of EC200, EC800, BG95, BG96 and BC660K.

Source: the modem sheet, sections 3, 4 and 5.1.
"""

from micropython import const

from joulegate.link.errors import LinkError
from joulegate.link.modem.family import (
    CLOSED,
    CONTEXT_LOST,
    NOTHING,
    RECEIVED,
    Family,
    attempt,
    numbers,
    quoted,
)

_OPEN_MS = const(150000)
_SEND_MS = const(10000)
_CLOSE_MS = const(12000)
_CONTEXT_MS = const(150000)
_CONTEXT_DOWN_MS = const(42000)

# Open, its result; send; read, its reply; close; state, its reply, where it has the state.
_PLAIN = ('AT+QIOPEN=1,0,"TCP","%s",%d,0,0', "+QIOPEN:", "AT+QISEND=0,%d",
          "AT+QIRD=0,%d", "+QIRD:", "AT+QICLOSE=0", "AT+QISTATE=1,0", "+QISTATE:", 5)
_TLS = ('AT+QSSLOPEN=1,1,0,"%s",%d,0', "+QSSLOPEN:", "AT+QSSLSEND=0,%d",
        "AT+QSSLRECV=0,%d", "+QSSLRECV:", "AT+QSSLCLOSE=0", "AT+QSSLSTATE=0", "+QSSLSTATE:", 5)
_CONNECTED = const(2)


class QuectelEc(Family):
    """EC200 and EC800: LTE Cat 1, with 2G or 3G to fall back on."""

    name = "quectel-ec"
    setup: tuple = ("AT+QISDE=0", "AT+CTZU=1", "AT+CPSMS=0", "AT+CEDRXS=0")
    boots = ("RDY", "APP RDY")
    notices: tuple = ("+QIURC:", "+QSSLURC:", "+QIND:", "+CPIN:", "+CFUN:", "+CTZV:",
                      "+CTZE:", "+CGEV:")
    clock = "AT+QLTS=1", "+QLTS:", True
    off = "AT+QPOWD=1"

    def __init__(self) -> None:
        self._socket = _PLAIN

    async def context_up(self, engine: object, settings: dict) -> None:
        if await self._address(engine):
            return
        user = settings.get("apn_user", "")
        await engine.command('AT+QICSGP=1,1,"%s","%s","%s",%d' % (
            quoted("APN", settings["apn"]), quoted("APN user", user),
            quoted("APN password", settings.get("apn_password", "")), 3 if user else 0), tries=3)
        await attempt(engine, "AT+QIDEACT=1", _CONTEXT_DOWN_MS)
        await engine.command("AT+QIACT=1", timeout_ms=_CONTEXT_MS)
        if not await self._address(engine):
            raise LinkError("AT+QIACT: the network gave no address")

    async def _address(self, engine: object) -> bool:
        """Return whether context 1 is up and has an address."""
        up = []

        def each(value: str) -> None:
            fields = numbers(value)
            if len(fields) >= 4 and fields[:2] == [1, 1] and fields[3] not in ("", "0.0.0.0"):
                up.append(True)

        await engine.command("AT+QIACT?", "+QIACT:", tries=3, each=each)
        return bool(up)

    async def context_down(self, engine: object) -> None:
        await attempt(engine, "AT+QIDEACT=1", _CONTEXT_DOWN_MS)

    async def open(self, engine: object, host: str, port: int, tls: object) -> None:
        self._socket = _PLAIN
        if tls is not None:
            # Only here: most modems speak to a broker within the operator's own network.
            from joulegate.link.modem.quectel_tls import prepare
            await prepare(engine, tls, host)
            self._socket = _TLS
        text, result = self._socket[:2]
        value = await engine.command(
            text % (quoted("host", host), port), result, timeout_ms=_OPEN_MS, both=True)
        fields = numbers(value)
        if len(fields) < 2 or fields[1] != 0:
            raise LinkError("open %s:%d: %s" % (host, port, _error_text(fields[-1])))

    async def send(self, engine: object, data: object) -> int:
        size = len(data)
        # Whether what is called copied was delivered is for the session above to find out.
        answer = await engine.put(self._socket[2] % size, (data,), size, timeout_ms=_SEND_MS,
                                  good="SEND OK", bad="SEND FAIL")
        return size if answer is None else 0

    async def receive(self, engine: object, into: object) -> int:
        return await engine.get(self._socket[3] % len(into), self._socket[4], _count, into)

    async def connected(self, engine: object) -> bool:
        text, prefix, place = self._socket[6:]
        value = await engine.command(text, prefix, tries=2)
        fields = numbers(value or "")
        return len(fields) > place and fields[place] == _CONNECTED

    async def close(self, engine: object) -> None:
        await attempt(engine, self._socket[5], _CLOSE_MS)

    def notice(self, line: str) -> int:
        prefix, _, value = line.partition(":")
        if prefix not in ("+QIURC", "+QSSLURC"):
            return NOTHING
        fields = numbers(value)
        if fields[0] == "pdpdeact" and fields[1:2] == [1]:
            return CONTEXT_LOST
        if fields[1:2] != [0]:
            return NOTHING
        return RECEIVED if fields[0] == "recv" else CLOSED if fields[0] == "closed" else NOTHING


class QuectelBg(QuectelEc):
    """BG95 and BG96: LTE-M, NB-IoT and on some 2G."""

    name = "quectel-bg"
    on_ms = 1000
    off_ms = 2000


class QuectelBc(QuectelEc):
    """BC660K: NB-IoT alone. It has no context to be brought up, no SMS, and likes to sleep."""

    name = "quectel-bc"
    setup = ("AT+QSCLK=0", "AT+QISDE=0", "AT+CTZU=1", "AT+CPSMS=0", "AT+CEDRXS=0")
    notices = QuectelEc.notices + ("+IP:", "+QNBIOTEVENT:", "+CSCON:")
    registrations = ("+CEREG",)
    sms = False
    ppp = False
    clock = "AT+CCLK?", "+CCLK:", False
    apn = "AT+QCGDEFCONT?", 'AT+QCGDEFCONT="IP","%s"'
    off = "AT+QPOWD=1"
    restart = "AT+QRST=1"

    async def context_up(self, engine: object, settings: dict) -> None:
        value = await engine.command("AT+CGPADDR", "+CGPADDR:", tries=3)
        fields = numbers(value or "")
        if len(fields) < 2 or fields[1] in ("", "0.0.0.0"):
            raise LinkError("AT+CGPADDR: the network gave no address")

    async def context_down(self, engine: object) -> None:
        pass


def _count(value: str) -> int:
    fields = numbers(value)
    return fields[0] if len(fields) == 1 and isinstance(fields[0], int) else -1


def _error_text(code: object) -> str:
    names = {
        550: "unknown", 551: "blocked", 552: "wrong parameters", 553: "out of memory",
        554: "no socket", 555: "not supported", 556: "bind failed", 561: "no context",
        562: "context not closed", 563: "socket in use", 564: "name service busy",
        565: "name not found", 566: "connection refused", 567: "closed", 568: "busy",
        569: "timed out", 570: "context lost", 571: "cancelled", 572: "not allowed",
        573: "wrong APN", 574: "port busy",
    }
    return "error %s, %s" % (code, names.get(code, "not named"))


