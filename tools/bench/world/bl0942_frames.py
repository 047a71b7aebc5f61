"""SPI frames of the modelled BL0942: six bytes in mode 1, in or out of step with the master.

Source: Shanghai Belling BL0942 data sheet V1.1, and the faults that a bus may have.
"""

from micropython import const

_RATE_MAX_HZ = 900_000
_READ = const(0x58)
_WRITE = const(0xA8)


class FrameReceiver:
    def __init__(self, awake: object, read: object, write: object, selectable: bool) -> None:
        """awake(): whether the chip answers; read(address) gives 24 bits; write(address, value);
        selectable: it has an NCS pin."""
        self._awake = awake
        self._read = read
        self._write = write
        self._selectable = selectable
        self._selected = not selectable
        self._format_right = True
        self.stuck = None
        """Fault: the level MISO is stuck at, 0 or 1, or None."""
        self._lost = 0
        self._swallowed = 0
        self._flipped = 0
        self._ones = 0
        self.begin()

    def bus_format(self, rate_Hz: int, polarity: int, phase: int) -> None:
        """Take note of how the master's bus is set: anything else is not understood."""
        self._format_right = rate_Hz <= _RATE_MAX_HZ and (polarity, phase) == (0, 1)

    def cs(self, level: int) -> None:
        """Drive NCS, low to select; a chip without the pin takes no notice."""
        if self._selectable:
            self._selected = not level
            self.begin()

    def exchange(self, tx: bytes, rx: bytearray) -> None:
        """Shift bytes in while as many come out."""
        for i in range(len(tx)):
            out = 0xFF
            if self._format_right and self._selected and self._awake():
                out = self._shift(tx[i])
            if self.stuck is not None:
                out = 0xFF if self.stuck else 0
            rx[i] = out

    def lose_next_read(self, times: int = 1) -> None:
        """Fault: the chip does not see the address of the next reads."""
        self._lost = times

    def swallow(self, count: int = 1) -> None:
        """Fault: the chip misses so many bytes, as after a spike on SCLK."""
        self._swallowed = count

    def spike(self) -> None:
        """Fault: the chip sees one clock too many."""
        self._slip = (self._slip + 1) % 8

    def flip_next_read(self, mask: int) -> None:
        """Fault: bits of the next answer, 24 of data and 8 of check sum, arrive turned over."""
        self._flipped = mask

    def begin(self) -> None:
        """Wait for the first bit of a frame."""
        self._next()
        self._slip = 0
        self._heard = self._said = 0xFFFF

    def _next(self) -> None:
        self._frame = []
        self._answer = None

    def _shift(self, byte: int) -> int:
        """Take a byte and give one, out of step by the clocks that only one side has seen."""
        if self._swallowed:
            self._swallowed -= 1
            return 0xFF
        self._ones = self._ones + 1 if byte == 0xFF else 0
        if self._ones == 6:
            self.begin()
            return 0xFF
        slip = self._slip
        self._heard = (self._heard << 8 | byte) & 0xFFFF
        self._said = (self._said << 8 | self._clock(self._heard >> slip & 0xFF)) & 0xFFFF
        return self._said >> 8 - slip & 0xFF if slip else self._said & 0xFF

    def _clock(self, byte: int) -> int:
        if self._answer is not None:
            out = self._answer.pop(0)
            if not self._answer:
                self._next()
            return out
        frame = self._frame
        frame.append(byte)
        if frame[0] not in (_READ, _WRITE):
            self._next()
        elif frame[0] == _READ and len(frame) == 2:
            if self._lost:
                self._lost -= 1
                self._next()
            else:
                self._answer = self._reply(byte)
        elif len(frame) == 6:
            if ~sum(frame[:5]) & 0xFF == frame[5]:
                self._write(frame[1], frame[2] << 16 | frame[3] << 8 | frame[4])
            self._next()
        return 0xFF

    def _reply(self, address: int) -> list:
        value = self._read(address)
        data = [value >> 16, value >> 8 & 0xFF, value & 0xFF]
        data.append(~(_READ + address + sum(data)) & 0xFF)
        mask = self._flipped
        self._flipped = 0
        return [byte ^ (mask >> shift & 0xFF) for byte, shift in zip(data, (24, 16, 8, 0))]
