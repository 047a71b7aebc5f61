"""SSD1306: drives 128 x 64 OLED pixels, on I2C.

Source: Solomon Systech SSD1306 data sheet, Rev 1.1: I2C write data (8.1.5.2), command table (9),
charge pump (application note). Page addressing is used throughout: clones have it too.

A frame is 1024 bytes, 25 ms at 400 kHz: it goes out in pieces of 16 columns, each a transfer of
its own of 0.6 ms, and only pieces that were marked. A byte is eight pixels of a
column, bit 0 on top. `framebuf` has the same format (MONO_VLSB).
"""

from micropython import const

WIDTH = const(128)
HEIGHT = const(64)
ADDRESS = const(0x3C)
"""With its pin D/C low; 0x3D with it high."""
PIECES = const(64)
"""Of a frame: eight in each of the eight pages."""

_PIECE = const(16)
_HEADER = const(7)
_MORE = const(0x80)
"""Control byte: one command follows, then another control byte."""
_DATA = const(0x40)
_CONTRAST = const(0x81)
_ALL_BY_MEMORY = const(0xA4)
_ALL_ON = const(0xA5)
_OFF = const(0xAE)
_ON = const(0xAF)
_PAGE = const(0xB0)
_COLUMN_LOW = const(0x00)
_COLUMN_HIGH = const(0x10)

# Control byte 0: nothing but commands follows. Clock, 64 lines, no offset, first line 0, charge
# pump on, page addressing, column 127 at SEG0 and lines from below (as modules are mounted),
# alternative COM pins, precharge, VCOMH, not inverse.
_SETUP = (
    b"\x00\xd5\x80\xa8\x3f\xd3\x00\x40\x8d\x14\x20\x02\xa1\xc8\xda\x12\xd9\xf1\xdb\x40\xa6")

BRIGHT = const(0x8F)
DIM = const(0x10)


class Ssd1306:
    """Write pixels to `frame`, mark() them and call step() until it has nothing more to do."""

    def __init__(self, i2c: object, address: int = ADDRESS) -> None:
        """i2c: a bus of at most 400 kHz."""
        self._i2c = i2c
        self._address = address
        self.frame = bytearray(WIDTH * HEIGHT // 8)
        self._dirty = bytearray(PIECES)
        self._waiting = 0  # pieces that are to be sent
        self._at = 0
        self._piece = bytearray(_HEADER + _PIECE)
        self._piece[0] = self._piece[2] = self._piece[4] = _MORE
        self._piece[6] = _DATA
        self._commands = bytearray(5)
        self._contrast = BRIGHT
        self._state = _ON
        self._all = _ALL_BY_MEMORY
        self._set_up = False
        self._ordered = False
        self.renew()

    def mark(self, page: int, left: int, width: int) -> None:
        """Have columns `left` on of a page (0 to 7) sent; what is outside is left out."""
        if not 0 <= page < HEIGHT // 8:
            raise ValueError("SSD1306: page is %d: must be 0 to 7" % page)
        last = min(left + width, WIDTH) - 1
        for piece in range(max(left, 0) // _PIECE, last // _PIECE + 1):
            if not self._dirty[8 * page + piece]:
                self._dirty[8 * page + piece] = 1
                self._waiting += 1

    def contrast(self, level: int) -> None:
        """Set the brightness, 0 to 255: less lets it age less."""
        if not 0 <= level <= 255:
            raise ValueError("SSD1306: contrast is %d: must be 0 to 255" % level)
        if level != self._contrast:
            self._contrast = level
            self._ordered = False

    def power(self, on: bool) -> None:
        """Have the panel on, or dark and asleep; its memory stays."""
        state = _ON if on else _OFF
        if state != self._state:
            self._state = state
            self._ordered = False

    def all_on(self, on: bool) -> None:
        """Light every pixel whatever memory says, or go by memory again."""
        code = _ALL_ON if on else _ALL_BY_MEMORY
        if code != self._all:
            self._all = code
            self._ordered = False

    def renew(self) -> None:
        """Have step() set the chip up and send everything again, as after a disturbance."""
        self._set_up = self._ordered = False
        for piece in range(PIECES):
            self._dirty[piece] = 1
        self._waiting = PIECES

    def step(self) -> bool:
        """Send one piece of what is waiting, if anything is; return whether more may be.

        OSError when the chip does not answer; the piece is still waiting then.
        """
        if not self._set_up:
            self._i2c.writeto(self._address, _SETUP)
            self._set_up = True
            return True
        if self._waiting:
            dirty = self._dirty
            while not dirty[self._at]:
                self._at = self._at + 1 & PIECES - 1
            self._send(self._at)
            dirty[self._at] = 0
            self._waiting -= 1
            return True
        if not self._ordered:
            # Last: after power-on memory holds anything.
            self._order()
            self._ordered = True
        return False

    def _send(self, at: int) -> None:
        piece = self._piece
        frame = self.frame
        first = _PIECE * at
        left = first & WIDTH - 1
        piece[1] = _PAGE | first // WIDTH
        piece[3] = _COLUMN_LOW | left & 15
        piece[5] = _COLUMN_HIGH | left >> 4
        for i in range(_PIECE):
            piece[_HEADER + i] = frame[first + i]
        self._i2c.writeto(self._address, piece)

    def _order(self) -> None:
        commands = self._commands
        commands[0] = 0
        commands[1] = _CONTRAST
        commands[2] = self._contrast
        commands[3] = self._all
        commands[4] = self._state
        self._i2c.writeto(self._address, commands)
