"""Holds the meter's clock against the time of the world, by docs/clock.md."""

from tools.soak.account import Account
from tools.soak.meter import Facts
from tools.soak.verdict import must

SLEW_PART = 100
"""The clock may run faster or slower by one part in so many, and in no other way."""
BEHIND_MAX_S = 60


class ClockJudge:
    def __init__(self) -> None:
        self._before: Facts = {}

    def started(self, facts: Facts, begun: list[Account]) -> None:
        """Judge whether a start believed the battery clock rightly.

        begun: states that the ledger may have held. The meter's own mark of the last second
        seen lies between their `marked` and their `seen`.
        """
        shown = facts["rtc"]
        if facts["valid"]:
            must(shown is not None and abs(facts["now"] - shown) <= 2,
                 f"starts at {facts['now']}, and the battery clock shows {shown}")
            must(shown >= min(state.marked for state in begun) - BEHIND_MAX_S,
                 f"believes the battery clock, which has fallen back to {shown}")
        else:
            must(shown is None or shown < max(state.seen for state in begun) - BEHIND_MAX_S + 2,
                 f"does not believe the battery clock, which shows {shown}")
        self._before = facts

    def went_on(self, facts: Facts) -> None:
        """Judge that the clock counted on: nothing but a setting makes it jump."""
        before, self._before = self._before, facts
        if not before:
            return
        must(facts["valid"] or not before["valid"], "the time is lost without a start")
        if facts["valid"] and not before["valid"]:
            must(facts["rtc"] is not None and abs(facts["now"] - facts["rtc"]) <= 2,
                 f"the time is back as {facts['now']}, the battery clock shows {facts['rtc']}")
            return
        passed = facts["ms"] - before["ms"]
        counted = 1000 * (facts["now"] - before["now"])
        must(abs(counted - passed) <= passed // SLEW_PART + 1000,
             f"the clock counted {counted} ms in {passed} ms")
        looks = [before["now"], *facts["looks"], facts["now"]]
        must(looks == sorted(looks), f"the clock went back: {looks}")

    def was_set(self, facts: Facts, second: int) -> None:
        must(facts["valid"] and 0 <= facts["now"] - second <= 1,
             f"the clock was set to {second} and shows {facts['now']}")
        self._before = facts
