"""The time by which a test waits and measures: this computer's, or that of a bench whose time runs
faster."""

import time


class Pace:
    """Seconds of the meter's world: `rate` of them to one of this computer's."""

    def __init__(self, rate: float = 1.0) -> None:
        self.rate = rate

    def now(self) -> float:
        """Return seconds from any beginning, that never go back."""
        return time.monotonic() * self.rate

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / self.rate)
