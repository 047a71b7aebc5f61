"""Messages that are on their way up: handed to the broker, not yet acknowledged by it.

Source: MQTT 3.1.1, sections 2.3.1 (packet identifiers) and 4.4 (sent again with DUP, in order,
when a connection comes back). The window is small: a meter keeps few messages in memory, all
others wait in the outbox on flash.
"""

from micropython import const

WINDOW = const(4)
_ID_MAX = const(65535)


class Message:
    """One message on its way."""

    def __init__(self, token: object, topic: bytes, payload: bytes, retain: bool) -> None:
        self.token = token
        self.topic = topic
        self.payload = payload
        self.retain = retain
        self.packet_id = 0
        self.sent_at = 0
        self.sent = False
        """Whether it has been sent in this connection."""
        self.again = False
        """Whether it has been sent in any connection before."""


class InFlight:
    def __init__(self) -> None:
        self._messages: list = []
        self._last_id = 0

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def full(self) -> bool:
        return len(self._messages) >= WINDOW

    def next_id(self) -> int:
        """Return a packet identifier, 1 to 65535, that nothing on its way has."""
        while True:
            self._last_id = self._last_id % _ID_MAX + 1
            if self.find(self._last_id) is None:
                return self._last_id

    def add(self, message: Message) -> None:
        message.packet_id = self.next_id()
        self._messages.append(message)

    def find(self, packet_id: int) -> "Message | None":
        for message in self._messages:
            if message.packet_id == packet_id:
                return message
        return None

    def holds(self, topic: bytes) -> bool:
        """Whether something for this topic is on its way."""
        for message in self._messages:
            if message.topic == topic:
                return True
        return False

    def remove(self, message: Message) -> None:
        self._messages.remove(message)

    def reconnected(self) -> None:
        """All of it is to be sent again, in the same order."""
        for message in self._messages:
            message.again = message.again or message.sent
            message.sent = False

    @property
    def repeating(self) -> bool:
        """Whether something of an earlier connection is still on its way, with a token."""
        for message in self._messages:
            if message.again and message.token is not None:
                return True
        return False

    def unsent(self) -> "Message | None":
        """Return the first that is to be sent in this connection."""
        for message in self._messages:
            if not message.sent:
                return message
        return None

    def oldest(self) -> "Message | None":
        """Return the one whose acknowledgement has been waited for longest."""
        for message in self._messages:
            if message.sent:
                return message
        return None
