"""Model of the SSD1306 OLED driver on I2C, and of the panel of 128 x 64 pixels on it.

Source: Solomon Systech SSD1306 data sheet, Rev 1.1: I2C interface (8.1.5), graphic display data
memory (8.7), command table (9), addressing modes (10.1.3). A transfer begins with a control byte:
with Co set one byte follows it and then another control byte, without it all that is left
follows; D/C says whether that is data or commands.

The module is mounted as those on sale are: upright when column 127 is at SEG0 (A1) and lines are
scanned from below (C8). At power-on memory holds anything and the panel is off; without its
charge pump it stays dark. What a driver does wrong is counted by name in `faults`.
"""

from errno import ENODEV

WIDTH = 128
HEIGHT = 64
_HORIZONTAL = 0
_VERTICAL = 1
_PAGES = 2

_ARGUMENTS = {
    0x20: 1, 0x21: 2, 0x22: 2, 0x23: 1, 0x26: 6, 0x27: 6, 0x29: 5, 0x2A: 5, 0x81: 1, 0x8D: 1,
    0xA3: 2, 0xA8: 1, 0xD3: 1, 0xD5: 1, 0xD6: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1,
}
_WITHOUT_EFFECT = (0x2E, 0x2F, 0xE3)
"""Scrolling off and on, which is not modelled, and NOP."""


class Ssd1306Model:
    def __init__(self, fill: int = 0x5A) -> None:
        """fill: what memory holds at power-on."""
        self._fill = fill
        self.faults = {}
        self.transfers = 0
        self.longest = 0
        """Bytes of the longest transfer."""
        self.data_bytes = 0
        self.answering = True
        self.fail_in = 0
        """The transfer from now that is not acknowledged, 0 for none."""
        self.power_on()

    def power_on(self) -> None:
        """Begin as after a power-on reset."""
        self.ram = bytearray([self._fill] * (WIDTH * HEIGHT // 8))
        self.upset()

    def upset(self) -> None:
        """Lose every setting, as by a disturbance of the reset line; memory stays."""
        self.on = self.all_on = self.inverse = self.charge_pump = False
        self.contrast = 0x7F
        self.remapped = self.from_below = False
        self.lines = 64
        self.offset = self.start_line = 0
        self.com_pins = 0x12
        self._mode = _PAGES
        self._column = self._page = 0
        self._columns = [0, WIDTH - 1]
        self._pages = [0, HEIGHT // 8 - 1]
        self._expected = bytearray()

    def flip(self, index: int, mask: int) -> None:
        """Let a disturbance change bits of memory."""
        self.ram[index] ^= mask

    def write(self, data: bytes) -> int:
        """Take a write transfer; returns how many bytes were acknowledged. OSError for none."""
        self.transfers += 1
        if self.fail_in:
            self.fail_in -= 1
            if not self.fail_in:
                raise OSError(ENODEV)
        if not self.answering:
            raise OSError(ENODEV)
        self.longest = max(self.longest, len(data))
        at = 0
        while at < len(data):
            control = data[at]
            if control & 0x3F:
                self._fault("control byte 0x%02X" % control)
            end = at + 2 if control & 0x80 else len(data)
            for byte in memoryview(data)[at + 1:end]:
                if control & 0x40:
                    self._store(byte)
                else:
                    self._command(byte)
            at = end
        return len(data)

    def readinto(self, buf: bytearray) -> None:
        """Give the status: bit 6 while the panel is off."""
        if not self.answering:
            raise OSError(ENODEV)
        for i in range(len(buf)):
            buf[i] = 0 if self.on else 0x40

    def pixel(self, x: int, y: int) -> bool:
        """Whether a pixel is lit, (0, 0) is at the top left as the module is mounted."""
        if not self.on or not self.charge_pump:
            return False
        if self.all_on:
            return True
        column = x if self.remapped else WIDTH - 1 - x
        line = y if self.from_below else HEIGHT - 1 - y
        line = (line + self.start_line + self.offset) % HEIGHT
        lit = self.ram[line // 8 * WIDTH + column] >> line % 8 & 1
        return bool(lit) != self.inverse

    def state(self) -> dict:
        """Return what is to be seen, for who draws it: rows of pixels, highest bit at the left."""
        rows = []
        for y in range(HEIGHT):
            row = 0
            for x in range(WIDTH):
                row = row << 1 | self.pixel(x, y)
            rows.append("%032x" % row)
        return {"part": "ssd1306", "contrast": self.contrast, "rows": rows}

    def _store(self, byte: int) -> None:
        self.data_bytes += 1
        self.ram[self._page * WIDTH + self._column] = byte
        if self._mode == _PAGES:
            self._column = (self._column + 1) % WIDTH
        elif self._mode == _HORIZONTAL:
            if self._step("_column", self._columns):
                self._step("_page", self._pages)
        elif self._step("_page", self._pages):
            self._step("_column", self._columns)

    def _step(self, name: str, bounds: list) -> bool:
        """Count a pointer on; return whether it came to its end and began anew."""
        value = getattr(self, name)
        setattr(self, name, bounds[0] if value == bounds[1] else value + 1)
        return value == bounds[1]

    def _command(self, byte: int) -> None:
        self._expected.append(byte)
        code = self._expected[0]
        if len(self._expected) <= _ARGUMENTS.get(code, 0):
            return
        arguments = self._expected[1:]
        self._expected = bytearray()
        if code < 0x20:
            self._set_column(code)
        elif 0x40 <= code < 0x80:
            self.start_line = code & 0x3F
        elif 0xB0 <= code < 0xB8:
            self._page = code & 7
        elif arguments:
            self._with_arguments(code, arguments)
        else:
            self._plain(code)

    def _set_column(self, code: int) -> None:
        if self._mode != _PAGES:
            self._fault("column by halves outside page addressing")
        if code < 0x10:
            self._column = self._column & 0x70 | code
        else:
            self._column = (code & 7) << 4 | self._column & 15

    def _plain(self, code: int) -> None:
        if code in (0xAE, 0xAF):
            self.on = code == 0xAF
        elif code in (0xA4, 0xA5):
            self.all_on = code == 0xA5
        elif code in (0xA6, 0xA7):
            self.inverse = code == 0xA7
        elif code in (0xA0, 0xA1):
            self.remapped = code == 0xA1
        elif code in (0xC0, 0xC8):
            self.from_below = code == 0xC8
        elif code not in _WITHOUT_EFFECT:
            self._fault("command 0x%02X" % code)

    def _with_arguments(self, code: int, arguments: bytearray) -> None:
        value = arguments[0]
        if code == 0x20:
            self._mode = value & 3
        elif code == 0x21:
            self._columns = list(arguments)
            self._column = value
        elif code == 0x22:
            self._pages = list(arguments)
            self._page = value
        elif code == 0x81:
            self.contrast = value
        elif code == 0x8D:
            self.charge_pump = value == 0x14
        elif code == 0xA8:
            self.lines = value + 1
        elif code == 0xD3:
            self.offset = value
        elif code == 0xDA:
            self.com_pins = value

    def _fault(self, name: str) -> None:
        self.faults[name] = self.faults.get(name, 0) + 1
