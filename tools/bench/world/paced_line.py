"""A tty whose characters take their time, as on a wire of a baud rate.

A pseudo terminal has no rate: what is written is there at once, and whoever would pace it from
outside must have the processor for every character. Here each character is held back until its
stop bit would be over, both ways; a computer that is late lengthens a silence, never a frame.
"""

from world import bench_clock

_BITS = 11


class PacedLine:
    """A model for wiring.wire_uart: `any`, `read`, `write`."""

    def __init__(self, tty: object, baudrate: int) -> None:
        """tty: any, read and write; on a pseudo terminal."""
        self._tty = tty
        self._character_us = -(-_BITS * 1_000_000 // baudrate)
        self._held = b""
        self._first_us = 0

    def any(self) -> int:
        """Return how many characters have come."""
        now = bench_clock.now_us()
        if self._tty.any():
            if not self._held:
                self._first_us = now + self._character_us
            self._held += self._tty.read(4096)
        if not self._held or now < self._first_us:
            return 0
        return min(len(self._held), 1 + (now - self._first_us) // self._character_us)

    def read(self, nbytes: int) -> bytes:
        size = min(nbytes, self.any())
        found = self._held[:size]
        self._held = self._held[size:]
        self._first_us += size * self._character_us
        return found

    def write(self, data: bytes) -> None:
        data = bytes(data)
        bench_clock.after_us(len(data) * self._character_us, lambda: self._tty.write(data))
