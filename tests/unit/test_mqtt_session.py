"""The MQTT session: connecting, subscribing, and what goes up."""

import unittest

from link_rig import (
    CONNACK,
    CONNACK_PRESENT,
    CONNECT,
    DOWN,
    LINK,
    PINGRESP,
    UP,
    MqttMeter,
    puback,
    publish,
    suback,
    text,
)
from parts import error_text

from joulegate.link.errors import LinkError
from joulegate.link.mqtt.session import PAYLOAD_MAX


class Connecting(unittest.TestCase):

    def test_connect_packet(self):
        word = "p\u00e4\u00df" * 20
        meter = MqttMeter(keepalive=300, user="gr\u00fcn", password=word)
        sent = meter.run()
        self.assertEqual(len(sent), 1)
        self.assertEqual(len(meter.pipe.sends), 1)
        # User, password, will retained at QoS 1, session kept; keepalive 300 s.
        self.assertEqual(
            sent[0].body,
            text(b"MQTT") + b"\x04\xec" + b"\x01\x2c" + text(b"joulegate-01234567890")
            + text(LINK) + text(b"offline") + text("gr\u00fcn".encode())
            + text(word.encode()))

    def test_connect_without_user(self):
        sent = MqttMeter().run()
        self.assertEqual(sent[0].first, CONNECT)
        self.assertEqual(
            sent[0].body,
            text(b"MQTT") + b"\x04\x2c\x00\x3c" + text(b"joulegate-01234567890") + text(LINK)
            + text(b"offline"))

    def test_user_without_password(self):
        sent = MqttMeter(user="meter").run()
        self.assertTrue(sent[0].body.endswith(text(b"meter") + text(b"")))

    def test_subscribe_then_online(self):
        meter = MqttMeter()
        meter.run()
        sent = meter.give(CONNACK)
        self.assertEqual([one.first for one in sent], [0x82])
        self.assertEqual(sent[0].body[2:], text(DOWN) + b"\x01")
        self.assertFalse(meter.session.ready)
        sent = meter.give(suback(sent[0].packet_id))
        self.assertTrue(meter.session.ready)
        self.assertEqual([(one.first, one.topic, one.payload) for one in sent],
                         [(0x33, LINK, b"online")])

    def test_refused(self):
        for code, words in ((1, "protocol version"), (4, "user or password (4)"),
                            (5, "this client"), (77, "the connection (77)")):
            meter = MqttMeter()
            meter.run()
            said = error_text(LinkError, meter.give, b"\x20\x02\x00" + bytes((code,)))
            self.assertTrue(words in said, said)

    def test_subscription_refused(self):
        for code in (0x80, 0, 2):
            meter = MqttMeter()
            meter.run()
            sent = meter.give(CONNACK)
            said = error_text(LinkError, meter.give, suback(sent[0].packet_id, code))
            self.assertTrue("0x%02x" % code in said, said)

    def test_another_suback_is_no_answer(self):
        meter = MqttMeter()
        meter.run()
        sent = meter.give(CONNACK)
        meter.give(suback(sent[0].packet_id + 1))
        self.assertFalse(meter.session.ready)
        self.assertEqual(meter.session.stray, 1)

    def test_message_before_suback(self):
        meter = MqttMeter()
        meter.run()
        meter.give(CONNACK)
        sent = meter.give(publish(b"early", 9))
        self.assertEqual(meter.handled, [b"early"])
        self.assertEqual([one.raw for one in sent], [puback(9)])

    def test_every_connection_is_subscribed_anew(self):
        meter = MqttMeter()
        meter.ready()
        # The broker has forgotten all; of the next CONNECT only the answer is lost, so that it
        # now keeps a session without a subscription.
        meter.connect()
        meter.run()
        meter.connect()
        meter.run()
        sent = meter.give(CONNACK_PRESENT)
        self.assertEqual([one.first for one in sent], [0x82])
        self.assertEqual(sent[0].body[2:], text(DOWN) + b"\x01")
        self.assertFalse(meter.session.ready)
        sent = meter.give(suback(sent[0].packet_id))
        self.assertEqual([one.first for one in sent], [0x33])
        self.assertTrue(meter.session.ready)

    def test_nothing_but_connack_first(self):
        for other in (publish(b"x"), PINGRESP, puback(1), suback(1)):
            meter = MqttMeter()
            meter.run()
            said = error_text(LinkError, meter.give, other)
            self.assertTrue("before the connection" in said, said)
        meter = MqttMeter()
        meter.ready()
        self.assertTrue("after" in error_text(LinkError, meter.give, CONNACK))


class Up(unittest.TestCase):

    def setUp(self):
        self.meter = MqttMeter()
        self.meter.ready()
        self.session = self.meter.session

    def send(self, token, payload=b"data"):
        self.session.publish(token, "event", payload)
        return self.meter.run()

    def test_retained_to_a_whole_topic(self):
        self.session.publish_retained(b"ha/sensor/x/config", b"{}")
        sent = self.meter.run()
        self.assertEqual([(one.first, one.topic, one.payload) for one in sent],
                         [(0x33, b"ha/sensor/x/config", b"{}")])
        self.assertEqual(self.session.waiting, 1)
        self.meter.give(puback(sent[0].packet_id))
        self.assertEqual((self.session.waiting, self.meter.delivered), (0, []))
        said = error_text(
            ValueError, self.session.publish_retained, b"ha/x", bytes(PAYLOAD_MAX + 1))
        self.assertTrue(said.startswith("mqtt: message ha/x of 513 bytes"), said)

    def test_delivered_by_puback(self):
        sent = self.send("t1")
        self.assertEqual([(one.first, one.topic, one.payload) for one in sent],
                         [(0x32, UP + b"event", b"data")])
        self.assertEqual(self.meter.delivered, [])
        self.meter.give(puback(sent[0].packet_id))
        self.assertEqual((self.meter.delivered, self.session.waiting), (["t1"], 0))

    def test_longest(self):
        sent = self.send("t", b"z" * PAYLOAD_MAX)
        self.assertEqual(sent[0].payload, b"z" * PAYLOAD_MAX)
        said = error_text(ValueError, self.session.publish, "t", "event", b"z" * 513)
        self.assertTrue("513 bytes: at most 512" in said, said)
        self.assertEqual(self.session.waiting, 1)

    def test_window(self):
        ids = []
        for token in range(4):
            self.assertTrue(self.session.room)
            ids += [one.packet_id for one in self.send(token)]
        self.assertFalse(self.session.room)
        self.meter.give(puback(ids[2]))
        self.assertTrue(self.session.room)
        self.assertEqual(self.meter.delivered, [2])

    def test_no_room_while_a_packet_leaves(self):
        self.meter.pipe.room = 3
        self.session.publish("t", "event", b"data")
        self.assertTrue(self.session.sending)
        self.assertFalse(self.session.room)
        # Nor is anything taken meanwhile: its answer would have no place.
        self.meter.pipe.to_meter = publish(b"a", 3)
        self.meter.pipe.room = 0
        self.assertFalse(self.session.step())
        self.meter.pipe.room = 10
        sent = self.meter.run()
        self.assertEqual([one.kind for one in sent], [0x30, 0x40])

    def test_sent_again_in_order_after_a_loss(self):
        first = [self.send(token, b"m%d" % token)[0] for token in range(3)]
        self.meter.give(puback(first[1].packet_id))
        for connack in (CONNACK_PRESENT, CONNACK):
            self.meter.connect()
            sent = [one for one in self.meter.ready(connack) if one.topic != LINK]
            sent = [one for one in sent if one.kind == 0x30]
            self.assertEqual([(one.packet_id, one.payload, one.dup) for one in sent],
                             [(first[0].packet_id, b"m0", 1), (first[2].packet_id, b"m2", 1)])
        self.meter.give(puback(first[2].packet_id) + puback(first[0].packet_id))
        self.assertEqual(self.meter.delivered, [1, 2, 0])
        self.assertEqual(self.session.resent, 4)

    def test_online_is_not_heaped_up(self):
        for _ in range(6):
            self.meter.connect()
            self.meter.ready(CONNACK_PRESENT, acknowledge=False)
        self.assertEqual(self.session.waiting, 1)

    def test_good_bye(self):
        self.assertTrue(self.session.leave())
        self.assertEqual([one.raw for one in self.meter.pipe.take()], [b"\xe0\x00"])


if __name__ == "__main__":
    unittest.main()
