"""The radio link and the network behind it: delay, rate, loss, names, and streams that are real.

Streams end at 127.0.0.1 and nowhere else. Names come from a table; each also has an address of
its own, for the modems that look a name up first and open the address then. A lost segment of
TCP comes late, as a retransmission, and all behind it wait.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable

from tools.modem.tls import Tls, TlsError, TlsSettings

LOOPBACK = "127.0.0.1"
SEGMENT = 1400
OPEN_TIMEOUT_S = 20.0
RETRANSMIT_S = 1.0


class NetworkError(Exception):
    """`kind` says why: dns, connect, timeout, tls, closed."""

    def __init__(self, kind: str, why: str = "") -> None:
        super().__init__(f"{kind}: {why}" if why else kind)
        self.kind = kind


class Air:
    """One cell: what is common to all streams of a modem."""

    def __init__(
        self, delay_s: float = 0.0, rate: int = 0, loss: float = 0.0, seed: int = 1
    ) -> None:
        """`delay_s` there and back, `rate` in bit/s (0: no limit), `loss` a segment, 0 to 1."""
        self.delay_s, self.rate, self.loss = delay_s, rate, loss
        self.random = random.Random(seed)
        self.hosts: dict[str, int] = {}
        self.reachable = True
        self.counted: Callable[[int], None] = lambda count: None
        self._addresses: list[str] = []
        self._free_at = [0.0, 0.0]

    def add_host(self, text: str) -> None:
        """NAME=PORT, or NAME:REQUESTED=PORT for one requested port only; ValueError."""
        name, _, port = text.partition("=")
        if not name or not port.isdecimal() or not 0 < int(port) < 65536:
            raise ValueError(f"host {text!r}: must be NAME=PORT or NAME:REQUESTED=PORT")
        self.hosts[name.lower()] = int(port)
        plain = name.lower().partition(":")[0]
        if plain not in self._addresses:
            self._addresses.append(plain)

    def address_of(self, name: str) -> str | None:
        """The made-up address of a name; None when it is not in the table."""
        if name.lower() in ("localhost", LOOPBACK):
            return LOOPBACK
        if name.lower() in self._addresses:
            return f"10.64.0.{self._addresses.index(name.lower()) + 1}"
        return name if name.startswith("10.64.0.") else None

    def resolve(self, host: str, port: int) -> int:
        """The port of this machine that stands for `host` and `port`; NetworkError."""
        name = host.lower()
        if name in (LOOPBACK, "localhost"):
            return port
        if name.startswith("10.64.0."):
            index = name.removeprefix("10.64.0.")
            if index.isdecimal() and 0 < int(index) <= len(self._addresses):
                name = self._addresses[int(index) - 1]
        for key in (f"{name}:{port}", name):
            if key in self.hosts:
                return self.hosts[key]
        is_address = name.replace(".", "").isdecimal()
        raise NetworkError("connect" if is_address else "dns", f"{host} is not in the table")

    def after(self, direction: int, size: int, last: float) -> float:
        """When `size` bytes sent in `direction` (0 up, 1 down) are there, not before `last`."""
        now = asyncio.get_running_loop().time()
        busy = size * 8 / self.rate if self.rate else 0.0
        self._free_at[direction] = max(now, self._free_at[direction]) + busy
        due = self._free_at[direction] + self.delay_s / 2
        wait = max(RETRANSMIT_S, 2 * self.delay_s)
        while self.loss and self.random.random() < self.loss:
            due += wait
            wait *= 2
        return max(due, last)


class Stream(asyncio.Protocol):
    """One TCP connection through the air. `on_data`, `on_close` come when the modem learns."""

    def __init__(
        self, air: Air, on_data: Callable[[bytes], None], on_close: Callable[[], None]
    ) -> None:
        self._air, self._on_data, self._on_close = air, on_data, on_close
        self._transport: asyncio.Transport | None = None
        self._tls: Tls | None = None
        self._last = [0.0, 0.0]
        # What is on its way up and down, in order; None is the end. Callbacks of the loop that
        # are due at the same instant come in any order, so they take what is first here.
        self._way: tuple[deque[bytes | None], deque[bytes | None]] = (deque(), deque())
        self.total = self.acknowledged = 0
        self.silent = False
        self.open = False
        self._left = False
        self.local_port = 0

    async def connect(self, host: str, port: int, tls: TlsSettings | None) -> None:
        """Look up, connect, and shake hands for TLS; NetworkError."""
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                await self._connect(host, port, tls)
        except TimeoutError:
            self.abort()
            raise NetworkError("timeout") from None

    async def _connect(self, host: str, port: int, tls: TlsSettings | None) -> None:
        air = self._air
        if not host.replace(".", "").isdecimal():
            await asyncio.sleep(air.delay_s)
        target = air.resolve(host, port)
        await asyncio.sleep(air.delay_s)
        if not air.reachable:
            await asyncio.sleep(OPEN_TIMEOUT_S)
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: self, LOOPBACK, target)
        except OSError as error:
            raise NetworkError("connect", str(error)) from None
        assert self._transport is not None
        self.local_port = self._transport.get_extra_info("sockname")[1]
        if tls is not None:
            self._tls = Tls(tls, host, self._up)
            try:
                await self._tls.handshake()
            except TlsError as error:
                self.abort()
                raise NetworkError("tls", str(error)) from None
        self.open = True

    # What the modem does

    def send(self, data: bytes) -> None:
        """Take `data` on its way; NetworkError when the connection is over."""
        if not self.open:
            raise NetworkError("closed")
        self._air.counted(len(data))
        self.total += len(data)
        if self._tls is not None:
            self._tls.write(data)
        else:
            self._up(data)

    def _carry(self, direction: int, data: bytes | None) -> None:
        loop = asyncio.get_running_loop()
        pieces = [None] if data is None else [
            data[start:start + SEGMENT] for start in range(0, len(data), SEGMENT)]
        for piece in pieces:
            self._last[direction] = self._air.after(
                direction, len(piece or b""), self._last[direction])
            self._way[direction].append(piece)
            loop.call_at(self._last[direction], self._delivered if direction else self._arrived)

    def _up(self, data: bytes) -> None:
        self._carry(0, data)

    def _arrived(self) -> None:
        piece = self._way[0].popleft()
        if self.silent or self._transport is None or self._transport.is_closing():
            return
        if piece is None:
            self._transport.close()
            return
        self._transport.write(piece)
        asyncio.get_running_loop().call_later(
            self._air.delay_s / 2, self._acknowledge, len(piece))

    def _acknowledge(self, count: int) -> None:
        if not self.silent:
            self.acknowledged += count

    def close(self) -> None:
        """Close from the modem's side: a FIN after what is on its way; a silent one never ends."""
        self.open, self._left = False, True
        self._carry(0, None)

    def abort(self) -> None:
        """Cut it at once."""
        self.open, self._left = False, True
        if self._transport is not None:
            self._transport.abort()

    def vanish(self) -> None:
        """The modem is gone without a word: the far end learns nothing."""
        self.silent = True
        self.open = False

    # What the far end does

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        if not self.silent:
            self._carry(1, data)

    def _delivered(self) -> None:
        piece = self._way[1].popleft()
        if self.silent or self._left:
            return
        if piece is None:
            self._ended()
            return
        if self._tls is not None:
            piece = self._tls.received(piece)
        if piece:
            self._air.counted(len(piece))
            self._on_data(piece)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self._carry(1, None)

    def _ended(self) -> None:
        if self._tls is not None:
            self._tls.ended()
        if self.open:
            self.open = False
            self._on_close()

    def hold(self, full: bool) -> None:
        """Stop or resume reading from the far end: the modem's receive buffer is full."""
        if self._transport is not None and not self._transport.is_closing():
            if full:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()
