"""SPI frames of the ATM90E26, and the reading of its read-to-clear registers without loss.

Source: datasheet 46002B ("DS") and application note 46102B ("AN").

SPI mode 3, MSB first, one register a frame of 24 clocks. DS allows 160 kbit/s and asks for
3.67 us of clock high, so a 50 % duty clock may run at 136 kHz at most; the board asks for
125 kHz, which both an RP2040 (125 MHz / 1000) and an ESP32 (80 MHz / 640) meet exactly.

A disturbed read of a register that is cleared by reading could lose its content. So before each
a configuration register of known value is read: that proves the chip still runs with our
calibration, and puts that value into LastData. Afterwards LastData tells what the chip itself
believes to have sent: the content, or still the known value if it never saw the frame. Until
that is settled no other whole frame goes out, which would overwrite LastData.

Noise may spoil two frames alike. So a word of a disturbed bus, and one that is large, is believed
when four frames more show it than do not.

A line stuck low shows an empty register. While the address goes out the chip does not drive MISO,
so that a pull-up shows it alive in the frame of LastData itself; without one a frame cut short
proves it.
"""

from micropython import const

from joulegate.drivers.spi_rate import rate_Hz

RATE_MAX_HZ = const(136000)

_LAST_DATA = const(0x06)
_MMODE = const(0x2B)
_TRIES = const(3)
_ALL_ONES = const(0xFFFF)
_ALIKE = const(4)
_SETTLE_READS = const(11)
_LARGE = const(512)
"""Counts that hardly flow between two readings."""
_QUIET = const(50)
"""Undisturbed energy reads, ten readings, after which two frames alike are believed again."""


class Atm90e26Error(RuntimeError):
    """The chip or its bus does not answer as it should; says what was read and expected."""


class Lost(Exception):
    """A configuration register does not hold our value: the chip was reset."""


class Atm90e26Bus:
    def __init__(self, spi: object, cs: object) -> None:
        """spi: SPI in mode 3; cs: the chip select, a Pin."""
        self._spi = spi
        self._cs = cs
        self._ask = bytearray(3)  # a read; its second and third byte stay 0
        self._tx = bytearray(3)
        self._rx = bytearray(3)
        self._short_tx = bytes((0x80 | _MMODE, 0))
        self._short_rx = bytearray(2)
        self._believed = _LARGE  # below it two frames alike are enough
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
        """Return the word of a register."""
        ask = self._ask
        ask[0] = 0x80 | register
        rx = self._rx
        cs = self._cs
        cs(0)
        self._spi.write_readinto(ask, rx)
        cs(1)
        return rx[1] << 8 | rx[2]

    def write(self, register: int, value: int) -> None:
        """Write a word to a register."""
        tx = self._tx
        tx[0] = register
        tx[1] = value >> 8
        tx[2] = value & 0xFF
        self._cs(0)
        self._spi.write_readinto(tx, self._rx)
        self._cs(1)

    def last_data(self) -> int:
        """Return the word of the last whole frame, as the chip had it."""
        return self.read(_LAST_DATA)

    def guard(self, register: int, expected: int) -> None:
        """Read a configuration register that must hold `expected`; Lost if it does not."""
        if self.read(register) != expected:
            self._guard_again(register, expected)

    def _guard_again(self, register: int, expected: int) -> None:
        for _ in range(_TRIES):
            if self.read(register) == expected:
                self._disturbed()
                return
        raise Lost

    def read_clear(self, register: int, guard: int, expected: int) -> int:
        """Return a read-to-clear register's content as the chip itself gave it out.

        Lost if the register `guard` does not hold `expected`. Atm90e26Error if the bus is too
        disturbed to tell; `unsettled` is then set where settle() can still tell later.
        """
        for _ in range(_TRIES):
            if self.read(guard) != expected:
                self._guard_again(guard, expected)
            self.unsettled = register
            value = self.read(register)
            last = self.read(_LAST_DATA)
            if last == value:
                if value < self._believed and (value or self._rx[0] or self._alive(0)):
                    self.unsettled = 0
                    return value
                last = self.settle(last)
            else:
                self._disturbed()
                last = self.settle()
            if last != expected:
                return last  # the chip sent this and cleared; the bus spoilt our copy
            # LastData still holds the guard: the chip did not see the read. Read again.
        raise Atm90e26Error(
            "ATM90E26: register 0x%02X read 0x%04X, LastData 0x%04X, expected to agree"
            % (register, value, last))

    def settle(self, last: int = -1) -> int:
        """Return LastData once four readings more agree than do not; Atm90e26Error if none do.

        last: what two have shown already. A line stuck high or low agrees with itself, so all
        ones and zero need a proof.
        """
        alike = 2
        if last < 0:
            last = self.read(_LAST_DATA)
            alike = 1
        for _ in range(_SETTLE_READS):
            again = self.read(_LAST_DATA)
            if again == last:
                alike += 1
            else:
                self._quiet = 0
                alike -= 1
                if not alike:
                    last = again
                    alike = 1
            if alike == _ALIKE:
                if not last and not self._rx[0] and not self._alive(0):
                    raise Atm90e26Error("ATM90E26: LastData read 0x0000: MISO stuck low")
                if last == _ALL_ONES and not self._alive(0xFF):
                    raise Atm90e26Error("ATM90E26: LastData read 0xFFFF: MISO stuck high")
                self.unsettled = 0
                self._quiet += 1
                if self._quiet == _QUIET:
                    self._believed = _LARGE
                return last
        raise Atm90e26Error(
            "ATM90E26: LastData read 0x%04X, expected alike: bus disturbed" % last)

    def _disturbed(self) -> None:
        self.errors += 1
        self._believed = 0
        self._quiet = 0

    def _alive(self, idle: int) -> bool:
        """Return whether MISO can leave the level `idle`, 0x00 or 0xFF.

        Reads the high byte of MMode, never one of these, in 16 clocks: DS says that a read of
        less than 24 does not move LastData.
        """
        self._cs(0)
        self._spi.write_readinto(self._short_tx, self._short_rx)
        self._cs(1)
        return self._short_rx[1] != idle
