"""Model of the HT1621 segment driver, as its three wires see it.

Source: Holtek HT1621 data sheet: modes (110 read, 101 write, 101 read-modify-write, 100
command), command summary, electrical characteristics at 3 V. A rising edge of WR takes a bit; CS
high ends what was begun, whole or not. At power-on everything is off and segment memory holds
anything.

What a driver does wrong is counted by name in `faults`. Time comes from the clock function given,
in microseconds.
"""

WR_PHASE_US = 3.34
"""The shortest time of WR low, and high, at 3 V."""
SEGMENTS = 32

_COMMAND = 0b100
_WRITE = 0b101
_READ = 0b110

_PLAIN = {
    0x00: ("system_on", False), 0x01: ("system_on", True),
    0x02: ("lcd_on", False), 0x03: ("lcd_on", True),
    0x04: ("timer_on", False), 0x05: ("watchdog_on", False),
    0x06: ("timer_on", True), 0x07: ("watchdog_on", True),
    0x08: ("tone_on", False), 0x09: ("tone_on", True),
}
_BIAS = {0x20: (2, 2), 0x24: (2, 3), 0x28: (2, 4), 0x21: (3, 2), 0x25: (3, 3), 0x29: (3, 4)}
"""One half or one third, with two to four commons."""


class Ht1621Model:
    def __init__(self, clock_us: object, fill: int = 0x5) -> None:
        """fill: the nibble that segment memory holds at power-on."""
        self._clock_us = clock_us
        self._fill = fill
        self.faults = {}
        self.frames = 0
        self.longest = 0
        """Clocks of the longest frame."""
        self._cs = self._wr = 1
        self._data = 1
        self._edge_us = 0
        self.power_on()

    def power_on(self) -> None:
        """Begin as after a power-on reset."""
        self.ram = bytearray([self._fill] * SEGMENTS)
        self.upset()

    def upset(self) -> None:
        """Lose every order, as by a disturbance; segment memory stays."""
        self.system_on = self.lcd_on = self.tone_on = False
        self.timer_on = self.watchdog_on = False
        self.oscillator = None
        self.bias = self.commons = None
        self.tone_hz = 4000
        self._begin()

    def flip(self, segment: int, com: int) -> None:
        """Let a disturbance change one bit of segment memory."""
        self.ram[segment] ^= 1 << com

    def cs(self, level: int) -> None:
        """Take the level of CS; high ends a frame."""
        if level and not self._cs:
            if self._wr == 0:
                self._fault("CS ends with WR low")
            self.frames += 1
            self.longest = max(self.longest, self._clocks)
            if self._incomplete():
                self._fault("frame ends within a word")
        self._cs = level
        self._begin()

    def data(self, level: int) -> None:
        """Take the level of DATA."""
        self._data = level

    def wr(self, level: int) -> None:
        """Take the level of WR; its rising edge clocks a bit in."""
        if level == self._wr:
            return
        now = self._clock_us()
        if not self._cs and (level or self._clocks) and now - self._edge_us < WR_PHASE_US:
            self._fault("WR phase too short")
        self._wr = level
        self._edge_us = now
        if level and not self._cs:
            self._bit(self._data)

    @property
    def visible(self) -> bool:
        """Whether the glass shows its segments rightly: four commons at a third, clocked."""
        return (self.system_on and self.lcd_on and self.oscillator is not None
                and (self.bias, self.commons) == (3, 4))

    @property
    def sound_hz(self) -> int:
        """What the sounder gives, 0 for silence."""
        return self.tone_hz if self.tone_on and self.system_on else 0

    def lit(self, segment: int, com: int) -> bool:
        """Whether one segment is seen."""
        return self.visible and bool(self.ram[segment] >> com & 1)

    def state(self) -> dict:
        """Return what is to be seen and heard, for who draws it."""
        return {"part": "ht1621", "visible": self.visible, "sound_hz": self.sound_hz,
                "ram": "".join("%x" % nibble for nibble in self.ram)}

    def _begin(self) -> None:
        self._clocks = 0
        self._mode = None
        self._word = self._bits = 0
        self._address = None

    def _incomplete(self) -> bool:
        if self._mode is None:
            return self._bits > 0
        return self._bits > 0 or (self._mode == _WRITE and self._address is None)

    def _bit(self, bit: int) -> None:
        self._clocks += 1
        self._word = self._word << 1 | bit
        self._bits += 1
        if self._mode is None:
            if self._bits == 3:
                self._mode = self._take()
                if self._mode not in (_COMMAND, _WRITE):
                    self._fault("mode %s" % self._mode)
        elif self._mode == _COMMAND:
            if self._bits == 9:
                self._command(self._take() >> 1)
        elif self._mode == _WRITE and self._address is None:
            if self._bits == 6:
                self._address = self._take()
                if self._address >= SEGMENTS:
                    self._fault("address %d" % self._address)
        elif self._mode == _WRITE and self._bits == 4:
            self._nibble(self._take())

    def _take(self) -> int:
        word = self._word
        self._word = self._bits = 0
        return word

    def _nibble(self, word: int) -> None:
        # D0 comes first.
        value = 0
        for i in range(4):
            value |= (word >> i & 1) << 3 - i
        self.ram[self._address % SEGMENTS] = value
        self._address = (self._address + 1) % SEGMENTS

    def _command(self, code: int) -> None:
        if code in _PLAIN:
            name, value = _PLAIN[code]
            setattr(self, name, value)
            if name == "system_on" and not value:
                self.lcd_on = False
        elif code in _BIAS:
            self.bias, self.commons = _BIAS[code]
        elif code & 0xFC == 0x14:
            self.oscillator = "crystal"
        elif code & 0xFC == 0x18:
            self.oscillator = "RC"
        elif code & 0xFC == 0x1C:
            self.oscillator = "external"
        elif code & 0xE0 == 0x40:
            self.tone_hz = 4000
        elif code & 0xE0 == 0x60:
            self.tone_hz = 2000
        elif code != 0xE3:  # NORMAL
            self._fault("command 0x%02X" % code)

    def _fault(self, name: str) -> None:
        self.faults[name] = self.faults.get(name, 0) + 1
