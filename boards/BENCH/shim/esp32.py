"""`esp32` of the BENCH board: RMT, the pulse generator that ends a relay pulse by itself.

API and limits of the ESP32 port, MicroPython 1.28 (docs, `esp32.RMT`; ESP-IDF 5): source clock
80 MHz, divider 1 to 255, durations of 1 to 32767 units. The port cuts a longer duration down to
15 bits without a word; here it is refused. A relay pulse of 100 ms needs clock_div 245 or more,
or several durations.
"""

import select
from io import IOBase

from micropython import const

from machine_pin import Pin
from world import bench_clock, wiring

_SOURCE_HZ = const(80_000_000)
_RESOLUTION_DEFAULT = const(10_000_000)
_DURATION_MAX = const(32767)
_SYMBOLS_MIN = const(64)
_POLL_REQUEST = const(3)  # stream ioctl, py/stream.h
_channels = []


class RMT(IOBase):
    """RMT(channel, *, pin, resolution_hz or clock_div, idle_level, tx_carrier, num_symbols).

    The channel number is a leftover of older releases and selects nothing. The pin belongs to
    the RMT until it is initialised as a Pin again.
    """

    def __init__(self, channel: int = -1, *, pin: Pin, resolution_hz: int | None = None,
                 clock_div: int | None = None, idle_level: object = False,
                 tx_carrier: tuple | None = None, num_symbols: int = _SYMBOLS_MIN) -> None:
        if resolution_hz is not None and clock_div is not None:
            raise ValueError("resolution_hz and clock_div are mutually exclusive")
        if num_symbols < _SYMBOLS_MIN or num_symbols % 2:
            raise ValueError("num_symbols must be even and at least %d" % _SYMBOLS_MIN)
        if tx_carrier is not None:
            raise NotImplementedError("the bench has no RMT carrier")
        if not isinstance(pin, Pin):
            raise TypeError("expecting a pin")
        self._resolution_hz = _resolution(resolution_hz, clock_div)
        self._net = pin._net
        self._idle = 1 if idle_level else 0
        self._alarm = None
        self._edges = ()  # (instant in us, level) still to come, in order
        self._end_us = 0
        self._loops = 0
        self._net.claimed = self._idle
        self._net.settle()
        _channels.append(self)

    @staticmethod
    def source_freq() -> int:
        return _SOURCE_HZ

    def clock_div(self) -> int:
        self._check()
        return _SOURCE_HZ // self._resolution_hz

    def write_pulses(self, duration: object, data: object = True) -> None:
        """Send levels for durations in units of the resolution, then rest at the idle level.

        1. durations and the first level, toggling; 2. one duration and a list of levels;
        3. durations and levels. A sequence still being sent is waited for.
        """
        self._check()
        pulses = _pulses(duration, data)
        if self._loops < 0:
            self._stop()
        bench_clock.sleep_us(self._end_us - bench_clock.now_us())
        self._pulses = pulses
        self._send(bench_clock.now_us())

    def wait_done(self, *, timeout: int = 0) -> bool:
        """Return whether all is sent, having waited up to `timeout` ms (negative: for ever)."""
        self._check()
        if timeout < 0:
            bench_clock.sleep_us(self._end_us - bench_clock.now_us())
        elif self.active():
            bench_clock.sleep_us(min(timeout * 1000, self._end_us - bench_clock.now_us()))
        return not self.active()

    def active(self, value: object = None) -> bool:
        """Return whether pulses are being sent; active(False) breaks them off."""
        if value:
            raise ValueError("activate by calling write_pulses()")
        if value is not None:
            self._stop()
        bench_clock.now_us()  # runs what is due
        return self._alarm is not None

    def loop(self, enable: object) -> None:
        """Repeat the next sequence for ever; loop(False) breaks off one that repeats."""
        self.loop_count(-1 if enable else 0)

    def loop_count(self, count: int) -> None:
        """Send the next sequence `count` times; 0 once, -1 for ever."""
        self._check()
        if count < -1:
            raise ValueError("loop count is %r: must be -1, 0 or positive" % (count,))
        if self._loops and not count:
            self._stop()
        self._loops = count

    def deinit(self) -> None:
        """Break off and let go of the pin, which then floats."""
        if self._net is not None:
            self._stop()
            if self._net.claimed is not None:
                self._net.claimed = None
                self._net.mode = wiring.MODE_IN
                self._net.settle()
            self._net = None
            _channels.remove(self)

    def ioctl(self, request: int, arg: int) -> int:
        """Be writable for select.poll when nothing is being sent."""
        if request != _POLL_REQUEST:
            return -1
        return 0 if self.active() else arg & select.POLLOUT

    def _check(self) -> None:
        if self._net is None:
            raise OSError("already deinitialized")

    def _send(self, start_us: int) -> None:
        rounds = max(1, self._loops)
        units = 0
        edges = []
        for _ in range(rounds):
            for duration, level in self._pulses:
                edges.append((start_us + units * 1_000_000 // self._resolution_hz, level))
                units += duration
        # Edges are rounded to whole microseconds, the sum of durations is not: no drift.
        self._end_us = start_us + units * 1_000_000 // self._resolution_hz
        self._edges = edges
        # By an alarm, so that the clock stands still at the first edge too.
        self._alarm = bench_clock.at_us(start_us, self._step)
        bench_clock.run_due()

    def _step(self) -> None:
        self._alarm = None
        now = bench_clock.now_us()
        while self._edges and self._edges[0][0] <= now:
            self._drive(self._edges.pop(0)[1])
        if self._edges:
            self._alarm = bench_clock.at_us(self._edges[0][0], self._step)
        elif now < self._end_us:
            self._alarm = bench_clock.at_us(self._end_us, self._step)
        elif self._loops < 0:
            self._send(self._end_us)
        else:
            self._drive(self._idle)

    def _stop(self) -> None:
        bench_clock.cancel(self._alarm)
        self._alarm = None
        self._edges = ()
        self._end_us = bench_clock.now_us()
        self._drive(self._idle)

    def _drive(self, level: int) -> None:
        if self._net.claimed is not None:  # a Pin initialised since then has the wire
            self._net.claimed = level
            self._net.settle()

    def __repr__(self) -> str:
        if self._net is None:
            return "RMT()"
        return "RMT(pin=%d, source_freq=%d, resolution_hz=%d, idle_level=%d)" % (
            self._net.id, _SOURCE_HZ, self._resolution_hz, self._idle)


def _resolution(resolution_hz: int | None, clock_div: int | None) -> int:
    if clock_div is not None:
        if not 1 <= clock_div <= 255:
            raise ValueError("clock_div must be between 1 and 255")
        return _SOURCE_HZ // clock_div
    if resolution_hz is None:
        return _RESOLUTION_DEFAULT
    if not _SOURCE_HZ // 256 <= resolution_hz <= _SOURCE_HZ:
        raise ValueError("resolution_hz is %r: must be %d to %d"
                         % (resolution_hz, _SOURCE_HZ // 256, _SOURCE_HZ))
    # The divider is a whole number, so the chip gives the nearest rate it can.
    return _SOURCE_HZ // (_SOURCE_HZ // resolution_hz)


def _pulses(duration: object, data: object) -> list:
    if not isinstance(data, (tuple, list)):
        levels = [bool(data) ^ (i & 1) for i in range(len(duration))]
    else:
        levels = data
        if isinstance(duration, int):
            duration = [duration] * len(levels)
        elif len(duration) != len(levels):
            raise ValueError("duration and data must have same length")
    if not levels:
        raise ValueError("No pulses")
    for units in duration:
        if not 1 <= units <= _DURATION_MAX:
            raise ValueError("RMT duration is %r units: must be 1 to %d"
                             % (units, _DURATION_MAX))
    return [(units, 1 if level else 0) for units, level in zip(duration, levels)]


def _restart() -> None:
    while _channels:
        _channels[-1].deinit()


wiring.on_restart(_restart)
