"""SIMCom SIM7020: the CSO sockets, whose data are hexadecimal and come without being asked for.

It has no TLS and no way to hold back what comes: what has not been taken when the next has no
room ends the stream. Source: the modem sheet, sections 3, 4 and 5.4.
"""

from micropython import const

from joulegate.link.errors import LinkError
from joulegate.link.modem.addresses import is_address, need_address
from joulegate.link.modem.byte_queue import ByteQueue
from joulegate.link.modem.family import CLOSED, NOTHING, RECEIVED, Family, attempt, numbers, quoted
from joulegate.link.modem.hex_stream import hex_into, to_hex

_OPEN_MS = const(80000)
_NAME_MS = const(60000)
_SEND_MS = const(10000)
_CLOSE_MS = const(12000)
_GAP_MS = const(50)
_SOCKETS = const(5)
_PIECE = const(512)
"""Bytes that come in one line at most."""
_QUEUE = const(2048)


class Sim7020(Family):
    """NB-IoT alone."""

    name = "sim7020"
    setup = ("AT+CTZU=1", "AT+CPSMS=0", "AT+CEDRXS=0", "AT+CSORCVFLAG=0", "AT+CSOSENDFLAG=0")
    notices = ("+CSONMI:", "+CSOERR:", "+CPIN:", "+CFUN:", "+CTZV:", "+CPSMSTATUS:", "ENTER PSM",
               "EXIT PSM", "DATA ACCEPT:")
    registrations = ("+CEREG",)
    ppp = False
    send_max = 256
    line_max = 2 * _PIECE + 32
    apn = "AT*MCGDEFCONT?", 'AT*MCGDEFCONT="IP","%s"'
    on_ms = 1000
    off_ms = 900

    def __init__(self) -> None:
        self._socket = -1
        self._came = ByteQueue(_QUEUE)
        self._piece = memoryview(bytearray(_PIECE))
        self._fault = ""
        self._overflows = 0

    async def context_up(self, engine: object, settings: dict) -> None:
        await need_address(engine)
        # A meter that has begun anew knows nothing of the sockets of before.
        for number in range(_SOCKETS):
            await attempt(engine, "AT+CSOCL=%d" % number, _CLOSE_MS)
        self._socket = -1

    async def open(self, engine: object, host: str, port: int, tls: object) -> None:
        if tls is not None:
            raise ValueError("tls: the SIM7020 has none; take another modem, or a broker within "
                             "the operator's own network")
        address = await self._look_up(engine, quoted("host", host))
        self._came.clear()
        self._fault = ""
        self._overflows = engine.reader.overflows
        number = numbers(await engine.command("AT+CSOC=1,1,1", "+CSOC:", _OPEN_MS) or "")[0]
        if not isinstance(number, int):
            raise LinkError("AT+CSOC: no socket")
        self._socket = number
        await engine.command('AT+CSOCON=%d,%d,"%s"' % (number, port, address), None, _OPEN_MS)

    async def _look_up(self, engine: object, host: str) -> str:
        if is_address(host):
            return host
        value = await engine.command('AT+CDNSGIP="%s"' % host, "+CDNSGIP:", _NAME_MS, both=True)
        fields = numbers(value)
        if fields[0] != 1 or not is_address(str(fields[-1])):
            raise LinkError("open %s: name not found" % host)
        return fields[-1]

    async def send(self, engine: object, data: object) -> int:
        size = len(data)
        # What is counted are the digits, not the bytes.
        await engine.command("AT+CSOSEND=%d,%d,%s" % (self._socket, 2 * size, to_hex(data)),
                             None, _SEND_MS)
        await engine.timing.sleep_ms(_GAP_MS)
        return size

    async def receive(self, engine: object, into: object) -> int:
        if engine.reader.overflows != self._overflows:
            self._fault = "a line was too long, and what it held is lost"
        if self._fault:
            raise LinkError("sim7020: " + self._fault)
        return self._came.take(into)

    async def close(self, engine: object) -> None:
        if self._socket >= 0:
            number = self._socket
            self._socket = -1
            await attempt(engine, "AT+CSOCL=%d" % number, _CLOSE_MS)

    def notice(self, line: str) -> int:
        prefix, _, value = line.partition(":")
        if self._socket < 0:
            return NOTHING
        if prefix == "+CSONMI":
            return self._take(line)
        if prefix == "+CSOERR" and numbers(value)[0] == self._socket:
            return CLOSED
        return NOTHING

    def _take(self, line: str) -> int:
        """Take +CSONMI: socket,digits,HEX."""
        first = line.find(",")
        second = line.find(",", first + 1)
        number = line[8:first].strip()
        digits = line[first + 1:second].strip()
        if first < 0 or second < 0 or not (number.isdigit() and digits.isdigit()):
            self._fault = "a line of data that is none"
            return RECEIVED
        if int(number) != self._socket:
            return NOTHING
        try:
            if int(digits) != len(line) - second - 1:
                raise ValueError("%s digits announced, %d came" % (
                    digits, len(line) - second - 1))
            count = hex_into(line, second + 1, len(line), self._piece)
            if self._came.put(self._piece[:count]) < count:
                raise ValueError("more came than there is room for")
        except ValueError as e:
            # A byte missing in the middle would be worse than no stream.
            self._fault = str(e)
        return RECEIVED
