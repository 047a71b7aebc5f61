"""One test under way: what it may use, and what it says about what it finds."""

from collections.abc import Callable
from typing import Any

from tools.production.dut import Dut
from tools.production.hands import Hands
from tools.production.pace import Pace
from tools.production.report import Check, Result

Value = float | int | str | bool | None


class NotDone(Exception):
    """A test cannot be done here, which is no fault of the meter; the text says why."""


class Trial:
    """Is handed to a test: the meter, hands, time, the plan's words, and the result."""

    def __init__(
        self, result: Result, words: dict[str, Any], dut: Dut, hands: Hands, pace: Pace,
        identity: dict[str, Any], known_chips: set[str],
    ) -> None:
        self.result = result
        self.words = words
        self.dut = dut
        self.hands = hands
        self.pace = pace
        self.identity = identity
        self.known_chips = known_chips

    def check(self, what: str, passed: bool, value: Value = None, text: str = "",
              wanted: str | None = None, unit: str = "") -> bool:
        """Take down something that is so or not; return whether it passed."""
        self.result.checks.append(
            Check(what, passed, value, unit, wanted=wanted, text=text))
        return passed

    def equal(self, what: str, value: str, wanted: str) -> bool:
        return self.check(what, value == wanted, value, wanted=wanted)

    def within(self, what: str, value: float, low: float | None, high: float | None,
               unit: str, text: str = "") -> bool:
        """Take down a quantity beside its limits; return whether it is within them."""
        passed = (low is None or value >= low) and (high is None or value <= high)
        self.result.checks.append(
            Check(what, passed, round(value, 4), unit, low, high, text=text))
        return passed

    def fact(self, name: str, value: Any) -> None:
        """Take down what has no limit."""
        self.result.facts[name] = value

    def wait_for(self, seconds: float, look: Callable[[], bool], every_s: float = 0.1) -> bool:
        """Look again and again for so many seconds at the most; return whether it came."""
        end = self.pace.now() + seconds
        while True:
            if look():
                return True
            if self.pace.now() >= end:
                return False
            self.pace.sleep(every_s)
