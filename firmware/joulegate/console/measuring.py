"""A measurement for calibration and verification: means of what the metering IC shows, their
spread, and the mean power by what was counted, over a bounded time.

It stands between the metering task and the driver while it lasts, so that metering goes on and
its ticks cost nothing at any other time. Energy is timed from the arrival of one count to that of
another, which it lies in wait for: 20 ms in a minute are 0.03 %, however few the counts.
"""

import asyncio
import time

from micropython import const

from joulegate.core.reading import Reading
from joulegate.drivers.adjusting import Point, rounded

SECONDS_MIN = const(2)
SECONDS_MAX = const(3600)
_HUNT_MS = const(20)
_SAMPLE_MS = const(400)
"""Chips renew their means two or three times a second."""
_QUANTITIES = ("voltage", "current", "power")

MEASURING = "measuring"
DONE = "done"
FAILED = "failed"


class Measurement:
    """One measurement; `state` is MEASURING until `run` has ended, `problem` why it failed."""

    def __init__(self, app: object, adjuster: object, seconds: int) -> None:
        """seconds: SECONDS_MIN to SECONDS_MAX; it ends with the next count after that."""
        if not isinstance(seconds, int) or not SECONDS_MIN <= seconds <= SECONDS_MAX:
            raise ValueError("duration_s %r: must be %d to %d" % (
                seconds, SECONDS_MIN, SECONDS_MAX))
        self._app = app
        self._metering = app.metering
        self._ic = app.ic
        self._adjuster = adjuster
        self.seconds = seconds
        self.state = MEASURING
        self.problem = ""
        self.samples = 0
        self._sampled_ms = time.ticks_ms()
        self._parts = 0
        self._counts = 0
        self._read_ms = time.ticks_ms()
        self.counted = 0
        """Counts from the first edge to the last, in 65536ths."""
        self.counted_ms = 0
        self._frequency = 0
        lines = len(adjuster.lines)
        self._sums: dict = {name: [0] * lines for name in _QUANTITIES}
        self._lows: dict = {}
        self._highs: dict = {}
        self._reactive = [0] * lines
        self._neutral = 0
        self.ended_ms = time.ticks_ms()

    # --- in the place of the driver -------------------------------------------------------

    def read(self, reading: Reading) -> int:
        """Have the driver fill a reading, and take part in what it brings."""
        events = self._ic.read(reading)
        now = time.ticks_ms()
        self._read_ms = now
        self._counts += reading.import_counts - reading.export_counts
        self._parts = (self._counts << 16) + self._adjuster.held()
        if not self.samples or time.ticks_diff(now, self._sampled_ms) >= _SAMPLE_MS:
            self._sampled_ms = now
            try:
                self._sample(reading)
            except (RuntimeError, OSError) as e:
                self.problem = str(e)
        return events

    def _sample(self, reading: Reading) -> None:
        adjuster = self._adjuster
        adjuster.measure()
        for name, values in zip(
                _QUANTITIES, (adjuster.voltage_mV, adjuster.current_uA, adjuster.power_mW)):
            sums = self._sums[name]
            lows = self._lows.setdefault(name, list(values))
            highs = self._highs.setdefault(name, list(values))
            for i, value in enumerate(values):
                sums[i] += value
                lows[i] = min(lows[i], value)
                highs[i] = max(highs[i], value)
        if adjuster.reactive_mvar is not None:
            for i, value in enumerate(adjuster.reactive_mvar):
                self._reactive[i] += value
        if adjuster.neutral_uA is not None:
            self._neutral += adjuster.neutral_uA
        self._frequency += reading.frequency_cHz
        self.samples += 1

    # --- the task -------------------------------------------------------------------------

    async def run(self) -> None:
        """Measure, for `seconds` and up to twice the time of a count of the least load."""
        self._metering.ic = self
        try:
            await self._edge()
            began, parts = self._read_ms, self._parts
            left = self.seconds * 1000
            while left > 0 and not self.problem:
                await asyncio.sleep_ms(min(_SAMPLE_MS, left))
                left = self.seconds * 1000 - time.ticks_diff(time.ticks_ms(), began)
            await self._edge()
            self.counted = self._parts - parts
            self.counted_ms = time.ticks_diff(self._read_ms, began)
            if self._app.metering is not self._metering or self._app.ic is not self._ic:
                self.problem = "the meter was made anew meanwhile"
            elif not self.samples or not self.counted_ms:
                self.problem = "the metering IC did not answer"
        finally:
            self._metering.ic = self._ic
            self.ended_ms = time.ticks_ms()
            self.state = FAILED if self.problem else DONE

    async def _edge(self) -> None:
        """Wait for a count to arrive, looking often; not for ever, there may be no load."""
        step = self._app.task.step
        step()
        before = self._parts
        began = time.ticks_ms()
        while self._parts == before and not self.problem:
            if time.ticks_diff(time.ticks_ms(), began) > self._adjuster.count_s * 1000:
                return
            await asyncio.sleep_ms(_HUNT_MS)
            step()

    # --- what came of it ------------------------------------------------------------------

    def point(self) -> Point:
        """Return the means; RuntimeError before it is done, or when it failed."""
        if self.state != DONE:
            raise RuntimeError("measurement: %s" % (self.problem or "is under way"))
        n = self.samples
        # A count is 3.6 * 10^12 mW ms over the counts of a kWh.
        energy = rounded(
            self.counted * 3600000000000,
            self._ic.calibration.counts_per_kWh * self.counted_ms << 16)
        adjuster = self._adjuster
        return Point(
            self._mean("voltage"), self._mean("current"), self._mean("power"), energy,
            None if adjuster.neutral_uA is None else rounded(self._neutral, n),
            rounded(self._frequency, n))

    def reactive_mvar(self) -> "list | None":
        """Return the mean reactive power by line, None of a chip that has none."""
        if self._adjuster.reactive_mvar is None:
            return None
        return [rounded(value, self.samples) for value in self._reactive]

    def _mean(self, name: str) -> list:
        return [rounded(value, self.samples) for value in self._sums[name]]

    def spread_ppm(self, name: str) -> int:
        """Return how far apart the highest and the lowest sample of any line were, of its mean;
        0 where there is nothing."""
        found = 0
        for low, high, mean in zip(self._lows[name], self._highs[name], self._mean(name)):
            if mean:
                found = max(found, (high - low) * 1000000 // abs(mean))
        return found

    def report(self) -> dict:
        """Return it for a host tool, all in whole numbers."""
        report: dict = {"state": self.state, "seconds": self.seconds, "samples": self.samples,
                        "problem": self.problem}
        if self.state == DONE:
            point = self.point()
            report["voltage_mV"] = point.voltage_mV
            report["current_uA"] = point.current_uA
            report["power_mW"] = point.power_mW
            report["reactive_mvar"] = self.reactive_mvar()
            report["neutral_uA"] = point.neutral_uA
            report["energy_mW"] = point.energy_mW
            report["frequency_cHz"] = point.frequency_cHz
            report["count_parts"] = self.counted
            report["count_ms"] = self.counted_ms
            report["spread_ppm"] = {name: self.spread_ppm(name) for name in _QUANTITIES}
        return report
