"""SIMCom SIM7080, SIM7070: sockets by CA*; fact sheet, sections 3 and 5.3.

AT+CARECV answers with the length alone on the SIM7080, as observed, and with the socket before
it on the SIM7070, as the maker's manual shows it; clients must live with either.
"""

import asyncio

from tools.modem.air import NetworkError
from tools.modem.command_line import AtError, Call
from tools.modem.family import Later, Part, Socket, at
from tools.modem.network_commands import Context
from tools.modem.simcom import SimCom
from tools.modem.tls import TlsSettings

LONGEST = 1459
BUFFER = 16384
_KINDS = {"dns": 20, "connect": 23, "timeout": 27, "tls": 26, "closed": 27}
_BOOT = ("RDY", "+CFUN: 1", "+CPIN: READY", "SMS Ready")


class Sim7080(SimCom):
    """Thirteen sockets on application network 0, which CNACT opens."""

    parts = {
        "SIM7080": Part("SIM7080G", "SIMCOM_Ltd", _BOOT),
        "SIM7070": Part("SIM7070G", "SIMCOM_Ltd", _BOOT),
    }
    ntp_good = 1

    def defaults(self) -> None:
        """Application network 0 down; sockets without TLS."""
        super().defaults()
        self.app_apn = ""
        self.app_active = False
        self.ca_tls: dict[tuple[int, str], str] = {}

    # Application network

    @at("+CNCFG=")
    async def _configure_app(self, call: Call) -> None:
        call.number(0, 0, 3)
        call.number(1, 0, 4)
        self.app_apn = call.text(2, "")

    @at("+CNACT=")
    async def _activate_app(self, call: Call) -> Later:
        call.number(0, 0, 3)
        wanted = bool(call.number(1, 0, 2))
        if wanted == self.app_active:
            raise AtError()
        return Later(self._app_changed(wanted))

    async def _app_changed(self, wanted: bool) -> None:
        self.modem.counts["pdp"] += 1
        await asyncio.sleep(self.modem.air.delay_s)
        self.contexts[1] = Context("IP", self.app_apn)
        self.app_active = self.contexts[1].active = wanted and self.usable(1)
        if not self.app_active:
            self.drop_sockets()
        self.modem.urc(f"+APP PDP: 0,{'ACTIVE' if self.app_active else 'DEACTIVE'}")

    @at("+CNACT?")
    async def _app_state(self, call: Call) -> None:
        for number in range(4):
            on = self.app_active and not number
            address = "10.64.128.7" if on else "0.0.0.0"
            self.modem.line.info(f'+CNACT: {number},{int(on)},"{address}"')

    def context_lost(self) -> None:
        """Sockets are closed first, as far as anyone is told."""
        super().context_lost()
        if self.app_active:
            self.app_active = False
            self.modem.urc("+APP PDP: 0,DEACTIVE")

    # Files

    @at("+CFSINIT", "+CFSTERM")
    async def _file_service(self, call: Call) -> None:
        """The file service has no state here."""

    @at("+CFSWFILE=")
    async def _write_file(self, call: Call) -> None:
        call.number(0, 0, 3)
        name, size = call.text(1), call.number(3, 1, 10240)
        self.modem.files[name] = await self.payload(size, False, "DOWNLOAD\r\n") or b""

    @at("+CFSGFIS=")
    async def _file_size(self, call: Call) -> None:
        call.number(0, 0, 3)
        if call.text(1) not in self.modem.files:
            raise AtError()
        self.modem.line.info(f"+CFSGFIS: {len(self.modem.files[call.text(1)])}")

    @at("+CFSDFILE=")
    async def _delete_file(self, call: Call) -> None:
        if self.modem.files.pop(call.text(1), None) is None:
            raise AtError()

    # Sockets

    @at("+CACID=")
    async def _choose(self, call: Call) -> None:
        call.number(0, 0, 12)

    @at("+CASSLCFG=")
    async def _tls_of_socket(self, call: Call) -> None:
        key = call.text(1).upper()
        if key not in ("SSL", "CRINDEX", "CACERT", "CERT", "CERTKEY", "SNI"):
            raise AtError()
        self.ca_tls[call.number(0, 0, 12), key] = call.text(2)

    def _tls(self, number: int) -> TlsSettings | None:
        if self.ca_tls.get((number, "SSL"), "0") != "1":
            return None
        context = int(self.ca_tls.get((number, "CRINDEX"), "0"))
        settings = self.ssl_settings(context)
        ca = self.modem.files.get(self.ca_tls.get((number, "CACERT"), ""), b"")
        settings.ca, settings.verify = ca, bool(ca)
        settings.certificate = self.modem.files.get(self.ca_tls.get((number, "CERT"), ""), b"")
        settings.key = self.modem.files.get(self.ca_tls.get((number, "CERTKEY"), ""), b"")
        settings.name_check = (number, "SNI") in self.ca_tls or ("sni", context) in self.ssl
        return settings

    @at("+CAOPEN=")
    async def _open(self, call: Call) -> None:
        number = call.number(0, 0, 12)
        call.number(1, 0, 3)
        if call.text(2).upper() != "TCP":
            raise AtError()
        socket = Socket(number, self, call.text(3), call.number(4, 1, 65535))
        there, result = self.sockets.get(number), 0
        if not self.app_active:
            result = 21
        elif there is not None:
            result = 3
        else:
            self.modem.counts["opens"] += 1
            try:
                await self.open_socket(socket, self._tls(number))
            except NetworkError as problem:
                result = _KINDS[problem.kind]
        self.modem.line.info(f"+CAOPEN: {number},{result}")

    @at("+CASTATE?")
    async def _states(self, call: Call) -> None:
        for number, socket in sorted(self.sockets.items()):
            self.modem.line.info(f"+CASTATE: {number},{int(socket.state == 'open')}")

    @at("+CACLOSE=")
    async def _close(self, call: Call) -> None:
        if self.close_socket(call.number(0, 0, 12)) is None:
            raise AtError()

    @at("+CASEND=")
    async def _send(self, call: Call) -> str | None:
        socket = self.sockets.get(call.number(0, 0, 12))
        count = call.number(1, 1, LONGEST)
        if socket is None or socket.state != "open":
            raise AtError()
        data = await self.payload(count, False) or b""
        stream = socket.stream
        full = stream.total - stream.acknowledged + len(data) > BUFFER and not socket.tls
        if full or self.modem.faults.hit("send_fail", self.modem.current):
            raise AtError()
        try:
            stream.send(data)
        except NetworkError:
            raise AtError() from None
        return self.sent("OK")

    @at("+CARECV=")
    async def _receive(self, call: Call) -> None:
        socket = self.sockets.get(call.number(0, 0, 12))
        if socket is None:
            raise AtError()
        data = socket.take(call.number(1, 1, LONGEST))
        socket.told = bool(socket.received)
        first = f"{socket.number}," if self.part.name == "SIM7070G" else ""
        head = f"+CARECV: {first}{len(data)}"
        self.modem.line.inline(head + "," if data else head, data)

    def data_came(self, socket: Socket) -> None:
        """Told until read empty."""
        if not socket.told:
            socket.told = True
            head = f"+CADATAIND: {socket.number}"
            if not self.modem.faults.hit("recv_notice_lost", head):
                self.modem.urc(head)

    def peer_closed(self, socket: Socket) -> None:
        """The number stays taken until the client closes too."""
        head = f"+CASTATE: {socket.number},0"
        if not self.modem.faults.hit("close_urc_lost", head):
            self.modem.urc(head)
