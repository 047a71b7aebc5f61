"""The test of the clock: it runs, at the right pace, and through a time without supply."""

from dataclasses import dataclass
from datetime import UTC, datetime

from tools.meterctl.values import now
from tools.production.trial import Trial

_EDGE_S = 2.5
"""Within this a clock that runs shows another second."""
_BATTERY_OFF_S = 2.0
"""How far it may be off after a time without supply: the second hides one, reading another."""
_START_S = 30.0


@dataclass(frozen=True)
class Edge:
    """A second that began, by the clock under test and by this computer."""

    shown: float
    at: float
    unsure: float
    """Seconds that `at` may be off, either way."""


def clock(trial: Trial) -> None:
    """The clock is set, then compared with this computer's time over the plan's seconds."""
    trial.dut.ask("clock", set=now())
    found = trial.dut.part("clock")
    trial.fact("chip", found["chip"])
    if not trial.check("answers", not found["problem"], text=found["problem"]):
        return
    first = _edge(trial)
    if first is None:
        trial.check("runs", False, 0, "stands still", unit="s")
        return
    trial.pace.sleep(trial.words["seconds"] - 1)
    last = _edge(trial)
    if last is None:
        trial.check("runs", False, text="has stopped under way")
        return
    _drift(trial, first, last)
    if trial.words["battery_s"]:
        _battery(trial, last)


def _drift(trial: Trial, first: Edge, last: Edge) -> None:
    passed = last.at - first.at
    ppm = (last.shown - first.shown - passed) / passed * 1e6
    unsure = (first.unsure + last.unsure) / passed * 1e6
    limit = trial.words["limit_ppm"]
    trial.check("runs", last.shown > first.shown, round(last.shown - first.shown), unit="s")
    trial.within("drift", ppm, -limit - unsure, limit + unsure, "ppm",
                 f"over {passed:.1f} s, told to {unsure:.0f} ppm")


def _battery(trial: Trial, last: Edge) -> None:
    """It has gone on while the supply was away."""
    dut, words = trial.dut, trial.words
    before = dut.ask("status")["starts"]
    dut.close()
    trial.hands.do("supply", False, "Take the supply away")
    trial.pace.sleep(words["battery_s"])
    trial.hands.do("supply", True, "Bring the supply back")
    dut.reopen(_START_S, lambda status: status["starts"] != before)
    asked = trial.pace.now()
    found = dut.part("clock")
    answered = trial.pace.now()
    if trial.check("keeps its time without supply", not found["problem"],
                   text=found["problem"]):
        off = _seconds(found["time"]) - last.shown - ((asked + answered) / 2 - last.at)
        most = _BATTERY_OFF_S + (answered - asked) / 2 + last.unsure
        trial.within("off after it", off, -most, most, "s")


def _edge(trial: Trial) -> Edge | None:
    """Wait for the clock to show another second; None if it does not."""
    pace = trial.pace
    asked = pace.now()
    end = asked + _EDGE_S
    shown = trial.dut.part("clock")["time"]
    while asked < end:
        # The clock was read at some time after it was asked and before it has answered; so the
        # second began between the question before and this answer.
        asked_again = pace.now()
        again = trial.dut.part("clock")
        answered = pace.now()
        if again["problem"]:
            return None
        if again["time"] != shown:
            return Edge(
                _seconds(again["time"]), (asked + answered) / 2, (answered - asked) / 2)
        asked = asked_again
    return None


def _seconds(text: str) -> float:
    """Return the seconds since 1970 of a time that the meter shows."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC).timestamp()
