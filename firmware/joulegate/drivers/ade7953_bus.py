"""SPI frames of the ADE7953, and the reading of its read-to-clear registers without loss.

Source: Analog Devices data sheet ADE7953 Rev. B ("DS"), serial interfaces, communication
verification.

SPI mode 3: with the clock resting high an unlocked chip takes a raised chip select for I2C and
waits, resting low it would take it for UART and drive MISO. A frame is the address in 16 bits, a
byte that says read or write, and one to four bytes of data, as many as the address has: 0x0..,
0x7.. and 0x8.. one, 0x1.. two, 0x2.. three, 0x3.. four. A frame cut short is as if it had not
been.

A disturbed read of a register that is cleared by reading could lose its content. So before each
a configuration register of known value is read: that proves that the chip runs with our
calibration, and puts that value into LAST_RWDATA. Afterwards LAST_RWDATA tells what the chip
itself believes to have sent: the content, or still the known value if it never saw the frame.
Until that is settled no other whole frame goes out.

Noise may spoil two frames alike. So a word of a disturbed bus, and one that is large, is believed
when of those that follow four more show it than do not.
"""

from micropython import const

from joulegate.drivers.spi_rate import rate_Hz

RATE_MAX_HZ = const(5000000)

_READ = const(0x80)
_WRITE = const(0x00)
_LAST_RWDATA = const(0x2FF)
_AWGAIN = const(0x282)
_SHORT = const(4)
_HEAD = const(3)
_TRIES = const(3)
_ALL_ONES = const(0xFFFFFF)
_HOLD_MS = const(1)
_ALIKE = const(4)
_SETTLE_READS = const(11)
_LARGE = const(1 << 19)
"""More of a register than flows in 2.5 s of full scale, either way."""
_QUIET = const(30)
"""Undisturbed reads, ten readings, after which two frames alike are believed again."""


class Ade7953Error(RuntimeError):
    """The chip or its bus does not answer as it should; says what was read and expected."""


class Lost(Exception):
    """A configuration register does not hold our value: the chip was reset."""


class Ade7953Bus:
    def __init__(self, spi: object, cs: object, sleep_ms: object) -> None:
        """spi: SPI in mode 3; cs: the chip select, a Pin; sleep_ms: a function that waits."""
        self._spi = spi
        self._cs = cs
        self._sleep_ms = sleep_ms
        # By bytes of data. A read sends what is left of the last write: nobody looks at it.
        self._tx = tuple([bytearray(_HEAD + n) for n in range(5)])
        self._rx = tuple([bytearray(_HEAD + n) for n in range(5)])
        self._short_tx = bytes((_AWGAIN >> 8, _AWGAIN & 0xFF, _READ, 0))
        self._short_rx = bytearray(_SHORT)
        self._believed = _LARGE  # less than that, either way, two frames alike are enough for
        self._quiet = 0
        self.errors = 0
        """Disturbed reads since the start."""
        self.unsettled = 0
        """The register whose last read is not settled yet, 0 for none."""
        cs(1)

    @property
    def rate_Hz(self) -> int:
        """The SPI clock as the port reports it, 0 where it reports none."""
        return rate_Hz(self._spi)

    def read(self, register: int) -> int:
        """Return the content of a register, of 8 to 24 bits, unsigned."""
        page = register >> 8
        size = page + 1 if 1 <= page <= 2 else 1
        tx = self._tx[size]
        rx = self._rx[size]
        tx[0] = page
        tx[1] = register & 0xFF
        tx[2] = _READ
        cs = self._cs
        cs(0)
        self._spi.write_readinto(tx, rx)
        cs(1)
        if size == 3:
            return rx[3] << 16 | rx[4] << 8 | rx[5]
        return rx[3] if size == 1 else rx[3] << 8 | rx[4]

    def read_long(self, register: int) -> bytes:
        """Return the four bytes of a register of 32 bits, 0x3..; allocates."""
        tx = self._tx[4]
        tx[0] = register >> 8
        tx[1] = register & 0xFF
        tx[2] = _READ
        self._cs(0)
        self._spi.write_readinto(tx, self._rx[4])
        self._cs(1)
        return bytes(self._rx[4][_HEAD:])

    def write(self, register: int, value: int, hold: bool = False) -> None:
        """Write to a register of 8 to 24 bits; a negative value as two's complement.

        hold: leave chip select low for more than the 1.2 us after the last clock that DS asks
        for where COMM_LOCK is written.
        """
        page = register >> 8
        size = page + 1 if 1 <= page <= 2 else 1
        tx = self._tx[size]
        tx[0] = page
        tx[1] = register & 0xFF
        tx[2] = _WRITE
        for i in range(size):
            tx[_HEAD + i] = value >> 8 * (size - 1 - i) & 0xFF
        self._cs(0)
        self._spi.write_readinto(tx, self._rx[size])
        if hold:
            self._sleep_ms(_HOLD_MS)
        self._cs(1)

    def guard(self, register: int, expected: int) -> None:
        """Read a configuration register that must hold `expected`; Lost if it does not."""
        if self.read(register) == expected:
            return
        for _ in range(_TRIES):
            if self.read(register) == expected:
                self._disturbed()
                return
        raise Lost

    def read_clear(self, register: int, guard: int, expected: int) -> int:
        """Return a read-to-clear register of 24 bits as the chip itself gave it out, unsigned.

        Lost if the register `guard`, of 24 bits too, does not hold `expected`. Ade7953Error if
        the bus is too disturbed to tell; `unsettled` is then set where settle() can still tell
        later.
        """
        for _ in range(_TRIES):
            self.guard(guard, expected)
            self.unsettled = register
            value = self.read(register)
            last = self.read(_LAST_RWDATA)
            if last == value:
                if 0 < value < self._believed or self._plausible(value):
                    self.unsettled = 0
                    return value
            else:
                self._disturbed()
            last = self.settle()
            if last != expected:
                return last  # the chip sent this and cleared; the bus spoilt our copy
            # LAST_RWDATA still holds the guard: the chip did not see the read. Read again.
        raise Ade7953Error(
            "ADE7953: register 0x%03X read 0x%06X, LAST_RWDATA 0x%06X, expected to agree"
            % (register, value, last))

    def _plausible(self, value: int) -> bool:
        """Return whether two frames are enough for a word that is not positive and small."""
        if value > _ALL_ONES - self._believed or not value and self._believed:
            return 0 < value < _ALL_ONES or self._alive(value & 0xFF)
        return False

    def settle(self) -> int:
        """Return LAST_RWDATA once four readings more agree than do not; Ade7953Error if none do.

        A line stuck high or low agrees with itself, so all ones and zero need a proof.
        """
        last = self.read(_LAST_RWDATA)
        alike = 1
        for _ in range(_SETTLE_READS):
            again = self.read(_LAST_RWDATA)
            if again == last:
                alike += 1
            else:
                self._quiet = 0
                alike -= 1
                if not alike:
                    last = again
                    alike = 1
            if alike == _ALIKE:
                if last in (0, _ALL_ONES) and not self._alive(last & 0xFF):
                    raise Ade7953Error("ADE7953: LAST_RWDATA read 0x%06X: MISO stuck %s"
                                       % (last, "high" if last else "low"))
                self.unsettled = 0
                self._quiet += 1
                if self._quiet == _QUIET:
                    self._believed = _LARGE
                return last
        raise Ade7953Error(
            "ADE7953: LAST_RWDATA read 0x%06X, expected alike: bus disturbed" % last)

    def _disturbed(self) -> None:
        self.errors += 1
        self._believed = 0
        self._quiet = 0

    def _alive(self, idle: int) -> bool:
        """Return whether MISO can leave the level `idle`, 0x00 or 0xFF.

        Reads the first byte of AWGAIN, 0x20 to 0x60, and raises chip select: a frame cut short
        does not move LAST_RWDATA.
        """
        self._cs(0)
        self._spi.write_readinto(self._short_tx, self._short_rx)
        self._cs(1)
        return self._short_rx[_HEAD] != idle
