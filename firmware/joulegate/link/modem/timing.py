"""The time a modem's tasks go by, and deadlines in it."""

import asyncio
import time


class Timing:
    """What the parts of a modem are handed: ticks and a pause that lets others run."""

    def ticks_ms(self) -> object:
        return time.ticks_ms()

    def ticks_diff(self, end: object, start: object) -> int:
        return time.ticks_diff(end, start)

    def sleep_ms(self, ms: int) -> object:
        """Return what is to be awaited: without a coroutine of its own it allocates nothing."""
        return asyncio.sleep_ms(ms)


class Deadline:
    def __init__(self, timing: object, ms: int) -> None:
        """timing: a Timing. ms: how long from now; below six days."""
        self._timing = timing
        self._ms = ms
        self._began = timing.ticks_ms()

    @property
    def over(self) -> bool:
        timing = self._timing
        return timing.ticks_diff(timing.ticks_ms(), self._began) >= self._ms

    def again(self) -> None:
        """Let it begin now."""
        self._began = self._timing.ticks_ms()

    def end(self) -> None:
        """Let it be over now."""
        self._ms = 0

    def start(self, ms: int) -> None:
        """Let it begin now and last `ms`."""
        self._ms = ms
        self.again()
