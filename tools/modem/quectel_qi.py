"""Quectel's sockets by QI*; fact sheet, section 5.1.

BG and EC parts want AT+QIACT before a socket; BC parts have their one context with registration,
take data inline in AT+QISEND and have neither TLS nor SMS.
"""

import asyncio
from typing import Any

from tools.modem.air import NetworkError
from tools.modem.command_line import Call
from tools.modem.family import Later, Socket, at
from tools.modem.network_commands import Context
from tools.modem.quectel_system import System
from tools.modem.tls import TlsSettings

LONGEST_SEND, LONGEST_READ = 1460, 1500
BUFFER = 16384
"""Bytes sent and not acknowledged at which the modem takes no more: SEND FAIL."""
ERRORS = {
    550: "unknown error", 551: "operation blocked", 552: "invalid parameters",
    553: "memory not enough", 554: "create socket failed", 555: "operation not supported",
    556: "socket bind failed", 557: "socket listen failed", 558: "socket write failed",
    559: "socket read failed", 560: "socket accept failed", 561: "open PDP context failed",
    562: "close PDP context failed", 563: "socket identity has been used", 564: "DNS busy",
    565: "DNS parse failed", 566: "socket connect failed", 567: "socket has been closed",
    568: "operation busy", 569: "operation timeout", 570: "PDP context broken down",
    571: "cancel send", 572: "operation not allowed", 573: "APN not configured", 574: "port busy",
}
_KINDS = {"dns": 565, "connect": 566, "timeout": 569, "tls": 566, "closed": 567}



class Qi(System):
    """Context numbers and connection numbers are checked as the maker bounds them."""

    def defaults(self) -> None:
        """Data echo on, data as it is."""
        self.data_echo = True
        self.hex_out = self.hex_in = False
        super().defaults()
        if self.is_bc:
            self.contexts = {0: Context(), 1: Context()}

    def registered(self) -> None:
        """The BC parts say the address they were given."""
        if self.is_bc:
            self.modem.urc("+IP: 10.64.128.7")

    # Context

    @at("+QICSGP=")
    async def _context(self, call: Call) -> None:
        number = call.number(0, 1, 16)
        if call.count() == 1:
            context = self.contexts.get(number, Context())
            self.modem.line.info(f'+QICSGP: 1,"{context.apn}","","",0')
            return
        call.number(1, 1, 3)
        self.contexts[number] = Context("IP", call.text(2, ""))

    @at("+QCGDEFCONT=")
    async def _default_context(self, call: Call) -> None:
        for context in self.contexts.values():
            context.apn = call.text(1, "")

    @at("+QIACT=")
    async def _act(self, call: Call) -> None:
        number = call.number(0, 1, 16)
        self.modem.counts["pdp"] += 1
        await asyncio.sleep(self.modem.air.delay_s)
        if number not in self.contexts or not self.usable(number):
            raise self.fail(561)
        if self.contexts[number].active:
            raise self.fail(572)
        self.contexts[number].active = True

    @at("+QIACT?")
    async def _active(self, call: Call) -> None:
        for number in sorted(self.contexts):
            if self.active(number):
                self.modem.line.info(f'+QIACT: {number},1,1,"10.64.128.7"')

    @at("+QIDEACT=")
    async def _deact(self, call: Call) -> None:
        number = call.number(0, 1, 16)
        self.modem.counts["pdp"] += 1
        await asyncio.sleep(self.modem.air.delay_s)
        if number in self.contexts:
            self.contexts[number].active = False
        self.drop_sockets()

    def context_lost(self) -> None:
        """Say which contexts are gone."""
        for number, context in self.contexts.items():
            if context.active:
                self.modem.urc(f'+QIURC: "pdpdeact",{number}')
        super().context_lost()

    # Opening and closing

    def _free(self, number: int, context: int) -> int:
        """The error that stands in the way of a new socket; 0 for none."""
        if number in self.sockets:
            return 563
        if not self.active(context):
            return 561 if self.is_bc else 570
        return 0

    @at("+QIOPEN=")
    async def _open(self, call: Call) -> Any:
        context = call.number(0, 0, 16)
        number = call.number(1, 0, 4 if self.is_bc else 11)
        if call.text(2).upper() != "TCP":
            raise self.fail(555)
        host, port = call.text(3), call.number(4, 1, 65535)
        call.number(5, 0, 65535, 0)
        mode = call.number(6, 0, 2, 0)
        socket = Socket(number, self, host, port, mode)
        if mode == 2:
            return await self._open_transparent(socket, context)
        return Later(self._opened("+QIOPEN", socket, self._free(number, context), None))

    async def _opened(
        self, name: str, socket: Socket, error: int, tls: TlsSettings | None
    ) -> None:
        if not error:
            error = await self._connect(socket, tls)
        if error:
            self.last_error = error
        self.modem.urc(f"{name}: {socket.number},{error}")

    async def _connect(self, socket: Socket, tls: TlsSettings | None) -> int:
        self.modem.counts["opens"] += 1
        try:
            await self.open_socket(socket, tls)
        except NetworkError as error:
            return _KINDS[error.kind]
        return 0

    async def _open_transparent(self, socket: Socket, context: int) -> str:
        error = self._free(socket.number, context) or await self._connect(socket, None)
        if error:
            raise self.fail(error)
        self.modem.line.result("CONNECT")
        self.modem.go_online(socket)
        return ""

    @at("O")
    async def _resume(self, call: Call) -> str:
        if self.dialled:
            return await super()._resume(call)
        for socket in self.sockets.values():
            if socket.mode == 2:
                self.modem.line.result("CONNECT")
                self.modem.go_online(socket)
                return ""
        return "NO CARRIER"

    @at("+QICLOSE=")
    async def _close(self, call: Call) -> None:
        number = call.number(0, 0, 11)
        call.number(1, 0, 65535, 10)
        await asyncio.sleep(self.modem.air.delay_s)
        self.close_socket(number)

    @at("+QISTATE", "+QISTATE?", "+QISTATE=")
    async def _state(self, call: Call) -> None:
        numbers = sorted(self.sockets)
        if call.op == "=" and call.number(0, 0, 1) == 1:
            numbers = [n for n in numbers if n == call.number(1, 0, 11)]
        states = {"opening": 1, "open": 2, "closed": 4}
        for number in numbers:
            s = self.sockets[number]
            self.modem.line.info(
                f'+QISTATE: {number},"TCP","{s.host}",{s.port},{s.stream.local_port},'
                f'{states[s.state]},1,{number},{s.mode},"uart1"')

    @at("+QIGETERROR")
    async def _error(self, call: Call) -> None:
        text = ERRORS.get(self.last_error, "operate successfully")
        self.modem.line.info(f"+QIGETERROR: {self.last_error},{text}")

    # Sending

    @at("+QISDE=")
    async def _set_data_echo(self, call: Call) -> None:
        self.data_echo = bool(call.number(0, 0, 1))

    @at("+QISDE?")
    async def _get_data_echo(self, call: Call) -> None:
        self.modem.line.info(f"+QISDE: {int(self.data_echo)}")

    @at("+QICFG=")
    async def _configure(self, call: Call) -> None:
        if call.text(0).lower() == "dataformat":
            self.hex_out, self.hex_in = bool(call.number(1, 0, 1)), bool(call.number(2, 0, 1, 0))

    def _writable(self, number: int, tls: bool) -> Socket:
        socket = self.sockets.get(number)
        if socket is None or socket.state != "open" or socket.tls != tls:
            raise self.fail(567 if socket is not None else 550)
        return socket

    @at("+QISEND=")
    async def _send(self, call: Call) -> str | None:
        number = call.number(0, 0, 11)
        socket = self._writable(number, False)
        if call.count() == 2 and call.number(1, 0, LONGEST_SEND) == 0:
            stream = socket.stream
            self.modem.line.info(
                f"+QISEND: {stream.total},{stream.acknowledged},"
                f"{stream.total - stream.acknowledged}")
            return None
        if self.is_bc and call.count() >= 3:
            return self._send_inline(socket, call)
        return await self._prompted(socket, call)

    def _send_inline(self, socket: Socket, call: Call) -> str:
        try:
            text = call.text(2)
            data = bytes.fromhex(text) if self.hex_out else text.encode("latin-1")
        except ValueError:
            raise self.fail(552) from None
        if len(data) != call.number(1, 1, LONGEST_SEND):
            raise self.fail(552)
        self.modem.line.result("OK")
        return self._hand_over(socket, data)

    async def _prompted(self, socket: Socket, call: Call) -> str | None:
        count = call.number(1, 1, LONGEST_SEND) if call.count() > 1 else None
        data = await self.payload(count, self.data_echo)
        if data is None:
            return None
        if len(data) > LONGEST_SEND:
            raise self.fail(552)
        return self._hand_over(socket, data)

    def _hand_over(self, socket: Socket, data: bytes) -> str:
        stream = socket.stream
        full = stream.total - stream.acknowledged + len(data) > BUFFER and not socket.tls
        if full or self.modem.faults.hit("send_fail", self.modem.current):
            return "SEND FAIL"
        if socket.state != "open":
            raise self.fail(567)
        try:
            stream.send(data)
        except NetworkError:
            raise self.fail(558) from None
        return self.sent("SEND OK")

    # Receiving

    def data_came(self, socket: Socket) -> None:
        """Buffered: told once until read empty. Push: header and bytes."""
        name = "+QSSLURC" if socket.tls else "+QIURC"
        if socket.mode == 2:
            if self.modem.line.online_now:
                self.modem.line.raw(socket.take(BUFFER))
        elif socket.mode == 1:
            while socket.received:
                data = socket.take(LONGEST_READ)
                self.modem.urc(f'{name}: "recv",{socket.number},{len(data)}', data)
        elif not socket.told:
            socket.told = True
            head = f'{name}: "recv",{socket.number}'
            if not self.modem.faults.hit("recv_notice_lost", head):
                self.modem.urc(head)

    @at("+QIRD=")
    async def _read(self, call: Call) -> None:
        socket = self.sockets.get(call.number(0, 0, 11))
        if socket is None or socket.state == "opening" or socket.tls:
            raise self.fail(550 if socket is None else 572)
        count = call.number(1, 0, LONGEST_READ, LONGEST_READ)
        if not count:
            unread = len(socket.received)
            self.modem.line.info(f"+QIRD: {socket.total},{socket.total - unread},{unread}")
            return
        self._give(socket, "+QIRD", count)

    def _give(self, socket: Socket, name: str, count: int) -> None:
        data = socket.take(count)
        socket.told = bool(socket.received)
        if self.hex_in:
            self.modem.line.counted(f"{name}: {len(data)}", data.hex().upper().encode())
        elif data:
            self.modem.line.counted(f"{name}: {len(data)}", data)
        else:
            self.modem.line.info(f"{name}: 0")

    def peer_closed(self, socket: Socket) -> None:
        """Told once; the number stays taken until the client closes too."""
        if socket.mode == 2 and self.modem.line.online_now:
            self.modem.line.online(None)
            self.modem.line.result("NO CARRIER")
            return
        name = "+QSSLURC" if socket.tls else "+QIURC"
        head = f'{name}: "closed",{socket.number}'
        if not self.modem.faults.hit("close_urc_lost", head):
            self.modem.urc(head)
