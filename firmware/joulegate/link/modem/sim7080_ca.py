"""SIMCom modems: the CA sockets of SIM7080 and SIM7070.

Source: the modem sheet, sections 3, 4 and 5.3.
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
from joulegate.link.modem.payload import take_payload
from joulegate.link.modem.timing import Deadline

_OPEN_MS = const(125000)
_SEND_MS = const(10000)
_RECEIVE_MS = const(5000)
_CLOSE_MS = const(12000)
_CONTEXT_MS = const(60000)
_COMMA = const(44)
_PAP = const(1)
_TEXT = "AT+CARECV=0,%d"
_REPLY = "+CARECV:"


class Sim7080(Family):
    """LTE-M and NB-IoT."""

    name = "sim7080"
    # CLTS, the time from the network, is kept and works from the next start on.
    setup = ("AT+CLTS=1", "AT+CTZU=1", "AT+CPSMS=0", "AT+CEDRXS=0")
    notices = ("+CADATAIND:", "+CASTATE:", "+APP PDP:", "+CPIN:", "+CFUN:", "SMS Ready",
               "*PSUTTZ", "*PSNWID", "DST:", "+CTZV:", "+CPSMSTATUS:", "+CGEV:")
    registrations = ("+CEREG",)
    send_max = 1400
    restart = "AT+CREBOOT"
    on_ms = 1000
    off_ms = 2000

    async def context_up(self, engine: object, settings: dict) -> None:
        if await self._address(engine):
            await self.close(engine)  # of before the meter began anew
            return
        user = settings.get("apn_user", "")
        text = 'AT+CNCFG=0,1,"%s"' % quoted("APN", settings["apn"])
        if user:
            text += ',"%s","%s",%d' % (
                quoted("APN user", user),
                quoted("APN password", settings.get("apn_password", "")), _PAP)
        await engine.command(text, tries=3)
        value = await engine.command("AT+CNACT=0,1", "+APP PDP:", _CONTEXT_MS, both=True)
        if numbers(value) != [0, "ACTIVE"] or not await self._address(engine):
            raise LinkError("AT+CNACT: the network gave no address")

    async def _address(self, engine: object) -> bool:
        """Return whether application network 0 is up and has an address."""
        up = []

        def each(value: str) -> None:
            fields = numbers(value)
            if fields[:2] == [0, 1] and fields[-1] not in ("", "0.0.0.0"):
                up.append(True)

        await engine.command("AT+CNACT?", "+CNACT:", tries=3, each=each)
        return bool(up)

    async def context_down(self, engine: object) -> None:
        await attempt(engine, "AT+CNACT=0,0", _CONTEXT_MS)

    async def open(self, engine: object, host: str, port: int, tls: object) -> None:
        quoted("host", host)
        await engine.command("AT+CACID=0", tries=3)
        if tls is not None:
            # Only here: most modems speak to a broker within the operator's own network.
            from joulegate.link.modem.sim7080_tls import prepare
            await prepare(engine, tls, host)
        elif not await attempt(engine, 'AT+CASSLCFG=0,"ssl",0'):
            raise LinkError("AT+CASSLCFG: the modem does not say that it leaves TLS out")
        value = await engine.command('AT+CAOPEN=0,0,"TCP","%s",%d' % (host, port), "+CAOPEN:",
                                     _OPEN_MS, both=True)
        fields = numbers(value)
        if fields[-1] != 0 or len(fields) < 2:
            raise LinkError("open %s:%d: %s" % (host, port, _error_text(fields[-1])))

    async def send(self, engine: object, data: object) -> int:
        size = len(data)
        # Refused, there is nothing that says whether the modem is full or the connection gone.
        await engine.put("AT+CASEND=0,%d" % size, (data,), size, timeout_ms=_SEND_MS)
        return size

    async def receive(self, engine: object, into: object) -> int:
        """The data follow their number in the same line, so the line is cut at the comma."""
        text = _TEXT % len(into)
        engine.reader.stop_at(_REPLY.encode(), _COMMA)
        try:
            return await self._receive(engine, text, into)
        finally:
            engine.reader.stop_at(b"", 0)

    async def _receive(self, engine: object, text: str, into: object) -> int:
        await engine.send_line(text)
        deadline = Deadline(engine.timing, _RECEIVE_MS)
        got = 0
        while True:
            line = await engine.next_line(text, deadline, _REPLY)
            if engine.is_final(text, line):
                return got
            if line.startswith(_REPLY) and not got:
                count = line[len(_REPLY):].strip()
                if count == "0,":
                    # Nobody gives none of something: it is the socket, and the number follows.
                    engine.reader.stop_at(b"", _COMMA)
                    count = await engine.next_line(text, deadline)
                    engine.reader.stop_at(_REPLY.encode(), _COMMA)
                    if engine.is_final(text, count):
                        return 0
                if count[-1:] == "," and count[:-1].isdigit() and len(count) < 7:
                    got = await take_payload(engine, text, int(count[:-1]), into, deadline)

    async def connected(self, engine: object) -> bool:
        states = []
        await engine.command("AT+CASTATE?", "+CASTATE:", tries=2,
                             each=lambda value: states.append(numbers(value)))
        return [0, 1] in states and [0, 0] not in states

    async def close(self, engine: object) -> None:
        await attempt(engine, "AT+CACLOSE=0", _CLOSE_MS)

    def notice(self, line: str) -> int:
        prefix, _, value = line.partition(":")
        fields = numbers(value)
        if fields[0] != 0:
            return NOTHING
        if prefix == "+CADATAIND":
            return RECEIVED
        if prefix == "+CASTATE" and fields[1:] == [0]:
            return CLOSED
        return CONTEXT_LOST if prefix == "+APP PDP" and fields[1:] == ["DEACTIVE"] else NOTHING


def _error_text(code: object) -> str:
    names = {
        1: "no socket", 2: "out of memory", 3: "socket in use", 4: "wrong parameters",
        6: "wrong address", 7: "not supported", 12: "bind failed", 13: "listen failed",
        20: "name not found", 21: "no context", 23: "connection refused",
        24: "certificate wrong", 25: "certificate wrong", 26: "certificate wrong",
        27: "connection failed",
    }
    return "error %s, %s" % (code, names.get(code, "not named"))
