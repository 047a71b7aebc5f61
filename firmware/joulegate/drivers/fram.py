"""FRAM on I2C: FM24CL64B and MB85RC64 (8 KiB), MB85RC256V (32 KiB).

Source: Cypress FM24CL64B data sheet, "Memory Operation"; Fujitsu MB85RC256V data sheet,
"Command". A 16-bit address, high byte first, then data; the address counts up by itself. A byte
is stored as soon as it is acknowledged: nothing to wait for, and no page. Power may go after any
byte. The chip ignores the address bits that it does not need.

The bus carries no check sum, so what is written is read back.
"""

from errno import EIO

from micropython import const

SIZES = (8192, 32768)

_TRIES = const(2)
_CHUNK = const(32)


class FramError(RuntimeError):
    """The chip is not what the board says; says what was read and expected."""


class Fram:
    """The last byte is the driver's own, to test the chip with; the others are the caller's."""

    def __init__(self, i2c: object, address: int = 0x50, size: int = SIZES[0]) -> None:
        """i2c: an I2C bus of at most 1 MHz. address: 0x50 to 0x57, by the pins A2 to A0. size:
        bytes, one of SIZES. ValueError for others."""
        if not 0x50 <= address <= 0x57:
            raise ValueError("FRAM address 0x%02x: must be 0x50 to 0x57" % address)
        if size not in SIZES:
            raise ValueError("FRAM of %r bytes: must be %d or %d" % (size, SIZES[0], SIZES[1]))
        self._i2c = i2c
        self._address = address
        self.size = size
        self.retries = 0
        """Accesses that were repeated since the start."""
        self._chunk = bytearray(_CHUNK)
        # Made once: a slice of a memoryview at every access is a piece of heap at every access.
        self._view = memoryview(self._chunk)

    def start(self) -> None:
        """Prove that a chip of this size is there and can be written.

        FramError if not, OSError if none answers. Changes no byte but the last. A chip of a
        quarter of the size would show the same byte at a quarter of the address.
        """
        last = self.size - 1
        mirror = last if self.size == SIZES[0] else SIZES[0] - 1
        before = self._byte(mirror)
        mark = self._byte(last) ^ 0xFF
        if before == mark:
            mark ^= 0x0F  # must differ from both
        try:
            self.write(last, bytes((mark,)))
        except OSError:
            raise FramError("FRAM 0x%02x: 0x%02x written to the last byte, 0x%02x read: "
                            "write protected?" % (self._address, mark, self._byte(last))) from None
        if mirror != last and self._byte(mirror) != before:
            self.write(mirror, bytes((before,)))
            raise FramError("FRAM 0x%02x: has fewer than %d bytes" % (self._address, self.size))

    def read_into(self, offset: int, buffer: object) -> None:
        """Fill a bytearray or memoryview from an offset.

        ValueError outside the chip, OSError from the bus.
        """
        self._check(offset, len(buffer))
        for tried in range(_TRIES):
            try:
                self._i2c.readfrom_mem_into(self._address, offset, buffer, addrsize=16)
                return
            except OSError:
                if tried == _TRIES - 1:
                    raise
                self.retries += 1

    def write(self, offset: int, data: bytes) -> None:
        """Write bytes in rising order and read them back.

        ValueError outside the chip; OSError from the bus, EIO when something else is read back.
        """
        self._check(offset, len(data))
        for tried in range(_TRIES):
            try:
                self._i2c.writeto_mem(self._address, offset, data, addrsize=16)
                if self._holds(offset, data):
                    return
                if tried == _TRIES - 1:
                    raise OSError(EIO, "FRAM: what is read back at %d differs" % offset)
            except OSError:
                if tried == _TRIES - 1:
                    raise
            self.retries += 1

    def _holds(self, offset: int, data: bytes) -> bool:
        size = len(data)
        for start in range(0, size, _CHUNK):
            length = min(_CHUNK, size - start)
            chunk = self._chunk if length == _CHUNK else self._view[:length]
            self._i2c.readfrom_mem_into(self._address, offset + start, chunk, addrsize=16)
            for i in range(length):
                if chunk[i] != data[start + i]:
                    return False
        return True

    def _byte(self, offset: int) -> int:
        found = self._view[:1]
        self.read_into(offset, found)
        return found[0]

    def _check(self, offset: int, length: int) -> None:
        if offset < 0 or offset + length > self.size:
            raise ValueError("FRAM access to %d bytes at %d: the chip has %d" % (
                length, offset, self.size))
