"""A condition: something that has begun once it lasted, and ended once it was away as long.

What flickers, like the voltage in a storm or a cover that rattles, is told once.
"""

from micropython import const

NOTHING = const(0)
BEGAN = const(1)
ENDED = const(-1)


class Condition:
    def __init__(self, begin_s: int = 0, end_s: int = 0) -> None:
        """See `configure`."""
        self.active = False
        self._since: int | None = None
        self.configure(begin_s, end_s)

    def configure(self, begin_s: int, end_s: int) -> None:
        """Begin and end after so many seconds, at once for 0."""
        self._begin_s = begin_s
        self._end_s = end_s

    def step(self, present: bool, up: int) -> int:
        """Take in what is seen at a second since the start; return NOTHING, BEGAN or ENDED."""
        if present is self.active:
            self._since = None
            return NOTHING
        if self._since is None:
            self._since = up
        if up - self._since < (self._end_s if self.active else self._begin_s):
            return NOTHING
        self._since = None
        self.active = present
        return BEGAN if present else ENDED
