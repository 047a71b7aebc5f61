"""The purchases of a life on their way: soon, late, twice, out of order, and forged ones."""

from collections import deque
from random import Random
from typing import Any

from tools.soak.verdict import UNITS_MAX

Purchase = tuple[int, int]
"""TID and credit units."""

REPEATED = 80
"""Old purchases that may be sent again: more than the meter has marks for."""
AGAIN_S = 3600


class Post:
    def __init__(self, rng: Random, begin: int) -> None:
        self._rng = rng
        self._begin = begin
        self._tid = 0
        self._way: list[tuple[int, int, int]] = []
        self._old: deque[Purchase] = deque(maxlen=REPEATED)

    @property
    def empty(self) -> bool:
        return not self._way

    def buy(self, now: int, debt: int) -> Purchase:
        """Buy as much as pays a debt and some more; a TID counts the minutes, as STS has it."""
        rng = self._rng
        self._tid = max(self._tid + 1, (now - self._begin) // 60 + 1)
        units = debt + rng.choice((50000, 500000, 2000000)) + rng.randrange(1000)
        for _ in range(1 if rng.random() < 0.8 else 2):
            late = rng.choice((0, 0, 0, 30, 3600, 3 * 86400))
            self._way.append((now + rng.randrange(late + 1), self._tid, units))
        self._way.sort()
        return self._tid, units

    def due(self, now: int) -> bool:
        return bool(self._way) and self._way[0][0] <= now

    def take(self) -> Purchase:
        """Return the purchase that arrives next."""
        _, tid, units = self._way.pop(0)
        self._old.append((tid, units))
        return tid, units

    def again(self, now: int, purchase: Purchase) -> None:
        """Send one once more, for which no receipt came."""
        self._way.append((now + AGAIN_S, *purchase))
        self._way.sort()

    def old(self) -> Purchase | None:
        return self._rng.choice(self._old) if self._old else None

    def forged(self) -> tuple[Any, Any]:
        """Return a purchase that no meter may take."""
        wrong = self._rng.choice((0, -5, 1 << 24, 1 << 40, "12", None, -1, 1 << 62))
        if self._rng.random() < 0.5:
            return wrong, 1000
        return self._tid + 1, UNITS_MAX if wrong == 1 << 24 else wrong
