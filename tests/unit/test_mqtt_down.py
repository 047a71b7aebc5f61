"""The MQTT session: what comes down, whole, in pieces, too long, and malformed."""

import unittest

from link_rig import CONNACK_PRESENT, DOWN, MqttMeter, packet, puback, publish, text
from parts import error_text

from joulegate.link.errors import LinkError
from joulegate.link.mqtt.session import PAYLOAD_MAX


class Down(unittest.TestCase):

    def setUp(self):
        self.meter = MqttMeter()
        self.meter.ready()

    def test_acknowledged_after_the_handler(self):
        seen = []
        self.meter.on_message = lambda payload: seen.append(list(self.meter.pipe.take()))
        sent = self.meter.give(publish(b"token", 0x1234))
        self.assertEqual(self.meter.handled, [b"token"])
        self.assertEqual(seen, [[]])
        self.assertEqual([one.raw for one in sent], [puback(0x1234)])

    def test_not_acknowledged_when_the_handler_fails(self):
        self.meter.handle_error = OSError(5)
        with self.assertRaises(OSError):
            self.meter.give(publish(b"token", 7))
        self.assertEqual(self.meter.pipe.take(), [])
        self.meter.handle_error = None
        self.meter.connect()
        self.meter.ready(CONNACK_PRESENT)
        sent = self.meter.give(publish(b"token", 7, dup=1))
        self.assertEqual([one.raw for one in sent], [puback(7)])
        self.assertEqual((self.meter.handled, self.meter.session.repeated), ([b"token"], 1))

    def test_repeats_are_passed_on(self):
        self.meter.give(publish(b"a", 7) + publish(b"a", 7, dup=1))
        self.assertEqual(self.meter.handled, [b"a", b"a"])

    def test_qos_0(self):
        self.assertEqual(self.meter.give(publish(b"a", qos=0)), [])
        self.assertEqual(self.meter.handled, [b"a"])

    def test_other_topic(self):
        sent = self.meter.give(publish(b"a", 3, topic=DOWN + b"x"))
        self.assertEqual((self.meter.handled, self.meter.session.stray), ([], 1))
        self.assertEqual([one.raw for one in sent], [puback(3)])

    def test_byte_by_byte(self):
        self.meter.pipe.chunk = 1
        for size in (0, 1, 84, 85, 400, PAYLOAD_MAX):
            payload = bytes([i & 0xFF for i in range(size)])
            sent = self.meter.give(publish(payload, 3) + publish(b"next", 4))
            self.assertEqual(self.meter.handled[-2:], [payload, b"next"])
            self.assertEqual([one.raw for one in sent], [puback(3), puback(4)])

    def test_too_long(self):
        for size in (700, 1500, 3000):
            before = len(self.meter.handled)
            sent = self.meter.give(publish(b"x" * size, 5) + publish(b"after", 6))
            self.assertEqual(self.meter.handled[before:], [b"after"])
            self.assertEqual([one.raw for one in sent], [puback(5), puback(6)])
        self.assertEqual(self.meter.give(publish(b"x" * 700, qos=0)), [])
        self.assertEqual(self.meter.session.skipped, 4)

    def test_much_too_long(self):
        body = text(DOWN) + b"\x00\x07"
        size = 200000 + len(body)
        self.assertEqual(self.meter.give(
            bytes((0x32, size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14)) + body), [])
        for _ in range(399):
            self.assertEqual(self.meter.give(bytes(500)), [])
        self.assertEqual([one.raw for one in self.meter.give(bytes(500))], [puback(7)])
        self.assertEqual(self.meter.handled, [])

    def test_too_long_with_a_long_topic(self):
        said = error_text(LinkError, self.meter.give, publish(b"x" * 700, topic=b"t" * 200))
        self.assertTrue("topic of 200" in said, said)

    def test_longest_that_is_kept(self):
        overhead = len(publish(b"")) + 1
        for size, kept in ((640 - overhead, True), (641 - overhead, False)):
            self.meter.handled.clear()
            self.meter.give(publish(b"y" * size, 8))
            self.assertEqual(self.meter.handled, [b"y" * size] if kept else [])

    def test_malformed(self):
        for bad in (
            b"\x30\xff\xff\xff\xff\x7f",           # a length of five bytes
            b"\x34\x05\x00\x01a\x00\x01",           # QoS 2 was not asked for
            b"\x36\x05\x00\x01a\x00\x01",           # QoS 3 is none
            packet(0x32, b"\x00\x40abc"),           # a topic longer than the packet
            packet(0x32, text(DOWN) + b"\x00"),     # half an identifier
            packet(0x32, text(DOWN)),               # none
            packet(0x30, b""), packet(0x30, b"\x00"),
            publish(b"x", 0),                       # identifier 0
            b"\x40\x01\x00", b"\x41\x02\x00\x01", b"\x40\x82\x00\x00\x01",
            b"\x90\x02\x00\x01", b"\xd0\x01\x00", b"\xd1\x00",
            b"\x00\x00", b"\x10\x00", b"\x50\x02\x00\x01", b"\x62\x02\x00\x01",
            b"\x82\x00", b"\xb0\x02\x00\x01", b"\xc0\x00", b"\xe0\x00", b"\xf0\x00",
        ):
            meter = MqttMeter()
            meter.ready()
            with self.assertRaises(LinkError):
                meter.give(bad)
                raise AssertionError("taken: %r" % bad)
            self.assertEqual((meter.handled, meter.pipe.take()), ([], []))


if __name__ == "__main__":
    unittest.main()
