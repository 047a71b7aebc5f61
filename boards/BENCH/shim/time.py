"""`time` of the BENCH board: the boards' own API on the simulated clock.

Found before the built-in, which stays reachable as `utime`. Ticks wrap at 2**30 as on the boards
(the unix port's wrap at 2**62 and would never show a missing ticks_diff). The epoch is 1970, as
on the RP2040; time() is what the RTC shows, in whole seconds.

Importing this module also gives asyncio a task queue that keeps simulated time: see
`simulated_tasks`.
"""

import sys

from micropython import const

from world import bench_clock
from world.calendar import seconds_of, tuple_of

_HALF = const(1 << 29)
_MASK = const((1 << 30) - 1)


def ticks_ms() -> int:
    return bench_clock.now_us() // 1000 & _MASK


def ticks_us() -> int:
    return bench_clock.now_us() & _MASK


ticks_cpu = ticks_us


def ticks_add(ticks: int, delta: int) -> int:
    if not -_HALF < delta < _HALF:
        raise OverflowError("ticks interval overflow")
    return ticks + delta & _MASK


def ticks_diff(end: int, start: int) -> int:
    return (end - start + _HALF & _MASK) - _HALF


def sleep(seconds: int | float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    bench_clock.sleep_us(int(seconds * 1_000_000))


def sleep_ms(ms: int) -> None:
    bench_clock.sleep_us(ms * 1000)


def sleep_us(us: int) -> None:
    bench_clock.sleep_us(us)


def time() -> int:
    return bench_clock.rtc_us() // 1_000_000


def time_ns() -> int:
    return bench_clock.rtc_us() * 1000


def gmtime(seconds: int | float | None = None) -> tuple:
    return tuple_of(time() if seconds is None else int(seconds))


localtime = gmtime  # the boards know no time zones


def mktime(civil: tuple) -> int:
    if not 8 <= len(civil) <= 9:
        raise TypeError("mktime needs a tuple of length 8 or 9 (%d given)" % len(civil))
    return seconds_of(civil[0], civil[1], civil[2], civil[3], civil[4], civil[5])


# At the end, for it takes the ticks from here. asyncio.core imports `time` before `_asyncio`.
import simulated_tasks  # noqa: E402

sys.modules["_asyncio"] = simulated_tasks
