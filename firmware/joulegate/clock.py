"""The meter's clock: UTC seconds since 2020-01-01, counted on from the real-time clock.

Reading the RTC makes a tuple; so it is read at start and now and then, and the milliseconds
since are added. Asking the time allocates nothing.
"""

from micropython import const

from joulegate.core.civil import DAY_S, date_of, seconds_of, weekday

_RESYNC_MS = const(3600000)


class Clock:
    def __init__(self, rtc: object, ticks_ms: object, ticks_diff: object) -> None:
        """rtc: machine.RTC in UTC; ticks_ms, ticks_diff: those of the time module."""
        self._rtc = rtc
        self.ticks_ms = ticks_ms
        self.ticks_diff = ticks_diff
        self._second = 0
        self._at = ticks_ms()
        self.sync()

    def sync(self) -> None:
        """Take the time of the RTC; one that shows no date is ignored, and the time goes on."""
        year, month, day, _, hour, minute, second, _ = self._rtc.datetime()
        ticks = self.ticks_ms()
        try:
            self._second = seconds_of(year, month, day, hour, minute, second)
        except ValueError:
            self._second += self.ticks_diff(ticks, self._at) // 1000
        self._at = ticks

    def set(self, second: int) -> None:
        """Set the real-time clock to a UTC second, 2000 to 2053."""
        day = second // DAY_S
        rest = second % DAY_S
        self._rtc.datetime(date_of(day) + (
            weekday(day), rest // 3600, rest // 60 % 60, rest % 60, 0))
        self.sync()

    def now(self) -> int:
        """Return the UTC second."""
        ticks = self.ticks_ms()
        passed = self.ticks_diff(ticks, self._at)
        if passed >= _RESYNC_MS:
            self.sync()
            return self._second
        return self._second + passed // 1000
