"""An MQTT broker in one object, that can misbehave as brokers do.

Source: MQTT 3.1.1 (OASIS Standard, 29 October 2014) alone. Persistent sessions, QoS 1 both ways,
DUP on what is sent again (4.4), last will (3.1.2.5), keep alive times one and a half (3.1.2.10),
a second connection of a client ends the first (3.1.4). Besides network connections it has inside
clients, which stand for programs beside the broker: their queue is bounded, too.

What brokers do that the standard does not forbid or nobody prevents: a full queue drops what was
acknowledged, a restart without saving forgets sessions, queues and subscriptions, messages come
twice or out of order.
"""

CONNECT = 0x10
CONNACK = 0x20
PUBLISH = 0x30
PUBACK = 0x40
SUBSCRIBE = 0x80
SUBACK = 0x90
PINGREQ = 0xC0
PINGRESP = 0xD0
DISCONNECT = 0xE0

_DUP = 0x08
_WINDOW = 20
_ANSWER_S = 60
_US = 1000000


class ProtocolError(Exception):
    """A client does not keep to MQTT; the text names the packet and the section."""


class Session:
    """What the broker keeps of a client: subscription, queue, messages not acknowledged."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.topics = []
        self.queue = []
        self.in_flight = []
        """Lists [packet identifier, topic, payload, retain, whether sent before]."""
        self.last_id = 0
        self.connection = None
        self.deliver = None
        """Of an inside client: function(topic, payload)."""
        self.online = True


class Connection:
    """A network connection as the broker sees it. link: answers write(data) and hang_up()."""

    def __init__(self, link: object, now: int) -> None:
        self.link = link
        self.buffer = b""
        self.session = None
        self.heard = now
        self.keepalive_us = 0
        self.will = None


def matches(pattern: str, topic: str) -> bool:
    """Whether a topic filter takes a topic (4.7), `#` at its end being the only wildcard."""
    return topic == pattern or pattern[-1:] == "#" and topic.startswith(pattern[:-1])


class Broker:
    def __init__(self, random: object, now_us: object) -> None:
        """random: answers random() and randrange(n). now_us(): the time."""
        self._random = random
        self._now_us = now_us
        self.up = True
        self.queue_limit = 1000
        self.repeat_part = 0.0
        """Part of the messages to network clients that are delivered twice."""
        self.shuffle_part = 0.0
        """Part of them that overtake others."""
        self.dropped = 0
        """Messages that were acknowledged and then lost to a full queue."""
        self.forgotten = 0
        """The same, by a restart that saved nothing."""
        self.accepted = 0
        self.duplicates = 0
        """PUBLISH with DUP from network clients."""
        self._sessions = {}
        self._retained = {}
        self._connections = []

    # --- inside clients -------------------------------------------------------------------

    def attach(self, name: str, topics: list, deliver: object) -> Session:
        """Begin or go on with an inside client; deliver(topic, payload)."""
        session = self._sessions.get(name)
        if session is None:
            session = self._sessions[name] = Session(name)
        session.topics = topics
        session.deliver = deliver
        session.online = True
        self._push(session)
        return session

    def publish(self, topic: str, payload: bytes) -> bool:
        """Take a message of an inside client; return whether it is acknowledged."""
        if self.up:
            self._route(topic, payload, False)
        return self.up

    # --- life -----------------------------------------------------------------------------

    def stop(self, forget: bool, tell: bool) -> None:
        """End as a killed process does. forget: nothing was saved. tell: the connections are
        closed; otherwise their other ends hear nothing."""
        self.up = False
        for connection in list(self._connections):
            self._drop(connection, tell, False)
        if not forget:
            return
        for session in self._sessions.values():
            self.forgotten += len(session.queue) + len(session.in_flight)
        self._sessions = {}
        self._retained = {}

    def start(self) -> None:
        self.up = True

    def tick(self) -> None:
        """End connections that were silent for too long."""
        now = self._now_us()
        for connection in list(self._connections):
            limit = connection.keepalive_us * 3 // 2 or _ANSWER_S * _US
            if now - connection.heard > limit:
                self._drop(connection, True, True)

    # --- network clients ------------------------------------------------------------------

    def connected(self, link: object) -> Connection:
        """Begin with a connection that the network has brought."""
        connection = Connection(link, self._now_us())
        self._connections.append(connection)
        return connection

    def lost(self, connection: Connection) -> None:
        """Note that a connection has ended without DISCONNECT: the will is published."""
        self._drop(connection, False, True)

    def received(self, connection: Connection, data: bytes) -> None:
        """Take bytes of a connection; ProtocolError, and the connection is ended."""
        if connection not in self._connections:
            return
        connection.heard = self._now_us()
        connection.buffer += data
        while True:
            taken = self._one(connection)
            if not taken:
                return
            connection.buffer = connection.buffer[taken:]

    def _one(self, connection: Connection) -> int:
        """Handle the first packet if it is whole; return its size or 0."""
        buffer = connection.buffer
        size = shift = 0
        at = 1
        while True:
            if at >= len(buffer):
                return 0
            size |= (buffer[at] & 0x7F) << shift
            shift += 7
            at += 1
            if not buffer[at - 1] & 0x80:
                break
            if at == 5:
                raise ProtocolError("a length of more than four bytes (2.2.3)")
        if len(buffer) < at + size:
            return 0
        self._handle(connection, buffer[0], buffer[at:at + size])
        return at + size

    def _handle(self, connection: Connection, first: int, body: bytes) -> None:
        kind = first & 0xF0
        if (kind == CONNECT) != (connection.session is None):
            raise ProtocolError("packet 0x%02x %s CONNECT (3.1)" % (
                first, "before" if connection.session is None else "after"))
        if kind == CONNECT:
            self._connect(connection, body)
        elif kind == PUBLISH:
            self._published(connection, first, body)
        elif kind == PUBACK:
            self._acknowledged(connection.session, body)
        elif kind == SUBSCRIBE:
            self._subscribe(connection, first, body)
        elif first == PINGREQ and not body:
            connection.link.write(bytes((PINGRESP, 0)))
        elif first == DISCONNECT and not body:
            connection.will = None
            self._drop(connection, True, True)
        else:
            raise ProtocolError("packet 0x%02x of %d bytes" % (first, len(body)))

    def _connect(self, connection: Connection, body: bytes) -> None:
        if body[:7] != b"\x00\x04MQTT\x04":
            raise ProtocolError("protocol %r (3.1.2.1)" % body[:7])
        flags = body[7]
        if flags & 1 or flags & 2:
            raise ProtocolError("connect flags 0x%02x: must be a session that persists" % flags)
        connection.keepalive_us = (body[8] << 8 | body[9]) * _US
        name, rest = _text(body[10:])
        if flags & 4:
            topic, rest = _text(rest)
            will, rest = _text(rest)
            connection.will = (topic.decode(), will, bool(flags & 0x20))
        for flag in (0x80, 0x40):
            if flags & flag:
                _, rest = _text(rest)
        if rest:
            raise ProtocolError("CONNECT: %d bytes too many (3.1.3)" % len(rest))
        name = name.decode()
        session = self._sessions.get(name)
        present = session is not None
        if session is None:
            session = self._sessions[name] = Session(name)
        if session.connection is not None:
            self._drop(session.connection, True, True)
        session.connection = connection
        connection.session = session
        connection.link.write(bytes((CONNACK, 2, present, 0)))
        for message in session.in_flight:
            self._send(session, message)
        self._push(session)

    def _subscribe(self, connection: Connection, first: int, body: bytes) -> None:
        topic, rest = _text(body[2:])
        if first != SUBSCRIBE | 2 or rest != b"\x01":
            raise ProtocolError("SUBSCRIBE 0x%02x, %r (3.8)" % (first, rest))
        topic = topic.decode()
        if topic not in connection.session.topics:
            connection.session.topics.append(topic)
        connection.link.write(bytes((SUBACK, 3, body[0], body[1], 1)))
        for name, payload in self._retained.items():
            if matches(topic, name):
                self._queue(connection.session, name, payload, True)

    def _published(self, connection: Connection, first: int, body: bytes) -> None:
        topic, rest = _text(body)
        if first >> 1 & 3 != 1 or not rest[0] | rest[1]:
            raise ProtocolError("PUBLISH 0x%02x, packet identifier %r (3.3)" % (first, rest[:2]))
        self.duplicates += first >> 3 & 1
        self._route(topic.decode(), rest[2:], first & 1)
        connection.link.write(bytes((PUBACK, 2, rest[0], rest[1])))

    def _acknowledged(self, session: Session, body: bytes) -> None:
        packet_id = body[0] << 8 | body[1]
        for i in range(len(session.in_flight)):
            if session.in_flight[i][0] == packet_id:
                session.in_flight.pop(i)
                break
        self._push(session)

    # --- messages -------------------------------------------------------------------------

    def _route(self, topic: str, payload: bytes, retain: bool) -> None:
        self.accepted += 1
        if retain:
            self._retained[topic] = payload
        for session in list(self._sessions.values()):
            for pattern in session.topics:
                if matches(pattern, topic):
                    self._queue(session, topic, payload, False)
                    break

    def _queue(self, session: Session, topic: str, payload: bytes, retain: bool) -> None:
        if len(session.queue) >= self.queue_limit:
            self.dropped += 1
            return
        message = (topic, payload, retain)
        session.queue.append(message)
        if session.deliver is None:
            if session.queue and self._random.random() < self.shuffle_part:
                at = self._random.randrange(len(session.queue))
                session.queue.insert(at, session.queue.pop())
            if self._random.random() < self.repeat_part:
                session.queue.append(message)
        self._push(session)

    def _push(self, session: Session) -> None:
        """Deliver what is queued, as far as the client can take it now."""
        if session.deliver is not None:
            while session.online and session.queue:
                topic, payload, _ = session.queue.pop(0)
                session.deliver(topic, payload)
            return
        while session.connection is not None and session.queue \
                and len(session.in_flight) < _WINDOW:
            session.last_id = session.last_id % 0xFFFF + 1
            topic, payload, retain = session.queue.pop(0)
            message = [session.last_id, topic, payload, retain, False]
            session.in_flight.append(message)
            self._send(session, message)

    def _send(self, session: Session, message: list) -> None:
        packet_id, topic, payload, retain, again = message
        name = topic.encode()
        body = bytes((len(name) >> 8, len(name) & 0xFF)) + name
        body += bytes((packet_id >> 8, packet_id & 0xFF)) + payload
        first = PUBLISH | 2 | (_DUP if again else 0) | (1 if retain else 0)
        message[4] = True
        session.connection.link.write(bytes((first,)) + _length(len(body)) + body)

    def _drop(self, connection: Connection, tell: bool, will: bool) -> None:
        if connection not in self._connections:
            return
        self._connections.remove(connection)
        if connection.session is not None and connection.session.connection is connection:
            connection.session.connection = None
        if tell:
            connection.link.hang_up()
        if will and connection.will is not None:
            self._route(*connection.will)


def _text(body: bytes) -> tuple:
    """Return (text, what follows) of a string field (1.5.3)."""
    size = body[0] << 8 | body[1]
    if len(body) < 2 + size:
        raise ProtocolError("a text of %d bytes in %d (1.5.3)" % (size, len(body)))
    return body[2:2 + size], body[2 + size:]


def _length(size: int) -> bytes:
    """Return a remaining length (2.2.3)."""
    data = b""
    while True:
        more = size > 0x7F
        data += bytes((size & 0x7F | (0x80 if more else 0),))
        size >>= 7
        if not more:
            return data
