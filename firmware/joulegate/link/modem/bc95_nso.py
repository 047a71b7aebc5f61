"""Quectel BC95: the NSO sockets, whose data are hexadecimal.

It has no TLS, no SMS and no names: the broker is given by its address, within the operator's own
network. Its line has 9600 baud. Source: the modem sheet, sections 1, 3, 4 and 5.5.
"""

from micropython import const

from joulegate.link.errors import LinkError
from joulegate.link.modem.addresses import is_address, need_address
from joulegate.link.modem.family import CLOSED, NOTHING, RECEIVED, Family, attempt, numbers
from joulegate.link.modem.hex_stream import hex_into, to_hex

_OPEN_MS = const(80000)
_SEND_MS = const(10000)
_RECEIVE_MS = const(5000)
_CLOSE_MS = const(12000)
_SOCKETS = const(8)
_TCP = const(6)
_PIECE = const(256)


class Bc95(Family):
    """NB-IoT alone."""

    name = "bc95"
    setup = ("AT+CTZU=1", "AT+CPSMS=0", "AT+CEDRXS=0", "AT+NCONFIG=AUTOCONNECT,TRUE")
    boots = ("Neul", "REBOOT_CAUSE", "REBOOTING")
    notices = ("+NSONMI:", "+NSOCLI:", "+CSCON:", "+CTZV:", "+CPIN:", "+CFUN:", "+NPSMR:",
               "+CGEV:")
    registrations = ("+CEREG",)
    sms = False
    ppp = False
    send_max = _PIECE
    read_max = _PIECE
    line_max = 2 * _PIECE + 64
    rate = 9600
    off = "AT+CFUN=0"
    restart = "AT+NRB"

    def __init__(self) -> None:
        self._socket = -1

    async def context_up(self, engine: object, settings: dict) -> None:
        await need_address(engine)
        # A meter that has begun anew knows nothing of the sockets of before.
        for number in range(_SOCKETS):
            await attempt(engine, "AT+NSOCL=%d" % number, _CLOSE_MS)
        self._socket = -1

    async def open(self, engine: object, host: str, port: int, tls: object) -> None:
        if tls is not None:
            raise ValueError("tls: the BC95 has none; take another modem, or a broker within the "
                             "operator's own network")
        if not is_address(host):
            raise ValueError("host %s: the BC95 knows no names; give the broker's address" % host)
        found: list = []
        await engine.command('AT+NSOCR="STREAM",%d,0,1' % _TCP, "", _OPEN_MS,
                             each=lambda line: found.append(line) if line.isdigit() else None)
        if not found:
            raise LinkError("AT+NSOCR: no socket")
        self._socket = int(found[0])
        await engine.command("AT+NSOCO=%d,%s,%d" % (self._socket, host, port), None, _OPEN_MS)

    async def send(self, engine: object, data: object) -> int:
        size = len(data)
        taken: list = []

        def each(line: str) -> None:
            fields = numbers(line)
            if fields[0] == self._socket and len(fields) == 2:
                taken.append(fields[1])

        await engine.command("AT+NSOSD=%d,%d,%s" % (self._socket, size, to_hex(data)), "",
                             _SEND_MS, each=each)
        if taken != [size]:
            raise LinkError("AT+NSOSD: %s of %d bytes taken" % (taken, size))
        return size

    async def receive(self, engine: object, into: object) -> int:
        found: list = []
        overflows = engine.reader.overflows
        await engine.command(
            "AT+NSORF=%d,%d" % (self._socket, len(into)), "", _RECEIVE_MS,
            each=lambda line: None if line[:1] == "+" else found.append(line))
        if engine.reader.overflows != overflows:
            raise LinkError("AT+NSORF: a line was too long, and what it held is lost")
        if not found:
            return 0
        try:
            # Socket, address, port, bytes, HEX, bytes that remain.
            line = found[0]
            end = line.rfind(",")
            start = line.rfind(",", 0, end)
            if len(found) > 1 or line.count(",") != 5:
                raise ValueError("%d lines of %d fields" % (len(found), line.count(",") + 1))
            got = hex_into(line, start + 1, end, into)
            count = line[line.rfind(",", 0, start) + 1:start]
            if count != str(got) or not line.startswith("%d," % self._socket):
                raise ValueError("%s bytes announced, %d came" % (count, got))
        except ValueError as e:
            # A byte missing in the middle would be worse than no stream.
            raise LinkError("AT+NSORF: %s" % e)
        return got

    async def close(self, engine: object) -> None:
        if self._socket >= 0:
            number = self._socket
            self._socket = -1
            await attempt(engine, "AT+NSOCL=%d" % number, _CLOSE_MS)

    def notice(self, line: str) -> int:
        prefix, _, value = line.partition(":")
        if self._socket < 0 or numbers(value)[0] != self._socket:
            return NOTHING
        return RECEIVED if prefix == "+NSONMI" else CLOSED if prefix == "+NSOCLI" else NOTHING
