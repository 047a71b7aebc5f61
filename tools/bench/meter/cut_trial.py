"""A case of the power-cut sweep cut everywhere, and an exception raised at every step.

A cut, whole or torn, is followed by a start, which may be cut itself, anywhere up to its first
ticks. Then the meter must show the state before or the state after, all of it; what was promised
must be there; and it must go on. After an exception the same must hold if power goes at once,
and if it stays.
"""

import random
from errno import EIO

from meter.cut_case import Case, counts_of, now
from meter.cut_judge import Violation, facts, goes_on, must, sound
from meter.faulty_files import DONE, NOT_DONE, STEPS
from meter.lean_meter import LeanMeter
from world import bench_clock

COUNTS = ("operations", "bytes", "whole", "torn", "byte cuts", "steps", "raised", "double",
          "recovery operations")


class Trial:
    """All that is tried on a case: `counts` of it, and what broke."""

    def __init__(self, case: Case, doubles: int, limit: int) -> None:
        """doubles: how many second cuts to try for each first one. limit: how many operations,
        bytes and steps to try of each at most, by chance."""
        self.case = case
        self.doubles = doubles
        self.limit = limit
        self.counts = {name: 0 for name in COUNTS}
        self.violations = []

    def run(self) -> None:
        case = self.case
        meter = case.begin()
        self.floor = [0] * 4 if case.cold else counts_of(meter)
        at = _written(meter)
        STEPS.watch(meter.flash)
        case.act(meter)
        steps, closes = STEPS.taken, STEPS.closes
        operations, written = (n - m for n, m in zip(_written(meter), at))
        self.after = now()
        self.new = self._found(meter)
        self.old = self.new if case.cold else self._found(case.begin())
        if operations + written == 0:
            self._broken((), "the act writes nothing")
        self.counts["operations"] += operations
        self.counts["bytes"] += written
        self.counts["steps"] += steps
        for n in _some(operations, self.limit):
            self._cut_at((n, 0, False))
            self._cut_at((n, 0, True))
        for n in _some(written, self.limit):
            self._cut_at((0, n, False))
        for n in _some(steps, self.limit):
            self._raise_at(n, OSError(EIO), NOT_DONE)
            if n in closes:
                self._raise_at(n, OSError(EIO), DONE)
            self._raise_at(n, MemoryError(), NOT_DONE)

    def _found(self, meter: LeanMeter) -> object:
        """Return the facts after power went and came back, at the time after the act."""
        meter.power_down()
        self._until_after()
        meter.power_up()
        found = facts(meter)
        meter.power_down()
        return found

    def _until_after(self) -> None:
        """Let the time pass that the act would have taken."""
        left = self.after - now()
        if left > 0:
            bench_clock.advance_us(left * 1000000)

    # --- power cuts -----------------------------------------------------------------------

    def _cut_at(self, point: tuple) -> None:
        """Cut at (operation, 0, torn) of the flash or at (0, byte, False) of the FRAM."""
        meter = self.case.begin()
        _arm(meter, point)
        promised = False
        try:
            promised = self.case.act(meter)
        except (OSError, ValueError, RuntimeError):
            pass  # as from a dead flash; the processor itself would be dead by now
        self.counts["byte cuts" if point[1] else "torn" if point[2] else "whole"] += 1
        if meter.flash.powered:
            self._broken(point, "the act wrote less than before")
        _power_back(meter)
        self._until_after()
        flash = meter.flash.snapshot()
        memory = meter.memory.snapshot() if meter.memory else None
        self.case.closed, closed = meter.board.contact.closed, self.case.closed
        operations, written = self._judge(meter, promised, point)
        self.counts["recovery operations"] += operations + written
        for n in _some(operations + written, self.doubles):
            second = (n, 0, bool(random.randrange(2))) if n <= operations else (
                0, n - operations, False)
            self._cut_again(flash, memory, promised, point + second)
        self.case.closed = closed

    def _cut_again(self, flash: object, memory: object, promised: bool, where: tuple) -> None:
        """Cut the recovery too; where: both points."""
        meter = self.case.meter_on(flash, memory, self.after)
        _arm(meter, where[3:])
        try:
            meter.power_up()
            meter.steps()
        except (OSError, ValueError, RuntimeError):
            pass
        self.counts["double"] += 1
        _power_back(meter)
        self._judge(meter, promised, where)

    # --- exceptions -----------------------------------------------------------------------

    def _raise_at(self, step: int, error: Exception, way: int) -> None:
        case = self.case
        meter = case.begin()
        STEPS.watch(meter.flash)
        STEPS.fail_at(step, error, way)
        where = (type(error).__name__, "step", step, "done" if way == DONE else "not done")
        escaped = None
        promised = False
        try:
            promised = case.act(meter)
        except Exception as e:
            escaped = e
        self.counts["raised"] += 1
        if not STEPS.failed:
            self._broken(where, "the act took fewer steps than before")
        storage = isinstance(error, OSError)
        if storage and escaped is not None and not case.raises:
            self._broken(where, "%s: %s escaped" % (type(escaped).__name__, escaped))
        self._until_after()
        case.closed, closed = meter.board.contact.closed, case.closed
        again = case.meter_on(meter.flash, meter.memory, now())
        if storage and escaped is None and not case.cold:
            self._try(where + ("going on",), lambda: self._live(meter))
        meter.power_down()
        bench_clock.start(self.after)
        self._judge(again, promised, where, False)
        case.closed = closed

    def _live(self, meter: LeanMeter) -> None:
        """The meter that met the exception goes on, with power all the time."""
        meter.steps()
        sound(meter, self.case, self.floor, False)
        goes_on(meter, self.case, self.floor, False)

    # --- judging --------------------------------------------------------------------------

    def _judge(
        self, meter: LeanMeter, promised: bool, where: tuple, complete: bool = True
    ) -> tuple:
        """Start a meter and hold it against old and new; return what the recovery wrote."""
        at = _written(meter)
        recovery = [0, 0]
        self._try(where, lambda: self._recovered(meter, promised, complete, at, recovery))
        meter.power_down()
        return recovery

    def _recovered(
        self, meter: LeanMeter, promised: bool, complete: bool, at: tuple, recovery: list
    ) -> None:
        case = self.case
        meter.power_up()
        found = facts(meter)
        sound(meter, case, self.floor, complete)
        if not case.loose:
            must(found in (self.old, self.new), ("neither old nor new", found))
            must(found == self.new or not promised, ("promised and lost", found))
        if case.check is not None:
            case.check(meter)
        meter.steps()
        recovery[:] = [n - m for n, m in zip(_written(meter), at)]
        goes_on(meter, case, self.floor, complete)

    def _try(self, where: tuple, judge: object) -> None:
        try:
            judge()
        except Exception as e:
            self._broken(where, str(e) if isinstance(e, Violation) else "%s: %s" % (
                type(e).__name__, e))

    def _broken(self, where: tuple, text: str) -> None:
        self.violations.append({"at": list(where), "text": text})


def _some(most: int, count: int) -> list:
    """Return so many different numbers of 1 to most, rising, by chance."""
    if most <= count:
        return list(range(1, most + 1))
    found = set()
    while len(found) < count:
        found.add(1 + random.randrange(most))
    return sorted(found)


def _written(meter: LeanMeter) -> tuple:
    """Return the operations of the flash and the bytes written to the FRAM until now."""
    return meter.flash.operations, meter.memory.bytes_written if meter.memory else 0


def _arm(meter: LeanMeter, point: tuple) -> None:
    operation, byte, torn = point
    if byte:
        meter.memory.cut_power_at(byte)
    else:
        meter.flash.cut_power_at(operation, torn)


def _power_back(meter: LeanMeter) -> None:
    """Let everything in RAM go, and power come back."""
    meter.power_down()
    meter.flash.restore_power()
    if meter.memory is not None:
        meter.memory.restore_power()
