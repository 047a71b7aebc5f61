"""A run: the tests of a plan on one meter, one after the other, and what became of each."""

from collections.abc import Callable
from typing import Any

from tools.meterctl.errors import LineError, MeterctlError, Refused
from tools.production import electronics, lines, mechanics, metering, timekeeping
from tools.production.dut import Dut
from tools.production.hands import FixtureError, Hands, Unable
from tools.production.pace import Pace
from tools.production.page import page
from tools.production.plan import Plan
from tools.production.report import (
    FAILED,
    INTERRUPTED,
    NOT_DONE,
    PASSED,
    Folder,
    Report,
    Result,
    now,
)
from tools.production.trial import NotDone, Trial

TESTS: dict[str, Callable[[Trial], None]] = {
    "identity": electronics.identity, "self_test": electronics.self_test,
    "supply": mechanics.supply, "flash": electronics.flash, "fram": electronics.fram,
    "element": electronics.element, "clock": timekeeping.clock, "relay": mechanics.relay,
    "cover": mechanics.cover, "terminal_cover": mechanics.terminal_cover,
    "magnet": mechanics.magnet, "button": mechanics.button, "keypad": mechanics.keypad,
    "display": mechanics.display, "lamps": mechanics.lamps, "buzzer": mechanics.buzzer,
    "rs485": lines.rs485, "modem": lines.modem, "wifi": electronics.wifi,
    "metering": metering.metering, "watchdog": electronics.watchdog,
}
_NEEDS = {"metering": "relay"}
"""Without current through the relay nothing can be said about metering."""
_CARRIED = {"battery_rtc": "clock", "load_side": "relay"}
"""Test of a capability that has another name."""
_NO_PART = ("ota", "romfs")
_BACK_S = 15.0

Tell = Callable[[Result], None]


class Run:
    def __init__(
        self, plan: Plan, report: Report, folder: Folder, hands: Hands, pace: Pace,
        tell: Tell = lambda result: None,
    ) -> None:
        """tell: is called after each test."""
        self.plan = plan
        self.report = report
        self._folder = folder
        self._hands = hands
        self._pace = pace
        self._tell = tell
        self.answered = False
        """Whether a meter has answered at all."""

    def go(self, timeout_s: float) -> Report:
        """Do all tests; the report is written after each. KeyboardInterrupt once it says so."""
        self._keep()
        dut = None
        try:
            try:
                dut = Dut(self.report.port, timeout_s, self._pace)
                self.answered = True
            except MeterctlError as e:
                self._no_meter(str(e))
            else:
                self._tests(dut)
            self.report.judge()
        except KeyboardInterrupt:
            self.report.verdict = INTERRUPTED
            self.report.reason = "by the operator"
            if self.report.tests and self.report.tests[-1].verdict == NOT_DONE:
                self.report.tests[-1].text = "was under way"
            raise
        finally:
            if dut is not None:
                dut.end()
            self.report.ended = now()
            self._keep()
        return self.report

    def _keep(self) -> None:
        self._folder.write(self.report, page(self.report))

    def _no_meter(self, text: str) -> None:
        for name in self.plan.tests:
            first = name == next(iter(self.plan.tests))
            self.report.tests.append(Result(
                name, FAILED if first else NOT_DONE, now(), text=text if first else "no meter"))

    def _tests(self, dut: Dut) -> None:
        identity = dut.ask("identity")
        self.report.meter = {name: identity[name] for name in (
            "board", "firmware", "profile", "micropython", "platform", "unique_id")}
        carried = identity["capabilities"]
        self.report.untested = sorted(
            name for name, has in carried.items()
            if has and name not in _NO_PART and _CARRIED.get(name, name) not in self.plan.tests)
        chips = self._folder.chips(self.report.serial, self.report.run)
        verdicts: dict[str, str] = {}
        lost = ""
        for name, words in self.plan.tests.items():
            result = Result(name, NOT_DONE, now())
            # First: an interruption leaves it in the report as what was under way.
            self.report.tests.append(result)
            needed = [n for n in ("identity", _NEEDS.get(name, ""))
                      if n != name and verdicts.get(n, PASSED) != PASSED]
            if lost:
                result.text = lost
            elif needed:
                result.text = f"{needed[0]} has not passed"
            else:
                trial = Trial(result, words, dut, self._hands, self._pace, identity, chips)
                lost = self._one(trial)
            verdicts[name] = result.verdict
            self._tell(result)
            self._keep()

    def _one(self, trial: Trial) -> str:
        """Do one test; return why no more can be done, "" if it can."""
        result = trial.result
        began = self._pace.now()
        try:
            TESTS[result.name](trial)
            bad = [check.what for check in result.checks if not check.passed]
            result.verdict = FAILED if bad or not result.checks else PASSED
            result.text = ", ".join(bad)
        except (Unable, NotDone, FixtureError) as e:
            bad = [check.what for check in result.checks if not check.passed]
            result.verdict = FAILED if bad else NOT_DONE
            result.text = "; ".join([", ".join(bad), str(e)]) if bad else str(e)
        except Refused as e:
            result.verdict, result.text = FAILED, str(e)
        except LineError as e:
            result.verdict, result.text = FAILED, str(e)
            return self._back(trial.dut)
        finally:
            result.seconds = round(self._pace.now() - began, 1)
        return ""

    def _back(self, dut: Dut) -> str:
        try:
            dut.reopen(_BACK_S, lambda status: True)
        except MeterctlError as e:
            return str(e)
        return ""


def report_of(plan: Plan, serial: str, run: int, port: str, **who: Any) -> Report:
    """Return the report of a run that is about to begin."""
    return Report(serial, run, now(), port=port, plan={
        "name": plan.name, "file": plan.file, "sha256": plan.sha256}, **who)
