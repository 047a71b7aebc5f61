"""What SIMCom's families share: names and time from the network, power, TLS settings."""

import asyncio
from typing import Any

from tools.modem.command_line import AtError, Call
from tools.modem.family import Later, at
from tools.modem.sms_commands import Sms
from tools.modem.tls import TlsSettings

_VERSIONS = {0: ("1.0", "1.0"), 1: ("1.0", "1.0"), 2: ("1.1", "1.1"), 3: ("1.2", "1.2"),
             4: ("1.0", "1.2")}


class SimCom(Sms):
    """CDNSGIP, CNTP, CPOF, CPOWD, CRESET, CREBOOT, CSSLCFG."""

    ntp_good = 0
    """What +CNTP: says when the time was had; it differs between families."""
    connect = "CONNECT 115200"

    def defaults(self) -> None:
        """No time server; TLS without verification."""
        super().defaults()
        self.ntp_host = ""
        self.ssl: dict[tuple[str, int], str] = {}

    @at("+CDNSGIP=")
    async def _look_up(self, call: Call) -> None:
        await asyncio.sleep(self.modem.air.delay_s)
        address = self.modem.air.address_of(call.text(0))
        if address is None:
            self.modem.line.info("+CDNSGIP: 0,8")
            raise AtError()
        self.modem.line.info(f'+CDNSGIP: 1,"{call.text(0)}","{address}"')

    @at("+CNTP=")
    async def _set_ntp(self, call: Call) -> None:
        self.ntp_host = call.text(0)
        call.number(1, -96, 96, 0)

    @at("+CNTP")
    async def _ntp(self, call: Call) -> Later:
        return Later(self._ntp_done())

    async def _ntp_done(self) -> None:
        modem = self.modem
        await asyncio.sleep(2 * modem.air.delay_s)
        good = modem.registration.data and modem.air.address_of(self.ntp_host) is not None
        if good:
            modem.clock.set(modem.clock.network_now(), modem.uptime)
        modem.urc(f"+CNTP: {self.ntp_good if good else 61}")

    @at("+CPOF")
    async def _off(self, call: Call) -> Later:
        return Later(self.shut_down())

    @at("+CPOWD=")
    async def _power_down(self, call: Call) -> Later:
        call.number(0, 0, 1)
        return Later(self.shut_down("NORMAL POWER DOWN"))

    @at("+CRESET", "+CREBOOT")
    async def _restart(self, call: Call) -> Later:
        self.modem.count_cfun()
        return Later(self.reset())

    # TLS

    @at("+CSSLCFG=")
    async def _ssl_configure(self, call: Call) -> None:
        key = call.text(0).lower()
        highs = {"sslversion": 4, "authmode": 3, "ignorelocaltime": 1, "ignorertctime": 1,
                 "enablesni": 1}
        if key == "convert":
            if call.text(2) not in self.modem.files:
                raise AtError()
            return
        context = call.number(1, 0, 9)
        if key in highs:
            call.number(2, 0, highs[key])
        elif key not in ("cacert", "clientcert", "clientkey", "sni", "negotiatetime",
                         "ciphersuites", "ciphersuite", "protocol"):
            raise AtError()
        self.ssl[key, context] = call.text(2)

    def ssl_file(self, key: str, context: int) -> bytes:
        """The bytes of the file that a setting names; b"" for none."""
        return self.modem.files.get(self.ssl.get((key, context), ""), b"")

    def ssl_settings(self, context: int) -> TlsSettings:
        """What a TLS context was told; authmode 0 none, 1 server, 2 both, 3 client only."""
        mode = int(self.ssl.get(("authmode", context), "0"))
        lowest, highest = _VERSIONS[int(self.ssl.get(("sslversion", context), "4"))]
        own = mode in (2, 3)
        # The SIM70x0 calls it by another name.
        no_clock = "0" not in (self.ssl.get(("ignorelocaltime", context)),
                               self.ssl.get(("ignorertctime", context)))
        return TlsSettings(
            verify=mode in (1, 2), ca=self.ssl_file("cacert", context),
            certificate=self.ssl_file("clientcert", context) if own else b"",
            key=self.ssl_file("clientkey", context) if own else b"",
            name_check=self.ssl.get(("enablesni", context), "0") == "1",
            lowest=lowest, highest=highest,
            clock=None if no_clock else self.modem.clock.now(self.modem.uptime))

    @at("+CSCLK=", "+CGSOCKCONT=", "+CMNB=", "+CNMP=")
    async def _taken_as_is(self, call: Call) -> Any:
        """Taken and without effect here."""
