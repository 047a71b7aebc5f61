"""The test of the metering points: what a source applies beside what the meter reads.

It finds a wrong part or a wrong wire, not an error of class: that is for the calibration and its
verification run.
"""

from typing import Any

from tools.production.trial import Trial

_HALF_WATT = 0.5
"""The reading of power is in whole watts."""


def metering(trial: Trial) -> None:
    """Voltage, current and power at each point of the plan."""
    try:
        for point in trial.words["points"]:
            _point(trial, point)
    finally:
        trial.hands.do("source", None, "Switch the source off")


def _point(trial: Trial, point: dict[str, Any]) -> None:
    words = trial.words
    volts, amperes, factor = point["voltage_V"], point["current_A"], point["power_factor"]
    side = "" if factor == 1 else f" {point['side']}"
    at = f"{volts:g} V, {amperes:g} A, {factor:g}{side}"
    trial.hands.do("source", point, f"Apply {at}")
    trial.pace.sleep(words["settle_s"])
    status = trial.dut.ask("status")
    watts = volts * amperes * factor
    for name, applied, limit, resolution in (
            ("V", volts, words["limit_V"], 0.0), ("A", amperes, words["limit_A"], 0.0),
            ("W", watts, words["limit_W"], _HALF_WATT)):
        read = float(status[name])
        error = 100 * (read - applied) / applied
        most = limit + 100 * resolution / applied
        trial.within(f"{name} at {at}", error, -most, most, "%", f"reads {read:g} {name}")
