"""An RS485 bus on this computer: pseudo terminals on which everybody hears everybody else."""

import os
import pty
import select
import threading
import tty

_PIECE = 4096


class SerialBus:
    """Use it with `with`; `paths` are its terminals, the meter's first.

    What is said is heard at once: `world/paced_line.py` has characters take their time.
    """

    def __init__(self, ends: int = 2) -> None:
        """ends: how many are on the bus."""
        pairs = [pty.openpty() for _ in range(ends)]
        self._masters = [master for master, _ in pairs]
        # Held open, so that an end can be closed and opened again by who is on it.
        self._slaves = [slave for _, slave in pairs]
        for slave in self._slaves:
            tty.setraw(slave)
        self.paths = [os.ttyname(slave) for slave in self._slaves]
        self._stop_read, self._stop_write = os.pipe()
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
            ready, _, _ = select.select([*self._masters, self._stop_read], [], [])
            if self._stop_read in ready:
                return
            for speaker in self._masters:
                if speaker in ready:
                    data = os.read(speaker, _PIECE)
                    for hearer in self._masters:
                        if hearer != speaker:
                            _write(hearer, data)


def _write(master: int, data: bytes) -> None:
    """Give an end what it hears; what nobody reads is lost, as on a wire."""
    _, ready, _ = select.select([], [master], [], 0)
    if ready:
        os.write(master, data)
