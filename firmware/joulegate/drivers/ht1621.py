"""HT1621: drives a segment glass of 32 x 4 segments, over three wires, and a piezo sounder.

Source: Holtek HT1621 data sheet: command format, command summary, timing.

The data line is taken at the rising edge of WR, and at 3.3 V each phase of WR lasts at least
3.34 us. MicroPython alone would be faster than that on most chips, so each phase is waited for.
Segment memory has a copy here; what changes goes out in pieces, each a frame of its own. The
chip answers nothing on these wires: whether one is there cannot be known.
"""

from micropython import const

ADDRESSES = const(32)
"""Nibbles of segment memory: one for each SEG line, bit 0 is COM0."""
PIECE = const(3)
"""Nibbles that one step sends at most: 21 clocks, below 1 ms on an RP2040."""

_PHASE_US = const(4)
_COMMAND = const(0b100)
_WRITE = const(0b101)
_SYS_EN = const(0x01)
_LCD_OFF = const(0x02)
_LCD_ON = const(0x03)
_TIMER_DIS = const(0x04)
_WDT_DIS = const(0x05)
_TONE_OFF = const(0x08)
_TONE_ON = const(0x09)
_RC256K = const(0x18)
_BIAS_3_4 = const(0x29)
_TONE_4K = const(0x40)

_SETUP = bytes((_SYS_EN, _RC256K, _BIAS_3_4, _TIMER_DIS, _WDT_DIS, _TONE_4K))

_DIRTY = const(0x10)
# What is to be sent besides segment memory: bit i is the i-th of the setup, then these.
_SEND_LIGHT = const(0x40)
_SEND_SOUND = const(0x80)
_SEND_ALL = const(0xFF)


class Ht1621:
    """After start(), set() nibbles and call step() until it has nothing more to do."""

    def __init__(self, cs: object, wr: object, data: object, sleep_us: object) -> None:
        """cs, wr, data: output pins, called with a level. sleep_us: waits for microseconds."""
        self._cs = cs
        self._wr = wr
        self._data = data
        self._sleep_us = sleep_us
        self._shadow = bytearray(ADDRESSES)
        self._waiting = 0  # nibbles that are to be sent
        self._at = 0
        self._orders = 0
        self._lit = False
        self._tone = False
        cs(1)
        wr(1)

    def start(self) -> None:
        """Set the chip up with every segment and the sounder off, whatever it was at; 12 ms."""
        self._lit = self._tone = False
        for address in range(ADDRESSES):
            self._shadow[address] = 0
        self.renew()
        while self.step():
            pass
        # Only now: after power-on segment memory holds anything.
        self.light(True)
        self.step()

    def set(self, address: int, nibble: int) -> None:
        """Have a SEG line (0 to 31) show the segments of its four bits, COM0 is bit 0."""
        if not 0 <= nibble <= 15:
            raise ValueError("HT1621: nibble is %d: must be 0 to 15" % nibble)
        self._change(address, nibble)

    def load(self, nibbles: bytes) -> None:
        """Have all SEG lines show the lower four bits of 32 bytes, as set() does one."""
        shadow = self._shadow
        for address in range(ADDRESSES):
            if (shadow[address] ^ nibbles[address]) & 15:
                self._change(address, nibbles[address] & 15)

    def _change(self, address: int, nibble: int) -> None:
        was = self._shadow[address]
        if was & 15 != nibble:
            self._shadow[address] = nibble | _DIRTY
            if not was & _DIRTY:
                self._waiting += 1

    def light(self, on: bool) -> None:
        """Have the whole glass on or dark; segment memory stays as it is."""
        self._lit = on
        self._orders |= _SEND_LIGHT

    def tone(self, on: bool) -> None:
        """Sound 4 kHz on the pins BZ, or stop; sent at once, 0.7 ms."""
        self._tone = on
        self._send_order(_SEND_SOUND)

    def renew(self) -> None:
        """Have step() send everything again: heals what a disturbance has changed in the chip."""
        self._orders = _SEND_ALL
        for address in range(ADDRESSES):
            self._shadow[address] |= _DIRTY
        self._waiting = ADDRESSES

    def step(self) -> bool:
        """Send one piece of what is waiting, if anything is; return whether more is."""
        if self._orders:
            self._send_order(self._orders & -self._orders)
        elif self._waiting:
            self._send_segments()
        return bool(self._orders or self._waiting)

    def _send_order(self, order: int) -> None:
        self._orders &= ~order
        if order == _SEND_LIGHT:
            code = _LCD_ON if self._lit else _LCD_OFF
        elif order == _SEND_SOUND:
            code = _TONE_ON if self._tone else _TONE_OFF
        else:
            bit = 0
            while order >> bit > 1:
                bit += 1
            code = _SETUP[bit]
        self._cs(0)
        try:
            self._bits(_COMMAND << 9 | code << 1, 12)
        finally:
            self._cs(1)

    def _send_segments(self) -> None:
        shadow = self._shadow
        address = self._at
        while not shadow[address] & _DIRTY:
            address = address + 1 & ADDRESSES - 1
        end = min(address + PIECE, ADDRESSES)
        self._cs(0)
        try:
            self._bits(_WRITE << 6 | address, 9)
            while address < end and shadow[address] & _DIRTY:
                nibble = shadow[address] & 15
                # D0 first, as the sheet has data; identity and address have their highest first.
                self._bits((nibble & 1) << 3 | (nibble & 2) << 1 | (nibble & 4) >> 1
                           | nibble >> 3, 4)
                shadow[address] = nibble
                self._waiting -= 1
                address += 1
            self._at = address & ADDRESSES - 1
        finally:
            self._cs(1)

    def _bits(self, value: int, count: int) -> None:
        wr = self._wr
        data = self._data
        pause = self._sleep_us
        mask = 1 << count - 1
        while mask:
            wr(0)
            data(1 if value & mask else 0)
            pause(_PHASE_US)
            wr(1)
            pause(_PHASE_US)
            mask >>= 1
