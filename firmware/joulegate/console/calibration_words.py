"""The words after `calibrate` at the console: what meterctl does, typed by hand."""

from joulegate.core.amounts import parse_decimal

_HELP = """\
calibrate                  how it stands, and the last measurement
calibrate measure [S]      measure for S seconds, 60 unless given
calibrate check V A W      compare the measurement with the reference
calibrate gain V A W       step at Un, Ib and power factor 1, and try it
calibrate offset V A W     step at a light load and power factor 1
calibrate phase V A W      step at power factor 0.5 inductive
calibrate try NAME VALUE   try a constant
calibrate store            store what is on trial
calibrate drop             end the trial
calibrate back             store the constants before these again
V, A and W are the reference meter's, by phase with commas: 220.1,220.0,219.9
"""
_LABEL = "%-20s %s"


def obey(app: object, words: list, show: object) -> None:
    """Carry out the words; ValueError, RuntimeError, OSError."""
    answer = app.requests.answer
    action = words[0] if words else ""
    if action == "help" and len(words) == 1:
        for line in _HELP.strip().split("\n"):
            show(line)
    elif not words:
        _show_state(answer("calibration", {}), show)
    elif action == "measure" and len(words) <= 2:
        seconds = _whole("S", words[1]) if len(words) == 2 else 60
        answer("measure", {"duration_s": seconds})
        show("measures for %d s; see calibrate" % seconds)
    elif action == "check" and len(words) == 4:
        _show_errors(answer("calibration", {"reference": _reference(words[1:])})["error"], show)
    elif action in ("gain", "offset", "phase") and len(words) == 4:
        found = answer("calibrate", {
            "action": "step", "step": action, "reference": _reference(words[1:])})
        _show_errors(found["before"], show)
        _show_constants("on trial", found["constants"], show)
    elif action == "try" and len(words) == 3:
        answer("calibrate", {
            "action": "try", "constants": {words[1]: _whole("VALUE", words[2])}})
        show("on trial; calibrate store keeps it")
    elif action in ("store", "drop", "back") and len(words) == 1:
        found = answer("calibrate", {"action": action})
        _show_constants("stored", found["stored"], show)
    else:
        raise ValueError("calibrate: takes other words; type calibrate help")


def _show_state(report: dict, show: object) -> None:
    show(_LABEL % ("metering IC", "%s, lines %s" % (report["ic"], " ".join(report["lines"]))))
    show(_LABEL % ("basic", "%d V, %d A, %d counts a kWh" % (
        report["voltage_V"], report["current_A"], report["counts_per_kWh"])))
    show(_LABEL % ("seal", "%s%s" % ("unsealed" if report["unsealed"] else "sealed",
                                     "" if report["switch"] else ", no switch is fitted")))
    for title in ("trial", "stored", "previous"):
        _show_constants(title, report[title], show)
    measurement = report["measurement"]
    if measurement is None:
        show(_LABEL % ("measurement", "none"))
    elif measurement["state"] != "done":
        show(_LABEL % ("measurement", measurement["problem"] or measurement["state"]))
    else:
        for i, line in enumerate(report["lines"]):
            show(_LABEL % ("measured on " + line, "%s V  %s A  %s W" % (
                _decimal(measurement["voltage_mV"][i], 3),
                _decimal(measurement["current_uA"][i], 6),
                _decimal(measurement["power_mW"][i], 3))))
        show(_LABEL % ("by what was counted", "%s W in %s s" % (
            _decimal(measurement["energy_mW"], 3), _decimal(measurement["count_ms"], 3))))
        spread = measurement["spread_ppm"]
        show(_LABEL % ("moved by", "voltage %s %%, current %s %%, power %s %%" % tuple(
            [_decimal(spread[name], 4) for name in ("voltage", "current", "power")])))


def _show_constants(title: str, constants: "dict | None", show: object) -> None:
    if not constants:
        show(_LABEL % (title, "none" if constants is None else "nominal ones"))
        return
    for i, name in enumerate(sorted(constants)):
        show(_LABEL % ("" if i else title, "%s %d" % (name, constants[name])))


def _show_errors(errors: dict, show: object) -> None:
    for name in ("voltage_ppm", "current_ppm", "power_ppm"):
        show(_LABEL % (name[:-4] + " error", "  ".join(
            ["-" if ppm is None else _decimal(ppm, 4) + " %" for ppm in errors[name]])))
    ppm = errors["energy_ppm"]
    show(_LABEL % ("energy error", "-" if ppm is None else _decimal(ppm, 4) + " %"))


def _decimal(value: int, places: int) -> str:
    scale = 10 ** places
    return "%s%d.%0*d" % ("-" if value < 0 else "", abs(value) // scale, places,
                          abs(value) % scale)


def _reference(words: list) -> dict:
    found: dict = {}
    for name, unit, places, text in zip(
            ("voltage_mV", "current_uA", "power_mW"), "VAW", (3, 6, 3), words):
        values = [_number(unit, word, places) for word in text.split(",")]
        found[name] = values[0] if len(values) == 1 else values
    return found


def _number(unit: str, text: str, places: int) -> int:
    try:
        value, used = parse_decimal(text, places)
    except ValueError as e:
        raise ValueError("%s %r: %s" % (unit, text, e)) from None
    return value * 10 ** (places - used)


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("%s %r: must be a whole number" % (name, text)) from None
