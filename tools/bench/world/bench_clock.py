"""The one source of simulated time on the bench, in microseconds since the simulated power-on.

Three ways for time to pass, chosen with `set_mode`:
- virtual (rate 0): time stands still while code runs and jumps over every wait;
- accelerated (rate above 1): wall time multiplied by the rate;
- real (rate 1).

Alarms are what the world does by itself: the end of a hardware pulse, a timer, a watchdog. Each
runs with the clock standing exactly at the instant it was due, however late the interpreter gets
to it, so that a pulse has its right length in every mode. Simulated time never goes back.

The RTC is kept apart from the true civil time: firmware may set it wrong, the world knows better.
"""

import utime

VIRTUAL = 0
REAL = 1
RATE_MAX = 100_000

_SPIN_US = 120  # a host sleep overshoots by about this much: the rest is spun

_rate = VIRTUAL
_now = 0
_wall_0 = 0  # wall clock and simulated clock at the last change of mode or jump
_sim_0 = 0
_in_alarm = False
_alarms = []  # Alarm objects by due time, first come first served among equals
_listeners = []
_civil_offset = 0
_rtc_offset = 0


class Alarm:
    """Something due at one instant. Made by `at_us` and `after_us`."""

    def __init__(self, due_us: int, callback: object) -> None:
        self.due_us = due_us
        self.callback = callback


def set_mode(rate: int | float) -> None:
    """Let time pass at `rate` times wall time; 0 is virtual. Simulated time does not jump."""
    global _rate
    if not 0 <= rate <= RATE_MAX:
        raise ValueError("clock rate is %r: must be 0 (virtual) to %d" % (rate, RATE_MAX))
    now = now_us()
    _rate = rate
    _rebase(now)


def rate() -> int | float:
    """Return how much faster than wall time the clock runs; 0 when virtual."""
    return _rate


def now_us() -> int:
    """Return the simulated time in microseconds, having run every alarm due by then."""
    if _rate and not _in_alarm:
        _run_to(_sim_by_wall())
    return _now


def run_due() -> None:
    """Run what is due at the instant last read, without letting time pass."""
    _run_to(_now)


def advance_us(us: int) -> None:
    """Move time forward by `us` in any mode, running on the way what is due."""
    if us < 0:
        raise ValueError("advance of %r us: time does not go back" % (us,))
    _jump_to(now_us() + us)


def sleep_us(us: int) -> None:
    """Wait for `us` of simulated time. A negative wait is none, as on the boards."""
    deadline = now_us() + max(0, us)
    if not _rate or _in_alarm:
        _jump_to(deadline)
        return
    start = _now
    while now_us() < deadline:
        rest_us(wall_wait_us(deadline))
    tell(_now - start)


def tell(us: int) -> None:
    """Let the listeners know that a wait of `us` is over."""
    for listener in _listeners:
        listener(us)


def jump_to_next(deadline_us: int | None) -> bool:
    """Virtual mode: jump to the next alarm or to the deadline, whichever comes first.

    Returns False when there is neither, so that nothing simulated can end the wait.
    """
    due = _alarms[0].due_us if _alarms else None
    if deadline_us is None and due is None:
        return False
    _jump_to(deadline_us if due is None or (deadline_us is not None and deadline_us < due)
             else due)
    return True


def wall_wait_us(deadline_us: int | None) -> int:
    """Return the wall microseconds until the next alarm or the deadline, -1 for never."""
    if _alarms and (deadline_us is None or _alarms[0].due_us < deadline_us):
        deadline_us = _alarms[0].due_us
    if deadline_us is None:
        return -1
    return max(0, int((deadline_us - now_us()) / _rate))


def rest_us(wall_us: int) -> None:
    """Let wall time pass, to within a few microseconds: at 600x each of them counts as 600."""
    end = utime.ticks_us() + wall_us
    if wall_us > _SPIN_US:
        utime.sleep_us(wall_us - _SPIN_US)
    while utime.ticks_us() < end:
        pass


def at_us(due_us: int, callback: object) -> Alarm:
    """Call `callback()` at the instant `due_us`; one already past is due at once."""
    alarm = Alarm(due_us, callback)
    i = len(_alarms)
    while i and _alarms[i - 1].due_us > due_us:
        i -= 1
    _alarms.insert(i, alarm)
    return alarm


def after_us(delay_us: int, callback: object) -> Alarm:
    """Call `callback()` after `delay_us` microseconds."""
    return at_us(now_us() + delay_us, callback)


def cancel(alarm: Alarm | None) -> None:
    """Forget an alarm. One that has run, or None, is no error."""
    if alarm in _alarms:
        _alarms.remove(alarm)


def on_advance(listener: object) -> None:
    """Call `listener(us)` after every wait, with the simulated time that passed in it."""
    _listeners.append(listener)


def start(unix_seconds: int, ticks_us: int = 0) -> None:
    """Begin a life: no alarms, no listeners, RTC and true time at `unix_seconds`.

    `ticks_us` is the reading of the monotonic clock, for starting just before its wrap.
    """
    global _now, _civil_offset, _rtc_offset
    if unix_seconds < 0 or ticks_us < 0:
        raise ValueError("clock start at %r s, %r us: must not be negative"
                         % (unix_seconds, ticks_us))
    _alarms.clear()
    _listeners.clear()
    _now = ticks_us
    _rebase(ticks_us)
    _civil_offset = _rtc_offset = unix_seconds * 1_000_000 - ticks_us


def civil_us() -> int:
    """Return the true civil time in microseconds since 1970, whatever the RTC says."""
    return now_us() + _civil_offset


def rtc_us() -> int:
    """Return what the RTC shows, in microseconds since 1970."""
    return now_us() + _rtc_offset


def set_rtc_us(unix_us: int) -> None:
    """Set the RTC, right or wrong; the true civil time is untouched."""
    global _rtc_offset
    _rtc_offset = unix_us - now_us()


def _sim_by_wall() -> int:
    return _sim_0 + int((utime.ticks_us() - _wall_0) * _rate)


def _rebase(now: int) -> None:
    global _wall_0, _sim_0
    _wall_0 = utime.ticks_us()
    _sim_0 = now


def _jump_to(target: int) -> None:
    us = target - _now
    # Before the alarms run: an alarm may raise (a reset), and time must have moved all the same.
    if _rate and target > _sim_by_wall():
        _rebase(target)
    _run_to(target)
    tell(us)


def _run_to(target: int) -> None:
    global _now, _in_alarm
    if _alarms and _alarms[0].due_us <= target:
        nested = _in_alarm
        _in_alarm = True
        try:
            while _alarms and _alarms[0].due_us <= target:
                alarm = _alarms.pop(0)
                if alarm.due_us > _now:
                    _now = alarm.due_us
                alarm.callback()
        finally:
            _in_alarm = nested
    if target > _now:
        _now = target
