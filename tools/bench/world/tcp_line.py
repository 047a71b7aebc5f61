"""The far end of a serial line: a TCP port of this computer that one peer at a time connects to.

What the meter says while nobody is connected is lost, as on a wire with nothing at its end.
"""

import select
import socket

import uselect

_HOST = "127.0.0.1"
_TCP = 6  # protocol number; the socket module does not name these
_NO_DELAY = 1
_PATIENCE_MS = 2000  # wall time


class TcpLine:
    """A model for wiring.wire_uart: `any`, `read`, `write`."""

    def __init__(self, port: int) -> None:
        """port: 1 to 65535, on the loopback address. OSError if it is taken."""
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(socket.getaddrinfo(_HOST, port)[0][-1])
        self._listener.listen(1)
        self._peer = None

    def any(self) -> int:
        """Return whether a read would bring something; takes a waiting peer in."""
        if self._peer is None:
            if not _ready(self._listener, select.POLLIN, 0):
                return 0
            self._peer = self._listener.accept()[0]
            self._peer.setblocking(False)
            self._peer.setsockopt(_TCP, _NO_DELAY, 1)
        return 1 if _ready(self._peer, select.POLLIN, 0) else 0

    def read(self, nbytes: int) -> bytes:
        if not self.any():
            return b""
        try:
            received = self._peer.recv(nbytes)
        except OSError:
            received = b""
        if not received:
            self._hang_up()
        return received

    def write(self, data: bytes) -> None:
        at = 0
        while self._peer is not None and at < len(data):
            if not _ready(self._peer, select.POLLOUT, _PATIENCE_MS):
                self._hang_up()
                break
            try:
                at += self._peer.send(data[at:])
            except OSError:
                self._hang_up()

    def _hang_up(self) -> None:
        self._peer.close()
        self._peer = None

    def close(self) -> None:
        if self._peer is not None:
            self._hang_up()
        self._listener.close()


def _ready(stream: object, event: int, wall_ms: int) -> bool:
    poller = uselect.poll()
    poller.register(stream, event)
    return bool(poller.poll(wall_ms))
