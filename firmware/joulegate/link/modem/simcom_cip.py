"""SIMCom modems: the CIP sockets of A7670, A7672 and SIM7600.

What has come stays in the modem until it is read (AT+CIPRXGET=1), so that nobody has to keep up
with it. Source: the modem sheet, sections 3, 4 and 5.2.
"""

from micropython import const

from joulegate.link.errors import LinkError
from joulegate.link.modem.addresses import need_address
from joulegate.link.modem.at_errors import AtError
from joulegate.link.modem.family import (
    CLOSED,
    CONTEXT_LOST,
    NOTHING,
    RECEIVED,
    Family,
    numbers,
    quoted,
)
from joulegate.link.modem.simcom_outcomes import error_text, outcome

_OPEN_MS = const(125000)
_SEND_MS = const(10000)
_CLOSE_MS = const(12000)
_CONTEXT_MS = const(125000)
_NOTICE = const(1)
_PAP = const(1)


class Simcom(Family):
    """LTE Cat 1 and Cat 4, with 2G or 3G to fall back on. Some builds have no SMS."""

    name = "simcom"
    setup = ("AT+CTZU=1", "AT+CPSMS=0", "AT+CEDRXS=0", "AT+CIPMODE=0")
    # SMS DONE and PB DONE come seconds later, when a session has begun already.
    boots = ("*ATREADY", "RDY")
    notices = ("+CIPRXGET:", "+IPCLOSE:", "+CIPEVENT:", "+CCHEVENT:", "+CCH_PEER_CLOSED:",
               "+CCHCLOSE:", "+CPIN:", "+CFUN:", "SMS DONE", "PB DONE", "+CGEV:", "+CTZV:",
               "+CTZE:", "*COPN", "*ISIMAID", "+IP ERROR:")
    off = "AT+CPOF"
    restart = "AT+CRESET"
    on_ms = 1000

    def __init__(self) -> None:
        self._cch: object | None = None  # the module simcom_cch while TLS is used

    async def context_up(self, engine: object, settings: dict) -> None:
        # One that is open may be of no use any more, and sockets of before are gone with it.
        await self.context_down(engine)
        user = settings.get("apn_user", "")
        if user:
            await engine.command('AT+CGAUTH=1,%d,"%s","%s"' % (
                _PAP, quoted("APN password", settings.get("apn_password", "")),
                quoted("APN user", user)), tries=3)
        try:
            value = await engine.command("AT+NETOPEN", "+NETOPEN:", _CONTEXT_MS, both=True)
        except AtError:
            value = "0"  # it is refused when it is open already: the address says so
        if value != "0":
            raise LinkError("AT+NETOPEN: error " + value)
        await need_address(engine)

    async def context_down(self, engine: object) -> None:
        await outcome(engine, "AT+NETCLOSE", "+NETCLOSE:", _CONTEXT_MS)

    async def open(self, engine: object, host: str, port: int, tls: object) -> None:
        self._cch = None
        quoted("host", host)
        if tls is not None:
            # Only here: most modems speak to a broker within the operator's own network.
            from joulegate.link.modem import simcom_cch
            self._cch = simcom_cch
            await simcom_cch.open_session(engine, host, port, tls)
            return
        await engine.command("AT+CIPRXGET=1", tries=3)
        value = await engine.command('AT+CIPOPEN=0,"TCP","%s",%d' % (host, port), "+CIPOPEN:",
                                     _OPEN_MS, both=True)
        fields = numbers(value)
        if fields[-1] != 0 or len(fields) < 2:
            raise LinkError("open %s:%d: %s" % (host, port, error_text(fields[-1])))

    async def send(self, engine: object, data: object) -> int:
        if self._cch is not None:
            return await self._cch.send(engine, data)
        size = len(data)
        value = await engine.put("AT+CIPSEND=0,%d" % size, (data,), size, "+CIPSEND:", _SEND_MS,
                                 both=True)
        fields = numbers(value)
        taken = fields[-1]
        if len(fields) != 3 or not isinstance(taken, int) or not 0 <= taken <= size:
            raise LinkError("AT+CIPSEND: the connection is gone (%s)" % value)
        return taken

    async def receive(self, engine: object, into: object) -> int:
        if self._cch is not None:
            return await self._cch.receive(engine, into)

        def count_of(value: str) -> int:
            fields = numbers(value)
            if fields[0] == _NOTICE:
                engine.on_notice("+CIPRXGET: " + value)  # it only looks like the reply
            good = fields[:2] == [2, 0] and len(fields) == 4 and isinstance(fields[2], int)
            return fields[2] if good else -1

        try:
            return await engine.get("AT+CIPRXGET=2,0,%d" % len(into), "+CIPRXGET:", count_of, into)
        except AtError:
            # The SIM7600 refuses to read nothing, as it does to read what is not open.
            value = await engine.command(
                "AT+CIPRXGET=4,0", "+CIPRXGET:",
                unasked=lambda line: numbers(line[10:])[0] == _NOTICE)
            if numbers(value or "") != [4, 0, 0]:
                raise
            return 0

    async def connected(self, engine: object) -> bool:
        if self._cch is not None:
            return True  # nothing is known that says so of TLS
        value = await engine.command("AT+CIPCLOSE?", "+CIPCLOSE:", tries=2)
        return numbers(value or "")[0] == 1

    async def close(self, engine: object) -> None:
        if self._cch is not None:
            await self._cch.close(engine)
        else:
            await outcome(engine, "AT+CIPCLOSE=0", "+CIPCLOSE:", _CLOSE_MS)

    def notice(self, line: str) -> int:
        prefix, _, value = line.partition(":")
        if prefix == "+CIPEVENT":
            return CONTEXT_LOST if "CLOSED" in value else NOTHING
        fields = numbers(value)
        if self._cch is not None:
            if fields[0] != 0:
                return NOTHING
            return (RECEIVED if prefix == "+CCHEVENT" else
                    CLOSED if prefix in ("+CCH_PEER_CLOSED", "+CCHCLOSE") else NOTHING)
        if prefix == "+CIPRXGET" and fields[:2] == [_NOTICE, 0]:
            return RECEIVED
        return CLOSED if prefix == "+IPCLOSE" and fields[0] == 0 else NOTHING
