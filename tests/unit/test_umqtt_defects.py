"""What bites on umqtt.simple alone, one test each: here it does not.

Written down when the package was tried against a real broker; the numbers are issues of
micropython-lib. The deadlines are in test_mqtt_deadlines.py.
"""

import sys
import unittest

from link_rig import (
    CONNACK,
    CONNACK_PRESENT,
    DOWN,
    LINK,
    MqttMeter,
    Pipe,
    puback,
    publish,
)

from joulegate.link.errors import LinkError
from joulegate.link.mqtt.packet_reader import PacketError
from joulegate.link.mqtt.packet_socket import PacketSocket, Waiting


class Defects(unittest.TestCase):

    def setUp(self):
        self.meter = MqttMeter()
        self.meter.ready()
        self.session = self.meter.session

    def test_many_small_writes(self):
        # Nagle and delayed ACK made 20 publishes take 877 ms.
        before = len(self.meter.pipe.sends)
        self.session.publish("t", "event", b"payload")
        self.assertEqual(len(self.meter.pipe.sends), before + 1)
        self.meter.give(publish(b"x", 4))
        self.assertEqual(len(self.meter.pipe.sends), before + 2)

    def test_half_a_packet_does_not_hang(self):
        self.meter.give(publish(b"token")[:10])
        self.assertFalse(self.session.step())
        self.meter.give(publish(b"token")[10:])
        self.assertEqual(self.meter.handled, [b"token"])

    def test_no_answer_does_not_hang(self):
        self.session.publish("t", "event", b"x")
        self.assertFalse(self.session.step())

    def test_publish_inside_the_handler(self):
        # It is put off: there is no room while a message is being handled.
        rooms = []
        self.meter.on_message = lambda payload: rooms.append(self.session.room)
        sent = self.meter.give(publish(b"x", 4))
        self.assertEqual((rooms, [one.raw for one in sent]), ([False], [puback(4)]))
        self.assertTrue(self.session.room)

    def test_packet_id_wraps(self):
        # Publish 65536 disconnected, and later ones hung (94).
        waiting = []
        ids = []
        for n in range(2):
            self.session.publish("w%d" % n, "event", b"waits")
            waiting.append(self.meter.run()[0].packet_id)
        for n in range(66000):
            self.session.publish(n, "event", b"")
            packet_id = self.meter.pipe.sends.pop()
            packet_id = packet_id[-2] << 8 | packet_id[-1]
            self.meter.pipe.out = b""
            self.assertTrue(1 <= packet_id <= 65535 and packet_id not in waiting, packet_id)
            if n in (0, 65530, 65531, 65532, 65533, 65999):
                ids.append(packet_id)
            self.meter.pipe.to_meter += puback(packet_id)
            while self.session.step():
                pass
            self.meter.delivered.clear()
        first = ids[0]
        self.assertEqual(first, waiting[1] + 1)
        self.assertTrue(ids[-1] < 1000, ids)

    def test_cut_short_is_no_message(self):
        # A short read followed by FIN was delivered as if it were all.
        for cut in range(1, len(publish(b"credit 100", 5))):
            meter = MqttMeter()
            meter.ready()
            meter.pipe.to_meter += publish(b"credit 100", 5)[:cut]
            meter.pipe.over = True
            with self.assertRaises(LinkError):
                meter.run()
            self.assertEqual(meter.handled, [])

    def test_time_outs_are_not_the_sockets(self):
        # connect(timeout=) is lost with the first setblocking; SSLSocket has no settimeout.
        packet_socket = PacketSocket(64)
        self.assertEqual(packet_socket.settimeout(5), None)
        self.assertEqual(packet_socket.setblocking(True), None)
        with self.assertRaises(Waiting):
            packet_socket.read(1)

    def test_no_subscription_after_a_restart_of_the_broker(self):
        self.meter.connect()
        sent = self.meter.ready(CONNACK)
        self.assertEqual(sent[0].first, 0x82)
        self.assertTrue(self.session.ready)

    def test_never_without_keepalive(self):
        self.meter.connect()
        keepalive = self.meter.run()[0].body[8:10]
        self.assertEqual(keepalive, b"\x00\x3c")

    def test_text_that_is_not_ascii(self):
        # The length was that in characters, not in bytes (134).
        self.meter.user = "z\u00e4hler"
        self.meter.password = "\u20ac"
        self.meter.connect()
        self.assertTrue(self.meter.run()[0].body.endswith(
            b"\x00\x07z\xc3\xa4hler\x00\x03\xe2\x82\xac"))

    def test_lengths_are_not_believed(self):
        packet_socket = PacketSocket(64)
        packet_socket.give(memoryview(b"abcdef"), 0, 6)
        self.assertEqual(packet_socket.read(2), b"ab")
        for size in (5, -1):
            with self.assertRaises(PacketError):
                packet_socket.read(size)

    def test_longer_than_the_buffer(self):
        packet_socket = PacketSocket(8)
        packet_socket.write(b"123456", 3)
        packet_socket.write(b"45678")
        with self.assertRaises(ValueError):
            packet_socket.write(b"9")
        self.assertEqual(bytes(packet_socket.out), b"12345678")

    def test_board_without_sockets(self):
        for name in ("umqtt", "umqtt.simple", "usocket", "socket"):
            sys.modules.pop(name, None)
        from joulegate.link.mqtt import umqtt
        packet_socket = PacketSocket(64)
        kept = umqtt._NAMES
        umqtt._NAMES = ("socket_of_no_board", "usocket")
        try:
            simple = umqtt.load(packet_socket)
        finally:
            umqtt._NAMES = kept
        self.assertTrue(sys.modules.pop("socket_of_no_board") is packet_socket)
        self.assertTrue(simple.socket is packet_socket)

    def test_nothing_is_sent_before_the_answer(self):
        meter = MqttMeter()
        meter.run()
        self.assertFalse(meter.session.room)
        self.assertFalse(meter.session.leave())

    def test_reconnects_with_a_clean_buffer(self):
        # Half a packet of the old connection is not taken for the head of the next.
        self.meter.give(publish(b"token")[:7])
        self.meter.connect()
        self.meter.ready(CONNACK_PRESENT)
        self.meter.give(publish(b"token", 2))
        self.assertEqual(self.meter.handled, [b"token"])

    def test_will_and_topics(self):
        self.assertEqual(self.session.down, DOWN)
        self.assertEqual(self.session.state_topic, LINK)
        # One byte of length is all that 1.3.4 has for a SUBSCRIBE.
        self.assertTrue(len(DOWN) + 2 + 5 < 128)
        self.assertEqual(Pipe().take(), [])


if __name__ == "__main__":
    unittest.main()
