"""PPP: the modem dials, then the board's own network stack speaks over its UART.

Dialling is ATD*99#, answered by CONNECT (3GPP TS 27.007, section 10.1.7 and annex); from then
on the UART carries PPP and no commands. Source: MicroPython documentation, network.PPP.
"""

import asyncio

from micropython import const

from joulegate.link.errors import LinkError
from joulegate.link.socket_transport import SocketTransport

UP_MS = const(60000)
DOWN_MS = const(5000)
_POLL_MS = const(100)
_DNS = const(3)  # of ifconfig()


class PppTransport(SocketTransport):
    def __init__(self, modem: object, make_ppp: object, settings: object, clock: object) -> None:
        """modem: answers `async attach()`, `async dial(number)` which returns the stream once
        CONNECT has come, `async hang_up()` which takes the stream back, and signal().
        make_ppp: network.PPP. settings: a LinkSettings.
        """
        super().__init__("ppp", clock)
        self._modem = modem
        self._make_ppp = make_ppp
        self._settings = settings
        self._ppp: object = None

    async def attach(self) -> None:
        """Dial and bring PPP up; at once if it is. LinkError, and the modem has hung up."""
        if self._ppp is not None and self._ppp.isconnected():
            return
        await self._end()
        await self._modem.attach()
        stream = await self._modem.dial(self._settings.values["ppp_number"])
        try:
            self._ppp = self._make_ppp(stream)
            self._ppp.active(True)
            self._start()
            if await self._becomes(True, UP_MS):
                self._dns = self._ppp.ifconfig()[_DNS].replace("0.0.0.0", "")
                return
            why = "no address within %d s" % (UP_MS // 1000)
        except (OSError, ValueError) as e:
            why = str(e)
        await self._end()
        raise LinkError("ppp: " + why)

    def signal(self) -> "int | None":
        """Return what the modem said last: it takes no commands while PPP is up."""
        return self._modem.signal()

    def _start(self) -> None:
        values = self._settings.values
        if values["apn_user"]:
            self._ppp.connect(
                self._ppp.SEC_PAP, values["apn_user"], values["apn_password"])
        else:
            self._ppp.connect()

    async def _becomes(self, up: bool, limit_ms: int) -> bool:
        began = self._clock.ticks_ms()
        while self._clock.ticks_diff(self._clock.ticks_ms(), began) < limit_ms:
            if self._ppp.isconnected() == up:
                return True
            await asyncio.sleep_ms(_POLL_MS)
        return False

    async def _end(self) -> None:
        """Take PPP down and the stream back."""
        if self._ppp is None:
            return
        self.close()
        try:
            self._ppp.disconnect()
            await self._becomes(False, DOWN_MS)
            self._ppp.active(False)
        except OSError:
            pass
        self._ppp = None
        await self._modem.hang_up()
