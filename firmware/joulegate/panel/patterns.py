"""What lamps and buzzer do, as tables: how long on, how long off, and so on, then again.

Lamps count in tenths of a second, the buzzer in hundredths and only once through.
"""

from micropython import const

# Lamps. One number alone is on or off for good.
OFF = b"\x00"
ON = b"\x01"
SLOW = b"\x0a\x0a"
TWICE = b"\x02\x02\x02\x0e"
FAST = b"\x02\x02"
FLASH = b"\x01\x1d"

# The buzzer.
CLICK = b"\x03"
ACCEPTED = b"\x0a\x0a\x28"
REFUSED = b"\x0f\x0a\x0f\x0a\x0f"
WARNINGS = (
    b"\x14",
    b"\x14\x14\x14",
    b"\x14\x14\x14\x14\x14",
    b"\x14\x14\x14\x14\x14\x14\x14",
)
"""Of low credit, by the levels passed: so many beeps; those of the last level for what is more."""
ALARM = b"\x3c\x1e\x3c\x1e\x3c"
"""Supply has gone off, or emergency credit is offered."""

_TENTH_MS = const(100)
_HUNDREDTH_MS = const(10)


class Lamp:
    def __init__(self, pin: object) -> None:
        """pin: called with True to light it."""
        self._pin = pin
        self._pattern = OFF
        self._lit: bool | None = None

    def step(self, pattern: bytes, now_ms: int) -> None:
        """Follow a pattern; now_ms: milliseconds since some moment, never falling. OSError."""
        if len(pattern) == 1:
            lit = bool(pattern[0])
        else:
            whole = 0
            for part in pattern:
                whole += part
            at = now_ms // _TENTH_MS % whole
            i = 0
            while at >= pattern[i]:
                at -= pattern[i]
                i += 1
            lit = not i & 1
        if lit is not self._lit:
            self._pin(lit)
            self._lit = lit


class Buzzer:
    def __init__(self, switch: object, ticks_ms: object, ticks_diff: object) -> None:
        """switch: f(on), which may raise OSError; the others are those of the time module."""
        self._switch = switch
        self._ticks_ms = ticks_ms
        self._ticks_diff = ticks_diff
        self._pattern = b""
        self._at = 0
        self._since = 0

    def play(self, pattern: bytes) -> None:
        """Begin a pattern, in place of one that sounds. OSError."""
        self._pattern = pattern
        self._at = 0
        self._since = self._ticks_ms()
        self._switch(True)

    def stop(self) -> None:
        """Be silent. OSError."""
        if self._pattern:
            self._pattern = b""
            self._switch(False)

    def step(self) -> None:
        """Go on with the pattern. OSError."""
        if not self._pattern:
            return
        passed = self._ticks_diff(self._ticks_ms(), self._since)
        due = self._pattern[self._at] * _HUNDREDTH_MS
        if passed < due:
            return
        self._at += 1
        self._since = self._ticks_ms()
        if self._at == len(self._pattern):
            self.stop()
        else:
            self._switch(not self._at & 1)
