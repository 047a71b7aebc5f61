"""Runs the link's coroutines in virtual time, without asyncio: a second of nothing costs nothing.

It gives the link task what it uses of asyncio: sleep_ms, wait_for, create_task, TimeoutError. A
coroutine waits by yielding milliseconds. Between its turns time jumps, and while nothing moves
in the world it lapses: all that was due in between is then due at once, late, as on a meter
that had other things to do. The real time of each turn is measured.
"""

import asyncio
import time

import utime

from world import bench_clock

_BINS = 24
_NAMES = ("link", "uplink", "message")
"""In the order in which their tasks are made."""


class Cancelled(BaseException):
    """Thrown into a coroutine that is given up."""


class Slices:
    """Real time of turns of one kind, on this computer."""

    def __init__(self) -> None:
        self.count = 0
        self.longest_us = 0
        self.total_us = 0
        self.bins = [0] * _BINS
        """How many took less than 2 ** (index + 1) microseconds, but not less than half."""

    def add(self, us: int) -> None:
        self.count += 1
        self.total_us += us
        self.longest_us = max(self.longest_us, us)
        i = 0
        while us > 1 and i < _BINS - 1:
            us >>= 1
            i += 1
        self.bins[i] += 1


class Task:
    """One coroutine, and when it goes on. Only that of a message ends, and is waited for."""

    def __init__(self, turns: "Turns", coroutine: object, name: str) -> None:
        self._turns = turns
        self.coroutine = coroutine
        self.name = name
        self.due = bench_clock.now_us()
        self.ended = False
        self.error: Exception | None = None

    def __iter__(self) -> object:
        """What `await` does: wait for its end, and raise what it raised."""
        while not self.ended:
            yield 0
        if self.error is not None:
            raise self.error

    def end(self, error: "Exception | None") -> None:
        self.ended = True
        self.error = error
        self._turns.tasks.remove(self)

    def cancel(self) -> None:
        if self in self._turns.tasks:
            self._turns.tasks.remove(self)
            try:
                self.coroutine.throw(Cancelled())
            except (Cancelled, StopIteration):
                pass


class Turns:
    """Stands for the module asyncio, where the link task looks for it."""

    TimeoutError = asyncio.TimeoutError
    CancelledError = asyncio.CancelledError

    def __init__(self) -> None:
        self.tasks = []
        self.slices = {}
        self.kind = None
        """What a turn turned out to be, set from inside it."""

    # --- what the link task calls -----------------------------------------------------------

    def sleep_ms(self, ms: int) -> object:
        yield ms

    def create_task(self, coroutine: object) -> Task:
        task = Task(self, coroutine, _NAMES[min(len(self.tasks), len(_NAMES) - 1)])
        self.tasks.append(task)
        return task

    def wait_for(self, coroutine: object, seconds: int) -> object:
        """Run a coroutine in place; TimeoutError when it takes longer."""
        began = time.ticks_ms()
        while True:
            try:
                ms = coroutine.send(None)
            except StopIteration as e:
                return e.value
            left = seconds * 1000 - time.ticks_diff(time.ticks_ms(), began)
            if left <= 0:
                try:
                    coroutine.throw(Cancelled())
                except (Cancelled, StopIteration):
                    pass
                raise asyncio.TimeoutError  # noqa: UP041 - MicroPython has no other
            yield min(ms, left)

    # --- what the world calls ---------------------------------------------------------------

    def clear(self) -> None:
        """Forget everything, as a loss of power does."""
        self.tasks = []

    def due(self) -> "int | None":
        first = None
        for task in self.tasks:
            if first is None or task.due < first:
                first = task.due
        return first

    def run(self, task: Task) -> None:
        """Give a task its turn, and measure it."""
        self.kind = task.name
        began = utime.ticks_us()
        try:
            ms = task.coroutine.send(None)
        except StopIteration:
            if task.name != _NAMES[-1]:
                raise RuntimeError(task.name + ": the task has ended")
            task.end(None)
            return
        except Exception as e:
            if task.name != _NAMES[-1]:
                raise
            task.end(e)
            return
        finally:
            self.measure(self.kind, began)
        task.due = bench_clock.now_us() + max(ms * 1000, 100)

    def measure(self, kind: str, began_us: int) -> None:
        slices = self.slices.get(kind)
        if slices is None:
            slices = self.slices[kind] = Slices()
        slices.add(utime.ticks_diff(utime.ticks_us(), began_us))
