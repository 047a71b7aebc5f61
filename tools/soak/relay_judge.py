"""Holds the relay against the balance: on above the cut-off, off at it or below."""

from collections import deque

from tools.soak.meter import Facts
from tools.soak.verdict import must

REST_MS = 1000
"""Between two pulses."""
HOUR_MS = 3600000
HOURLY_PULSES = 20
DAILY_PULSES = 100
TRIES = 3
"""One pulse moves the relay of a soak; more in a step than a fault would bring is a storm."""


class RelayJudge:
    def __init__(self) -> None:
        self._pulses: deque[int] = deque(maxlen=DAILY_PULSES)
        self._told = 0

    def noted(self, facts: Facts) -> None:
        """Take note of the pulses there were; to be called with all facts, in order."""
        new = facts["pulses"] - self._told
        must(new <= TRIES, f"the relay had {new} pulses in a step")
        self._told = facts["pulses"]
        self._pulses += new * [facts["ms"]]

    def ticked(self, facts: Facts, allowed: bool, storage_fails: bool) -> None:
        """Judge after a tick with mains: supply decided by the balance, the relay there.

        storage_fails: it may then not close, since its intent cannot be committed.
        """
        must(facts["allowed"] == allowed and bool(facts["reasons"]) != allowed,
             f"supply allowed {facts['allowed']}, reasons {facts['reasons']}, "
             f"balance {facts['balance']}")
        must(not facts["fault"], "the meter takes the relay for faulty")
        if facts["closed"] == allowed or (allowed and storage_fails):
            return
        must(self._rests(facts["ms"]), f"the relay is {'' if facts['closed'] else 'not '}closed, "
             f"balance {facts['balance']}")

    def _rests(self, now: int) -> bool:
        """Return whether the rules against storms of pulses let the relay wait."""
        hour = sum(now - at < HOUR_MS for at in self._pulses)
        day = sum(now - at < 24 * HOUR_MS for at in self._pulses)
        just_now = bool(self._pulses) and now - self._pulses[-1] < REST_MS
        return just_now or hour >= HOURLY_PULSES or day >= DAILY_PULSES
