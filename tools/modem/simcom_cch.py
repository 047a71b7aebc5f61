"""SIMCom's TLS by CCH*: two sessions, certificates by CCERT*; fact sheet, section 5.2.

AT+CCHRECV answers OK first, then the data, then +CCHRECV: n,0, as the maker shows it; the fault
`result_first` turns that round.
"""

import asyncio

from tools.modem.air import NetworkError
from tools.modem.command_line import AtError, Call
from tools.modem.family import Later, Socket, at
from tools.modem.simcom import SimCom
from tools.modem.tls import TlsSettings

BASE = 100
"""CCH sessions are kept beside the CIP sockets, under numbers from here."""
LONGEST_SEND = 2048
_KINDS = {"dns": 11, "connect": 5, "timeout": 10, "tls": 15, "closed": 2}


class Cch(SimCom):
    """Sessions 0 and 1; CCHOPEN type 2 is TLS, type 1 plain TCP."""

    def defaults(self) -> None:
        """Service stopped, data pushed."""
        super().defaults()
        self.cch_started = False
        self.cch_report = self.cch_manual = False
        self.cch_contexts = {0: 0, 1: 0}

    # Certificates

    @at("+CCERTDOWN=")
    async def _certificate(self, call: Call) -> None:
        name, size = call.text(0), call.number(1, 1, 10240)
        self.modem.files[name] = await self.payload(size, False) or b""

    @at("+CCERTLIST")
    async def _certificates(self, call: Call) -> None:
        for name in sorted(self.modem.files):
            self.modem.line.info(f'+CCERTLIST: "{name}"')

    @at("+CCERTDELE=")
    async def _delete_certificate(self, call: Call) -> None:
        if self.modem.files.pop(call.text(0), None) is None:
            raise AtError()

    # Sessions

    @at("+CCHSTART")
    async def _start(self, call: Call) -> Later:
        if self.cch_started:
            raise AtError()
        return Later(self._started())

    async def _started(self) -> None:
        await asyncio.sleep(self.modem.air.delay_s)
        self.cch_started = self.usable(1)
        self.contexts[1].active = self.cch_started
        self.modem.urc(f"+CCHSTART: {int(not self.cch_started)}")

    @at("+CCHSTOP")
    async def _stop(self, call: Call) -> Later:
        if not self.cch_started:
            raise AtError()
        return Later(self._stopped())

    async def _stopped(self) -> None:
        self.cch_started = False
        for number in [n for n in self.sockets if n >= BASE]:
            self.close_socket(number)
        self.modem.urc("+CCHSTOP: 0")

    @at("+CCHSET=")
    async def _cch_set(self, call: Call) -> None:
        self.cch_report = bool(call.number(0, 0, 1))
        self.cch_manual = bool(call.number(1, 0, 1, 0))

    @at("+CCHSSLCFG=")
    async def _cch_context(self, call: Call) -> None:
        self.cch_contexts[call.number(0, 0, 1)] = call.number(1, 0, 9)

    @at("+CCHOPEN=")
    async def _cch_open(self, call: Call) -> Later:
        number, host, port = call.number(0, 0, 1), call.text(1), call.number(2, 1, 65535)
        tls = None
        if call.number(3, 1, 2, 2) == 2:
            tls = self.ssl_settings(self.cch_contexts[number])
        socket = Socket(BASE + number, self, host, port)
        return Later(self._cch_opened(socket, tls))

    async def _cch_opened(self, socket: Socket, tls: TlsSettings | None) -> None:
        number, error = socket.number - BASE, 0
        there = self.sockets.get(socket.number)
        if not self.cch_started:
            error = 2
        elif there is not None and there.state != "closed":
            error = 8
        else:
            self.modem.counts["opens"] += 1
            try:
                await self.open_socket(socket, tls)
            except NetworkError as problem:
                error = _KINDS[problem.kind]
        self.modem.urc(f"+CCHOPEN: {number},{error}")

    @at("+CCHCLOSE=")
    async def _cch_close(self, call: Call) -> Later:
        number = call.number(0, 0, 1)
        if BASE + number not in self.sockets:
            raise AtError()
        return Later(self._cch_ended(number))

    async def _cch_ended(self, number: int) -> None:
        await asyncio.sleep(self.modem.air.delay_s)
        self.close_socket(BASE + number)
        self.modem.urc(f"+CCHCLOSE: {number},0")

    @at("+CCHSEND=")
    async def _cch_send(self, call: Call) -> Later:
        number, count = call.number(0, 0, 1), call.number(1, 1, LONGEST_SEND)
        socket = self.sockets.get(BASE + number)
        if socket is None or socket.state != "open":
            raise AtError()
        data = await self.payload(count, False) or b""
        error = 0
        if self.modem.faults.hit("send_fail", self.modem.current):
            error = 1
        else:
            try:
                socket.stream.send(data)
            except NetworkError:
                error = 2
        return Later(self._cch_sent(number, error), self.sent("OK"))

    async def _cch_sent(self, number: int, error: int) -> None:
        if self.cch_report:
            self.modem.urc(f"+CCHSEND: {number},{error}")

    @at("+CCHRECV=")
    async def _cch_receive(self, call: Call) -> Later:
        number = call.number(0, 0, 1)
        socket = self.sockets.get(BASE + number)
        if socket is None or not self.cch_manual:
            raise AtError()
        return Later(self._cch_give(socket, call.number(1, 1, 4096, 2048)))

    async def _cch_give(self, socket: Socket, count: int) -> None:
        data = socket.take(count)
        socket.told = bool(socket.received)
        if data:
            self.modem.urc(f"+CCHRECV: DATA,{socket.number - BASE},{len(data)}", data)
        self.modem.urc(f"+CCHRECV: {socket.number - BASE},0")

    @at("+CCHRECV?")
    async def _cch_unread(self, call: Call) -> None:
        unread = [
            str(len(self.sockets[BASE + n].received) if BASE + n in self.sockets else 0)
            for n in (0, 1)]
        self.modem.line.info("+CCHRECV: LEN," + ",".join(unread))

    def cch_data(self, socket: Socket) -> None:
        """Manual: told until read empty; else pushed."""
        number = socket.number - BASE
        if not self.cch_manual:
            while socket.received:
                data = socket.take(LONGEST_SEND)
                self.modem.urc(f"+CCHRECV: DATA,{number},{len(data)}", data)
        elif not socket.told:
            socket.told = True
            head = f"+CCHEVENT: {number},RECV EVENT"
            if not self.modem.faults.hit("recv_notice_lost", head):
                self.modem.urc(head)

    def cch_closed(self, socket: Socket) -> None:
        """What has come can still be read."""
        head = f"+CCH_PEER_CLOSED: {socket.number - BASE}"
        if not self.modem.faults.hit("close_urc_lost", head):
            self.modem.urc(head)
