"""Register-level model of the PCF8563 real-time clock.

Source: NXP PCF8563 data sheet: control 00 and 01, time at 02 to 08, weekday 0 to 6 before the
month. Bit 7 of the seconds, VL, is set when the supply was too low for the oscillator; writing
the seconds with it 0 clears it. Bits not used read as anything: here as ones, for whoever does
not mask them. STOP holds the time where it is.
"""

from world.rtc_registers import RtcRegisters

_CONTROL_1 = 0x00
_SECONDS = 0x02
_STOP = 0x20
_VL = 0x80
_UNUSED = {"second": 0x00, "minute": 0x80, "hour": 0xC0, "day": 0xC0, "weekday": 0xF8,
           "month": 0x60, "year": 0x00}


class Pcf8563Model(RtcRegisters):
    """A chip that has never had power unless `unix_seconds` is given."""

    size = 0x10
    first = 0x02
    fields = ("second", "minute", "hour", "day", "weekday", "month", "year")

    def __init__(self, clock: object, unix_seconds: int | None = None, ppm: int = 0) -> None:
        self._low = False
        super().__init__(clock, unix_seconds or 0, ppm)
        if unix_seconds is None:
            self.lose()

    @property
    def running(self) -> bool:
        return not self.registers[_CONTROL_1] & _STOP

    def lose(self) -> None:
        super().lose()
        self.registers[_CONTROL_1] = 0
        self._low = True

    def decorate(self, name: str, value: int) -> int:
        if name == "second" and self._low:
            value |= _VL
        return value | _UNUSED[name]

    def store(self, register: int, value: int) -> None:
        super().store(register, value)
        if register == _SECONDS and not value & _VL:
            self._low = False
