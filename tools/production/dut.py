"""The device under test: requests out, checked answers back, and the line found again after the
supply or a reset has taken it away."""

import contextlib
from collections.abc import Callable
from typing import Any

from tools.meterctl import answers
from tools.meterctl.errors import LineError, MeterctlError
from tools.meterctl.line import Line
from tools.meterctl.meter import Meter
from tools.production.pace import Pace

_END_S = 2
SLOW_S = 30
"""For answers that wait: a scan, a hang."""


class Dut:
    def __init__(self, port: str, timeout_s: float, pace: Pace) -> None:
        """Open the line; LineError if no meter answers."""
        self.port = port
        self._timeout_s = timeout_s
        self._pace = pace
        self._line: Line | None = Line(port, timeout_s)
        self.ask("identity")

    @property
    def line(self) -> Line:
        if self._line is None:
            raise LineError(f"port {self.port}: the line is lost")
        return self._line

    def ask(self, do: str, *, seconds: float | None = None, **arguments: Any) -> dict[str, Any]:
        """Ask as meterctl does; Refused, LineError."""
        return Meter(self.line).call(do, seconds=seconds, **arguments)

    def part(self, name: str, *, seconds: float | None = None, **arguments: Any) -> dict[str, Any]:
        """Ask for one part of the production test; Refused, LineError."""
        answer = self.ask("production", seconds=seconds, part=name, **arguments)
        wrong = answers.fields_problem(f"production {name}", answer, SHAPES[name])
        if wrong:
            raise LineError(f"port {self.port}: answer to {wrong}")
        return answer

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def end(self) -> None:
        """Have the meter let go of everything, and close the line; never raises."""
        with contextlib.suppress(MeterctlError):
            self.part("end", seconds=_END_S)
        self.close()

    def reopen(self, seconds: float, accept: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Close the line, and open it again until a meter answers whose status is accepted.

        Returns that status; LineError after so many seconds.
        """
        self.close()
        end = self._pace.now() + seconds
        while self._pace.now() < end:
            with contextlib.suppress(MeterctlError):
                self._line = Line(self.port, self._timeout_s)
                status = self.ask("status")
                if accept(status):
                    return status
            self.close()
            self._pace.sleep(0.5)
        raise LineError(f"port {self.port}: no meter that has started again answers within "
                        f"{seconds:g} s")


_FITTED: answers.Fields = {"fitted": answers.FLAG}
SHAPES: dict[str, answers.Fields] = {
    "end": {},
    "inputs": {"inputs": answers.OBJECT, "tamper_latch": answers.MAYBE_NUMBER,
               "temperature_dC": answers.MAYBE_NUMBER},
    "keypad": _FITTED | {"keys": answers.MAYBE_NUMBER, "pressed": answers.MAYBE_NUMBER},
    "relay": {"pulses": answers.NUMBER, "pulses_left": answers.NUMBER,
              "load_voltage": answers.MAYBE_FLAG, "current_mA": answers.NUMBER,
              "voltage_cV": answers.NUMBER},
    "display": _FITTED,
    "lamps": {"lamps": answers.LIST},
    "buzzer": _FITTED,
    "clock": {"chip": answers.TEXT, "time": answers.TEXT, "problem": answers.TEXT,
              "ticks_ms": answers.NUMBER},
    "flash": {"total_KiB": answers.NUMBER, "free_KiB": answers.NUMBER,
              "tested_KiB": answers.NUMBER, "wrong_at": answers.MAYBE_NUMBER},
    "fram": _FITTED | {"size": answers.NUMBER, "problem": answers.TEXT},
    "element": _FITTED | {"problem": answers.TEXT},
    "wifi": _FITTED | {"networks": answers.LIST},
    "watchdog": {"waited_ms": answers.NUMBER},
    "modem": _FITTED | {"received": answers.TEXT},
    "rs485": _FITTED | {"received": answers.TEXT},
}
