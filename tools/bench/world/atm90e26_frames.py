"""SPI side of the modelled ATM90E26: frames of 24 clocks, and faults put on them.

Source: Microchip 46002B, SPI interface. The first byte is read (bit 7 set) or write and the
address, the other two the word. Chip select going high judges the frame by its clocks: only a
frame of exactly 24 writes, clears what a read clears, and moves LastData. MISO reads 1 where the
chip does not drive it: address byte, write frame, chip not ready.
"""

from micropython import const

from world.atm90e26_registers import (
    CHECKSUM,
    ENERGY,
    FINE,
    KINDS,
    LAST_DATA,
    LSB,
    STATUS,
)

_FRAME = const(24)
_READ = const(0x80)
_LONGEST_PAUSE_MS = const(6)
# Values of the clock counter that are no count: chip not selected, frame given up.
_IDLE = const(-1)
_DEAD = const(1 << 20)
# What the master sees of a read that lost a clock differs from the word in these bits.
_GARBAGE = const(0xA5C3)


class FrameReceiver:
    """Receives frames for the registers of a chip.

    `fractions` holds the low word of every fine measurement by address; `fetch(address, kind)`
    gives the word a read finds, `write(address, word)` carries a write out. No property here:
    on MicroPython one would make every assignment to an attribute several times slower.
    """

    def __init__(self, registers: list, fractions: list, fetch: object, write: object) -> None:
        self._registers = registers
        self._fractions = fractions
        self._fetch = fetch
        self._write = write
        self._listening = False
        self._clocks = _IDLE
        self._shift = 0
        self._head = 0
        self._word = 0
        self._sent = 0
        self._lost = False
        self._reads_to_lose = 0
        self._flip = 0
        self._disturbed = False
        self.stuck = None

    def listen(self) -> None:
        """Answer from the next frame on: the chip is ready."""
        self._listening = True

    def deafen(self) -> None:
        """Answer no more, nor the rest of a frame under way: the chip is in reset or off."""
        self._listening = False
        if self._clocks != _IDLE:
            self._clocks = _DEAD

    def cs(self, level: int) -> None:
        """Set the chip select pin: 0 begins a frame, 1 ends it."""
        if level:
            if self._clocks == _FRAME:
                self._finish()
            self._clocks = _IDLE
        elif self._clocks == _IDLE:
            self._clocks = 0 if self._listening else _DEAD
            self._lost = False

    def exchange(self, tx: bytes, rx: bytearray | None) -> None:
        """Clock the bytes of `tx` in; `rx` (None, or as long, or `tx` itself) takes MISO."""
        # A whole frame at once, the usual case. Few locals: MicroPython then needs no heap.
        if self._clocks or len(tx) != 3 or (rx is not None and len(rx) != 3):
            self._exchange_bytes(tx, rx)
            return
        word = tx[0]
        self._head = word
        self._clocks = _FRAME
        if word & _READ:
            word &= 0x7F
            kind = KINDS[word]
            if kind < CHECKSUM or kind == ENERGY:
                word = self._registers[word]
            else:
                word = self._fetch(word, kind)
            self._word = word
            if self._disturbed:
                word = self._disturb(word)
        else:
            self._word = (tx[1] << 8) | tx[2]
            word = 0xFFFF
        if rx is not None:
            rx[0] = 0xFF
            rx[1] = word >> 8
            rx[2] = word & 0xFF
            if self.stuck is not None:
                rx[0] = rx[1] = rx[2] = 0xFF * self.stuck

    def _exchange_bytes(self, tx: bytes, rx: bytearray | None) -> None:
        if rx is not None and len(rx) != len(tx):
            raise ValueError("rx has %d bytes, tx %d: must be as long" % (len(rx), len(tx)))
        for place in range(len(tx)):
            seen = self.clock_bits(tx[place], 8)
            if rx is not None:
                rx[place] = seen

    def clock_bits(self, value: int, bits: int) -> int:
        """Clock the low `bits` bits of `value`, the highest first; return the MISO bits."""
        if bits < 0:
            raise ValueError("bits is %r: must not be negative" % (bits,))
        seen = 0
        for place in range(bits - 1, -1, -1):
            seen = (seen << 1) | self._clock((value >> place) & 1)
        if self.stuck is not None:
            seen = ((1 << bits) - 1) * self.stuck
        return seen

    def _clock(self, bit: int) -> int:
        clocks = self._clocks
        if clocks < 0 or clocks >= _DEAD:
            return 1
        clocks += 1
        self._clocks = clocks
        self._shift = ((self._shift << 1) | bit) & 0xFFFF
        if clocks > 8:
            if self._head & _READ:
                return (self._sent >> (_FRAME - clocks)) & 1 if clocks <= _FRAME else 1
            if clocks == _FRAME:
                self._word = self._shift
        elif clocks == 8:
            self._head = self._shift & 0xFF
            if self._head & _READ:
                self._word = self._fetch(self._head & 0x7F, KINDS[self._head & 0x7F])
                self._sent = self._disturb(self._word)
        return 1

    def pause(self, ms: int) -> None:
        """Hold the clock still for `ms`: above 6 ms inside a frame, the frame is given up.

        This is the gap on the bus only; the time itself passes in `advance`.
        """
        if ms > _LONGEST_PAUSE_MS and 0 < self._clocks < _FRAME:
            self._clocks = _DEAD

    def _finish(self) -> None:
        """Carry out the frame of 24 clocks that chip select has just ended."""
        address = self._head & 0x7F
        word = self._word
        if self._head & _READ:
            if self._lost:
                return
            words = self._registers
            kind = KINDS[address]
            words[LAST_DATA] = word
            if kind == ENERGY:
                words[address] = (words[address] - word) & 0xFFFF
            elif kind == STATUS:
                words[address] &= ~word
            elif kind == FINE:
                words[LSB] = self._fractions[address]
        else:
            self._registers[LAST_DATA] = word
            self._write(address, word)

    def lose_next_read(self, n: int = 1) -> None:
        """Fault: in the next `n` reads the chip misses a clock.

        The master sees a wrong word; nothing is cleared and LastData stays.
        """
        self._reads_to_lose = n
        self._disturbed = True

    def flip_next_read(self, mask: int) -> None:
        """Fault: the master sees the next word with the bits of `mask` (16 bits) flipped."""
        self._flip = mask & 0xFFFF
        self._disturbed = True

    def _disturb(self, word: int) -> int:
        if self._reads_to_lose:
            self._reads_to_lose -= 1
            self._lost = True
            word ^= _GARBAGE
        elif self._flip:
            word ^= self._flip
            self._flip = 0
        self._disturbed = bool(self._reads_to_lose or self._flip)
        return word
