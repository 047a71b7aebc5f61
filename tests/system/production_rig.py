"""A blank meter of the bench in fast time, and hands that can be made to do it wrong."""

import json
from pathlib import Path
from typing import Any

from tools.production import plan
from tools.production.bench_fixture import BenchMeter, Unable, act
from tools.production.hands import Unable as CannotDo
from tools.production.pace import Pace
from tools.production.report import Folder, Report
from tools.production.runner import Run, report_of

RATE = 20
TIMEOUT_S = 10
PLAN: dict[str, Any] = {
    "schema": 1, "name": "BENCH, quick", "serial": {"pattern": "JG[0-9]{8}"},
    "test": {
        "identity": {"board": "BENCH", "profile": "development", "firmware": "0.2.0"},
        "self_test": {},
        "supply": {"voltage_V": [207, 253], "brown_out": True},
        "flash": {},
        "fram": {},
        # At 20 times real time a question takes a good part of a second.
        "clock": {"seconds": 8, "limit_ppm": 50000},
        "relay": {"cycles": 1},
        "cover": {}, "terminal_cover": {}, "magnet": {}, "button": {},
        "keypad": {}, "display": {}, "lamps": {},
        "modem": {"seconds": 4},
        "metering": {"points": [{"voltage_V": 230, "current_A": 5, "power_factor": 0.5}],
                     "settle_s": 10},
    },
}


class Hands:
    """The bench's fixture, with things that it leaves undone or does besides."""

    name = "bench"

    def __init__(self, meter: BenchMeter) -> None:
        self._meter = meter
        self.left_undone: set[str] = set()
        self.besides: dict[str, str] = {}
        self.source_gain = 1.0
        self.before: Any = None
        """Is called before each thing that is done."""

    def do(self, what: str, value: Any, ask: str | None) -> Any:
        if self.before is not None:
            self.before(what)
        if what in self.left_undone:
            return True
        if what in self.besides:
            act(self._meter, self.besides[what], what == "cover" and value)
        if what == "source" and value is not None:
            value = {**value, "current_A": value["current_A"] * self.source_gain}
        try:
            return act(self._meter, what, value)
        except Unable as e:
            raise CannotDo(str(e)) from e

    def wants_wait(self) -> bool:
        return False

    def close(self) -> None:
        """It stays for the next run."""


def read(content: dict[str, Any]) -> plan.Plan:
    return plan.check("test.json", json.dumps(content).encode(), content)


def run(
    out: Path, port: str, hands: Hands, serial: str = "JG00000001",
    content: dict[str, Any] | None = None, timeout_s: float = TIMEOUT_S,
) -> Report:
    """Run a plan on a meter of the bench and return the report."""
    found = read(content or PLAN)
    folder = Folder(out)
    report = report_of(found, serial, folder.begin(serial), port, operator="Li", station="2",
                       fixture=hands.name, lot="all", tool="test")
    return Run(found, report, folder, hands, Pace(RATE)).go(timeout_s)
