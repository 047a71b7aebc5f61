"""SIMCom SIM7600, A7670: sockets by NETOPEN and CIP*; fact sheet, sections 3 and 5.2.

A read of an empty socket is `+CIPRXGET: 2,n,0,0` on the A7670 and `+IP ERROR: No data`, ERROR
on the SIM7600; clients must live with either.
"""

import asyncio

from tools.modem.air import NetworkError
from tools.modem.command_line import AtError, Call
from tools.modem.family import Later, Part, Socket, at
from tools.modem.simcom_cch import BASE, Cch

LONGEST = 1500
BUFFER = 16384
_KINDS = {"dns": 11, "connect": 5, "timeout": 10, "tls": 1, "closed": 2}


class SimComCip(Cch):
    """Ten sockets on one network that NETOPEN opens."""

    parts = {
        "A7670": Part(
            "A7670E", "SIMCOM INCORPORATED",
            ("*ATREADY: 1", "+CPIN: READY", "SMS DONE", "PB DONE")),
        "SIM7600": Part(
            "SIM7600E", "SIMCOM INCORPORATED", ("RDY", "+CPIN: READY", "SMS DONE", "PB DONE")),
    }

    def defaults(self) -> None:
        """The network closed, data pushed with its source."""
        super().defaults()
        self.net_open = False
        self.manual = False
        self.show_source = True

    def _no_network(self) -> AtError:
        self.modem.line.info("+IP ERROR: Network not opened")
        return AtError()

    # Network

    @at("+NETOPEN")
    async def _net_open(self, call: Call) -> Later:
        if self.net_open:
            self.modem.line.info("+IP ERROR: Network is already opened")
            raise AtError()
        return Later(self._net_opened())

    async def _net_opened(self) -> None:
        self.modem.counts["pdp"] += 1
        await asyncio.sleep(self.modem.air.delay_s)
        self.net_open = self.usable(1)
        self.contexts[1].active = self.net_open
        self.modem.urc(f"+NETOPEN: {int(not self.net_open)}")

    @at("+NETOPEN?")
    async def _net_state(self, call: Call) -> None:
        self.modem.line.info(f"+NETOPEN: {int(self.net_open)}")

    @at("+NETCLOSE")
    async def _net_close(self, call: Call) -> Later:
        if not self.net_open:
            raise self._no_network()
        return Later(self._net_closed())

    async def _net_closed(self) -> None:
        self.net_open = self.contexts[1].active = False
        self.drop_sockets()
        self.modem.urc("+NETCLOSE: 0")

    @at("+IPADDR")
    async def _own_address(self, call: Call) -> None:
        if not self.net_open:
            raise self._no_network()
        self.modem.line.info("+IPADDR: 10.64.128.7")

    def context_lost(self) -> None:
        """Said once for all sockets."""
        super().context_lost()
        if self.net_open:
            self.net_open = False
            self.modem.urc("+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY")

    # Sockets

    @at("+CIPOPEN=")
    async def _open(self, call: Call) -> Later:
        number, host = call.number(0, 0, 9), call.text(2)
        if call.text(1).upper() != "TCP":
            raise AtError(4)
        return Later(self._opened(Socket(number, self, host, call.number(3, 1, 65535))))

    async def _opened(self, socket: Socket) -> None:
        there = self.sockets.get(socket.number)
        error = 0
        if not self.net_open:
            error = 2
        elif there is not None and there.state != "closed":
            error = 8
        else:
            self.modem.counts["opens"] += 1
            try:
                await self.open_socket(socket)
            except NetworkError as problem:
                error = _KINDS[problem.kind]
        self.modem.urc(f"+CIPOPEN: {socket.number},{error}")

    @at("+CIPOPEN?")
    async def _opens(self, call: Call) -> None:
        for number in range(10):
            s = self.sockets.get(number)
            where = f',"TCP","{s.host}",{s.port},-1' if s and s.state == "open" else ""
            self.modem.line.info(f"+CIPOPEN: {number}{where}")

    @at("+CIPCLOSE=")
    async def _close(self, call: Call) -> Later:
        number = call.number(0, 0, 9)
        if number not in self.sockets:
            self.modem.line.info(f"+CIPCLOSE: {number},2")
            raise AtError()
        return Later(self._closed(number))

    async def _closed(self, number: int) -> None:
        await asyncio.sleep(self.modem.air.delay_s)
        self.close_socket(number)
        self.modem.urc(f"+CIPCLOSE: {number},0")

    @at("+CIPCLOSE?")
    async def _flags(self, call: Call) -> None:
        flags = [
            str(int(n in self.sockets and self.sockets[n].state == "open")) for n in range(10)]
        self.modem.line.info("+CIPCLOSE: " + ",".join(flags))

    @at("+CIPSEND=")
    async def _send(self, call: Call) -> Later | None:
        number = call.number(0, 0, 9)
        count = call.number(1, 1, LONGEST) if call.count() > 1 else None
        socket = self.sockets.get(number)
        if socket is None or socket.state != "open":
            raise AtError()
        data = await self.payload(count, False)
        if data is None:
            return None
        taken = self._take(socket, data)
        lost = self.modem.faults.hit("send_ok_lost", self.modem.current)
        return Later(
            self._said(f"+CIPSEND: {number},{len(data)},{taken}", bool(lost)),
            "" if lost else "OK")

    def _take(self, socket: Socket, data: bytes) -> int:
        stream = socket.stream
        room = BUFFER - (stream.total - stream.acknowledged)
        if self.modem.faults.hit("send_fail", self.modem.current) or room <= 0:
            return 0
        try:
            stream.send(data[:room])
        except NetworkError:
            return -1
        return min(room, len(data))

    async def _said(self, text: str, lost: bool) -> None:
        if not lost:
            self.modem.urc(text)

    # Receiving

    @at("+CIPRXGET=")
    async def _receive(self, call: Call) -> None:
        mode = call.number(0, 0, 4)
        if mode < 2:
            self.manual = bool(mode)
            return
        socket = self.sockets.get(call.number(1, 0, 9))
        if socket is None or not self.manual:
            raise AtError()
        number = socket.number
        if mode == 4:
            self.modem.line.info(f"+CIPRXGET: 4,{number},{len(socket.received)}")
            return
        data = socket.take(call.number(2, 1, LONGEST if mode == 2 else LONGEST // 2, LONGEST // 2))
        rest = len(socket.received)
        socket.told = bool(rest)
        if not data and self.part.name.startswith("SIM7600"):
            self.modem.line.info("+IP ERROR: No data")
            raise AtError()
        head = f"+CIPRXGET: {mode},{number},{len(data)},{rest}"
        if not data:
            self.modem.line.info(head)
        else:
            self.modem.line.counted(head, data if mode == 2 else data.hex().upper().encode())

    @at("+CIPRXGET?")
    async def _receive_mode(self, call: Call) -> None:
        self.modem.line.info(f"+CIPRXGET: {int(self.manual)}")

    @at("+CIPSRIP=")
    async def _source(self, call: Call) -> None:
        self.show_source = bool(call.number(0, 0, 1))

    @at("+CIPMODE=", "+CIPCCFG=", "+CIPTIMEOUT=", "+CTCPKA=", "+CIPHEAD=", "+CIPSENDMODE=",
        "+CIPMODE?")
    async def _taken_too(self, call: Call) -> None:
        """Taken and without effect here; only the non-transparent mode is modelled."""

    def data_came(self, socket: Socket) -> None:
        """Manual: told until read empty. Pushed: header, bytes, and nothing after them."""
        if socket.number >= BASE:
            self.cch_data(socket)
        elif not self.manual:
            while socket.received:
                if self.show_source:
                    address = self.modem.air.address_of(socket.host) or socket.host
                    self.modem.urc(f"RECV FROM:{address}:{socket.port}")
                data = socket.take(LONGEST)
                self.modem.urc(f"+RECEIVE,{socket.number},{len(data)}", data, b"")
        elif not socket.told:
            socket.told = True
            head = f"+CIPRXGET: 1,{socket.number}"
            if not self.modem.faults.hit("recv_notice_lost", head):
                self.modem.urc(head)

    def peer_closed(self, socket: Socket) -> None:
        """What has come can still be read."""
        if socket.number >= BASE:
            self.cch_closed(socket)
            return
        head = f"+IPCLOSE: {socket.number},1"
        if not self.modem.faults.hit("close_urc_lost", head):
            self.modem.urc(head)
