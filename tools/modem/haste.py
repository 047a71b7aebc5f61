"""An event loop whose time goes faster than the clock on the wall.

All waits of a model are on its loop's time, so at a speed of 4 its seconds take a quarter of one,
and everything keeps its order and its proportions. Real sockets and processes stay as they are.
"""

import asyncio
import selectors
import time
from collections.abc import Callable

FASTEST = 20


class _Selector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """Waits a fraction of what the loop asks for."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """As every selector's."""
        found = super().select(timeout and timeout / self._speed)
        return list(found)


class _Loop(asyncio.SelectorEventLoop):
    """An event loop of its own time."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        super().__init__(_Selector(speed))

    def time(self) -> float:
        """Seconds, as time.monotonic() but `speed` times as fast."""
        return time.monotonic() * self._speed


def loop_of(speed: float) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes a loop of this speed. ValueError: not from 1 to FASTEST."""
    if not 1 <= speed <= FASTEST:
        raise ValueError(f"speed {speed:g}: must be from 1 to {FASTEST}")
    return lambda: _Loop(speed)
