"""Spoilt MQTT from a broker, by seed: whatever comes, the session closes or goes on.

Each sample is a stream of right packets with some bytes changed, lost, doubled or put in, given
in pieces of any size. What is judged: only LinkError comes out; a message handled is one that
stands in the stream; every packet sent is whole and right; a session that goes on still works.
"""

from link_rig import (
    CONNACK,
    CONNACK_PRESENT,
    DOWN,
    PINGRESP,
    MqttMeter,
    Pipe,
    packet,
    puback,
    publish,
    suback,
    text,
)

from joulegate.link.errors import LinkError
from joulegate.link.mqtt.session import PACKET_MAX


class Numbers:
    """Numbers by seed, the same on both interpreters (xorshift, 32 bits)."""

    def __init__(self, seed):
        self.state = (seed * 2654435761 + 1) & 0xFFFFFFFF or 1

    def below(self, n):
        x = self.state
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        self.state = x
        return x % n


def stream(numbers, next_id):
    """Return a few packets that a broker may send. next_id: the meter's next identifier."""
    data = b""
    for _ in range(1 + numbers.below(4)):
        kind = numbers.below(9)
        if kind < 4:
            payload = bytes(numbers.below(90)) if kind else b"p" * numbers.below(900)
            data += publish(payload, 1 + numbers.below(65535), qos=numbers.below(2),
                            dup=numbers.below(2))
        elif kind == 4:
            data += publish(b"x", 3, topic=b"t" * numbers.below(300))
        elif kind == 5:
            data += puback((next_id + numbers.below(6)) & 0xFFFF)
        elif kind == 6:
            data += suback(numbers.below(4), numbers.below(3))
        elif kind == 7:
            data += PINGRESP
        else:
            data += packet(numbers.below(256), text(DOWN)[:numbers.below(40)])
    return data


def spoil(data, numbers):
    """Return the stream with a few faults."""
    for _ in range(numbers.below(4)):
        at = numbers.below(len(data) + 1)
        kind = numbers.below(6)
        if kind == 0:
            data = data[:at]
        elif kind == 1:
            data = data[:at] + bytes((numbers.below(256),)) + data[at:]
        elif kind == 2:
            data = data[:at] + data[at + 1 + numbers.below(5):]
        elif kind == 3:
            data = data[:at] + data[max(0, at - 9):]
        elif at < len(data):
            change = 1 << numbers.below(8) if kind == 4 else numbers.below(256)
            data = data[:at] + bytes((data[at] ^ change,)) + data[at + 1:]
    return data


class Fuzzer:
    """One session, and broken broker after broken broker."""

    def __init__(self):
        self.meter = MqttMeter()
        self.closed = self.handled = 0

    def one(self, seed):
        """Give one stream; AssertionError for what must not be."""
        numbers = Numbers(seed)
        meter = self.meter
        meter.handled.clear()
        meter.pipe = Pipe()
        meter.pipe.chunk = 1 + numbers.below(70)
        meter.session.close()
        meter.session.open(meter.pipe, "", "", 60)
        next_id = meter.session._in_flight._last_id % 65535 + 1
        data = stream(numbers, next_id)
        if numbers.below(4):
            data = suback(next_id) + data
        if numbers.below(8):
            data = (CONNACK_PRESENT if numbers.below(8) == 0 else CONNACK) + data
        data = spoil(data, numbers)
        meter.pipe.to_meter = data
        try:
            for _ in range(400):
                if not meter.step() and not meter.pipe.to_meter:
                    break
                if meter.session.room and numbers.below(4) == 0:
                    meter.session.publish(seed, "event", b"e")
        except LinkError:
            self.closed += 1
        for payload in meter.handled:
            assert payload in data and len(payload) <= PACKET_MAX, payload
        for one in meter.pipe.take():
            assert one.kind in (0x10, 0x30, 0x40, 0x80, 0xC0), one.raw
            assert one.kind != 0x40 or one.raw[:2] == b"\x40\x02" and one.packet_id, one.raw
        assert not meter.pipe.out, "half a packet was sent"
        assert meter.session.waiting <= 5, meter.session.waiting
        self.handled += len(meter.handled)

    def works(self):
        """See that a session goes on after all that; AssertionError."""
        self.meter.connect()
        self.meter.ready()
        self.meter.handled.clear()
        self.meter.give(publish(b"after all", 77))
        assert self.meter.handled == [b"after all"], self.meter.handled


def fuzz(first, count):
    """Judge so many samples; AssertionError with the seed of one that breaks a rule."""
    fuzzer = Fuzzer()
    for seed in range(first, first + count):
        try:
            fuzzer.one(seed)
        except Exception as e:
            raise AssertionError(f"seed {seed}: {e!r}") from None
        fuzzer.meter.delivered.clear()
        if seed % 1000 == 999:
            fuzzer.works()
    fuzzer.works()
    return fuzzer
