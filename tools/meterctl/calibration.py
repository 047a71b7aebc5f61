"""Calibration as a host leads it: points, measurements and steps. The meter works out all
constants itself; see firmware/joulegate/console/calibration_requests.py."""

from dataclasses import dataclass, field
from typing import Any

from tools.meterctl.errors import Refused
from tools.meterctl.meter import Meter
from tools.meterctl.reference import Reading, Reference, Setting

_LATE_S = 150
"""So much longer than it was told to a measurement may take, at twice the rarest count."""
_POLL_S = 1
_COUNT = 1 << 16


@dataclass
class StepResult:
    """What a step found: errors in millionths before and after, and the constants."""

    name: str
    setting: Setting
    reading: Reading
    before: dict[str, Any]
    after: dict[str, Any] | None = None
    constants: dict[str, int] = field(default_factory=dict)
    remark: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "step": self.name, "setting": vars(self.setting),
            "reference": self.reading.request(), "before": self.before, "after": self.after,
            "constants": self.constants, "remark": self.remark}


class Calibrator:
    def __init__(self, meter: Meter, reference: Reference, seconds: int) -> None:
        """seconds: how long to measure at each point."""
        self._meter = meter
        self._reference = reference
        self._seconds = seconds
        self.state = meter.call("calibration")

    @property
    def volts(self) -> float:
        return float(self.state["voltage_V"])

    @property
    def amperes(self) -> float:
        return float(self.state["current_A"])

    def measure(self, seconds: int | None = None) -> dict[str, Any]:
        """Have the meter measure what the source gives now; Refused if it cannot."""
        seconds = self._seconds if seconds is None else seconds
        self._meter.call("measure", duration_s=seconds)
        self._reference.wait(seconds)
        waited = 0
        while True:
            found: dict[str, Any] = self._meter.call("calibration")["measurement"]
            if found["state"] == "failed":
                raise Refused(f"measurement: {found['problem']}")
            if found["state"] == "done":
                return found
            if waited > _LATE_S:
                raise Refused(f"measurement: not done {waited} s after its time")
            self._reference.wait(_POLL_S)
            waited += _POLL_S

    def errors(self, reading: Reading) -> dict[str, Any]:
        """Return the errors of the last measurement, in millionths."""
        found: dict[str, Any] = self._meter.call(
            "calibration", reference=reading.request())["error"]
        return found

    def at(self, setting: Setting) -> tuple[Reading, dict[str, Any]]:
        """Bring the source to a point, measure, and return the reference and the errors."""
        self._reference.bring(setting)
        self.measure()
        reading = self._reference.read(setting, self.state["lines"])
        return reading, self.errors(reading)

    def step(self, name: str, setting: Setting) -> StepResult:
        """Carry out a step, and measure again by what it found."""
        reading, before = self.at(setting)
        result = StepResult(name, setting, reading, before)
        if name not in self.state["steps"]:
            result.remark = f"the {self.state['ic']} has no constants for it: the error stays"
            return result
        found = self._meter.call(
            "calibrate", action="step", step=name, reference=reading.request())
        result.constants = found["constants"]
        self.measure()
        result.after = self.errors(reading)
        return result

    def counts_at(self, setting: Setting, seconds: int) -> float:
        """Return how many counts come in so many seconds at a point."""
        self._reference.bring(setting)
        counted: int = self.measure(seconds)["count_parts"]
        return counted / _COUNT

    def act(self, action: str, **arguments: Any) -> dict[str, Any]:
        """Have the meter store, drop, go back or try constants."""
        self.state = self._meter.call("calibrate", action=action, **arguments)
        return self.state
