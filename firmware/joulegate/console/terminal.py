"""The serial line as the console uses it: bytes as they come, and writing that never hangs.

A host that does not read must not hold the meter up: what cannot be sent within a deadline is
discarded and counted.
"""

import asyncio
import select
import time

from micropython import const

_CHUNK = const(64)
"""A USB packet: what a port takes without waiting once it says that it takes anything."""
_READ_MAX = const(256)
_PATIENCE_MS = const(250)


class Terminal:
    def __init__(self, reader: object, writer: object) -> None:
        """reader, writer: byte streams fit for select.poll; on the boards stdin and stdout."""
        self._stream = asyncio.StreamReader(reader)
        self._reader = reader
        self._writer = writer
        if hasattr(reader, "any"):
            self._any = reader.any
        else:
            self._readable = select.poll()
            self._readable.register(reader, select.POLLIN)
            self._any = self._poll_input
        self._writable = select.poll()
        self._writable.register(writer, select.POLLOUT)
        self._byte = bytearray(1)
        self._deaf = False
        self.discarded = 0
        """Bytes that no host took."""

    async def read(self) -> bytes:
        """Wait for input; return what is there, at most 256 bytes."""
        first = await self._stream.read(1)
        self._deaf = False
        if not first:
            await asyncio.sleep_ms(10)
            return b""
        received = bytearray(first)
        # A byte at a time: reading more from a port's standard input waits for all of it.
        while len(received) < _READ_MAX and self._any():
            if not self._reader.readinto(self._byte):
                break
            received.extend(self._byte)
        return bytes(received)

    def _poll_input(self) -> bool:
        return bool(self._readable.poll(0))

    def write(self, data: bytes) -> None:
        """Send bytes; once a host has let the deadline pass, only what it takes at once."""
        at = 0
        while at < len(data):
            if not self._writable.poll(0 if self._deaf else _PATIENCE_MS):
                self._deaf = True
                self.discarded += len(data) - at
                return
            sent = self._writer.write(data[at:at + _CHUNK])
            if not sent:
                time.sleep_ms(1)
                continue
            at += sent

    def print(self, *values: object, sep: str = " ", end: str = "\n") -> None:
        """Print as the built-in does, with the line ends of a serial terminal."""
        text = sep.join([v if isinstance(v, str) else str(v) for v in values]) + end
        self.write(text.replace("\n", "\r\n").encode())
