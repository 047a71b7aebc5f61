"""SIMCom SIM7020: sockets by CSO*, data as hexadecimal; fact sheet, sections 3 and 5.4."""

from tools.modem.air import NetworkError
from tools.modem.command_line import AtError, Call
from tools.modem.family import Later, Part, Socket, at
from tools.modem.simcom import SimCom

LONGEST_HEX = 1024
LONGEST_NOTICE = 512
BUFFER = 8192


class Sim7020(SimCom):
    """Five sockets; a socket is made, then connected to an address, no name."""

    parts = {"SIM7020": Part(
        "SIM7020E", "SIMCOM_Ltd", ("RDY", "+CPIN: READY", "+CFUN: 1"), ppp=False)}
    always_active = True
    ntp_good = 0

    def defaults(self) -> None:
        """No sockets, data in as hexadecimal, no confirmation."""
        super().defaults()
        self.made: set[int] = set()
        self.text_in = self.confirm = self.psm_events = False

    def drop_sockets(self) -> None:
        """Those not connected yet are gone too."""
        super().drop_sockets()
        self.made = set()

    def context_lost(self) -> None:
        """Nothing is said: the next command on a socket fails."""
        super().context_lost()
        self.made.clear()

    def psm_event(self, what: str) -> None:
        """Said if AT+CPSMSTATUS= asked for it."""
        if self.psm_events:
            self.modem.urc(f'+CPSMSTATUS: "{what} PSM"')

    @at("+CPSMSTATUS=")
    async def _events(self, call: Call) -> None:
        self.psm_events = bool(call.number(0, 0, 1))

    @at("*MCGDEFCONT=")
    async def _default_context(self, call: Call) -> None:
        if self.modem.cfun == 1:
            raise AtError(3)
        self.contexts[1].apn = call.text(1, "")

    @at("*MCGDEFCONT?")
    async def _default_context_now(self, call: Call) -> None:
        self.modem.line.info(f'*MCGDEFCONT: "IP","{self.contexts[1].apn}"')

    @at("+CSOC=")
    async def _make(self, call: Call) -> None:
        call.number(0, 1, 1)
        if call.number(1, 1, 2) != 1:
            raise AtError(4)
        if not self.usable(1):
            raise AtError(30)
        number = next((n for n in range(5) if n not in self.made), None)
        if number is None:
            raise AtError(3)
        self.made.add(number)
        self.modem.line.info(f"+CSOC: {number}")

    @at("+CSOCON=")
    async def _connect(self, call: Call) -> None:
        number, port, host = call.number(0, 0, 4), call.number(1, 1, 65535), call.text(2)
        if number not in self.made or number in self.sockets:
            raise AtError(3)
        if not host.replace(".", "").isdecimal():
            raise AtError(50)
        self.modem.counts["opens"] += 1
        try:
            await self.open_socket(Socket(number, self, host, port))
        except NetworkError:
            raise AtError(3) from None

    @at("+CSOCL=")
    async def _close(self, call: Call) -> None:
        number = call.number(0, 0, 4)
        if number not in self.made:
            raise AtError(3)
        self.made.discard(number)
        self.close_socket(number)

    @at("+CSOSENDFLAG=")
    async def _set_confirm(self, call: Call) -> None:
        self.confirm = bool(call.number(0, 0, 1))

    @at("+CSORCVFLAG=")
    async def _set_text(self, call: Call) -> None:
        self.text_in = bool(call.number(0, 0, 1))

    @at("+CREVHEX=")
    async def _old_hex(self, call: Call) -> None:
        self.text_in = not call.number(0, 0, 1)

    @at("+CSOSEND=")
    async def _send(self, call: Call) -> Later | str:
        socket = self.sockets.get(call.number(0, 0, 4))
        if socket is None or socket.state != "open":
            raise AtError(3)
        count, text = call.number(1, 0, LONGEST_HEX), call.text(2)
        if not count:
            data = text.encode("latin-1")
        else:
            if len(text) != count or count % 2 or call.quoted[2]:
                raise AtError(50)
            try:
                data = bytes.fromhex(text)
            except ValueError:
                raise AtError(50) from None
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
        return Later(self._accepted_bytes(len(data))) if self.confirm else "OK"

    async def _accepted_bytes(self, count: int) -> None:
        self.modem.urc(f"DATA ACCEPT: {count}")

    def data_came(self, socket: Socket) -> None:
        """Pushed at once; the number counts hexadecimal characters."""
        while socket.received:
            data = socket.take(LONGEST_NOTICE)
            shown = data.decode("latin-1") if self.text_in else data.hex().upper()
            head = f"+CSONMI: {socket.number},{len(shown)},{shown}"
            if not self.modem.faults.hit("recv_notice_lost", head):
                self.modem.urc(head)

    def peer_closed(self, socket: Socket) -> None:
        """The far end has closed, or the network has."""
        head = f"+CSOERR: {socket.number},-1"
        if not self.modem.faults.hit("close_urc_lost", head):
            self.modem.urc(head)
