"""What has been wrong with the mains, from the event log, and its voltage by day and month.

Anomalies have a beginning, an end and a value; one that has not ended has no end yet. Times are
UTC texts, durations seconds, voltages V with two decimals, None what nobody knew.
"""

from micropython import const

from joulegate.core import event_classes
from joulegate.core import events as event
from joulegate.core.amounts import format_ratio
from joulegate.core.civil import TIME_MIN, date_of, format_time

ROWS_MAX = const(20)
DAYS_MAX = const(31)

_VOLTAGES = (
    event.SAG, event.SAG_BEGAN, event.SAG_ENDED, event.SWELL_BEGAN, event.SWELL_ENDED,
    event.OVERVOLTAGE_BEGAN, event.OVERVOLTAGE_ENDED, event.UNDERVOLTAGE_BEGAN,
    event.UNDERVOLTAGE_ENDED,
)
_ENDS = (
    event.MAINS_BACK, event.OVERVOLTAGE_ENDED, event.UNDERVOLTAGE_ENDED, event.FREQUENCY_BACK,
    event.PHASE_BACK, event.UNBALANCE_ENDED, event.SWELL_ENDED, event.SAG_ENDED,
    event.DISTORTION_ENDED, event.COOLED,
)
_MOMENTS = (event.SAG, event.LOAD_LIMIT_TRIPPED, event.OVERLOAD_TRIPPED)
_CLASSES = (event_classes.POWER, event_classes.SUPPLY, event_classes.QUALITY)


def quality(app: object) -> dict:
    """Return the last ROWS_MAX anomalies, and the voltage of at most DAYS_MAX days and their
    months."""
    if app.records is None:
        raise RuntimeError("records: none are kept in safe mode")
    found: list = []
    for number in _CLASSES:
        found.extend(_anomalies(app.records.events.entries(number)))
    found.sort(key=lambda row: row[0])
    return {
        "columns": ["began", "ended", "seconds", "event", "value"],
        "rows": [_row(row) for row in found[-ROWS_MAX:]],
        "voltage": {
            "columns": ["day", "hours", "within_%", "below_%", "above_%", "lowest", "highest",
                        "mean"],
            "rows": _voltage(app)},
    }


def _anomalies(entries: object) -> list:
    """Return (beginning or end, beginning, end, code, value) of the last ROWS_MAX, in order."""
    found: list = []
    for entry in entries:
        code = entry["code"]
        when, began = entry["time"], entry["began"]
        if code == event.OUTAGE_ENDED:
            seconds = entry["value"]
            row = (when, None if when is None or seconds < 0 else when - seconds, when, code,
                   seconds)
        elif code in _ENDS:
            row = (began if began is not None else when, began, when, code, entry["value"])
            _forget_beginning(found, event_classes.beginning_of(code), began)
        elif code in _MOMENTS:
            row = (when, when, when, code, entry["value"])
        elif _begins(code):
            row = (when, when, None, code, entry["value"])
        else:
            continue
        found.append((row[0] if row[0] is not None else TIME_MIN,) + row[1:])
        if len(found) > ROWS_MAX:
            found.pop(0)
    return found


def _begins(code: int) -> bool:
    return any([event_classes.beginning_of(end) == code for end in _ENDS])


def _forget_beginning(found: list, code: int, began: "int | None") -> None:
    """Take the row of a beginning away, now that its end is known."""
    for i in range(len(found) - 1, -1, -1):
        if found[i][3] == code and found[i][1] == began:
            found.pop(i)
            return


def _row(row: tuple) -> list:
    _, began, ended, code, value = row
    seconds = None if began is None or ended is None else ended - began
    name = event.name_of(code)
    for end in ("_began", "_ended"):
        if name.endswith(end):
            name = name[:-len(end)]
    if code in _VOLTAGES:
        value = format_ratio(value, 100, 2)
    return [_time(began), _time(ended), seconds, name, value]


def _time(second: "int | None") -> "str | None":
    return None if second is None else format_time(second)


def _voltage(app: object) -> list:
    store = app.records.voltage
    if store is None:
        return []
    running = app.watch.voltage_profile
    billing = app.state.billing

    def offset(second: int) -> int:
        return 0 if billing is None else billing.zone.offset(second)

    days, months = store.sums(offset, None if running is None else running.running())
    rows = [["%04d-%02d-%02d" % date_of(day)] + _figures(total)
            for day, total in days[-DAYS_MAX:]]
    for month, total in months:
        rows.append(["%04d-%02d" % (month // 12, month % 12 + 1)] + _figures(total))
    return rows


def _figures(total: list) -> list:
    """Return hours measured, per cent of the time within, below and above the band, and the
    lowest, highest and mean voltage."""
    seconds, below, above, lowest, highest, mean = total
    return [
        format_ratio(seconds, 3600, 1), format_ratio(100 * (seconds - below - above), seconds, 2),
        format_ratio(100 * below, seconds, 2), format_ratio(100 * above, seconds, 2),
        format_ratio(lowest, 100, 2), format_ratio(highest, 100, 2),
        format_ratio(mean // seconds, 100, 2)]
