"""Messages in pieces as LoRaWAN carries them: cut on the way down, put together on the way up.

Written from docs/lorawan.md; it shares no code with the firmware.

    for payload in cut(message, tag, 51):
        ...                                   # to the network server, port lora_port, in order
    gathering = Gathering()
    for payload in uplinks:
        found = gathering.take(payload)       # None, or Whole(topic, message)
"""

from dataclasses import dataclass, field

TOPICS = ("down", "receipt", "reading", "event", "freeze", "status")
HEAD, TAGS, PIECES, LONGEST = 2, 32, 64, 512
SHORTEST = 11
"""Bytes that every region carries at every data rate; 51 is right where SF12 is allowed."""


def cut(message: bytes, tag: int, size: int) -> list[bytes]:
    """The payloads of a message to a meter; ValueError for what cannot be sent.

    tag: rises by one from message to message, modulo 32; the same when one is repeated, so that
    its pieces fill the gaps. size: of a payload, at most what the network takes.
    """
    if not 0 < len(message) <= LONGEST:
        raise ValueError(f"message of {len(message)} bytes: must be 1 to {LONGEST}")
    if not 0 <= tag < TAGS:
        raise ValueError(f"tag {tag}: must be 0 to {TAGS - 1}")
    if not SHORTEST <= size <= 242:
        raise ValueError(f"size {size}: must be {SHORTEST} to 242 bytes")
    parts = [message[at:at + size - HEAD] for at in range(0, len(message), size - HEAD)]
    last = len(parts) - 1
    return [bytes((tag, place | (0x80 if place == last else 0))) + part
            for place, part in enumerate(parts)]


@dataclass(frozen=True)
class Whole:
    """A message of a meter; `topic` is the last part of the topic it has over MQTT."""

    topic: str
    message: bytes


@dataclass
class Gathering:
    """What one meter sends, in the order in which the network has it; repeats do no harm.

    The meter goes on to the next message only when the network has confirmed every piece, so what
    is unfinished when another begins was given up.
    """

    refused: int = 0
    given_up: int = 0
    _first: int = -1
    _parts: dict[int, bytes] = field(default_factory=dict)
    _count: int | None = None
    _done: tuple[int, dict[int, bytes]] | None = None

    def take(self, payload: bytes) -> Whole | None:
        """Take a payload; the message when it is whole."""
        if len(payload) <= HEAD or payload[1] & 0x40 or not 1 <= payload[0] >> 5 < len(TOPICS):
            self.refused += 1
            return None
        first, place, part = payload[0], payload[1] & 0x3F, payload[HEAD:]
        if self._done is not None and self._done[0] == first and (
                self._done[1].get(place) == part):
            return None  # the network's word did not reach the meter, and it came again
        self._done = None
        if first != self._first or self._parts.get(place, part) != part:
            self.given_up += bool(self._parts)
            self._first, self._parts, self._count = first, {}, None
        self._parts[place] = part
        if payload[1] & 0x80:
            self._count = place + 1
        if len(self._parts) != self._count:
            return None
        message = b"".join(self._parts[n] for n in sorted(self._parts))
        self._done = first, self._parts
        self._first, self._parts, self._count = -1, {}, None
        return Whole(TOPICS[first >> 5], message)
