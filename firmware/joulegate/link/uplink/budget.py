"""What a connection costs by the byte: a day's budget, a part of it kept for what is urgent."""

from micropython import const

OVERHEAD = const(230)
"""Bytes a message costs beside its payload: MQTT's headers and topic, PUBACK, TCP/IP and TLS.
`python -m tools.uplink` works it out."""

_DAY_S = const(86400)
_URGENT_PART = const(4)
"""One part in so many is for urgent messages alone."""


class Budget:
    def __init__(self) -> None:
        self.limit = 0
        """Bytes in 24 powered hours, 0 for no limit."""
        self.spent = 0
        self.strait = False
        """Whether the carrier, for reasons of its own, has room for what is urgent only."""
        self._began = 0

    def pass_time(self, uptime: int) -> None:
        """Begin the next day's budget once 24 hours have passed."""
        if uptime - self._began >= _DAY_S:
            self._began = uptime
            self.spent = 0

    def allows(self, urgent: bool) -> bool:
        """Return whether a message may be begun. The last may go beyond the budget."""
        if self.strait and not urgent:
            return False
        if not self.limit:
            return True
        return self.spent < (self.limit if urgent else self.limit - self.limit // _URGENT_PART)

    def spend(self, size: int) -> None:
        """Count a message by the bytes of its payload."""
        self.spent = min(self.spent + size + OVERHEAD, 0x3FFFFFFF)
