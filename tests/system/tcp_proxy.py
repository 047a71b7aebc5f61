"""A TCP proxy on loopback that treats connections badly on demand: what a network does.

    with TcpProxy(port) as proxy:
        proxy.cut_after = 17        # the next connection ends after 17 bytes, both ways counted
        proxy.silent = True         # nothing goes through any more, and nobody is told
        proxy.drop()                # all connections end now
"""

import contextlib
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable

_CHUNK = 4096
_TICK_S = 0.005


class _Pair:
    """One connection: the client's socket and the one to the real server."""

    def __init__(self, client: socket.socket, server: socket.socket, limit: int | None) -> None:
        self.ends = (client, server)
        self.limit = limit
        self.passed = 0
        self.late: list[tuple[float, socket.socket, bytes]] = []

    def other(self, end: socket.socket) -> socket.socket:
        return self.ends[1] if end is self.ends[0] else self.ends[0]


class TcpProxy:
    """Use it with `with`; its threads and sockets end there."""

    def __init__(self, port: int) -> None:
        """port: of the server on loopback that connections go to."""
        self.target = port
        self.cut_after: int | Callable[[int], int | None] | None = None
        """After how many bytes a new connection ends; a function of its number, or None."""
        self.silent = False
        self.refuse = False
        """New connections are closed at once."""
        self.delay_s = 0.0
        self.reset = True
        """A cut is an RST; otherwise a FIN."""
        self.accepted = 0
        self.passed = 0
        """Bytes of all connections, both ways."""
        self._pairs: list[_Pair] = []
        self._drop = threading.Event()
        self._stop = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "TcpProxy":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=10)
        for pair in list(self._pairs):
            self._end(pair)
        self._listener.close()
        self._selector.close()

    def drop(self) -> None:
        """End all connections there are."""
        self._drop.set()
        while self._drop.is_set() and self._thread.is_alive():
            time.sleep(_TICK_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            for key, _ in self._selector.select(_TICK_S):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.data in self._pairs and not self.silent:
                    self._read(key.data, key.fileobj)  # type: ignore[arg-type]
            if self.silent:
                time.sleep(_TICK_S)
            if self._drop.is_set():
                for pair in list(self._pairs):
                    self._end(pair)
                self._drop.clear()
            for pair in list(self._pairs):
                self._send_late(pair)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        number = self.accepted
        self.accepted += 1
        if self.refuse:
            client.close()
            return
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=2)
        except OSError:
            client.close()
            return
        limit = self.cut_after(number) if callable(self.cut_after) else self.cut_after
        pair = _Pair(client, server, limit)
        self._pairs.append(pair)
        if limit == 0:
            self._end(pair)
            return
        for end in pair.ends:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(end, selectors.EVENT_READ, pair)

    def _read(self, pair: _Pair, end: socket.socket) -> None:
        size = _CHUNK if pair.limit is None else min(_CHUNK, pair.limit - pair.passed)
        try:
            data = end.recv(size)
        except OSError:
            data = b""
        if not data:
            self._end(pair)
            return
        pair.passed += len(data)
        self.passed += len(data)
        pair.late.append((time.monotonic() + self.delay_s, pair.other(end), data))
        self._send_late(pair)
        if pair.limit is not None and pair.passed >= pair.limit:
            self._end(pair)

    def _send_late(self, pair: _Pair) -> None:
        while pair.late and pair.late[0][0] <= time.monotonic():
            _, end, data = pair.late.pop(0)
            try:
                end.sendall(data)
            except OSError:
                self._end(pair)
                return

    def _end(self, pair: _Pair) -> None:
        if pair not in self._pairs:
            return
        self._pairs.remove(pair)
        for end in pair.ends:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(end)
            if self.reset:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.close()
