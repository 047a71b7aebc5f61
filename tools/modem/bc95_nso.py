"""Quectel BC95: sockets by NSO*, data as hexadecimal; fact sheet, sections 3 and 5.5.

No space after the colon of its answers, 9600 baud, no SMS.
"""

import asyncio

from tools.modem.air import NetworkError
from tools.modem.command_line import AtError, Call
from tools.modem.family import Later, Part, Socket, at
from tools.modem.network_commands import Network

LONGEST = 512
BUFFER = 4096


class Bc95(Network):
    """Seven sockets; made by NSOCR, connected by NSOCO."""

    parts = {"BC95": Part("BC95-G", "Quectel", ("REBOOT_CAUSE_UNKNOWN", "Neul", "OK"),
                          sms=False, rate=9600)}
    always_active = True

    def defaults(self) -> None:
        """No sockets; context 0 is the one there is."""
        super().defaults()
        self.contexts[0] = self.contexts[1]
        self.made: set[int] = set()
        self.modem.line.compact = True

    def drop_sockets(self) -> None:
        """Those not connected yet are gone too."""
        super().drop_sockets()
        self.made = set()

    @at("+NSOCR=")
    async def _make(self, call: Call) -> None:
        if call.text(0).upper() != "STREAM" or call.number(1, 0, 17) != 6:
            raise AtError(4)
        call.number(2, 0, 65535)
        number = next((n for n in range(1, 8) if n not in self.made), None)
        if number is None or not self.modem.registration.data:
            raise AtError(3)
        self.made.add(number)
        self.modem.line.info(str(number))

    @at("+NSOCO=")
    async def _connect(self, call: Call) -> None:
        number, host, port = call.number(0, 0, 7), call.text(1), call.number(2, 1, 65535)
        if number not in self.made or number in self.sockets:
            raise AtError(3)
        if not host.replace(".", "").isdecimal():
            raise AtError(50)
        self.modem.counts["opens"] += 1
        try:
            await self.open_socket(Socket(number, self, host, port))
        except NetworkError:
            raise AtError(3) from None

    @at("+NSOCL=")
    async def _close(self, call: Call) -> None:
        number = call.number(0, 0, 7)
        if number not in self.made:
            raise AtError(3)
        self.made.discard(number)
        self.close_socket(number)

    @at("+NSOSD=")
    async def _send(self, call: Call) -> str:
        socket = self.sockets.get(call.number(0, 0, 7))
        count = call.number(1, 1, LONGEST)
        try:
            data = bytes.fromhex(call.text(2))
        except ValueError:
            raise AtError(50) from None
        if len(data) != count:
            raise AtError(50)
        if socket is None or socket.state != "open":
            raise AtError(3)
        stream = socket.stream
        full = stream.total - stream.acknowledged + len(data) > BUFFER
        if full or self.modem.faults.hit("send_fail", self.modem.current):
            raise AtError(3)
        try:
            stream.send(data)
        except NetworkError:
            raise AtError(3) from None
        if self.modem.faults.hit("send_ok_lost", self.modem.current):
            return ""
        self.modem.line.info(f"{socket.number},{count}")
        return "OK"

    @at("+NSORF=")
    async def _receive(self, call: Call) -> None:
        socket = self.sockets.get(call.number(0, 0, 7))
        if socket is None:
            raise AtError(3)
        data = socket.take(call.number(1, 1, LONGEST))
        rest = len(socket.received)
        socket.told = bool(rest)
        if data:
            self.modem.line.info(
                f"{socket.number},{socket.host},{socket.port},{len(data)},"
                f"{data.hex().upper()},{rest}")

    def data_came(self, socket: Socket) -> None:
        """Told until read empty."""
        if not socket.told:
            socket.told = True
            head = f"+NSONMI: {socket.number},{len(socket.received)}"
            if not self.modem.faults.hit("recv_notice_lost", head):
                self.modem.urc(head)

    def peer_closed(self, socket: Socket) -> None:
        """What has come can still be read."""
        head = f"+NSOCLI: {socket.number}"
        if not self.modem.faults.hit("close_urc_lost", head):
            self.modem.urc(head)

    @at("+QDNS=")
    async def _look_up(self, call: Call) -> Later:
        return Later(self._looked_up(call.text(1)))

    async def _looked_up(self, name: str) -> None:
        await asyncio.sleep(self.modem.air.delay_s)
        address = self.modem.air.address_of(name)
        self.modem.urc(f"+QDNS: {address}" if address else "+QDNS: FAIL")

    @at("+NRB")
    async def _restart(self, call: Call) -> str:
        self.modem.count_cfun()
        self.modem.line.info("REBOOTING")
        self.modem.reset_soon()
        return ""

    @at("+NCONFIG=", "+NBAND=", "+NPSMR=", "+NSONMI=")
    async def _set_and_forget(self, call: Call) -> None:
        """Taken and without effect here."""
