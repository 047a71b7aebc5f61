"""Commands for accuracy: calibrate leads through the steps, verify shows what is left wrong."""

import contextlib
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.meterctl import accuracy, calibration_report, reference, show, verification_plot
from tools.meterctl.calibration import Calibrator
from tools.meterctl.errors import BadInput, MeterctlError, Refused
from tools.meterctl.meter import Meter
from tools.meterctl.session import AsJson, open_meter
from tools.meterctl.values import now

STEPS = ("gain", "offset", "phase", "no-load", "start")
_LIGHT = 0.05
_START = 0.004
_OVER_VOLTAGE = 1.15

Seconds = Annotated[int, typer.Option(min=2, max=3600, help="How long to measure at a point.")]
TheReference = Annotated[str, typer.Option(
    "--reference", help="Where the reference meter is: typed, bench, bench:FOLDER, "
                        "socket://HOST:PORT or command:PROGRAM.")]
Folder = Annotated[Path | None, typer.Option(
    "--report", help="Folder for the report, JSON and Markdown, by the meter's number.")]


def calibrate(
    context: typer.Context,
    the_reference: TheReference = "typed",
    steps: Annotated[str, typer.Option(
        help="Those to do, with commas, in their order.")] = ",".join(STEPS),
    seconds: Seconds = 60,
    start_permille: Annotated[int | None, typer.Option(
        min=1, max=10, help="Power from which the meter counts, in thousandths of Un times Ib."
    )] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Store without asking.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Store nothing.")] = False,
    back: Annotated[bool, typer.Option(
        "--back", help="Go back to the constants before the present ones, and no more.")] = False,
    report: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Adjust the metering IC against a reference meter, step by step."""
    wanted = steps.split(",")
    if not set(wanted) <= set(STEPS):
        raise BadInput(f"steps {steps}: must be some of {', '.join(STEPS)}")
    with open_meter(context) as meter:
        if back:
            found = meter.call("calibrate", action="back")
            show.said("the constants before are in force again: "
                      + (", ".join(f"{k} {v}" for k, v in sorted(found["stored"].items()))
                         or "the nominal ones"))
            return
        source = reference.choose(the_reference)
        try:
            result = _calibrate(
                meter, source, [step for step in STEPS if step in wanted], seconds,
                start_permille, quiet=as_json)
            result["reference"] = the_reference
            stored = not dry_run and bool(result["constants"]) and (
                yes or typer.confirm("Store these constants?", err=True))
            meter.call("calibrate", action="store" if stored else "drop")
            result["stored"] = stored
        except BaseException:
            _drop(meter)
            raise
        finally:
            source.close()
    _write(report, "calibration", result, calibration_report.calibration_text(result), as_json)
    if as_json:
        show.as_json(result)
    else:
        show.said("stored" if result["stored"] else "nothing is stored, the meter is as it was")
    failed = [check["name"] for check in result["checks"] if not check["passed"]]
    if failed:
        raise Refused(f"not passed: {', '.join(failed)}")


def _drop(meter: Meter) -> None:
    """End the trial after something went wrong, if the line still bears it."""
    with contextlib.suppress(MeterctlError):  # the trial lapses by itself
        meter.call("calibrate", action="drop")


def _calibrate(
    meter: Meter, source: reference.Reference, steps: list[str], seconds: int,
    start_permille: int | None, quiet: bool,
) -> dict[str, Any]:
    calibrator = Calibrator(meter, source, seconds)
    state = calibrator.state
    if not state["unsealed"]:
        raise Refused("calibration is sealed: open the seal and close the calibration switch")
    result = _head(meter, state)
    volts, amperes = calibrator.volts, calibrator.amperes
    settings = {
        "gain": reference.Setting(volts, amperes),
        "offset": reference.Setting(volts, amperes * _LIGHT),
        "phase": reference.Setting(volts, amperes, 60.0)}
    if not quiet:
        show.said(f"{state['ic']}, lines {' '.join(state['lines'])}: {volts:g} V, {amperes:g} A, "
                  f"{state['counts_per_kWh']} counts a kWh")
    if start_permille is not None:
        calibrator.act("try", constants={"start_permille": start_permille})
        result["constants"]["start_permille"] = start_permille
    for name in steps:
        if name in settings:
            if name == "offset" and name not in state["steps"]:
                continue
            step = calibrator.step(name, settings[name])
            result["constants"] |= step.constants
            result["steps"].append(step.as_json())
            if not quiet:
                _show_step(result["steps"][-1], state["lines"])
        else:
            result["checks"].append(_check(calibrator, name, seconds))
            if not quiet:
                show.said(f"{name}: {result['checks'][-1]['text']}")
    return result


def _check(calibrator: Calibrator, name: str, seconds: int) -> dict[str, Any]:
    """See that the meter stands still without a load, or counts the starting current."""
    # A tenth of the least load that the meter tells the time of a count for.
    longer = max(2 * seconds, 10 * calibrator.state["count_s"])
    volts = calibrator.volts * (_OVER_VOLTAGE if name == "no-load" else 1)
    amperes = 0.0 if name == "no-load" else calibrator.amperes * _START
    setting = reference.Setting(round(volts, 2), amperes)
    counts = calibrator.counts_at(setting, longer)
    passed = abs(counts) < 1 if name == "no-load" else counts >= 1
    return {"name": name, "passed": passed, "counts": round(counts, 2), "seconds": longer,
            "text": f"{'passed' if passed else 'NOT passed'}: {counts:.1f} counts in {longer} s "
                    f"at {setting.text()}"}


def _show_step(step: dict[str, Any], lines: list[str]) -> None:
    show.said(f"{step['step']}: at {calibration_report.setting_text(step['setting'])}")
    show.rows(("", "quantity", "before, %", "after, %"), [
        ("", *row[1:]) for row in calibration_report.error_rows(step, lines)],
        right=("before, %", "after, %"))
    if step["remark"]:
        show.said(step["remark"])
    else:
        show.said("  " + ", ".join(f"{k} {v}" for k, v in sorted(step["constants"].items())))


def verify(
    context: typer.Context,
    the_reference: TheReference = "typed",
    seconds: Seconds = 60,
    minimum: Annotated[float, typer.Option(
        min=0.01, max=0.1, help="Imin, in parts of Ib.")] = 0.05,
    maximum: Annotated[float, typer.Option(
        min=0, max=200, help="Imax in A.")] = 60.0,
    of_class: Annotated[str, typer.Option(
        "--class", help="The class to be within: 1 or 0.5S.")] = "1",
    plot: Annotated[Path | None, typer.Option(
        help="File for a plot, .png or .svg.")] = None,
    report: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Show the error of energy from Imin to Imax at power factor 1, 0.5 L and 0.8 C."""
    if of_class not in accuracy.CLASSES:
        raise BadInput(f"class {of_class}: must be {' or '.join(accuracy.CLASSES)}")
    if plot is not None and plot.suffix not in verification_plot.KINDS:
        raise BadInput(f"plot {plot}: must end in {' or '.join(verification_plot.KINDS)}")
    with open_meter(context) as meter:
        source = reference.choose(the_reference)
        try:
            result = _verify(meter, source, seconds, minimum, maximum)
        finally:
            source.close()
    result["reference"] = the_reference
    _write(report, "verification", result, calibration_report.verification_text(result), as_json)
    if plot is not None:
        verification_plot.draw(result, plot)
    if as_json:
        show.as_json(result)
    else:
        _show_verification(result)
    if not result["within"][of_class]:
        raise Refused(f"not within class {of_class}")


def _verify(
    meter: Meter, source: reference.Reference, seconds: int, minimum: float, maximum: float,
) -> dict[str, Any]:
    calibrator = Calibrator(meter, source, seconds)
    result = _head(meter, calibrator.state)
    result["points"] = []
    if maximum < calibrator.amperes:
        raise BadInput(f"maximum {maximum:g} A: must be {calibrator.amperes:g} A or more")
    for point in accuracy.points(minimum, maximum / calibrator.amperes):
        setting = reference.Setting(
            calibrator.volts, calibrator.amperes * point.part, point.degrees)
        reading, errors = calibrator.at(setting)
        if errors["energy_ppm"] is None:
            raise Refused(f"reference at {setting.text()}: reads no power")
        percent = errors["energy_ppm"] / 10000
        result["points"].append({
            "name": point.name, "part": point.part, "current_A": setting.amperes,
            "factor": point.factor, "error_percent": percent,
            "shown_ppm": {name: errors[f"{name}_ppm"] for name in (
                "voltage", "current", "power")},
            "reference": reading.request(),
            "limits": {name: accuracy.limit(name, point.part, point.factor)
                       for name in accuracy.CLASSES},
            "within": {name: accuracy.within(name, point, percent)
                       for name in accuracy.CLASSES}})
    result["within"] = {name: all(point["within"][name] is not False
                                  for point in result["points"]) for name in accuracy.CLASSES}
    return result


def _show_verification(result: dict[str, Any]) -> None:
    show.said(f"{result['ic']}, meter {result['meter_id'] or result['unique_id']}")
    show.rows(("current", "A", "pf", "error, %", "class 1", "class 0.5S", ""), [
        (point["name"], f"{point['current_A']:g}", point["factor"],
         f"{point['error_percent']:+.3f}", *(
             "-" if point["limits"][name] is None else f"±{point['limits'][name]:.1f}"
             for name in accuracy.CLASSES), _verdict(point["within"]))
        for point in result["points"]], right=("A", "error, %", "class 1", "class 0.5S"))
    for name in accuracy.CLASSES:
        show.said(f"class {name}: {'within' if result['within'][name] else 'NOT within'} "
                  "its limits")


def _verdict(within: dict[str, bool | None]) -> str:
    return "" if all(value is not False for value in within.values()) else (
        "outside " + ", ".join(name for name, value in within.items() if value is False))


def _head(meter: Meter, state: dict[str, Any]) -> dict[str, Any]:
    identity = meter.call("identity")
    return {
        "time": now(), **{name: identity[name] for name in (
            "meter_id", "unique_id", "board", "firmware")},
        **{name: state[name] for name in (
            "ic", "lines", "voltage_V", "current_A", "counts_per_kWh")},
        "steps": [], "checks": [], "constants": {}, "stored": False}


def _write(
    folder: Path | None, kind: str, result: dict[str, Any], text: str, as_json: bool
) -> None:
    if folder is None:
        return
    paths = calibration_report.write(folder, kind, result, text)
    if not as_json:
        show.said(f"report: {paths[0]} and {paths[1].name}")


def add(app: typer.Typer) -> None:
    for command in (calibrate, verify):
        app.command()(command)
