"""An RS485 bus on this computer: pseudo terminals on which everybody hears everybody else."""

import heapq
import os
import pty
import select
import threading
import time
import tty

_PIECE = 4096
_BITS = 11
_STALL_S = 0.002


class SerialBus:
    """Use it with `with`; `paths` are its terminals, the meter's first.

    With a baud rate, characters take their time as on a wire; without, they are there at once.
    """

    def __init__(self, ends: int = 2, baudrate: int = 0) -> None:
        """ends: how many are on the bus. baudrate: of the wire, 0 for none."""
        self._character_s = _BITS / baudrate if baudrate else 0.0
        pairs = [pty.openpty() for _ in range(ends)]
        self._masters = [master for master, _ in pairs]
        # Held open, so that an end can be closed and opened again by who is on it.
        self._slaves = [slave for _, slave in pairs]
        for slave in self._slaves:
            tty.setraw(slave)
        self.paths = [os.ttyname(slave) for slave in self._slaves]
        self._free_at = [0.0] * ends
        self._coming: list[tuple[float, int, int, bytes]] = []
        self._count = 0
        self._stop_read, self._stop_write = os.pipe()
        self.stalls = 0
        """Characters that came late, because this computer had other things to do."""
        self._thread = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self) -> "SerialBus":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._stop_write, b"x")
        self._thread.join()
        for fd in (*self._masters, *self._slaves, self._stop_read, self._stop_write):
            os.close(fd)

    def _carry(self) -> None:
        while True:
            wait = max(0.0, self._coming[0][0] - time.monotonic()) if self._coming else None
            ready, _, _ = select.select([*self._masters, self._stop_read], [], [], wait)
            if self._stop_read in ready:
                return
            for end, master in enumerate(self._masters):
                if master in ready:
                    self._hear(end, os.read(master, _PIECE))
            while self._coming and self._coming[0][0] <= time.monotonic():
                due, _, end, data = heapq.heappop(self._coming)
                self.stalls += 0 < due < time.monotonic() - _STALL_S
                for other, master in enumerate(self._masters):
                    if other != end:
                        _write(master, data)

    def _hear(self, end: int, data: bytes) -> None:
        """Take what an end says, to be heard when its last bit is there."""
        if not self._character_s:
            self._add(0.0, end, data)
            return
        at = max(self._free_at[end], time.monotonic())
        for byte in data:
            at += self._character_s
            self._add(at, end, bytes((byte,)))
        self._free_at[end] = at

    def _add(self, at: float, end: int, data: bytes) -> None:
        self._count += 1
        heapq.heappush(self._coming, (at, self._count, end, data))


def _write(master: int, data: bytes) -> None:
    """Give an end what it hears; what nobody reads is lost, as on a wire."""
    _, ready, _ = select.select([], [master], [], 0)
    if ready:
        os.write(master, data)
