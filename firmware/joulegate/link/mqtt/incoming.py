"""What may come from a broker, judged before umqtt sees it.

Source: MQTT 3.1.1, sections 3.2 CONNACK, 3.3 PUBLISH, 3.4 PUBACK, 3.9 SUBACK, 3.13 PINGRESP.
umqtt believes every length and asserts what it expects; an assert is gone under -O.
"""

from micropython import const

from joulegate.link.mqtt.packet_reader import PacketError, PacketReader

_PUBLISH = const(0x30)
_TOPIC_MAX = const(120)


def check(reader: PacketReader) -> int:
    """Return the kind of the packet, the upper half of its first byte; PacketError for one
    that a subscriber at QoS 1 does not get."""
    first = reader.buffer[0]
    length = reader.total - reader.body
    kind = first & 0xF0
    if kind == _PUBLISH:
        right = first & 0x06 in (0, 2)
    elif kind == 0x20 or kind == 0x40:
        right = first == kind and length == 2
    elif kind == 0x90:
        right = first == kind and length == 3
    else:
        right = first == 0xD0 and length == 0
    # Of all but PUBLISH the length has one byte; umqtt counts on that.
    if not right or kind != _PUBLISH and reader.body != 2:
        raise PacketError("mqtt: packet 0x%02x of %d bytes" % (first, length))
    return kind


def publish_head(reader: PacketReader) -> tuple:
    """Make of the beginning of an over-long PUBLISH one without payload, for umqtt to
    acknowledge; return (begin, end) in the buffer. PacketError if its topic is not ours."""
    buffer = reader.buffer
    at = reader.body
    topic = buffer[at] << 8 | buffer[at + 1]
    if topic > _TOPIC_MAX:
        raise PacketError("mqtt: a topic of %d bytes" % topic)
    length = 2 + topic + (2 if buffer[0] & 0x06 else 0)
    buffer[at - 2] = buffer[0]
    buffer[at - 1] = length
    return at - 2, at + length
