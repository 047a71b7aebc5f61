"""Restart a meter and know that it has."""

import contextlib
import time
from collections.abc import Callable
from datetime import datetime

from tools.meterctl.errors import LineError, Refused
from tools.meterctl.line import Line
from tools.meterctl.meter import Meter

RESTART_S = 30
_RETRY_S = 0.5
_ANSWER_S = 3
_SAME_S = 2
"""The start of one run is told within this, since time and uptime are whole seconds."""


def restart(meter: Meter) -> float:
    """Restart a meter and wait for it on the same port; return the seconds it took.

    Refused if the meter says no; LineError if it does not come back. The line is closed.
    """
    before = _started(meter)
    # It restarts at once, with or without an answer.
    with contextlib.suppress(LineError):
        meter.call("reset", seconds=_ANSWER_S)
    return wait_for(meter.line, lambda again: abs(_started(again) - before) >= _SAME_S)


def wait_for(line: Line, accept: Callable[[Meter], bool]) -> float:
    """Close the line, and open it again until a meter that is accepted answers on it.

    Returns the seconds that took; LineError after RESTART_S.
    """
    line.close()
    began = time.monotonic()
    while time.monotonic() < began + RESTART_S:
        time.sleep(_RETRY_S)
        with contextlib.suppress(LineError, Refused):
            if _ask(line, accept):
                return time.monotonic() - began
    raise LineError(f"port {line.port}: told to restart, and no meter that has started again "
                    f"answers within {RESTART_S} s")


def _ask(line: Line, accept: Callable[[Meter], bool]) -> bool:
    again = Line(line.port, line.timeout_s)
    try:
        return accept(Meter(again))
    finally:
        again.close()


def _started(meter: Meter) -> float:
    """Return when the meter started, by its own clock, in seconds."""
    status = meter.call("status")
    try:
        return datetime.fromisoformat(status["time"]).timestamp() - float(status["uptime_s"])
    except ValueError as e:
        raise LineError(f"port {meter.port}: answer to status.time: {e}") from e
