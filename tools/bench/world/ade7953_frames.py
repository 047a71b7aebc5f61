"""SPI side of the modelled ADE7953: frames, the lock of the bus, LAST_*, and faults put on it.

Source: Analog Devices data sheet ADE7953 Rev. B, serial interfaces. A frame is 16 bits of address,
a byte with bit 7 set for a read, and the data; chip select going high judges it: only a whole one
has any effect. Until CONFIG was written with COMM_LOCK 0 and chip select then held for 1.2 us, the
chip finds out anew which bus it is on whenever the pins look like another one: `glitch` makes
them look so, and a chip that is not locked answers no SPI any more until it is reset.

Choices where the sheet is silent or was not at hand:
- reading a LAST register leaves all of them as they are;
- what comes into a read-to-clear register during its frame stays there;
- MISO reads 1 where the chip does not drive it.
"""

from micropython import const

from world.ade7953_registers import (
    LAST_ADD,
    LAST_OP,
    LAST_RWDATA_8,
    LAST_RWDATA_16,
    LAST_RWDATA_24,
    READ_DONE,
    WRITE_DONE,
    location,
    width_of,
)

_HEAD = const(3)
_LAST = (LAST_OP, LAST_ADD, LAST_RWDATA_8, LAST_RWDATA_16, LAST_RWDATA_24)
_LAST_BY_WIDTH = (0, LAST_RWDATA_8, LAST_RWDATA_16, LAST_RWDATA_24, LAST_RWDATA_24)


class FrameReceiver:
    """Receives frames of whole bytes for the registers of a chip.

    `fetch(address)` gives the word a read finds, `taken(address, word)` is told of a read that
    reached its end, `write(address, word, held)` carries a write out.
    """

    def __init__(self, registers: dict, fetch: object, taken: object, write: object) -> None:
        self._registers = registers
        self._fetch = fetch
        self._taken = taken
        self._write = write
        self.listening = False
        self.locked = False
        self.held = False
        """Whether time has passed since the last clock of the frame under way."""
        self.stuck = None
        self._received = bytearray()
        self._selected = False
        self._word = 0
        self._losing = 0
        self._flip = 0
        self._lost = False

    def deafen(self) -> None:
        """Answer no more, nor the rest of a frame under way: the chip is in reset or off."""
        self.listening = False
        self.locked = False
        self._selected = False

    def glitch(self) -> None:
        """Have the pins look like another bus for a moment, as disturbances make them."""
        if not self.locked:
            self.listening = False

    def cs(self, level: int) -> None:
        """Set the chip select pin: 0 begins a frame, 1 ends it."""
        if level:
            if self._selected:
                self._finish()
            self._selected = False
        elif not self._selected:
            self._selected = self.listening
            self._received = bytearray()
            self.held = False

    def exchange(self, tx: bytes, rx: bytearray | None) -> None:
        """Clock the bytes of `tx` in; `rx` (None, or as long, or `tx` itself) takes MISO."""
        if rx is not None and len(rx) != len(tx):
            raise ValueError("rx has %d bytes, tx %d: must be as long" % (len(rx), len(tx)))
        self.held = False
        for place in range(len(tx)):
            seen = self._clock(tx[place]) if self._selected else 0xFF
            if rx is not None:
                rx[place] = seen if self.stuck is None else 0xFF * self.stuck

    def _clock(self, byte: int) -> int:
        """Take a byte in; return what MISO has meanwhile."""
        received = self._received
        received.append(byte)
        count = len(received)
        if count == _HEAD:
            self._begin()
        width = self._width if count >= _HEAD else 0
        if count <= _HEAD or count > _HEAD + width or not received[2] & 0x80:
            return 0xFF
        return self._sent >> 8 * (_HEAD + width - count) & 0xFF

    def _begin(self) -> None:
        """The head has come: find the word of a read."""
        address = self._received[0] << 8 | self._received[1]
        self._address = address
        self._width = width_of(address)
        self._lost = False
        if not self._received[2] & 0x80:
            return
        if self._losing:
            # Chip select bounces: the master reads what is left on the line, the chip nothing.
            self._losing -= 1
            self._lost = True
            self._word = self._sent = (1 << 8 * self._width) - 1 & 0xA5C3A5C3
            return
        word = self._fetch(location(address))
        if self._width == 4 and word & 0x800000 and address != location(address):
            word |= 0xFF000000
        self._word = word
        self._sent = word ^ self._flip
        self._flip = 0

    def _finish(self) -> None:
        """Chip select has gone high."""
        received = self._received
        if len(received) < _HEAD or len(received) != _HEAD + self._width or not self._width:
            return
        address = location(self._address)
        words = self._registers
        if received[2] & 0x80:
            if self._lost:
                return
            if address not in _LAST:
                self._note(READ_DONE, self._word)
            self._taken(address, self._word)
        else:
            word = 0
            for byte in received[_HEAD:]:
                word = word << 8 | byte
            self._note(WRITE_DONE, word)
            self._write(address, word & 0xFFFFFF if self._width == 4 else word, self.held)
        if address not in _LAST:
            words[LAST_ADD] = self._address

    def _note(self, operation: int, word: int) -> None:
        self._registers[LAST_OP] = operation
        self._registers[_LAST_BY_WIDTH[self._width]] = word & 0xFFFFFF

    def lose_next_read(self) -> None:
        """Fault: the next read does not reach the chip, and the master reads garbage."""
        self._losing += 1

    def flip_next_read(self, mask: int) -> None:
        """Fault: the next read arrives with the bits of `mask` turned over."""
        self._flip ^= mask
