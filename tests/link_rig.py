"""What tests of the link share: a broker in a few lines, a byte pipe to it, a fake uplink.

The broker is written from MQTT 3.1.1 alone. JOULEGATE_UMQTT names a folder with another version
of umqtt.simple than the pinned one, to run the same tests on.
"""

import os
import sys

from parts import FakeClock

from joulegate.link.errors import LinkError
from joulegate.vending.steps import Work

_OTHER = os.getenv("JOULEGATE_UMQTT")
if _OTHER:
    sys.path.insert(0, _OTHER)
sys.path.append("build/micropython-lib")

METER = "01234567890"
DOWN = b"joulegate/1/01234567890/down"
LINK = b"joulegate/1/01234567890/link"
UP = b"joulegate/1/01234567890/up/"

CONNECT = 0x10
CONNACK = b"\x20\x02\x00\x00"
CONNACK_PRESENT = b"\x20\x02\x01\x00"
PINGRESP = b"\xd0\x00"


def number(n):
    return bytes((n >> 8, n & 0xFF))


def text(data):
    return number(len(data)) + data


def packet(first, body):
    size = len(body)
    length = b""
    while True:
        length += bytes((size & 0x7F | (0x80 if size > 0x7F else 0),))
        size >>= 7
        if not size:
            return bytes((first,)) + length + body


def publish(payload, packet_id=1, topic=DOWN, qos=1, dup=0):
    middle = number(packet_id) if qos else b""
    return packet(0x30 | dup << 3 | qos << 1, text(topic) + middle + payload)


def puback(packet_id):
    return b"\x40\x02" + number(packet_id)


def suback(packet_id, code=1):
    return b"\x90\x03" + number(packet_id) + bytes((code,))


class Sent:
    """A packet that the meter sent."""

    def __init__(self, raw):
        self.raw = raw
        self.first = raw[0]
        self.kind = raw[0] & 0xF0
        at = 1
        while raw[at] & 0x80:
            at += 1
        self.body = raw[at + 1:]
        self.topic = b""
        self.payload = b""
        self.packet_id = 0
        if self.kind == 0x30:
            size = self.body[0] << 8 | self.body[1]
            self.topic = self.body[2:2 + size]
            self.packet_id = self.body[2 + size] << 8 | self.body[3 + size]
            self.payload = self.body[4 + size:]
        elif self.kind in (0x40, 0x80):
            self.packet_id = self.body[0] << 8 | self.body[1]

    @property
    def dup(self):
        return self.first >> 3 & 1


class Pipe:
    """A transport whose other end is the test."""

    name = "pipe"

    def __init__(self):
        self.sends = []
        self.out = b""
        self.to_meter = b""
        self.chunk = 10000
        self.room = 10000
        self.over = False
        self.open_error = None
        self.attach_error = None
        self.sent = self.received = 0
        self.opened = []

    async def attach(self):
        if self.attach_error:
            raise LinkError(self.attach_error)

    async def open(self, host, port, tls):
        if self.open_error:
            raise LinkError(self.open_error)
        self.opened.append((host, port))
        self.over = False
        self.out = self.to_meter = b""

    def close(self):
        self.over = True

    def signal(self):
        return None

    def send(self, data):
        if self.over:
            raise LinkError("pipe: over")
        size = min(len(data), self.room)
        if size:
            self.sends.append(bytes(data[:size]))
            self.out += bytes(data[:size])
        return size

    def receive_into(self, buffer):
        size = min(len(buffer), self.chunk, len(self.to_meter))
        if not size:
            if self.over:
                raise LinkError("pipe: over")
            return 0
        buffer[:size] = self.to_meter[:size]
        self.to_meter = self.to_meter[size:]
        return size

    def take(self):
        """Return the whole packets that the meter has sent."""
        packets = []
        while len(self.out) >= 2:
            size = 0
            at = 1
            while True:
                size |= (self.out[at] & 0x7F) << 7 * (at - 1)
                at += 1
                if not self.out[at - 1] & 0x80:
                    break
            if len(self.out) < at + size:
                break
            packets.append(Sent(self.out[:at + size]))
            self.out = self.out[at + size:]
        return packets


class MqttMeter:
    """A session on a pipe, and what became of its messages."""

    def __init__(self, keepalive=60, user="", password=""):
        from joulegate.link.mqtt.session import Session
        self.clock = FakeClock()
        self.handled = []
        self.delivered = []
        self.handle_error = None
        self.on_message = None
        self.keepalive = keepalive
        self.user = user
        self.password = password
        self.session = Session(METER, self.clock, self.delivered.append)
        self.connect()

    def step(self):
        """Do what a link task does in one round."""
        busy = self.session.step()
        payload = self.session.message
        if payload is None:
            return busy
        if self.handle_error:
            raise self.handle_error
        if self.on_message:
            self.on_message(payload)
        self.handled.append(payload)
        self.session.acknowledge()
        return True

    def connect(self):
        self.session.close()
        self.pipe = Pipe()
        self.session.open(self.pipe, self.user, self.password, self.keepalive)
        return self

    def run(self, ms=0):
        """Step for so long, a step a millisecond, and until nothing is left to do."""
        for _ in range(ms):
            self.step()
            self.clock.pass_ms(1)
        for _ in range(1000):
            if not self.step():
                return self.pipe.take()
        raise AssertionError("never at rest")

    def give(self, data):
        """Let bytes come, and return the packets that go out."""
        self.pipe.to_meter += data
        return self.run()

    def wait(self, seconds, step_ms=500):
        """Let time pass; return the packets sent meanwhile."""
        sent = []
        for _ in range(seconds * 1000 // step_ms):
            self.clock.pass_ms(step_ms)
            self.step()
            sent.extend(self.pipe.take())
        return sent

    def ready(self, connack=CONNACK, acknowledge=True):
        """Get connected and subscribed; return what was sent after CONNECT."""
        self.run()
        sent = self.give(connack)
        for one in sent:
            if one.kind == 0x80:
                sent += self.give(suback(one.packet_id))
        if acknowledge:
            for one in sent:
                if one.kind == 0x30 and one.topic == LINK:
                    self.give(puback(one.packet_id))
        return sent


class FakeSettings:
    def __init__(self, **values):
        self.values = {
            "host": "broker", "port": 1883, "tls": False, "user": "", "password": "",
            "keepalive_s": 60, "transports": ["pipe"], "wifi": [], "ppp_number": "*99#",
            "apn_user": "", "apn_password": "", "ca": "", "certificate": "", "key": "",
            "server_name": "", "home": False}
        self.values.update(values)

    def path_of(self, name):
        return self.values[name]


class Answer:
    def __init__(self, receipt):
        self.receipt = receipt


def answered(answer):
    """Return the Work of taking a message that comes to this answer."""
    def steps():
        yield ""
        return answer
    return Work(steps())


class FakeUplink:
    """An outbox in memory."""

    def __init__(self):
        self.outbox = []
        self.given = 0
        self.done = []
        self.told = []
        self.steps = 0
        self.restarts = 0
        self.done_at_restart = 0
        self.receipt_error = None
        self.step_error = None

    def step(self, now):
        self.steps += 1
        if self.step_error:
            raise self.step_error

    def next(self):
        if self.given == len(self.outbox):
            return None
        self.given += 1
        return (self.given,) + self.outbox[self.given - 1]

    def handed(self, token):
        self.done.append(token)

    def restart(self):
        self.restarts += 1
        self.done_at_restart = len(self.done)

    def receipt(self, data):
        if data is None:
            return
        if self.receipt_error:
            raise self.receipt_error
        self.outbox.append(("receipt", data))

    def connected(self, up):
        self.told.append(up)
