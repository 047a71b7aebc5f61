"""Quectel's TLS by QSSL*, and its parts: BG95, BG96, EC200, EC800, BC66, BC660K.

Fact sheet, sections 3 and 5.1. A handshake that fails is error 566, like a connect. "sni" only
tells the server which name is meant; "checkhost" (Quectel's SSL notes) has the certificate's
compared.
"""

from tools.modem.command_line import AtError, Call
from tools.modem.family import Later, Part, Socket, at
from tools.modem.quectel_qi import LONGEST_READ, Qi
from tools.modem.tls import TlsSettings

_VERSIONS = {0: ("1.0", "1.0"), 1: ("1.0", "1.0"), 2: ("1.1", "1.1"), 3: ("1.2", "1.2"),
             4: ("1.0", "1.2")}
_KEYS = (
    "sslversion", "ciphersuite", "seclevel", "cacert", "clientcert", "clientkey",
    "ignorelocaltime", "sni", "checkhost", "negotiatetime", "session_cache",
    "ignoreinvalidcertsign",
)


class Quectel(Qi):
    """Six TLS contexts; connections share their numbers with those of QI*."""

    parts = {
        "BG95": Part("BG95-M3", "Quectel", ("RDY", "APP RDY")),
        "BG96": Part("BG96", "Quectel", ("RDY", "APP RDY")),
        "EC200": Part(
            "EC200U", "Quectel", ("RDY", "+CPIN: READY", "+QIND: SMS DONE", "+QIND: PB DONE")),
        "EC800": Part(
            "EC800M", "Quectel", ("RDY", "+CPIN: READY", "+QIND: SMS DONE", "+QIND: PB DONE")),
        "BC66": Part("BC66", "Quectel", ("RDY", "+CFUN: 1", "+CPIN: READY"), sms=False,
                     ppp=False),
        "BC660K": Part("BC660K-GL", "Quectel", ("RDY", "+CFUN: 1", "+CPIN: READY"), sms=False,
                       ppp=False),
    }

    def defaults(self) -> None:
        """TLS without verification."""
        self.ssl: dict[tuple[str, int], list[str]] = {}
        super().defaults()

    def _no_bc(self) -> None:
        if self.is_bc:
            raise AtError()

    @at("+QSSLCFG=")
    async def _ssl_configure(self, call: Call) -> None:
        self._no_bc()
        key, context = call.text(0).lower(), call.number(1, 0, 5)
        if key not in _KEYS:
            raise AtError()
        if call.count() == 2:
            values = ",".join(self.ssl.get((key, context), ["0"]))
            self.modem.line.info(f'+QSSLCFG: "{key}",{context},{values}')
            return
        highs = {"sslversion": 4, "seclevel": 2, "ignorelocaltime": 1, "sni": 1, "checkhost": 1}
        if key in highs:
            call.number(2, 0, highs[key])
        self.ssl[key, context] = [call.text(i, "") for i in range(2, call.count())]

    def _ssl_file(self, key: str, context: int) -> bytes:
        name = self.ssl.get((key, context), [""])[0].removeprefix("UFS:")
        if name and name not in self.modem.files:
            self.modem.note("network", f"{key} {name}: no such file")
        return self.modem.files.get(name, b"")

    def _ssl_settings(self, context: int) -> TlsSettings:
        def number(key: str, default: int) -> int:
            return int(self.ssl.get((key, context), [str(default)])[0])

        level = number("seclevel", 0)
        lowest, highest = _VERSIONS[number("sslversion", 4)]
        modem = self.modem
        return TlsSettings(
            verify=level > 0, ca=self._ssl_file("cacert", context),
            certificate=self._ssl_file("clientcert", context) if level == 2 else b"",
            key=self._ssl_file("clientkey", context) if level == 2 else b"",
            name_check=bool(number("checkhost", 0)), lowest=lowest, highest=highest,
            clock=None if number("ignorelocaltime", 1) else modem.clock.now(modem.uptime))

    @at("+QSSLOPEN=")
    async def _ssl_open(self, call: Call) -> Later:
        self._no_bc()
        context, ssl_context = call.number(0, 1, 16), call.number(1, 0, 5)
        number, host, port = call.number(2, 0, 11), call.text(3), call.number(4, 1, 65535)
        mode = call.number(5, 0, 1, 0)
        socket = Socket(number, self, host, port, mode)
        return Later(self._opened(
            "+QSSLOPEN", socket, self._free(number, context), self._ssl_settings(ssl_context)))

    @at("+QSSLSEND=")
    async def _ssl_send(self, call: Call) -> str | None:
        self._no_bc()
        return await self._prompted(self._writable(call.number(0, 0, 11), True), call)

    @at("+QSSLRECV=")
    async def _ssl_read(self, call: Call) -> None:
        self._no_bc()
        socket = self.sockets.get(call.number(0, 0, 11))
        if socket is None or socket.state == "opening" or not socket.tls:
            raise self.fail(550 if socket is None else 572)
        self._give(socket, "+QSSLRECV", call.number(1, 1, LONGEST_READ))

    @at("+QSSLCLOSE=")
    async def _ssl_close(self, call: Call) -> None:
        self._no_bc()
        await self._close(call)

    @at("+QSSLSTATE", "+QSSLSTATE=")
    async def _ssl_state(self, call: Call) -> None:
        self._no_bc()
        for number, s in sorted(self.sockets.items()):
            if s.tls:
                self.modem.line.info(
                    f'+QSSLSTATE: {number},"SSLClient","{s.host}",{s.port},'
                    f'{s.stream.local_port},{2 if s.state == "open" else 4},1,{number},'
                    f'{s.mode},"uart1",0')
