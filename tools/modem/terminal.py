"""The serial line of a modem: a pty in raw mode, paced as a UART of a given rate would be."""

import asyncio
import contextlib
import os
import pty
import tty
from collections.abc import Callable
from pathlib import Path

ROOM = 65536
"""Bytes that may wait to be sent; what comes beyond is lost and counted."""
CHUNK_S, CATCH_UP_S = 0.005, 0.02
"""What is passed on at once when the rate is limited, and how far a late wake-up is made good."""


class Pace:
    """When the next bytes have gone over a line of `rate` baud, ten bits a byte."""

    def __init__(self) -> None:
        self._due = 0.0

    def begin(self) -> None:
        """The line was idle until now."""
        self._due = max(self._due, asyncio.get_running_loop().time())

    async def wait(self, rate: int, count: int) -> None:
        """Wait until `count` more bytes are through."""
        now = asyncio.get_running_loop().time()
        self._due = max(self._due, now - CATCH_UP_S) + count * 10 / rate
        if self._due > now:
            await asyncio.sleep(self._due - now)


class Terminal:
    """The master side. `heard` is called with what the client wrote, at the rate of the line."""

    def __init__(self, rate: int, link: Path | None, heard: Callable[[bytes], None]) -> None:
        self._heard = heard
        self.rate = rate
        self.lost = 0
        self.split: tuple[int, float] | None = None
        self.spoil: Callable[[bytes], bytes] | None = None
        self._out = bytearray()
        self._in = bytearray()
        self._wake_out = asyncio.Event()
        self._wake_in = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._link = link
        if link is not None:
            with contextlib.suppress(FileNotFoundError):
                if link.is_symlink():
                    link.unlink()
            link.symlink_to(self.path)

    def start(self) -> None:
        """Begin to listen and to speak; the event loop must run."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._master, self._readable)
        self._tasks = [loop.create_task(self._speak()), loop.create_task(self._listen())]

    def close(self) -> None:
        """Give the pty back and take the link away."""
        asyncio.get_running_loop().remove_reader(self._master)
        for task in self._tasks:
            task.cancel()
        os.close(self._master)
        os.close(self._slave)
        if self._link is not None and self._link.is_symlink():
            self._link.unlink()

    def write(self, data: bytes) -> None:
        """Say `data` as soon as the line is free."""
        if self.spoil is not None:
            data = self.spoil(data)
        room = max(0, ROOM - len(self._out))
        self.lost += len(data[room:])
        self._out += data[:room]
        self._wake_out.set()

    def forget(self) -> None:
        """Drop what waits in either direction: the modem has lost its power."""
        self._out.clear()
        self._in.clear()

    def _readable(self) -> None:
        try:
            data = os.read(self._master, 4096)
        except (BlockingIOError, OSError):
            return
        self._in += data
        self._wake_in.set()

    def _chunk(self) -> int:
        return max(4, int(self.rate / 10 * CHUNK_S)) if self.rate else 1024

    async def _listen(self) -> None:
        pace = Pace()
        while True:
            await self._wake_in.wait()
            self._wake_in.clear()
            pace.begin()
            while self._in:
                chunk = bytes(self._in[: self._chunk()])
                del self._in[: len(chunk)]
                if self.rate:
                    await pace.wait(self.rate, len(chunk))
                self._heard(chunk)

    async def _speak(self) -> None:
        pace = Pace()
        while True:
            await self._wake_out.wait()
            self._wake_out.clear()
            pace.begin()
            while self._out:
                size, gap = self.split or (self._chunk(), 0.0)
                if self.rate:
                    await pace.wait(self.rate, len(self._out[:size]))
                try:
                    written = os.write(self._master, self._out[:size])
                except BlockingIOError:
                    await asyncio.sleep(0.005)
                    continue
                del self._out[:written]
                await asyncio.sleep(gap)
