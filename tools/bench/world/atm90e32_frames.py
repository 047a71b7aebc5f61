"""SPI side of the modelled ATM90E32AS: frames of 32 clocks, and faults put on them.

Source: Microchip 46003B, SPI interface. Bit 15 reads or writes, bits 9 to 0 are the address, then
sixteen bits of data. A write is carried out as chip select rises, and only after exactly 32
clocks. A read counts once its sixteen address bits are in: LastSPIData takes the word, and only
then is cleared what a read clears. MISO reads 1 where the chip does not drive it.

Choices where the data sheet is silent: both happen as chip select rises; a frame that holds more
than 32 clocks is one read, and what follows the word is 1; addresses above FF hold nothing.
"""

from micropython import const

from world.atm90e32_registers import ENERGY, KINDS, LAST_DATA, MEASURED, SIZE

_FRAME = const(32)
_HEADER = const(16)
_IDLE = const(-1)
_DEAD = const(-2)
_READ = const(0x8000)
_GARBAGE = const(0xA5C3)


class FrameReceiver:
    """Receives frames for the registers of a chip.

    `fetch(address)` gives the word of a register that has to be worked out, `write(address,
    word)` carries a write out.
    """

    def __init__(self, words: list, fetch: object, write: object) -> None:
        self._words = words
        self._fetch = fetch
        self._write = write
        self.listening = False
        self._clocks = _IDLE
        self._shift = 0
        self._head = 0
        self._word = 0
        self._seen = 0
        self._losses = 0
        self._cuts = 0
        self._lost_writes = 0
        self._flip = 0
        self.stuck = None

    def abort(self) -> None:
        """Answer no more, nor the rest of a frame under way."""
        if self._clocks != _IDLE:
            self._clocks = _DEAD

    def cs(self, level: int) -> None:
        """Set the chip select pin: 0 begins a frame, 1 ends it."""
        if level:
            if self._clocks >= _HEADER:
                self._finish()
            self._clocks = _IDLE
        elif self._clocks == _IDLE:
            self._clocks = 0 if self.listening else _DEAD

    def exchange(self, tx: bytes, rx: bytearray | None) -> None:
        """Clock the bytes of `tx` in; `rx` (None, or as long) takes what MISO shows."""
        if rx is not None and len(rx) != len(tx):
            raise ValueError("rx has %d bytes, tx %d: must be as long" % (len(rx), len(tx)))
        if len(tx) == 4 and not self._clocks:
            # A whole frame at once, the usual case.
            self._clocks = _FRAME
            self._shift = tx[2] << 8 | tx[3]
            self._take_header(tx[0] << 8 | tx[1])
            seen = 0xFFFF0000 | self._seen
            if self.stuck is not None:
                seen = 0xFFFFFFFF * self.stuck
            if rx is not None:
                rx[0] = seen >> 24
                rx[1] = seen >> 16 & 0xFF
                rx[2] = seen >> 8 & 0xFF
                rx[3] = seen & 0xFF
            return
        for place in range(len(tx)):
            seen = self.clock_bits(tx[place], 8)
            if rx is not None:
                rx[place] = seen

    def clock_bits(self, value: int, bits: int) -> int:
        """Clock the low `bits` bits of `value`, the highest first; return the MISO bits."""
        seen = 0
        for place in range(bits - 1, -1, -1):
            seen = seen << 1 | self._clock(value >> place & 1)
        return seen if self.stuck is None else ((1 << bits) - 1) * self.stuck

    def _clock(self, bit: int) -> int:
        if self._clocks < 0:
            return 1
        self._clocks += 1
        self._shift = (self._shift << 1 | bit) & 0xFFFF
        if self._clocks == _HEADER:
            self._take_header(self._shift)
        elif _HEADER < self._clocks <= _FRAME and self._head & _READ:
            return self._seen >> (_FRAME - self._clocks) & 1
        return 1

    def _take_header(self, head: int) -> None:
        self._head = head
        self._seen = 0xFFFF
        if not head & _READ:
            return
        address = head & 0x3FF
        if address >= SIZE:
            word = 0
        elif KINDS[address] < MEASURED:
            word = self._words[address]
        else:
            word = self._fetch(address)
        self._word = self._seen = word
        if self._losses:
            self._losses -= 1
            self._clocks = _DEAD
            self._seen ^= _GARBAGE
        elif self._cuts:
            self._cuts -= 1
            self._seen ^= _GARBAGE
        elif self._flip:
            self._seen ^= self._flip
            self._flip = 0

    def _finish(self) -> None:
        """Carry out the frame that chip select has just ended."""
        address = self._head & 0x3FF
        words = self._words
        if self._head & _READ:
            words[LAST_DATA] = self._word
            if address < SIZE and KINDS[address] == ENERGY:
                words[address] = (words[address] - self._word) & 0xFFFF
        elif self._clocks == _FRAME:
            if self._lost_writes:
                self._lost_writes -= 1
                return
            words[LAST_DATA] = self._shift
            if address < SIZE:
                self._write(address, self._shift)

    def lose_next_read(self, n: int = 1) -> None:
        """Fault: the next `n` reads do not reach the chip; the master sees a wrong word."""
        self._losses = n

    def cut_next_read(self, n: int = 1) -> None:
        """Fault: in the next `n` reads a clock is lost behind the address: the chip has given
        the word out and cleared it, the master sees a wrong one."""
        self._cuts = n

    def lose_next_write(self, n: int = 1) -> None:
        """Fault: the next `n` writes do not reach the chip."""
        self._lost_writes = n

    def flip_next_read(self, mask: int) -> None:
        """Fault: the master sees the next word with the bits of `mask` (16 bits) flipped."""
        self._flip = mask & 0xFFFF
