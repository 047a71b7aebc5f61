"""The MQTT session: nothing is waited for without end, and a dead broker is noticed."""

import unittest

from link_rig import CONNACK, PINGRESP, MqttMeter, puback, publish
from parts import error_text

from joulegate.link.errors import LinkError

PING = b"\xc0\x00"


class Answers(unittest.TestCase):

    def gives_up(self, meter, words, seconds=61):
        meter.wait(seconds - 2)
        said = error_text(LinkError, meter.wait, 2)
        self.assertTrue(words in said, said)

    def test_no_connack(self):
        meter = MqttMeter(keepalive=1200)
        meter.run()
        self.gives_up(meter, "no CONNACK within 60 s")

    def test_no_suback(self):
        meter = MqttMeter(keepalive=1200)
        meter.run()
        meter.give(CONNACK)
        self.gives_up(meter, "no SUBACK within 60 s")

    def test_no_puback(self):
        meter = MqttMeter(keepalive=1200)
        meter.ready()
        meter.session.publish("t", "event", b"x")
        meter.run()
        self.gives_up(meter, "no PUBACK within 60 s")

    def test_stale_puback_is_no_answer(self):
        meter = MqttMeter(keepalive=1200)
        meter.ready()
        meter.session.publish("t", "event", b"x")
        sent = meter.run()
        meter.give(puback(sent[0].packet_id + 1))
        self.assertEqual((meter.session.stray, meter.delivered), (1, []))
        self.gives_up(meter, "no PUBACK")

    def test_half_a_packet(self):
        for half in (b"\x32", b"\x32\xff", publish(b"token")[:-1]):
            meter = MqttMeter(keepalive=1200)
            meter.ready()
            meter.give(half)
            self.gives_up(meter, "half a packet for 60 s")
            self.assertEqual(meter.handled, [])

    def test_no_room_to_send(self):
        meter = MqttMeter(keepalive=1200)
        meter.ready()
        meter.pipe.room = 0
        meter.session.publish("t", "event", b"x")
        self.gives_up(meter, "nothing could be sent for 60 s")

    def test_handshake_that_never_ends(self):
        meter = MqttMeter()
        meter.pipe.room = 0
        meter.connect()
        meter.pipe.room = 0
        said = error_text(LinkError, meter.wait, 62)
        self.assertTrue("nothing could be sent" in said or "CONNACK" in said, said)


class Keepalive(unittest.TestCase):

    def died_after(self, keepalive, behave=None):
        """Return the seconds from the last word of the broker to the loss."""
        meter = MqttMeter(keepalive=keepalive)
        meter.ready()
        for seconds in range(3 * keepalive):
            try:
                for one in meter.wait(1):
                    if behave:
                        behave(meter, one)
            except LinkError as e:
                self.assertTrue("does not answer" in str(e), str(e))
                return seconds + 1
        raise AssertionError("never noticed")

    def test_dead_within_one_and_a_half(self):
        for keepalive in (30, 60, 300, 1200):
            self.assertTrue(keepalive <= self.died_after(keepalive) <= keepalive * 3 // 2)

    def test_alive_for_ever(self):
        meter = MqttMeter(keepalive=60)
        meter.ready()
        quiet = 0
        pings = 0
        for _ in range(3600):
            quiet += 1
            for one in meter.wait(1, 1000):
                self.assertEqual(one.raw, PING)
                pings += 1
                quiet = 0
                meter.give(PINGRESP)
            # The broker gives up one that is quiet for one and a half of the keepalive.
            self.assertTrue(quiet < 60)
        self.assertTrue(60 <= pings <= 72, pings)

    def test_up_alone_is_no_sign_of_life(self):
        # Something is sent all the time, but the broker says nothing: the ping still goes out.
        meter = MqttMeter(keepalive=60)
        meter.ready()
        with self.assertRaises(LinkError):
            for n in range(90):
                meter.wait(1)
                if meter.session.room and n % 20 == 0:
                    meter.session.publish(n, "event", b"x")
                    meter.pipe.take()

    def test_down_alone_does_not_keep_the_broker(self):
        # Messages come all the time; the meter has to say something by itself, too.
        meter = MqttMeter(keepalive=60)
        meter.ready()
        pings = 0
        for _ in range(300):
            meter.handled.clear()
            meter.give(publish(b"x", qos=0))
            for one in meter.wait(1):
                pings += one.raw == PING
                meter.give(PINGRESP)
        self.assertTrue(4 <= pings <= 7, pings)

    def test_slow_line(self):
        # A long packet in the way of the answer: the bytes that come are sign enough.
        meter = MqttMeter(keepalive=60)
        meter.ready()
        long = publish(b"x" * 2000, 5) + PINGRESP
        meter.wait(55)
        for i in range(0, len(long), 10):
            meter.give(long[i:i + 10])
            meter.wait(1)
        self.assertTrue(meter.session.ready)
        self.assertEqual(meter.session.skipped, 1)

    def test_ticks_wrap(self):
        meter = MqttMeter(keepalive=60)
        meter.clock.ms = 0x3FFFFFFF - 70000
        meter.connect()
        meter.ready()
        for _ in range(300):
            for one in meter.wait(1, 1000):
                self.assertEqual(one.raw, PING)
                meter.give(PINGRESP)


if __name__ == "__main__":
    unittest.main()
