"""The meter's clock: UTC seconds since 2020-01-01, counted on by the processor's ticks.

The real-time clock gives the time at a start. From then on the ticks count, and the two are
compared every hour: a small difference is drift and is slewed away; a large one is a real-time
clock that has jumped, which is told and set right, while the count goes on. Larger steps are
only made by `set`, for somebody who has proven who he is. Nothing else makes time jump, and
nothing makes it go back.

Without a time to believe, `now` counts the seconds since the start from civil.NO_TIME: so each
event, record and price that is given this number can tell that nobody knew the time.

Asking the time allocates nothing. Rules: docs/clock.md.
"""

from micropython import const

from joulegate.core import events as event
from joulegate.core.civil import (
    DAY_S,
    NO_TIME,
    TIME_END,
    TIME_MIN,
    civil_of,
    format_time,
    seconds_of,
)
from joulegate.core.events import EventLog

# Where the time is from.
NOBODY = const(0)
RTC = const(1)
SETTER = const(2)
SOURCES = ("nobody", "rtc", "setter")

# Why the real-time clock gives no time: the value of the event rtc_failed.
NO_ANSWER = const(1)
STOPPED = const(2)
NO_DATE = const(3)
UNSTEADY = const(4)
NOT_SET = const(5)
FAILURES = (
    "", "does not answer", "has stopped", "shows no date", "gives readings that differ",
    "shows a time before this firmware was made",
)

STEP_MAX_S = const(30)
"""The largest step that is taken from somebody who has proven nothing, and once a day."""

SLEW_PART = const(100)
"""The clock runs faster or slower by at most one part in this many."""

_COUNT_MS = const(1000)
_COMPARE_MS = const(3600000)
_RETRY_MS = const(60000)
_DRIFT_MS = const(2000)
_DRIFT_PART = const(2500)  # 400 ppm, several times what two crystals differ by
_DRIFT_MAX_MS = const(30000)
_LONGEST_MS = const(0x0FFFFFFF)


class Clock:
    def __init__(
        self, rtc: object, ticks_ms: object, ticks_diff: object, log: EventLog,
        earliest: int = TIME_MIN,
    ) -> None:
        """rtc: machine.RTC in UTC, or a chip's driver, whose datetime() is None while its time
        is not to be trusted; ticks_ms, ticks_diff: those of the time module; earliest: UTC
        second before which no time is believed.
        """
        self._rtc = rtc
        self.ticks_ms = ticks_ms
        self.ticks_diff = ticks_diff
        self._log = log
        self._earliest = earliest
        self._floor = earliest
        self.source = NOBODY
        self._at = ticks_ms()
        self._second = NO_TIME
        self._ms = 0
        self._slew_ms = 0  # still to be gained, or lost when negative
        self.up = 0
        """Seconds since the start, as of the last look at the time."""
        self._up_ms = 0
        self._asked_ms = 0
        self._took_ms = 0
        self._agreed_ms = 0
        self._adjusted = -DAY_S
        self._failure = 0
        self._reason = 0
        self._refused = False
        self._start()

    @property
    def valid(self) -> bool:
        """Whether the time is known."""
        return self.source != NOBODY

    def now(self) -> int:
        """Return the UTC second, or while nobody knows it the seconds since NO_TIME."""
        ticks = self.ticks_ms()
        passed = self.ticks_diff(ticks, self._at)
        if passed >= _COUNT_MS:
            self._count(ticks, passed)
            passed = 0
        return self._second + (self._ms + self._slewed(passed)) // 1000

    def uptime(self) -> int:
        """Return the seconds since the start, whatever the time is set to."""
        self.now()
        return self.up

    def set(self, second: int) -> bool:
        """Set the time to a UTC second, on the word of somebody who has proven who he is.

        Returns whether the real-time clock took it, too. ValueError for a time that cannot be.
        """
        if not self._earliest <= second < TIME_END:
            raise ValueError("time %s: must be from %s until %s" % (
                format_time(second), format_time(self._earliest), format_time(TIME_END)))
        before = self._catch_up()
        if self.valid:
            self._put(second, SETTER)
            self._log.add(event.CLOCK_SET, second, second - before)
        else:
            self._put(second, SETTER)
            self._log.add(event.CLOCK_VALID, second, before - NO_TIME)
        return self._write(second)

    def adjust(self, second: int) -> bool:
        """Take a UTC second from somebody who has proven nothing, such as a network.

        Returns whether it was taken: at most STEP_MAX_S away, once a day and while the time is
        known. The clock then runs faster or slower until it is there.
        """
        now = self._catch_up()
        change = second - now
        if not self.valid or not -STEP_MAX_S <= change <= STEP_MAX_S:
            return False
        if -1 <= change <= 1:
            return True  # no more than what a whole second hides
        if self.up - self._adjusted < DAY_S:
            return False
        self._adjusted = self.up
        self._slew_ms = change * 1000
        self._log.add(event.CLOCK_SLEWED, now, change)
        self._write(second)
        return True

    def require(self, second: int) -> bool:
        """Hold the time against one that the meter has seen before, at a start.

        Returns whether the time is believed. A time before that second is dropped, and only
        `set` brings another.
        """
        now = self._catch_up()
        self._floor = max(self._earliest, second)
        if not self.valid:
            return False
        if now >= second:
            return True
        self._second = NO_TIME + self.up
        self._ms = 0
        self._slew_ms = 0
        self.source = NOBODY
        self._refused = True
        self._log.add(event.CLOCK_ROLLED_BACK, self._second, second - now)
        self._log.add(event.CLOCK_INVALID, self._second, now)
        return False

    @property
    def rolled_back(self) -> bool:
        """Whether the real-time clock showed a time before one that the meter has seen."""
        return self._refused

    @property
    def failure(self) -> str:
        """What is wrong with the real-time clock, or "" when it gives the time."""
        return FAILURES[self._failure]

    # --- counting -------------------------------------------------------------------------

    def _slewed(self, passed: int) -> int:
        """Return the milliseconds of this clock in some milliseconds of the ticks."""
        slew = self._slew_ms
        if not slew:
            return passed
        part = passed // SLEW_PART
        if slew > 0:
            return passed + (part if part < slew else slew)
        return passed - (part if part < -slew else -slew)

    def _count(self, ticks: int, passed: int) -> None:
        gained = self._slewed(passed) - passed
        self._slew_ms -= gained
        self._at = ticks
        self._ms += passed + gained
        self._second += self._ms // 1000
        self._ms %= 1000
        self._up_ms += passed
        self.up += self._up_ms // 1000
        self._up_ms %= 1000
        self._asked_ms += passed
        if self._agreed_ms < _LONGEST_MS:
            self._agreed_ms += passed
        if self._asked_ms >= (_RETRY_MS if self.source == NOBODY else _COMPARE_MS):
            self._asked_ms = 0
            if self.source == NOBODY:
                self._retry()
            else:
                self._compare()

    def _catch_up(self) -> int:
        """Count up to this very millisecond, and return the second."""
        ticks = self.ticks_ms()
        self._count(ticks, self.ticks_diff(ticks, self._at))
        return self._second

    def _put(self, second: int, source: int) -> None:
        self._second = second
        self._ms = 0
        self._slew_ms = 0
        self._agreed_ms = 0
        self._refused = False
        self.source = source

    # --- the real-time clock --------------------------------------------------------------

    def _start(self) -> None:
        second = self._ask()
        self._at = self.ticks_ms()
        if second is None:
            self._log.add(event.CLOCK_INVALID, NO_TIME)
        elif not self._earliest <= second < TIME_END:
            self._fail(NOT_SET)
            self._log.add(event.CLOCK_INVALID, NO_TIME, second)
        else:
            self._put(second, RTC)

    def _retry(self) -> None:
        """Ask again while nobody knows the time, unless what was shown has been refused."""
        if self._refused:
            return
        second = self._ask()
        if second is not None and self._floor <= second < TIME_END:
            before = self._catch_up()
            self._put(second, RTC)
            self._log.add(event.CLOCK_VALID, second, before - NO_TIME)

    def _compare(self) -> None:
        """Hold the count against the real-time clock, which shows whole seconds: they agree
        when the count lay within the second shown at some time while it was read."""
        second = self._ask()
        self._catch_up()
        if second is None:
            if self._failure != NO_ANSWER:
                self._write(self._second)
            return
        ahead = (second - self._second) * 1000 - self._ms
        drift = ahead if ahead > 0 else min(0, ahead + 999 + self._took_ms)
        limit = min(_DRIFT_MAX_MS, _DRIFT_MS + self._agreed_ms // _DRIFT_PART)
        if abs(drift) <= limit + abs(self._slew_ms):
            self._slew_ms = drift
            self._agreed_ms = 0
        else:
            self._log.add(event.RTC_DISAGREES, self._second, second - self._second)
            self._write(self._second)

    def _ask(self) -> "int | None":
        """Return the second of the real-time clock once two readings agree, or None."""
        began = self.ticks_ms()
        first = self._read()
        for _ in range(3):
            between = self.ticks_ms()
            again = self._read()
            self._took_ms = self.ticks_diff(self.ticks_ms(), began)
            if first is not None and again is not None:
                if 0 <= again - first <= 1 + self._took_ms // 1000:
                    self._failure = 0
                    return again
                self._reason = UNSTEADY
            first = again
            began = between
        self._fail(self._reason)
        return None

    def _read(self) -> "int | None":
        try:
            civil = self._rtc.datetime()
            if civil is None:
                self._reason = STOPPED
                return None
            year, month, day, _, hour, minute, second, _ = civil
            return seconds_of(year, month, day, hour, minute, second)
        except OSError:
            self._reason = NO_ANSWER
        except ValueError:
            self._reason = NO_DATE
        return None

    def _write(self, second: int) -> bool:
        """Set the real-time clock to the nearest second; return whether it took it."""
        try:
            self._rtc.datetime(civil_of(second + (self._ms >= 500)))
        except OSError:
            self._fail(NO_ANSWER)
            return False
        except ValueError:
            self._fail(NO_DATE)
            return False
        return True

    def _fail(self, reason: int) -> None:
        """Tell of a failure once, until it has been well in between."""
        if reason != self._failure:
            self._failure = reason
            self._log.add(event.RTC_FAILED, self._second, reason)
