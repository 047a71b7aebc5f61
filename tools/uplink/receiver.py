"""Receives what one meter sends: proves it, drops repeats, finds gaps, acknowledges.

    for topic, payload in broker:
        message = receiver.take(topic, payload)
        if message is not None:
            store(message, receiver.state())      # in one transaction
    for payload in receiver.due(now):
        publish(down, payload)

Only what was stored may be acknowledged: so `due` comes after the transaction, never before.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tools.uplink import bodies
from tools.vend import envelope, instructions
from tools.vend.errors import VendError
from tools.vend.key_file import Key

PATIENCE_S = 30.0
"""A gap is asked for again after this; the meter sends a number every 300 s at most."""
REMEMBERED = 256
"""Messages whose content is remembered, to tell a repeat from a number given twice."""

Sealer = Callable[[dict[int, Any]], bytes]


@dataclass
class Received:
    """A message that was not there before. `held`: its number, None for one without."""

    topic: str
    kid: bytes
    number: int
    """Of the envelope."""
    body: dict[int, Any] = field(repr=False)
    again: bool = False
    """Its outbox number was given before, for something else: the meter's storage went back."""

    @property
    def held(self) -> int | None:
        return self.body.get(bodies.NUMBER)

    def shown(self) -> dict[str, Any]:
        """See bodies.shown."""
        return bodies.shown(self.body)


class Receiver:
    """What has arrived from a meter. `lost`: numbers that the meter gave up unacknowledged."""

    def __init__(self, meter: str, keys: list[Key], seal: Sealer) -> None:
        """keys: those of the meter; seal: makes a message of the head-end (Station.seal)."""
        self.meter = meter
        self._keys = [key for key in keys if key.role == "meter"]
        self._seal = seal
        self.last = 0
        """All numbers up to this one have arrived, or are lost."""
        self.lost: list[int] = []
        self._beyond: set[int] = set()
        self._highest = 0
        self._contents: OrderedDict[int, list[Any]] = OrderedDict()
        self._due = False
        self._asked_s: float | None = None

    # --- what is to be stored -----------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """What a later `restore` needs; of JSON."""
        return {"last": self.last, "beyond": sorted(self._beyond), "highest": self._highest,
                "lost": self.lost, "contents": list(self._contents.items())}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where `state` was made."""
        self.last, self._highest = state["last"], state["highest"]
        self._beyond = set(state["beyond"])
        self.lost = list(state["lost"])
        self._contents = OrderedDict((int(number), what) for number, what in state["contents"])

    # --- what comes in ------------------------------------------------------------------------

    def take(self, topic: str, payload: bytes) -> Received | None:
        """Return what a message says, None for a repeat; VendError for what is none of this
        meter's, or is sent under the topic of another kind."""
        key, number, body = envelope.open_message(self._keys, payload)
        if not isinstance(body, dict) or body.get(bodies.METER) != self.meter:
            raise VendError(f"message: is none of meter {self.meter}")
        kind = bodies.KINDS.get(body.get(bodies.CODE, 0))
        if kind is None or topic.rpartition("/")[2] != kind:
            raise VendError(f"message: code {body.get(bodies.CODE)} on topic {topic}")
        received = Received(topic, key.kid, number, body)
        if received.held is None:
            self._look(body)
            return received
        return received if self._note(received) else None

    def _note(self, received: Received) -> bool:
        """Return whether a held message is a new one, and remember it."""
        number, body = received.body[bodies.NUMBER], received.body
        self._due = True
        # What the meter seals anew is the same but for what it holds meanwhile.
        what = [body.get(key) for key in (bodies.CODE, bodies.WHAT, bodies.FIRST, 3)]
        known = self._contents.get(number)
        if number <= self.last or number in self._beyond:
            if known in (None, what) and number not in self.lost:
                self._look(body)
                return False
            received.again = number not in self.lost
            self.lost = [other for other in self.lost if other != number]
        self._contents[number] = what
        while len(self._contents) > REMEMBERED:
            self._contents.popitem(last=False)
        if number > self.last:
            self._beyond.add(number)
        self._close_up()
        self._look(body)
        return True

    def _look(self, body: dict[int, Any]) -> None:
        """Take what a message says of the outbox: what was given up, and how far it is."""
        if not self._highest:
            # What was before the first message of all is nothing of ours.
            self.last = max(self.last, body.get(bodies.OLDEST, 1) - 1)
        self._highest = max(self._highest, body.get(bodies.NEXT, 1) - 1,
                            body.get(bodies.NUMBER, 0))
        for number in range(self.last + 1, body.get(bodies.OLDEST, 0)):
            if number not in self._beyond:
                self.lost.append(number)
                self._beyond.add(number)
        self._close_up()

    def _close_up(self) -> None:
        while self.last + 1 in self._beyond:
            self.last += 1
            self._beyond.remove(self.last)

    # --- what goes out ------------------------------------------------------------------------

    def missing(self) -> list[int]:
        """The numbers that the meter holds and that have not arrived."""
        return [n for n in range(self.last + 1, self._highest + 1) if n not in self._beyond]

    def due(self, now: float) -> list[bytes]:
        """Return the messages for the meter: an acknowledgement if something came, and what is
        missing asked for once PATIENCE_S has passed. now: seconds that only rise."""
        out = []
        if self._due:
            self._due = False
            beyond = [n for n in self._beyond
                      if self.last + 2 <= n < self.last + 2 + instructions.BEYOND_MAX]
            out.append(self._seal(instructions.body(
                "acknowledge", self.last, instructions.beyond(self.last, beyond))))
        missing = self.missing()
        if not missing:
            self._asked_s = None
        elif self._asked_s is None:
            self._asked_s = now
        elif now - self._asked_s >= PATIENCE_S:
            self._asked_s = now
            out += [self._seal(instructions.body("resend", first, count))
                    for first, count in _runs(missing)[:4]]
        return out


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Runs of following numbers, at most 64 long, as (first, count)."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and sum(runs[-1]) == number and runs[-1][1] < 64:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((number, 1))
    return runs
