"""`select` of the BENCH board: an idle poll passes simulated time.

In virtual mode a poll that finds nothing ready jumps to the next thing that happens in the
simulated world and looks again; real descriptors (ptys, sockets) are looked at without waiting,
so peers outside the interpreter want the accelerated or real mode. There the poll really waits,
and wakes for input as soon as it comes.
"""

import uselect
from uselect import *  # noqa: F403  POLLIN and the other constants

from world import bench_clock

_HOST_POLL_US = 2000  # the host polls in whole milliseconds; shorter waits are slept
_POLL_REQUEST = 3  # stream ioctls, py/stream.h
_FILENO_REQUEST = 10


class poll:
    """`select.poll` with simulated time."""

    def __init__(self) -> None:
        self._poller = uselect.poll()
        self._watched = 0
        self._files = uselect.poll()
        self._models: dict = {}
        """Streams without a descriptor, with what is waited for. The host's poll takes a
        millisecond to look at such a one, even when it is not to wait."""

    def register(self, stream: object, mask: int = uselect.POLLIN | uselect.POLLOUT) -> None:
        self._poller.register(stream, mask)
        self._watched += 1
        if _is_model(stream):
            self._models[id(stream)] = (stream, mask)
        else:
            self._files.register(stream, mask)

    def unregister(self, stream: object) -> None:
        self._poller.unregister(stream)
        if self._models.pop(id(stream), None) is None:
            self._files.unregister(stream)

    def modify(self, stream: object, mask: int) -> None:
        self._poller.modify(stream, mask)
        if id(stream) in self._models:
            self._models[id(stream)] = (stream, mask)
        else:
            self._files.modify(stream, mask)

    def _look(self) -> list:
        """Return what is ready, without waiting."""
        if not self._watched:
            return []
        ready = self._files.poll(0)
        for stream, mask in self._models.values():
            events = stream.ioctl(_POLL_REQUEST, mask)
            if events:
                ready.append((stream, events))
        return ready

    def poll(self, timeout: int = -1) -> list:
        return list(self.ipoll(timeout))

    def ipoll(self, timeout: int = -1) -> list | tuple:
        """Wait up to `timeout` simulated milliseconds, for ever when it is negative."""
        ready = self._look()
        if ready:
            return ready
        if timeout == 0:
            return ()
        start = bench_clock.now_us()
        deadline = None if timeout < 0 else start + timeout * 1000
        if bench_clock.rate():
            ready = self._wait(deadline)
            bench_clock.tell(bench_clock.now_us() - start)
        else:
            ready = self._jump(deadline)
        return ready

    def _jump(self, deadline: int | None) -> list | tuple:
        while True:
            ready = (self._look() if bench_clock.jump_to_next(deadline)
                     else self._poller.poll(-1))
            if ready or (deadline is not None and bench_clock.now_us() >= deadline):
                return ready

    def _wait(self, deadline: int | None) -> list | tuple:
        while True:
            ready = self._wait_once(bench_clock.wall_wait_us(deadline))
            if ready or (deadline is not None and bench_clock.now_us() >= deadline):
                return ready

    def _wait_once(self, wall_us: int) -> list | tuple:
        if self._watched and (wall_us < 0 or wall_us >= _HOST_POLL_US):
            return self._poller.poll(-1 if wall_us < 0 else wall_us // 1000 - 1)
        if wall_us < 0:
            wall_us = _HOST_POLL_US
        bench_clock.rest_us(wall_us)
        return self._look()


def _is_model(stream: object) -> bool:
    """Whether a stream is an object of Python alone, with no descriptor of the host behind."""
    ioctl = getattr(stream, "ioctl", None)
    return ioctl is not None and ioctl(_FILENO_REQUEST, 0) < 0
