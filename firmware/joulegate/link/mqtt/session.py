"""One MQTT 3.1.1 session of a meter, over connections that come and go.

Sections of the standard: 3.1 CONNECT, 3.2 CONNACK, 3.8 SUBSCRIBE, 4.3.2 QoS 1, 4.4 sending
again. The session persists (clean session 0), everything goes at QoS 1 both ways, one topic is
subscribed to. A message that comes in waits in `message` until `acknowledge` says that it is
done, and nothing else comes in meanwhile. umqtt.simple writes and reads the packets, see
packet_socket.py; when what is sent, this module says.

`step` does one short piece of work: sends what is ready, or takes one packet, or starts one.
Every wait has a deadline, after which the connection is given up with a LinkError.
"""

from micropython import const

from joulegate.link.errors import LinkError
from joulegate.link.mqtt.in_flight import InFlight, Message
from joulegate.link.mqtt.incoming import check, publish_head
from joulegate.link.mqtt.keepalive import Keepalive
from joulegate.link.mqtt.packet_reader import PacketError, PacketReader
from joulegate.link.mqtt.packet_socket import PacketSocket, Waiting
from joulegate.link.mqtt.umqtt import load

PACKET_MAX = const(640)
"""Longest packet either way: a message of 512 bytes, its topic, and a CONNECT in full."""
PAYLOAD_MAX = const(512)
ANSWER_MS = const(60000)
"""Longest wait for CONNACK, SUBACK or PUBACK, and for the rest of a packet or of a handshake."""

_PUBLISH = const(0x30)
_PUBACK = const(0x40)
_SUBACK = const(0x90)
_DUP = const(0x08)

_CLOSED = const(0)
_CONNECTING = const(1)
_SUBSCRIBING = const(2)
_READY = const(3)

_REFUSALS = ("", "the protocol version", "the client identifier", "for now", "user or password",
             "this client")


class Session:
    def __init__(
        self, meter_id: str, clock: object, delivered: object
    ) -> None:
        """clock: answers ticks_ms and ticks_diff. delivered(token): told when the broker has
        acknowledged a message.
        """
        self.meter_id = meter_id
        self._clock = clock
        self._delivered = delivered
        self._socket = PacketSocket(PACKET_MAX)
        self._umqtt = load(self._socket)
        self._reader = PacketReader(PACKET_MAX)
        self._in_view = memoryview(self._reader.buffer)
        self._out_view = memoryview(self._socket.out)
        self._out_at = 0
        base = "joulegate/1/%s/" % meter_id
        self.down = (base + "down").encode()
        self.state_topic = (base + "link").encode()
        self._up = base + "up/"
        self._in_flight = InFlight()
        self._transport: object = None
        self._client: object = None
        self._state = _CLOSED
        self._subscribe_id = 0
        self._came: tuple | None = None
        self.message: bytes | None = None
        """One that has come and is to be done: then `acknowledge`, or `close` to leave it with
        the broker."""
        self._keepalive = Keepalive(clock)
        self._since = self._began = self._entered = 0
        self.connections = 0
        self.received = 0
        """Messages done."""
        self.repeated = 0
        """Messages that came in with DUP set."""
        self.stray = 0
        """Acknowledgements of nothing, and messages of other topics."""
        self.resent = 0
        self.published = 0

    # --- a connection ---------------------------------------------------------------------

    def open(self, transport: object, user: str, password: str, keepalive_s: int) -> None:
        """Begin on an open transport; `step` does the rest.

        user: empty for none. keepalive_s: 30 to 1200; a dead connection is noticed within one
        and a half of it.
        """
        client = self._umqtt.MQTTClient(
            ("joulegate-" + self.meter_id).encode(), "", 0, user.encode() if user else None,
            password.encode() if user else None, keepalive_s)
        client.set_callback(self._take_message)
        client.set_last_will(self.state_topic, b"offline", True, 1)
        self._client = client
        self._transport = transport
        self._reader.restart()
        self._in_flight.reconnected()
        self._keepalive.start(keepalive_s)
        self._enter(_CONNECTING)
        self._write(client.connect, False)

    def close(self) -> None:
        """Forget the connection, without a word to the broker: so the last will is sent."""
        self._transport = None
        self._client = None
        self.message = None
        self._state = _CLOSED
        self._socket.begin()
        self._out_at = 0

    def leave(self) -> bool:
        """Say good-bye, if that can be done at once: the last will is then not sent."""
        if not self.idle:
            return False
        self._write(self._client.disconnect)
        self._flush()
        return not self.sending

    @property
    def ready(self) -> bool:
        """Whether the broker has accepted the connection and the subscription."""
        return self._state == _READY

    @property
    def sending(self) -> bool:
        """Whether a packet, or a part of one, waits for room in the transport."""
        return self._out_at < self._socket.out_size

    @property
    def idle(self) -> bool:
        return self._state == _READY and not self.sending and self.message is None

    @property
    def room(self) -> bool:
        """Whether a message may be published now."""
        return self.idle and not self._in_flight.full and self._in_flight.unsent() is None

    @property
    def skipped(self) -> int:
        """How many packets were longer than PACKET_MAX."""
        return self._reader.skipped

    @property
    def waiting(self) -> int:
        """How many messages the broker has not acknowledged."""
        return len(self._in_flight)

    @property
    def settled(self) -> bool:
        """Whether the broker has all that was on its way when the last connection was lost."""
        return self.ready and not self._in_flight.repeating

    def step(self) -> bool:
        """Do one piece of work; return whether there was any.

        LinkError when the connection is over: `close` it, and the transport. Nothing is done
        while a message waits.
        """
        if self.message is not None:
            return False
        if self.sending:
            return self._flush()
        if self._state == _READY:
            # Before what comes in: these are few, and what comes may be without end.
            message = self._in_flight.unsent()
            if message is not None:
                self._send_message(message)
                return True
        took = self._reader.read(self._transport)
        if took:
            now = self._clock.ticks_ms()
            self._keepalive.heard(now)
            if self._reader.got == took:
                self._began = now
            if self._reader.whole:
                self._take_packet()
                self._reader.restart()
                if self.sending and self.message is None:
                    self._flush()
            return True
        return self._watch()

    # --- out ------------------------------------------------------------------------------

    def publish(self, token: object, suffix: str, payload: bytes) -> None:
        """Send a message up, when there is `room`; the token comes back by `delivered`.

        ValueError for a payload over PAYLOAD_MAX bytes, which cannot ever be sent.
        """
        self._check(suffix, payload)
        self._add(Message(token, (self._up + suffix).encode(), payload, False))

    def publish_retained(self, topic: bytes, payload: bytes) -> None:
        """Send a message to a whole topic, retained, when there is `room`; nobody is told of its
        end. ValueError as above."""
        self._check(topic.decode(), payload)
        self._add(Message(None, topic, payload, True))

    def _check(self, name: str, payload: bytes) -> None:
        if len(payload) > PAYLOAD_MAX:
            raise ValueError("mqtt: message %s of %d bytes: at most %d" % (
                name, len(payload), PAYLOAD_MAX))

    def _add(self, message: Message) -> None:
        self._in_flight.add(message)
        self._send_message(message)

    def _send_message(self, message: Message) -> None:
        # umqtt counts up before it takes the identifier.
        self._client.pid = message.packet_id - 1
        self._write(self._client.publish, message.topic, message.payload, message.retain, 1)
        if message.again:
            self._socket.out[0] |= _DUP
            self.resent += 1
        message.sent = True
        message.sent_at = self._clock.ticks_ms()
        self._flush()

    def _write(self, function: object, *arguments: object) -> None:
        """Have umqtt write a packet, up to where it wants to wait."""
        self._socket.begin()
        self._out_at = 0
        try:
            function(*arguments)
        except Waiting:
            pass
        self._since = self._clock.ticks_ms()

    def _flush(self) -> bool:
        """Give the transport as much as it takes; return whether it took any."""
        took = self._transport.send(self._out_view[self._out_at:self._socket.out_size])
        now = self._clock.ticks_ms()
        if took:
            self._out_at += took
            self._since = now
            self._keepalive.spoke(now)
        elif self._clock.ticks_diff(now, self._since) > ANSWER_MS:
            raise LinkError("mqtt: nothing could be sent for %d s" % (ANSWER_MS // 1000))
        return took > 0

    # --- in -------------------------------------------------------------------------------

    def _take_packet(self) -> None:
        reader = self._reader
        kind = check(reader)
        if (kind == 0x20) != (self._state == _CONNECTING):
            raise PacketError("mqtt: packet 0x%02x %s the connection is accepted" % (
                reader.buffer[0], "after" if kind == 0x20 else "before"))
        if reader.too_long:
            begin, end = publish_head(reader)
        else:
            begin, end = 0, reader.total
        self._socket.begin()
        self._out_at = 0
        self._socket.give(self._in_view, begin, end)
        try:
            self._client.wait_msg()
            if kind == 0x20:
                self._connected(self._socket.read(3))
            elif kind == _PUBACK:
                self._acknowledged(self._number(self._socket.read(3)))
            elif kind == _SUBACK:
                self._subscription(self._socket.read(4))
            elif kind == _PUBLISH:
                self._deliver(reader)
            else:
                self._keepalive.answered()
        except Waiting:
            raise PacketError("mqtt: a packet is shorter than what it says") from None

    def _number(self, field: bytes) -> int:
        return field[1] << 8 | field[2]

    def _take_message(self, topic: bytes, payload: bytes) -> None:
        """umqtt's callback. When this returns, umqtt writes the acknowledgement; that leaves
        only when the message is done."""
        self._came = (topic, payload)

    def _deliver(self, reader: PacketReader) -> None:
        topic, payload = self._came
        self._came = None
        out = self._socket.out
        if self._socket.left or self._socket.out_size and not out[2] | out[3]:
            raise PacketError("mqtt: a message with a wrong length or identifier")
        if topic != self.down:
            self.stray += 1
        elif not reader.too_long:
            self.repeated += reader.buffer[0] >> 3 & 1
            self.message = payload
        self._since = self._clock.ticks_ms()

    def acknowledge(self) -> None:
        """Tell the broker that `message` is done; LinkError."""
        self.message = None
        self.received += 1
        self._since = self._clock.ticks_ms()
        if self.sending:
            self._flush()

    def _connected(self, field: bytes) -> None:
        code = field[2]
        if code:
            raise LinkError("mqtt: the broker refuses %s (%d)" % (
                _REFUSALS[code] if code < len(_REFUSALS) else "the connection", code))
        self.connections += 1
        # Also in a session that was kept: it may be from before its subscription, made by a
        # CONNECT that was never answered or read back from an old state of the broker's disk.
        # Taking that on trust left a meter deaf for good.
        self._enter(_SUBSCRIBING)
        self._subscribe_id = self._in_flight.next_id()
        self._client.pid = self._subscribe_id - 1
        self._write(self._client.subscribe, self.down, 1)

    def _subscription(self, field: bytes) -> None:
        if self._state != _SUBSCRIBING or field[1] << 8 | field[2] != self._subscribe_id:
            self.stray += 1
            return
        if field[3] != 1:
            raise LinkError("mqtt: the broker answers 0x%02x to the subscription at QoS 1" % (
                field[3]))
        self._enter_ready()

    def _enter_ready(self) -> None:
        self._enter(_READY)
        if not self._in_flight.holds(self.state_topic):
            self._in_flight.add(Message(None, self.state_topic, b"online", True))

    def _acknowledged(self, packet_id: int) -> None:
        message = self._in_flight.find(packet_id)
        if message is None or not message.sent:
            self.stray += 1
            return
        self._in_flight.remove(message)
        if message.token is not None:
            self.published += 1
            self._delivered(message.token)

    # --- deadlines ------------------------------------------------------------------------

    def _enter(self, state: int) -> None:
        self._state = state
        self._entered = self._clock.ticks_ms()

    def _watch(self) -> bool:
        """End what takes too long; ask a quiet broker whether it is there."""
        diff = self._clock.ticks_diff
        now = self._clock.ticks_ms()
        if self._state != _READY and diff(now, self._entered) > ANSWER_MS:
            raise LinkError("mqtt: no %s within %d s" % (
                "CONNACK" if self._state == _CONNECTING else "SUBACK", ANSWER_MS // 1000))
        if self._reader.got and not self._reader.too_long and diff(now, self._began) > ANSWER_MS:
            raise LinkError("mqtt: half a packet for %d s" % (ANSWER_MS // 1000))
        oldest = self._in_flight.oldest()
        if oldest is not None and diff(now, oldest.sent_at) > ANSWER_MS:
            raise LinkError("mqtt: no PUBACK within %d s" % (ANSWER_MS // 1000))
        if self._keepalive.lost(now):
            raise LinkError("mqtt: the broker does not answer")
        if self._state == _READY and self._keepalive.must_ask(now):
            self._write(self._client.ping)
            return self._flush()
        return False
