"""A transport over the sockets of the board: unix port, ESP32, Pico W.

Connecting and the TLS handshake go step by step, without blocking; each call that still took
long (looking a name up, the arithmetic of a handshake) is counted in `stalls` and the longest
kept, so that what holds metering up can be seen.
"""

import asyncio
import select
import socket
from errno import EAGAIN, EINPROGRESS

from micropython import const

from joulegate.link.errors import LinkError
from joulegate.link.resolver import is_address, resolve
from joulegate.link.tls import describe

STALL_MS = const(20)
"""A call that takes longer is counted."""
CONNECT_MS = const(20000)
_POLL_MS = const(10)


class SocketTransport:
    """The plain network of a computer, and what Wi-Fi and PPP have in common."""

    def __init__(self, name: str, clock: object, dns: str = "") -> None:
        """clock: answers ticks_ms and ticks_diff. dns: address of a name server; without one,
        names are looked up by the system, which blocks."""
        self.name = name
        self._clock = clock
        self._dns = dns
        self._stream: object = None
        self._socket: object = None
        self.sent = 0
        self.received = 0
        self.stalls = 0
        """Calls that took longer than STALL_MS."""
        self.longest_stall_ms = 0

    async def attach(self) -> None:
        """Nothing to do: the network is there."""

    def signal(self) -> "int | None":
        return None

    async def open(self, host: str, port: int, tls: "object | None") -> None:
        """Connect to a host; tls: a Tls or None. LinkError, and there is no stream."""
        self.close()
        address = await self._address(host, port)
        try:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._socket.setblocking(False)
            await self._connect(address, "%s:%d" % (host, port))
            self._stream = self._socket if tls is None else self._timed(tls.wrap, self._socket)
        except OSError as e:
            self.close()
            raise LinkError("%s: %s:%d: %s" % (self.name, host, port, e)) from None
        except BaseException:
            self.close()
            raise

    async def _address(self, host: str, port: int) -> object:
        """Return what a socket takes for the host."""
        if self._dns and not is_address(host):
            host = await resolve(host, self._dns, self._clock)
        try:
            return self._timed(socket.getaddrinfo, host, port, 0, socket.SOCK_STREAM)[0][-1]
        except (OSError, IndexError) as e:
            raise LinkError("%s: %s: no address: %s" % (self.name, host, e)) from None

    async def _connect(self, address: object, text: str) -> None:
        try:
            self._socket.connect(address)
            return
        except OSError as e:
            if e.errno not in (EINPROGRESS, EAGAIN):
                raise
        poller = select.poll()
        poller.register(self._socket, select.POLLOUT)
        began = self._clock.ticks_ms()
        while self._clock.ticks_diff(self._clock.ticks_ms(), began) < CONNECT_MS:
            for _, flags in poller.poll(0):
                if flags & (select.POLLERR | select.POLLHUP):
                    raise LinkError("%s: %s: refused, or no way there" % (self.name, text))
                return
            await asyncio.sleep_ms(_POLL_MS)
        raise LinkError("%s: %s: no answer within %d s" % (self.name, text, CONNECT_MS // 1000))

    def send(self, data: bytes) -> int:
        """See transport.py. During a TLS handshake there is no room."""
        count = self._call("write", data)
        self.sent += count
        return count

    def receive_into(self, buffer: bytearray) -> int:
        count = self._call("readinto", buffer)
        if count < 0:
            raise LinkError("%s: closed by the other side" % self.name)
        self.received += count
        return count

    def close(self) -> None:
        for part in (self._stream, self._socket):
            if part is not None:
                try:
                    part.close()
                except OSError:
                    pass
        self._stream = self._socket = None

    def _call(self, name: str, buffer: object) -> int:
        """Return what a call on the stream gave: 0 for nothing now, -1 for its end."""
        if self._stream is None:
            raise LinkError("%s: no stream is open" % self.name)
        try:
            count = self._timed(getattr(self._stream, name), buffer)
        except OSError as e:
            if e.errno == EAGAIN:
                return 0
            # Numbers below zero are Mbed TLS's.
            part = "tls: " if e.errno and e.errno < 0 else ""
            raise LinkError("%s: %s%s" % (self.name, part, describe(e))) from None
        except ValueError as e:
            # Mbed TLS tells a certificate that it does not believe in this way.
            raise LinkError("%s: tls: %s" % (self.name, describe(e))) from None
        if count is None:
            return 0
        return count if count or not len(buffer) else -1

    def _timed(self, function: object, *arguments: object) -> object:
        clock = self._clock
        began = clock.ticks_ms()
        try:
            return function(*arguments)
        finally:
            took = clock.ticks_diff(clock.ticks_ms(), began)
            if took > STALL_MS:
                self.stalls += 1
                if took > self.longest_stall_ms:
                    self.longest_stall_ms = took
