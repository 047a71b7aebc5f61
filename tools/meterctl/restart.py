"""Restart a meter and know that it has."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

from tools.meterctl.errors import LineError, Refused
from tools.meterctl.line import Line
from tools.meterctl.meter import Meter

RESTART_S = 30
_RETRY_S = 0.5
_ANSWER_S = 3


def restart(meter: Meter) -> float:
    """Restart a meter and wait for it on the same port; return the seconds it took.

    Refused if the meter says no; LineError if it does not come back. The line is closed.
    """
    before = meter.call("status")
    # It restarts at once, with or without an answer.
    with contextlib.suppress(LineError):
        meter.call("reset", seconds=_ANSWER_S)
    return wait_for(meter.line, lambda again: _is_another(again.call("status"), before))


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


def _is_another(status: dict[str, Any], before: dict[str, Any]) -> bool:
    """Tell whether a meter has started since; without storage it cannot count its starts."""
    return bool(status["starts"] != before["starts"]
                or status["uptime_s"] < before["uptime_s"])
