"""SPI frames of the BL0942: six bytes, the last a check sum over command, address and data.

Source: Shanghai Belling BL0942 data sheet V1.1. SPI mode 1 (CPOL 0, CPHA 1), MSB first, 900 kHz
at most. No register is cleared by reading, so a disturbed frame costs nothing but another one.
The case without a chip select (SSOP10L) loses its place by one spike on the clock; six bytes FF
bring it back, and do no harm to the other.
"""

from micropython import const

_READ = const(0x58)
_WRITE = const(0xA8)
_TRIES = const(3)


class Bl0942Error(RuntimeError):
    """The chip or its bus does not answer as it should; says what was read and expected."""


class Bl0942Bus:
    def __init__(self, spi: object, cs: object) -> None:
        """spi: SPI in mode 1; cs: the chip select, a Pin, wired or not."""
        self._spi = spi
        self._cs = cs
        self._ask = bytearray((_READ, 0, 0, 0, 0, 0))
        self._tx = bytearray(6)
        self._rx = bytearray(6)
        self._ones = b"\xff" * 6
        self.errors = 0
        """Disturbed reads since the start."""
        cs(1)

    def read(self, register: int) -> int:
        """Return the 24 bits of a register; Bl0942Error if three frames were disturbed."""
        ask = self._ask
        ask[1] = register
        rx = self._rx
        cs = self._cs
        for _ in range(_TRIES):
            cs(0)
            self._spi.write_readinto(ask, rx)
            cs(1)
            total = _READ + register + rx[2] + rx[3] + rx[4]
            if ~total & 0xFF == rx[5]:
                return rx[2] << 16 | rx[3] << 8 | rx[4]
            self.errors += 1
            self.resynchronise()
        hint = "bus disturbed"
        if rx[2] == rx[3] == rx[4] == rx[5]:
            if rx[5] == 0xFF:
                hint = "MISO stuck high, or no chip"
            elif rx[5] == 0:
                hint = "MISO stuck low, or chip without power"
        raise Bl0942Error("BL0942: register 0x%02X read check sum 0x%02X, expected 0x%02X: %s"
                          % (register, rx[5], ~total & 0xFF, hint))

    def write(self, register: int, value: int) -> None:
        """Write 24 bits to a register; whether they arrived, only reading tells."""
        tx = self._tx
        tx[0] = _WRITE
        tx[1] = register
        tx[2] = value >> 16
        tx[3] = value >> 8 & 0xFF
        tx[4] = value & 0xFF
        tx[5] = ~(_WRITE + register + tx[2] + tx[3] + tx[4]) & 0xFF
        self._cs(0)
        self._spi.write_readinto(tx, self._rx)
        self._cs(1)

    def resynchronise(self) -> None:
        """Have the chip wait for the first byte of a frame."""
        self._cs(0)
        # Not into the buffer of answers: an error has still to tell what the last one was.
        self._spi.write_readinto(self._ones, self._tx)
        self._cs(1)
