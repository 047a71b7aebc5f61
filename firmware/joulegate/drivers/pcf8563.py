"""PCF8563: real-time clock with a bare crystal and a battery, on I2C.

Source: NXP PCF8563 data sheet, Rev. 11: register overview (table 4), VL flag, STOP bit.
The crystal is as good as its 20 to 50 ppm, and loses 0.035 ppm times the square of the degrees
from 25 C.
"""

from micropython import const

from joulegate.drivers.bcd import RtcError, agree, check_civil, decode, encode

_CONTROL_1 = const(0x00)
_SECONDS = const(0x02)
_MINUTES = const(0x03)
_ALARM = const(0x09)

_STOP = const(0x20)
_VL = const(0x80)
_CENTURY = const(0x80)
_ALARM_OFF = const(0x80)


class Pcf8563:
    """datetime() is that of machine.RTC, in UTC and 2000 to 2099; weekday 0 is Monday."""

    def __init__(self, i2c: object, address: int) -> None:
        """i2c: a bus of at most 400 kHz."""
        self._i2c = i2c
        self._address = address
        self._registers = bytearray(9)
        self._time = bytearray(6)
        self._byte = bytearray(1)

    def datetime(self, civil: "tuple | None" = None) -> "tuple | None":
        """Get or set (year, month, day, weekday, hour, minute, second, subsecond).

        Returns None while the chip says that its time is not to be trusted: supply was too low
        (VL), or the clock is stopped. Setting clears both, last of all. Raises RtcError for
        registers that hold no time, ValueError for a time it cannot hold, OSError for a chip
        that does not answer.
        """
        if civil is not None:
            self._set(civil)
            return None
        return None if self.stopped else self._decode()

    @property
    def stopped(self) -> bool:
        """Whether the time is not to be trusted; reads the registers."""
        # In one burst: the chip holds the time back while it is read, for up to a second.
        self._i2c.readfrom_mem_into(self._address, _CONTROL_1, self._registers)
        return bool(self._registers[_CONTROL_1] & _STOP or self._registers[_SECONDS] & _VL)

    def spare(self, value: "int | None" = None) -> int:
        """Get or set 22 bits that the battery keeps: the registers of the alarm, which is off.

        They hold 7, 6, 6 and 3 bits beside the one that switches each off (data sheet, 8.6).
        OSError for a chip that does not answer.
        """
        if value is not None:
            self._i2c.writeto_mem(self._address, _ALARM, bytes((
                _ALARM_OFF | value & 0x7F, _ALARM_OFF | value >> 7 & 0x3F,
                _ALARM_OFF | value >> 13 & 0x3F, _ALARM_OFF | value >> 19 & 0x07)))
            return value
        a, b, c, d = self._i2c.readfrom_mem(self._address, _ALARM, 4)
        return a & 0x7F | (b & 0x3F) << 7 | (c & 0x3F) << 13 | (d & 0x07) << 19

    def _decode(self) -> tuple:
        r = self._registers
        if r[7] & _CENTURY:
            raise RtcError("PCF8563: month register is 0x%02X: century is not 2000" % r[7])
        # Bits that the chip does not use read as anything.
        return (
            2000 + decode("PCF8563: year", r[8], 0, 99),
            decode("PCF8563: month", r[7] & 0x1F, 1, 12),
            decode("PCF8563: day", r[5] & 0x3F, 1, 31),
            decode("PCF8563: weekday", r[6] & 0x07, 0, 6),
            decode("PCF8563: hour", r[4] & 0x3F, 0, 23),
            decode("PCF8563: minute", r[3] & 0x7F, 0, 59),
            decode("PCF8563: second", r[2] & 0x7F, 0, 59), 0)

    def _set(self, civil: tuple) -> None:
        check_civil("PCF8563", civil)
        year, month, day, weekday, hour, minute, second, _ = civil
        t = self._time
        t[0] = encode(minute)
        t[1] = encode(hour)
        t[2] = encode(day)
        t[3] = weekday
        t[4] = encode(month)
        t[5] = encode(year - 2000)
        # VL stands beside the seconds, so they go last; and stopped, so that nothing carries
        # in between. A cut on the way leaves a clock that says it is not to be trusted.
        self._write(_CONTROL_1, _STOP)
        self._i2c.writeto_mem(self._address, _MINUTES, t)
        self._write(_SECONDS, encode(second))
        self._i2c.readfrom_mem_into(self._address, _CONTROL_1, self._registers)
        read = self._decode()
        if not agree(civil, read):
            raise RtcError("PCF8563: wrote %r, reads %r" % (civil, read))
        self._write(_CONTROL_1, 0)

    def _write(self, register: int, value: int) -> None:
        self._byte[0] = value
        self._i2c.writeto_mem(self._address, register, self._byte)
