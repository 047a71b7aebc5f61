"""FRAM chips FM24CL64B, MB85RC64 and MB85RC256V on an I2C bus.

Source: Cypress FM24CL64B and Fujitsu MB85RC256V data sheets. A write begins with two address
bytes, high first, of which the chip uses the bits it needs; each data byte is stored when it is
acknowledged, and the address counts up and wraps at the end of the memory. A read goes on from
the address that the last access left. WP high: writes are acknowledged and not stored.

Power can be cut before any data byte of a write. From then on nobody answers, with
OSError(ENODEV), until power is restored. Content stays.
"""

from errno import ENODEV

ROW = 8
"""Bytes whose wear is counted together in the FM24CL64B, reads too."""


class FramModel:
    def __init__(self, size: int = 8192, fill: int = 0) -> None:
        """size: bytes, a power of two up to 65536. fill: what the new chip holds."""
        if size & size - 1 or not 256 <= size <= 65536:
            raise ValueError("FRAM of %r bytes: must be a power of two, 256 to 65536" % (size,))
        self.content = bytearray(bytes([fill]) * size)
        self.powered = True
        self.write_protected = False
        self.bytes_written = 0
        self.bytes_read = 0
        self.row_accesses = [0] * (size // ROW)
        self._mask = size - 1
        self._at = 0
        self._cut_in = 0
        self._flip_in = 0

    def write(self, data: bytes) -> int:
        """Take the bytes of a write transfer; returns how many were acknowledged."""
        self._awake()
        if len(data) >= 2:
            self._at = (data[0] << 8 | data[1]) & self._mask
            for byte in memoryview(data)[2:]:
                self._store(byte)
        return len(data)

    def readinto(self, buf: bytearray) -> None:
        """Give bytes from the present address on."""
        self._awake()
        at = self._at
        end = at + len(buf)
        if end <= len(self.content):  # a row at a time, as a start reads half a kilobyte
            buf[:] = self.content[at:end]
            for row in range(at // ROW, (end + ROW - 1) // ROW):
                self.row_accesses[row] += min((row + 1) * ROW, end) - max(row * ROW, at)
            self._at = end & self._mask
        else:
            for i in range(len(buf)):
                buf[i] = self.content[self._at]
                self._touch()
        self.bytes_read += len(buf)

    def cut_power_at(self, byte: int) -> None:
        """Let power fail before the N-th data byte written from now is stored."""
        if byte < 1:
            raise ValueError("power cut at byte %r: must be 1 or more" % (byte,))
        self._cut_in = byte

    def flip_bit_at(self, byte: int) -> None:
        """Let the bus disturb one bit of the N-th data byte written from now."""
        self._flip_in = byte

    def restore_power(self) -> None:
        """Bring power back, and disarm a cut that has not come."""
        self.powered = True
        self._cut_in = 0

    def snapshot(self) -> "FramModel":
        """Return a powered chip of the same content, counts at zero."""
        twin = FramModel(len(self.content))
        twin.content[:] = self.content
        return twin

    def _awake(self) -> None:
        if not self.powered:
            raise OSError(ENODEV)

    def _store(self, byte: int) -> None:
        if self._cut_in:
            self._cut_in -= 1
            if not self._cut_in:
                self.powered = False
                raise OSError(ENODEV)
        if self._flip_in:
            self._flip_in -= 1
            if not self._flip_in:
                byte ^= 0x10
        if not self.write_protected:
            self.content[self._at] = byte
        self.bytes_written += 1
        self._touch()

    def _touch(self) -> None:
        self.row_accesses[self._at // ROW] += 1
        self._at = self._at + 1 & self._mask
