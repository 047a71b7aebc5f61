"""Whether a step of calibration may go by a measurement and what the reference showed: steady,
near the point that the step asks for, and the meter not further off than parts ever are.
"""

from micropython import const

from joulegate.console.measuring import Measurement
from joulegate.drivers.adjusting import Point, error_ppm

_STEADY_PPM = const(5000)
"""Samples of voltage and current, and of power at Ib, may be as far apart."""
_STEADY_LIGHT_PPM = const(20000)
_FAR_PPM = const(250000)
"""As far may a meter be from the reference: parts are some per cent off, a slip is more."""
_UN_PERCENT = const(20)


def check(
    step: str, measurement: Measurement, adjuster: object, calibration: object, shown: Point,
    reference: Point,
) -> None:
    """Raise ValueError unless a step may go by this measurement and this reference.

    shown: what the meter made of the measurement. calibration: constants in force.
    """
    steady = _STEADY_LIGHT_PPM if step == "offset" else _STEADY_PPM
    for name in ("voltage", "current", "power"):
        spread = measurement.spread_ppm(name)
        if spread > steady:
            raise ValueError("measurement: %s moved by %s %%: must be at most %s %%" % (
                name, _percent(spread), _percent(steady)))
    reactive = measurement.reactive_mvar()
    for i, line in enumerate(adjuster.lines):
        _check_line(step, "" if len(adjuster.lines) == 1 else " of " + line, calibration,
                    shown, reference, i)
        if step == "phase" and reactive is not None and reactive[i] <= 0:
            raise ValueError("phase: the meter sees a capacitive load%s: must be inductive" % (
                "" if len(adjuster.lines) == 1 else " on " + line))


def _check_line(
    step: str, of_line: str, c: object, shown: Point, reference: Point, i: int
) -> None:
    between("reference: voltage%s" % of_line, reference.voltage_mV[i], "mV",
            c.voltage_V * (1000 - 10 * _UN_PERCENT), c.voltage_V * (1000 + 10 * _UN_PERCENT))
    basic = c.current_A * 1000000
    low, high = (basic // 100, basic // 5) if step == "offset" else (basic // 2, basic * 2)
    between("reference: current%s" % of_line, reference.current_uA[i], "uA", low, high)
    factor = reference.power_mW[i] * 1000 // reference.apparent_mVA(i)
    low, high = (400, 600) if step == "phase" else (980, 1005)
    between("reference: power factor%s" % of_line, factor, "thousandths", low, high)
    if shown.power_mW[i] < 0:
        raise ValueError("measurement: power%s is exported: current or voltage is reversed"
                         % of_line)
    for name, a, b in (
            ("voltage", shown.voltage_mV[i], reference.voltage_mV[i]),
            ("current", shown.current_uA[i], reference.current_uA[i]),
            ("power", shown.power_mW[i], reference.power_mW[i])):
        error = error_ppm(a, b)
        if abs(error) > _FAR_PPM:
            raise ValueError("measurement: %s%s is %s %% off the reference: must be within %s"
                             " %%" % (name, of_line, _percent(error), _percent(_FAR_PPM)))


def between(what: str, value: object, unit: str, low: int, high: int) -> None:
    """Raise ValueError unless a value is a whole number from low to high; it names all."""
    if not isinstance(value, int) or not low <= value <= high:
        raise ValueError("%s %r%s: must be %d to %d" % (
            what, value, " " + unit if unit else "", low, high))


def _percent(ppm: int) -> str:
    return "%s%d.%02d" % ("-" if ppm < 0 else "", abs(ppm) // 10000, abs(ppm) % 10000 // 100)
