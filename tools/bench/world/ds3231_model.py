"""Register-level model of the DS3231 real-time clock.

Source: Maxim DS3231 data sheet: time at 00 to 06, control 0E, status 0F, aging 10, temperature
11 and 12. The oscillator-stop flag can be written to 0 only. Weekdays are the user's own count,
1 to 7; the world's begin with Monday. Without EOSC cleared the clock stops on the battery.
"""

from world.rtc_registers import RtcRegisters

_CONTROL = 0x0E
_STATUS = 0x0F
_TEMPERATURE = 0x11
_EOSC = 0x80
_OSF = 0x80
_WRITABLE = 0x8B  # OSF, EN32kHz, A2F, A1F


class Ds3231Model(RtcRegisters):
    """A chip that has never had power unless `unix_seconds` is given."""

    size = 0x13
    first = 0x00
    fields = ("second", "minute", "hour", "weekday", "day", "month", "year")

    def __init__(self, clock: object, unix_seconds: int | None = None, ppm: int = 0) -> None:
        super().__init__(clock, unix_seconds or 0, ppm)
        self.registers[_CONTROL] = 0x1C
        self.registers[_STATUS] = 0x08
        self.heat(25)
        if unix_seconds is None:
            self.lose()

    def heat(self, degrees: int | float) -> None:
        """Bring the chip to a temperature, in steps of a quarter of a degree."""
        quarters = int(degrees * 4) & 0x3FF
        self.registers[_TEMPERATURE] = quarters >> 2
        self.registers[_TEMPERATURE + 1] = (quarters & 3) << 6

    def lose(self) -> None:
        super().lose()
        self.registers[_STATUS] |= _OSF

    def supply_off(self) -> None:
        super().supply_off()
        if self.registers[_CONTROL] & _EOSC:
            self.registers[_STATUS] |= _OSF

    def weekday_value(self, weekday: int) -> int:
        return weekday + 1

    def store(self, register: int, value: int) -> None:
        if register == _STATUS:
            kept = self.registers[_STATUS] & _OSF & value
            value = value & _WRITABLE & ~_OSF | kept
        elif register >= _TEMPERATURE:
            return
        super().store(register, value)
