"""machine.RTC, WDT and Timer of the BENCH board, on the simulated clock.

The watchdog's limit is that of the RP2040 (data sheet section 4.7: 24 bits, two counts a
microsecond). It watches the processor, whose speed is the host's: when simulated time is
accelerated, its time-out is stretched by the same factor, or a garbage collection of 15 ms
would pass for a firmware that hangs.
"""

from micropython import const

from world import bench_clock, wiring
from world.calendar import seconds_of, tuple_of

_WDT_MAX_MS = const(8388)
_watchdog_alarm = None
_watchdog_deadline = 0
_watchdog_us = 0
_timers = []


class RTC:
    """RTC(). Weekdays count from Monday = 0 and are worked out, as on rp2 and ESP32."""

    def __init__(self, id: int = 0) -> None:
        if id != 0:
            raise ValueError("RTC(%r) doesn't exist" % (id,))

    def datetime(self, civil: tuple | None = None) -> tuple | None:
        """Get or set (year, month, day, weekday, hour, minute, second, subsecond)."""
        if civil is None:
            now = tuple_of(bench_clock.rtc_us() // 1_000_000)
            return now[:3] + (now[6],) + now[3:6] + (0,)
        if len(civil) != 8:
            raise ValueError("requested length 8 but object has length %d" % len(civil))
        seconds = seconds_of(civil[0], civil[1], civil[2], civil[4], civil[5], civil[6])
        bench_clock.set_rtc_us(seconds * 1_000_000)


class WDT:
    """WDT(id, timeout): once started it cannot be stopped. Starving it resets the chip."""

    def __init__(self, id: int = 0, timeout: int = 5000) -> None:
        global _watchdog_alarm, _watchdog_us
        if id != 0:
            raise ValueError("WDT(%r) doesn't exist" % (id,))
        if not 1 <= timeout <= _WDT_MAX_MS:
            raise ValueError("WDT timeout is %r ms: must be 1 to %d" % (timeout, _WDT_MAX_MS))
        bench_clock.cancel(_watchdog_alarm)
        _watchdog_us = timeout * 1000
        self.feed()
        _watchdog_alarm = bench_clock.at_us(_watchdog_deadline, _watch)

    def feed(self) -> None:
        global _watchdog_deadline
        # The alarm stays where it is and looks again when it rings: feeding is a hot path.
        _watchdog_deadline = bench_clock.now_us() + int(
            _watchdog_us * max(1, bench_clock.rate()))


class Timer:
    """Timer(-1, *, mode, period, freq, callback): a software timer."""

    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id: int = -1, **options: object) -> None:
        if id != -1:
            raise ValueError("Timer doesn't exist")
        self._alarm = None
        _timers.append(self)
        if options:
            self.init(**options)

    def init(self, *, mode: int = PERIODIC, period: int = -1, freq: int | float | None = None,
             callback: object = None, tick_hz: int = 1000, hard: bool = False) -> None:
        """Start. `period` is in ticks of 1/tick_hz s; `freq`, in Hz, goes before it."""
        if mode not in (Timer.ONE_SHOT, Timer.PERIODIC):
            raise ValueError("Timer mode is %r: must be ONE_SHOT or PERIODIC" % (mode,))
        if freq is None and period < 0:
            raise ValueError("Timer period is %r ms: must not be negative" % (period,))
        if freq is not None and freq <= 0:
            raise ValueError("Timer freq is %r Hz: must be above 0" % (freq,))
        self.deinit()
        if self not in _timers:
            _timers.append(self)
        self._mode = mode
        self._callback = callback
        self._period_us = max(1, period * 1_000_000 // tick_hz if freq is None
                              else int(1_000_000 / freq))
        self._due_us = bench_clock.now_us() + self._period_us
        self._alarm = bench_clock.at_us(self._due_us, self._ring)

    def deinit(self) -> None:
        bench_clock.cancel(self._alarm)
        self._alarm = None
        if self in _timers:
            _timers.remove(self)

    def _ring(self) -> None:
        if self._mode == Timer.PERIODIC:
            self._due_us += self._period_us
            self._alarm = bench_clock.at_us(self._due_us, self._ring)
        else:
            self.deinit()
        if self._callback:
            self._callback(self)


def _watch() -> None:
    global _watchdog_alarm
    if bench_clock.now_us() < _watchdog_deadline:
        _watchdog_alarm = bench_clock.at_us(_watchdog_deadline, _watch)
    else:
        _watchdog_alarm = None
        wiring.reset(wiring.WDT_RESET)


def _restart() -> None:
    global _watchdog_alarm
    bench_clock.cancel(_watchdog_alarm)
    _watchdog_alarm = None
    while _timers:
        _timers[-1].deinit()


wiring.on_restart(_restart)
