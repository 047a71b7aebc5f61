"""SPI frames of the ATM90E32AS, and the reading of its read-to-clear registers without loss.

Source: datasheet 46003B ("DS") and application note 46103A ("AN").

SPI mode 3, MSB first, one register a frame of 32 clocks: a bit for reading, ten of address,
sixteen of data. One chip select must never hold two: power values then go wrong. DS allows
1.1 Mbit/s; the board asks for 1 MHz.

A disturbed read of a register that is cleared by reading could lose its content. So before each
a configuration register of known value is read: that proves the chip still runs with our
calibration, and puts that value into LastSPIData. Afterwards LastSPIData tells what the chip
itself believes to have sent: the content, or still the known value if it never saw the frame.
Until that is settled no other frame goes out, which would overwrite LastSPIData.

What cannot be settled: a line that sticks low within the very two frames of an energy read looks
like a register that holds nothing; it may cost that register's energy of one reading.
"""

from micropython import const

from joulegate.drivers.spi_rate import rate_Hz

RATE_MAX_HZ = const(1100000)

_LAST_DATA = const(0x78)
_TRIES = const(3)
_PATIENCE = const(60)
_ALL_ONES = const(0xFFFF)
_SETTLE_READS = const(7)
_LARGE = const(512)
"""Counts that hardly flow between two readings: a disturbance may look like them, twice alike."""


class Atm90e32Error(RuntimeError):
    """The chip or its bus does not answer as it should; says what was read and expected."""


class Lost(Exception):
    """A configuration register does not hold our value: the chip was reset, or disturbed."""


class Atm90e32Bus:
    def __init__(self, spi: object, cs: object) -> None:
        """spi: SPI in mode 3; cs: the chip select, a Pin."""
        self._spi = spi
        self._cs = cs
        self._ask = bytearray((0x80, 0, 0, 0))  # a read; all registers lie below 0x100
        self._tx = bytearray(4)
        self._rx = bytearray(4)
        self._doubts = 0
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
        """Return the word of a register."""
        ask = self._ask
        ask[1] = register
        rx = self._rx
        cs = self._cs
        cs(0)
        self._spi.write_readinto(ask, rx)
        cs(1)
        return rx[2] << 8 | rx[3]

    def write(self, register: int, value: int) -> None:
        """Write a word to a register."""
        tx = self._tx
        tx[1] = register
        tx[2] = value >> 8
        tx[3] = value & 0xFF
        self._cs(0)
        self._spi.write_readinto(tx, self._rx)
        self._cs(1)

    def last_data(self) -> int:
        """Return the word of the last whole frame, as the chip had it."""
        return self.read(_LAST_DATA)

    def guard(self, register: int, expected: int) -> None:
        """Read a configuration register that must hold `expected`; Lost if it does not."""
        if self.read(register) == expected:
            return
        for _ in range(_TRIES):
            if self.read(register) == expected:
                self.errors += 1
                return
        raise Lost

    def read_clear(self, register: int, guard: int, expected: int) -> int:
        """Return a read-to-clear register's content as the chip itself gave it out.

        guard: a register that holds `expected`, no likely content. Lost if it does not;
        Atm90e32Error when the bus is too disturbed to tell; `unsettled` is then set where
        settle() can still tell later.
        """
        for _ in range(_TRIES):
            self.guard(guard, expected)
            self.unsettled = register
            value = self.read(register)
            last = self.read(_LAST_DATA)
            if last == value:
                if value < _LARGE:
                    self.unsettled = 0
                    return value
            else:
                self.errors += 1
            last = self.settle(guard, expected, value)
            if last != expected:
                return last  # the chip sent this and cleared; the bus spoilt our copy
            # LastSPIData still holds the guard: the chip did not see the read. Read again.
        raise Atm90e32Error(
            "ATM90E32: register 0x%02X read 0x%04X, LastSPIData 0x%04X, expected to agree"
            % (register, value, last))

    def settle(self, guard: int, expected: int, value: int = 0) -> int:
        """Return LastSPIData once two readings agree, or four of a large one; Atm90e32Error if
        they do not.

        A line that sticks agrees with itself, and every proof that it does not moves LastSPIData.
        All ones are taken for a stuck line, and put to the proof only after sixty readings. Zero
        is proved at once; if the line is dead, `value`, unless large, was read while it was not.
        """
        last = self.read(_LAST_DATA)
        alike = 1
        for _ in range(_SETTLE_READS):
            again = self.read(_LAST_DATA)
            alike = alike + 1 if again == last else 1
            last = again
            if alike == 2 and last < _LARGE or alike == 4:
                if last == _ALL_ONES:
                    self._doubt(guard, expected)
                elif not last and self._dead(guard):
                    last = value if value < _LARGE else 0
                self._doubts = 0
                self.unsettled = 0
                return last
        raise Atm90e32Error(
            "ATM90E32: LastSPIData read 0x%04X, expected alike: bus disturbed" % last)

    def _dead(self, guard: int) -> bool:
        """Return whether MISO is stuck low: a register that never holds zero reads so."""
        for _ in range(1 + _TRIES):
            if self.read(guard):
                return False
        return True

    def _doubt(self, guard: int, expected: int) -> None:
        """Return if all ones are the truth."""
        self._doubts += 1
        if self._doubts > _PATIENCE:
            if self.read(guard) == expected:
                return
            self.unsettled = 0  # LastSPIData holds it no more
        raise Atm90e32Error("ATM90E32: LastSPIData read 0xFFFF: MISO stuck high")
