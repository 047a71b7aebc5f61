"""The auxiliary outputs: what they do and why, and somebody's override of one."""

from micropython import const

_MINUTES_MAX = const(7 * 1440)


def outputs(app: object) -> dict:
    """Return an output a row: number, on or off, and what decides: rules, shed, override, or
    none without rules; and for how many seconds it is overridden yet."""
    rows: list = []
    service = app.watch.outputs
    for i in range(len(app.outputs)):
        if service is None:
            rows.append([i + 1, "off", "none", 0])
            continue
        control = service.control
        left = control.left(i, app.clock.uptime())
        by = "override" if left else "shed" if control.shed >> i & 1 else "rules"
        rows.append([i + 1, "on" if control.on >> i & 1 else "off", by, left])
    return {"columns": ["output", "state", "by", "seconds_left"], "rows": rows}


def override(app: object, number: int, on: "bool | None", minutes: int) -> dict:
    """Have an output on or off for so many minutes, or by its rules again with None."""
    service = app.watch.outputs
    if service is None:
        raise RuntimeError("output: this meter has no output with rules")
    if not _is_integer(number) or not _is_integer(minutes):
        raise ValueError("output: number and minutes must be whole numbers")
    if on is not None and on is not True and on is not False:
        raise ValueError("output: on %r: must be true or false" % (on,))
    if on is not None and not 1 <= minutes <= _MINUTES_MAX:
        raise ValueError("output: %d minutes: must be 1 to %d" % (minutes, _MINUTES_MAX))
    service.override(number, on, minutes * 60)
    return outputs(app)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and value is not True and value is not False
