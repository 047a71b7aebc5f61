"""How punctual a running meter is: lateness of its ticks, and how long its tasks hold it up.

A meter has its processor to itself, this program has not. So time in which the process was not on
a processor, by proc(5), /proc/[pid]/schedstat, is taken off: that in which it waited for one,
exactly, and that in which the whole computer stood still, to a tick of its kernel.
"""

import asyncio
import time

import utime

_BINS = 100
_STATISTICS = "/proc/self/schedstat"
_KERNEL_TICK_US = 4000
"""How far behind the kernel's count of processor time may be, at the usual 250 ticks a second."""


class Bins:
    """Counts of whole milliseconds; what is longer than all bins goes into the last."""

    def __init__(self) -> None:
        self.counts = [0] * _BINS
        self.longest = 0.0

    def add(self, us: int) -> None:
        ms = max(0, us) / 1000
        self.counts[min(int(ms), _BINS - 1)] += 1
        if ms > self.longest:
            self.longest = ms

    def take(self, other: "Bins") -> None:
        """Add what another has, and empty it."""
        for i, count in enumerate(other.counts):
            self.counts[i] += count
            other.counts[i] = 0
        self.longest = max(self.longest, other.longest)
        other.longest = 0.0


class _Instant:
    """A moment, and the processor time of this process until then."""

    def __init__(self, statistics: object) -> None:
        self.us = utime.ticks_us()
        self._used_us = self._waited_us = None
        if statistics is not None:
            statistics.seek(0)
            used, waited = statistics.read().split()[:2]
            self._used_us = int(used) // 1000
            self._waited_us = int(waited) // 1000

    def own_us(self, before: "_Instant", wall_us: int) -> int:
        """Return at most how much of the last `wall_us` this process worked or chose to sleep.

        before: a moment not after their beginning.
        """
        if self._used_us is None:
            return wall_us
        waited = self._waited_us - before._waited_us
        return min(wall_us - waited, self._used_us - before._used_us + _KERNEL_TICK_US)


class TickWatch:
    def __init__(self, task: object) -> None:
        """task: the MeteringTask, not yet running."""
        self.late = Bins()
        """Between the end of the sleep that the tick before asked for, and the tick."""
        self.slices = Bins()
        """From one look of the event loop at what is ready to the next."""
        self._step = task.step
        task.step = self._ticked
        self._due = None
        self._before_due = None
        self._looked = None
        self._poll = None
        try:
            self._statistics = open(_STATISTICS)
        except OSError:
            self._statistics = None  # another system: nothing is taken off

    def watch_loop(self) -> None:
        """Begin, in a task of the loop."""
        poller = asyncio.core._io_queue.poller
        self._poll = poller.ipoll
        poller.ipoll = self._look

    def _ticked(self) -> int:
        now = time.ticks_ms()
        late = -1 if self._due is None else time.ticks_diff(now, self._due)
        if late >= 0 and self._before_due is not None:
            self.late.add(_Instant(self._statistics).own_us(self._before_due, late * 1000))
        wait = self._step()
        if late >= 0 or self._due is None:  # a tick out of turn moves none of the others
            self._due = time.ticks_add(time.ticks_ms(), wait)
        return wait

    def _look(self, timeout: int = -1) -> object:
        now = _Instant(self._statistics)
        if self._looked is not None:
            self.slices.add(now.own_us(self._looked, now.us - self._looked.us))
        if self._due is not None and time.ticks_diff(time.ticks_ms(), self._due) < 0:
            self._before_due = now
        found = self._poll(timeout)
        self._looked = _Instant(self._statistics)
        return found
