"""Asking the time allocates nothing, with and without a time, on the 32-bit object model."""

import pytest

from tools.bench.process import ROOT
from tools.measure32 import measure

SETUP = """
from joulegate.clock import Clock
from joulegate.core.events import EventLog
class Ticks:
    ms = 0
    def ticks_ms(self):
        return self.ms
    def ticks_diff(self, end, start):
        return end - start
    def datetime(self, civil=None):
        return {shown}
ticks = Ticks()
clock = Clock(ticks, ticks.ticks_ms, ticks.ticks_diff, EventLog())
{then}
"""


@pytest.mark.parametrize(("shown", "then"), [
    ("(2052, 12, 31, 1, 12, 0, 0, 0)", ""),
    ("(2027, 5, 5, 2, 12, 0, 0, 0)", "clock.adjust(clock.now() + 30)"),
    ("(2027, 5, 5, 2, 12, 0, 0, 0)", "clock.adjust(clock.now() - 30)"),
])
def test_asking_the_time_allocates_nothing(shown: str, then: str) -> None:
    assert allocated(SETUP.format(shown=shown, then=then), 1000) == 0


def test_nor_does_it_while_nobody_knows_the_time() -> None:
    """Less than the minute after which the real-time clock is asked again."""
    assert allocated(SETUP.format(shown="None", then=""), 50) == 0


def allocated(setup: str, times: int) -> float:
    result = measure({"calls": [{
        "name": "now", "setup": setup, "n": times,
        "stmt": "ticks.ms += 1000; clock.now()"}]}, [ROOT / "firmware"])
    return result["calls"]["now"]
