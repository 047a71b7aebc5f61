"""Calibration at the meter: measure, work out constants, try them, store them, go back.

What may be asked when:
- to measure, and to compare with a reference: always, it changes nothing;
- all else only while calibration is unsealed: where the board has a calibration switch, while it
  says so; where it has none, nothing more is asked here. A locked meter takes it from an
  administrator who has logged in, and from nobody else, in either case (console.requests).

A trial lapses: when the seal closes, after TRIAL_S without a request, at a restart. The counts of
a kWh give money its meaning and never change.
"""

import asyncio
import time

from micropython import const

from joulegate.console.calibration_plausibility import between, check
from joulegate.console.measuring import MEASURING, Measurement
from joulegate.core import events as event
from joulegate.drivers.adjusting import Point, error_ppm

TRIAL_S = const(1800)
_WATCH_MS = const(1000)
_FRESH_MS = const(600000)
"""A measurement is taken for a step so long after its end."""
_STEPS = ("gain", "offset", "phase")
_VALUE_MAX = const(1 << 40)


class Calibration:
    """Of one meter, from its first request to the next restart."""

    def __init__(self, app: object) -> None:
        self._app = app
        if not hasattr(app.ic, "adjuster"):
            raise RuntimeError("calibration: this metering IC has none")
        self._take(app.ic)
        self.measurement: Measurement | None = None
        self.trial: dict | None = None
        """All constants on trial, or None while those stored hold."""
        self._asked_ms = time.ticks_ms()
        self._anchor: list | None = None
        """Power in mW by line at which the gain was adjusted."""

    def _take(self, ic: object) -> None:
        self._ic = ic
        self.adjuster = ic.adjuster()

    def renew(self) -> None:
        """Begin anew if the meter has made another driver meanwhile, by what is stored."""
        if self._app.ic is not self._ic:
            self._take(self._app.ic)
            self.measurement = None
            self.trial = None
            self._anchor = None

    # --- measuring ------------------------------------------------------------------------

    def measure(self, seconds: int) -> None:
        """Begin a measurement; RuntimeError while there is one."""
        if self.measurement is not None and self.measurement.state == MEASURING:
            raise RuntimeError("measurement: is under way")
        measurement = Measurement(self._app, self.adjuster, seconds)
        self.measurement = measurement
        asyncio.create_task(measurement.run())

    def point(self) -> Point:
        """Return the last measurement; RuntimeError without one by the constants in force."""
        if self.measurement is None:
            raise RuntimeError("measurement: there is none by these constants, measure first")
        point = self.measurement.point()
        if time.ticks_diff(time.ticks_ms(), self.measurement.ended_ms) > _FRESH_MS:
            raise RuntimeError("measurement: is older than %d s, measure anew" % (
                _FRESH_MS // 1000))
        return point

    def errors(self, reference: Point) -> dict:
        """Return by how many millionths of the reference the last measurement was wrong."""
        shown = self.point()
        found: dict = {}
        for name, of_shown, true in (
                ("voltage", shown.voltage_mV, reference.voltage_mV),
                ("current", shown.current_uA, reference.current_uA),
                ("power", shown.power_mW, reference.power_mW)):
            found[name + "_ppm"] = [error_ppm(a, b) if b else None for a, b in zip(of_shown, true)]
        total = sum(reference.power_mW)
        found["energy_ppm"] = error_ppm(shown.energy_mW, total) if total else None
        return found

    # --- constants ------------------------------------------------------------------------

    def step(self, name: str, reference: Point) -> dict:
        """Work out the constants of a step from the last measurement and the reference, and try
        them; return {"constants", "before"}."""
        self._require_unsealed()
        if name not in _STEPS:
            raise ValueError("step %r: must be one of %s" % (name, ", ".join(_STEPS)))
        if name not in self.adjuster.steps:
            raise ValueError("step %s: the %s has no constants for it" % (
                name, self.adjuster.name))
        shown = self.point()
        check(name, self.measurement, self.adjuster, self._ic.calibration, shown, reference)
        anchor = self._anchor or [self._basic_mW()] * len(self.adjuster.lines)
        changes = (self.adjuster.gain(shown, reference) if name == "gain"
                   else getattr(self.adjuster, name)(shown, reference, anchor))
        before = self.errors(reference)
        self.try_out(changes)
        if name == "gain":
            self._anchor = reference.power_mW
        return {"constants": changes, "before": before}

    def try_out(self, changes: dict) -> None:
        """Run by changed constants from now on, until they are stored or dropped; ValueError for
        a constant that is not the chip's own, or out of range, and nothing has changed."""
        self._require_unsealed()
        if not isinstance(changes, dict) or not changes:
            raise ValueError("constants %r: must be an object of some" % (changes,))
        for name in sorted(changes):
            if name not in self.adjuster.own:
                raise ValueError("constant %s: must be one of %s" % (
                    name, ", ".join(self.adjuster.own)))
        values = dict(self._app.calibration_store.load() if self.trial is None else self.trial)
        values.update(changes)
        self._load(values)
        first = self.trial is None
        self.trial = values
        self._asked_ms = time.ticks_ms()
        if first:
            asyncio.create_task(self._watch())

    def store(self) -> None:
        """Store what is on trial, and those before for going back; OSError, and those hold."""
        self._require_unsealed()
        if self.trial is None:
            raise RuntimeError("calibration: nothing is on trial")
        self._app.calibration_store.replace(self.trial)
        self.trial = None
        self._log()

    def drop(self) -> None:
        """End the trial: the constants stored hold again."""
        if self.trial is not None:
            self._load(self._app.calibration_store.load())
            self.trial = None

    def go_back(self) -> None:
        """Store the constants that were stored before the present ones; these are kept in turn.

        RuntimeError when there are none, OSError, ValueError, and the present ones hold.
        """
        self._require_unsealed()
        store = self._app.calibration_store
        values = store.load_previous()
        if values is None:
            raise RuntimeError("calibration: there are no constants to go back to")
        self._load(values)
        self.trial = None
        try:
            store.replace(values)
        except OSError:
            self._load(store.load())
            raise
        self._log()

    def _load(self, values: dict) -> None:
        """Have the driver run by these constants; ValueError, RuntimeError."""
        app = self._app
        if self.measurement is not None and self.measurement.state == MEASURING:
            raise RuntimeError("measurement: is under way")
        try:
            calibration = app.board.calibration(**values)
        except TypeError as e:
            raise ValueError("calibration: %s" % e) from None
        if calibration.counts_per_kWh != app.ic.calibration.counts_per_kWh:
            raise ValueError("calibration: %d counts a kWh: must stay %d" % (
                calibration.counts_per_kWh, app.ic.calibration.counts_per_kWh))
        app.task.step()
        try:
            app.ic.recalibrate(calibration)
        except (RuntimeError, OSError):
            asyncio.create_task(self._repair(app.ic))
            raise
        self.measurement = None

    async def _repair(self, ic: object) -> None:
        """Give the chip what its driver runs by, as soon as it takes it."""
        while self._app.ic is ic:
            await asyncio.sleep_ms(_WATCH_MS)
            try:
                ic.recalibrate(ic.calibration)
                return
            except (RuntimeError, OSError):
                pass  # the metering task tells of a chip that does not answer

    def _log(self) -> None:
        app = self._app
        app.log.add(event.CALIBRATION_STORED, app.clock.now(), app.entrance.who)

    async def _watch(self) -> None:
        """End a trial that nobody goes on with, or whose seal was closed."""
        while self.trial is not None:
            await asyncio.sleep_ms(_WATCH_MS)
            idle_ms = time.ticks_diff(time.ticks_ms(), self._asked_ms)
            self.renew()
            if self.trial is not None and (
                    not unsealed(self._app) or idle_ms > TRIAL_S * 1000):
                measurement = self.measurement
                if measurement is not None and measurement.state == MEASURING:
                    continue
                try:
                    self.drop()
                except (OSError, RuntimeError, ValueError):
                    self._app.log.add(event.METER_ERROR, self._app.clock.now())
                    return

    # --- the seal -------------------------------------------------------------------------

    def _require_unsealed(self) -> None:
        self._asked_ms = time.ticks_ms()
        if not unsealed(self._app):
            raise RuntimeError("calibration: is sealed, its switch is closed")

    def _basic_mW(self) -> int:
        calibration = self._ic.calibration
        return calibration.voltage_V * calibration.current_A * 1000


def unsealed(app: object) -> bool:
    """Return whether the board lets constants be changed."""
    switch = app.board.calibration_switch()
    return True if switch is None else bool(switch())


def of(app: object) -> Calibration:
    """Return the meter's calibration, made at the first request for it."""
    requests = app.requests
    if requests.calibration is None:
        requests.calibration = Calibration(app)
    requests.calibration.renew()
    return requests.calibration


def report(app: object, reference: "dict | None" = None) -> dict:
    """Return how calibration stands; with a reference, the errors of the last measurement."""
    found = of(app)
    ic = app.ic.calibration
    measurement = found.measurement
    answer: dict = {
        "ic": found.adjuster.name, "lines": list(found.adjuster.lines),
        "steps": list(found.adjuster.steps), "own": list(found.adjuster.own),
        "count_s": found.adjuster.count_s, "voltage_V": ic.voltage_V, "current_A": ic.current_A,
        "counts_per_kWh": ic.counts_per_kWh,
        "switch": app.board.calibration_switch() is not None, "unsealed": unsealed(app),
        "trial": found.trial, "stored": app.calibration_store.load(),
        "previous": app.calibration_store.load_previous(),
        "measurement": None if measurement is None else measurement.report(),
    }
    if reference is not None:
        answer["error"] = found.errors(_point(found, reference))
    return answer


def measure(app: object, seconds: int) -> dict:
    """Begin a measurement."""
    of(app).measure(seconds)
    return report(app)


def change(
    app: object, action: str, step: "str | None" = None, reference: "dict | None" = None,
    constants: "dict | None" = None,
) -> dict:
    """Carry out an action: step, try, store, drop or back; return the report, for a step with
    what it found."""
    found = of(app)
    answer: dict = {}
    if action == "step":
        if reference is None:
            raise ValueError("reference: must be given for a step")
        answer = found.step(step or "", _point(found, reference))
    elif action == "try":
        found.try_out(constants or {})
    elif action == "store":
        found.store()
    elif action == "drop":
        found.drop()
    elif action == "back":
        found.go_back()
    else:
        raise ValueError("action %r: must be step, try, store, drop or back" % (action,))
    answer.update(report(app))
    return answer


def _point(calibration: Calibration, reference: dict) -> Point:
    """Return the readings of a reference: lists by line, or one number for each line alike."""
    if not isinstance(reference, dict):
        raise ValueError("reference %r: must be an object" % (reference,))
    values = []
    for name in ("voltage_mV", "current_uA", "power_mW"):
        value = reference.get(name)
        lines = len(calibration.adjuster.lines)
        value = [value] * lines if isinstance(value, int) else value
        if not isinstance(value, list) or len(value) != lines:
            raise ValueError("reference %s %r: must be %d whole number%s" % (
                name, value, lines, "" if lines == 1 else "s"))
        for n in value:
            between("reference " + name, n, "", -_VALUE_MAX, _VALUE_MAX)
        values.append(value)
    neutral = reference.get("neutral_uA")
    if neutral is not None:
        between("reference neutral_uA", neutral, "", 0, _VALUE_MAX)
    frequency = reference.get("frequency_cHz", 5000)
    between("reference frequency_cHz", frequency, "", 4500, 6500)
    return Point(values[0], values[1], values[2], None, neutral, frequency)
