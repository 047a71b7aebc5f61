"""Whether the broker is still there: asked when it is quiet, given up when it does not answer.

Source: MQTT 3.1.1, section 3.1.2.10. The broker gives up a client that is quiet for one and a
half of the keepalive; the meter gives up the broker as early. It asks after 7/8 of it, whichever
way was quiet for so long, and waits 4/8 of it for anything to come.
"""


class Keepalive:
    def __init__(self, clock: object) -> None:
        self._clock = clock
        self._quiet_ms = 0
        self._answer_ms = 0
        self._heard = self._spoke = self._asked = 0
        self._asking = False

    def start(self, keepalive_s: int) -> None:
        """Begin with a new connection."""
        self._quiet_ms = keepalive_s * 875
        self._answer_ms = keepalive_s * 500
        self._heard = self._spoke = self._clock.ticks_ms()
        self._asking = False

    def heard(self, now: int) -> None:
        """Note that something has come. On a slow line that puts off the answer, too."""
        self._heard = self._asked = now

    def spoke(self, now: int) -> None:
        """Note that something has been sent."""
        self._spoke = now

    def answered(self) -> None:
        """Note the answer, a PINGRESP."""
        self._asking = False

    def must_ask(self, now: int) -> bool:
        """Whether a PINGREQ has to go out now; then it counts as sent."""
        diff = self._clock.ticks_diff
        if self._asking or (diff(now, self._heard) < self._quiet_ms
                            and diff(now, self._spoke) < self._quiet_ms):
            return False
        self._asking = True
        self._asked = now
        return True

    def lost(self, now: int) -> bool:
        """Whether the answer is overdue."""
        return self._asking and self._clock.ticks_diff(now, self._asked) > self._answer_ms
