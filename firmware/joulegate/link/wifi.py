"""Wi-Fi: joins one of the networks that are known, and is a socket transport then.

No scan: it blocks for seconds on both chips. The networks are tried one after the other, the
last that worked first. After some rounds without any the radio is switched off and on.
Source: MicroPython documentation, network.WLAN.
"""

import asyncio

from micropython import const

from joulegate.link.errors import LinkError
from joulegate.link.socket_transport import SocketTransport

JOIN_MS = const(20000)
"""Longest wait for one network."""
OFF_AFTER = const(3)
"""Rounds without a network after which the radio is switched off and on."""
OFF_MS = const(1000)
_POLL_MS = const(100)
_DNS = const(3)  # of ifconfig()


class WifiTransport(SocketTransport):
    def __init__(self, wlan: object, settings: object, clock: object) -> None:
        """wlan: a network.WLAN of a station. settings: a LinkSettings; `wifi` is a list of
        [network, password]."""
        super().__init__("wifi", clock)
        self._wlan = wlan
        self._settings = settings
        self._first = 0
        self._rounds = 0
        self.joined = ""
        """Name of the network joined last."""

    async def attach(self) -> None:
        """Join a network; LinkError when none can be."""
        if self._wlan.isconnected():
            return
        networks = self._settings.values["wifi"]
        if not networks:
            raise LinkError("wifi: no network is known")
        await self._switch_on()
        failed = []
        for i in range(len(networks)):
            index = (self._first + i) % len(networks)
            name, password = networks[index]
            why = await self._join(name, password)
            if not why:
                self._first = index
                self._rounds = 0
                self.joined = name
                self._dns = self._wlan.ifconfig()[_DNS].replace("0.0.0.0", "")
                return
            failed.append("%s %s" % (name, why))
        self._rounds += 1
        raise LinkError("wifi: " + ", ".join(failed))

    def signal(self) -> "int | None":
        """Return the strength in dBm, None while not joined or not known."""
        try:
            return self._wlan.status("rssi") if self._wlan.isconnected() else None
        except (OSError, ValueError, TypeError):
            return None

    async def _switch_on(self) -> None:
        if self._rounds >= OFF_AFTER:
            self._rounds = 0
            self._wlan.active(False)
            await asyncio.sleep_ms(OFF_MS)
        self._wlan.active(True)

    async def _join(self, name: str, password: str) -> str:
        """Try one network; return why not, or nothing."""
        try:
            self._wlan.disconnect()
            self._timed(self._wlan.connect, name, password or None)
            began = self._clock.ticks_ms()
            while self._clock.ticks_diff(self._clock.ticks_ms(), began) < JOIN_MS:
                if self._wlan.isconnected():
                    return ""
                await asyncio.sleep_ms(_POLL_MS)
            return "does not answer (%s)" % self._wlan.status()
        except (OSError, ValueError) as e:
            return "fails: %s" % e
