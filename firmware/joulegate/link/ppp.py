"""PPP: the modem dials, then the board's own network stack speaks over its UART.

Whether the other end is alive shows only when something is wanted of it: a stream that cannot be
opened ends PPP too, and the next attempt dials anew.
Source: MicroPython documentation, network.PPP, and issue 16887; RFC 1661.
"""

import asyncio

from micropython import const

from joulegate.link.errors import LinkError
from joulegate.link.socket_transport import SocketTransport

UP_MS = const(60000)
DOWN_MS = const(8000)
"""Two requests to terminate go without an answer, 3 s each, before PPP ends by itself."""
_POLL_MS = const(100)
_DNS = const(3)  # of ifconfig()


class PppTransport(SocketTransport):
    def __init__(self, modem: object, make_ppp: object, settings: object, clock: object) -> None:
        """modem: answers `async attach()`, `async dial(number)` which returns the stream once
        CONNECT has come, `async hang_up(failure)` which takes the stream back, and signal(), as
        a Dialler does. make_ppp: network.PPP. settings: a LinkSettings.
        """
        super().__init__("ppp", clock)
        self._modem = modem
        self._make_ppp = make_ppp
        self._settings = settings
        self._ppp: object = None
        self._dialled = False
        self._received = 0  # before dialling

    async def attach(self) -> None:
        """Dial and bring PPP up; at once if it is. LinkError, and the modem has hung up."""
        if self._dialled and self._ppp is not None and self._ppp.isconnected():
            return
        await self._end("it has ended without data")
        await self._modem.attach()
        stream = await self._modem.dial(self._settings.values["ppp_number"])
        self._dialled = True
        self._received = self.received
        try:
            if self._ppp is None:
                # Once: when another of before is collected, it takes the stream's interrupt away.
                self._ppp = self._make_ppp(stream)
            self._start()
            if await self._becomes(self._settled, UP_MS) and self._ppp.isconnected():
                self._dns = self._ppp.ifconfig()[_DNS].replace("0.0.0.0", "")
                return
            why = _reason(self._ppp.status())
        except (OSError, ValueError, MemoryError) as e:
            why = str(e)
        await self._end(why)
        raise LinkError(_named(why))

    async def open(self, host: str, port: int, tls: "object | None") -> None:
        """Connect to a host; LinkError, and PPP is down: it may be of no use any more."""
        try:
            await super().open(host, port, tls)
        except LinkError as e:
            await self._end(str(e))
            raise

    async def release(self) -> None:
        """Take PPP down and hang up, for whoever wants the modem for something else."""
        await self._end("")

    def signal(self) -> "int | None":
        """Return what the modem said last: it takes no commands while PPP is up."""
        return self._modem.signal()

    def _start(self) -> None:
        values = self._settings.values
        if values["apn_user"]:
            self._ppp.connect(security=self._ppp.SEC_PAP, user=values["apn_user"],
                              key=values["apn_password"])
        else:
            self._ppp.connect()

    def _settled(self) -> bool:
        """Whether PPP is up, or has given up."""
        return self._ppp.isconnected() or self._ppp.status() < 0

    def _down(self) -> bool:
        """Whether PPP leaves the stream alone: one that still begins or ends does not."""
        return not self._ppp.isconnected() and self._ppp.status() <= 0

    async def _becomes(self, condition: object, limit_ms: int) -> bool:
        began = self._clock.ticks_ms()
        while self._clock.ticks_diff(self._clock.ticks_ms(), began) < limit_ms:
            if condition():
                return True
            await asyncio.sleep_ms(_POLL_MS)
        return False

    async def _end(self, why: str) -> None:
        """Take PPP down and the stream back. why: what it is blamed for if no data came."""
        if not self._dialled:
            return
        self.close()
        if self._ppp is not None:
            try:
                self._ppp.disconnect()
                if not await self._becomes(self._down, DOWN_MS):
                    # Without asking the other side, as its finaliser would.
                    self._ppp.__del__()
            except OSError:
                pass  # the modem ends the call all the same
        self._dialled = False
        await self._modem.hang_up(
            _named(why) if why and self.received == self._received else "")


def _named(why: str) -> str:
    """Return it with the name of the transport before it, once."""
    return why if why.startswith("ppp: ") else "ppp: " + why


def _reason(status: int) -> str:
    """Return why there is no address; the numbers are those of lwIP's ppp.h, negative."""
    names = {-6: "the line was lost", -7: "name or password refused",
             -9: "the other side is silent", -12: "the modem only echoes"}
    if status < 0:
        return names.get(status, "status %d" % status)
    return "no address within %d s" % (UP_MS // 1000)
