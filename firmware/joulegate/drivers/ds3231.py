"""DS3231: real-time clock with a temperature-compensated crystal and a battery, on I2C.

Source: Maxim DS3231 data sheet, 19-5170 Rev 10: register map (figure 1), control and status,
temperature, aging offset.
"""

from micropython import const

from joulegate.drivers.bcd import RtcError, agree, check_civil, decode, encode

_SECONDS = const(0x00)
_ALARM_1 = const(0x07)
_CONTROL = const(0x0E)
_STATUS = const(0x0F)
_AGING = const(0x10)
_TEMPERATURE = const(0x11)

_HOUR_12 = const(0x40)
_CENTURY = const(0x80)
_EOSC = const(0x80)
_OSF = const(0x80)
_ZERO = const(0x70)  # bits of the status register that always read 0


class Ds3231:
    """datetime() is that of machine.RTC, in UTC and 2000 to 2099; weekday 0 is Monday."""

    def __init__(self, i2c: object, address: int) -> None:
        """i2c: a bus of at most 400 kHz."""
        self._i2c = i2c
        self._address = address
        self._registers = bytearray(16)
        self._time = bytearray(7)
        self._byte = bytearray(1)

    def datetime(self, civil: "tuple | None" = None) -> "tuple | None":
        """Get or set (year, month, day, weekday, hour, minute, second, subsecond).

        Returns None while the oscillator-stop flag says that the time is not to be trusted.
        Setting clears the flag, once the time has been written and read back. Raises RtcError
        for registers that hold no time, ValueError for a time it cannot hold, OSError for a
        chip that does not answer.
        """
        if civil is not None:
            self._set(civil)
            return None
        return None if self.stopped else self._decode()

    @property
    def stopped(self) -> bool:
        """Whether the oscillator has stopped since the time was set; reads the registers."""
        # Time and status in one burst: the chip freezes the time at the start of it.
        self._i2c.readfrom_mem_into(self._address, _SECONDS, self._registers)
        status = self._registers[_STATUS]
        if status & _ZERO:
            raise RtcError("DS3231: status register is 0x%02X: bits 4 to 6 must be 0" % status)
        return bool(status & _OSF)

    def temperature_cC(self) -> int:
        """Return the temperature of the chip in hundredths of a degree, in steps of 25."""
        both = self._i2c.readfrom_mem(self._address, _TEMPERATURE, 2)
        quarters = both[0] << 2 | both[1] >> 6
        return 25 * (quarters - 1024 if quarters & 0x200 else quarters)

    def aging(self, offset: "int | None" = None) -> int:
        """Get or set the aging offset, -128 to 127; one step is about -0.1 ppm at 25 C."""
        if offset is not None:
            if not -128 <= offset <= 127:
                raise ValueError("DS3231: aging offset %d: must be -128 to 127" % offset)
            self._write(_AGING, offset & 0xFF)
        value = self._i2c.readfrom_mem(self._address, _AGING, 1)[0]
        return value - 256 if value & 0x80 else value

    def spare(self, value: "int | None" = None) -> int:
        """Get or set 22 bits that the battery keeps: the registers of alarm 1, which is off.

        OSError for a chip that does not answer.
        """
        if value is not None:
            self._i2c.writeto_mem(self._address, _ALARM_1, value.to_bytes(3, "little"))
            return value
        return int.from_bytes(self._i2c.readfrom_mem(self._address, _ALARM_1, 3), "little")

    def _decode(self) -> tuple:
        r = self._registers
        hour = r[2]
        if hour & _HOUR_12:
            raise RtcError("DS3231: hour register is 0x%02X: must be in 24 h mode" % hour)
        if r[5] & _CENTURY:
            raise RtcError("DS3231: month register is 0x%02X: is past 2099" % r[5])
        return (
            2000 + decode("DS3231: year", r[6], 0, 99), decode("DS3231: month", r[5], 1, 12),
            decode("DS3231: day", r[4], 1, 31), decode("DS3231: weekday", r[3], 1, 7) - 1,
            decode("DS3231: hour", hour, 0, 23), decode("DS3231: minute", r[1], 0, 59),
            decode("DS3231: second", r[0], 0, 59), 0)

    def _set(self, civil: tuple) -> None:
        check_civil("DS3231", civil)
        year, month, day, weekday, hour, minute, second, _ = civil
        control = self._i2c.readfrom_mem(self._address, _CONTROL, 1)[0]
        if control & _EOSC:
            self._write(_CONTROL, control & ~_EOSC)  # or it would stop on the battery
        t = self._time
        t[0] = encode(second)
        t[1] = encode(minute)
        t[2] = encode(hour)
        t[3] = weekday + 1
        t[4] = encode(day)
        t[5] = encode(month)
        t[6] = encode(year - 2000)
        # Writing the seconds begins the second anew; the rest must follow within it.
        self._i2c.writeto_mem(self._address, _SECONDS, t)
        stopped = self.stopped
        read = self._decode()
        if not agree(civil, read):
            raise RtcError("DS3231: wrote %r, reads %r" % (civil, read))
        if stopped:
            self._write(_STATUS, self._registers[_STATUS] & ~_OSF)

    def _write(self, register: int, value: int) -> None:
        self._byte[0] = value
        self._i2c.writeto_mem(self._address, register, self._byte)
