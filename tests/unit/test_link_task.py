"""The link task: order of the transports, rests, what it tells, and that it never ends."""

import asyncio
import unittest

from link_rig import (
    CONNACK,
    LINK,
    METER,
    Answer,
    FakeSettings,
    FakeUplink,
    Pipe,
    answered,
    puback,
    publish,
    suback,
)
from parts import FakeClock

from joulegate.core.events import SOFTWARE_FAILED
from joulegate.link.link_task import HANDLER_TRIES, REST_MAX_MS, REST_MIN_MS, Link
from joulegate.vending.carriers import NETWORK


class FakeLog:
    def __init__(self):
        self.events = []

    def add(self, event, now, data=0):
        self.events.append(event)


class FakeHome:
    """Three messages a connection."""

    def __init__(self):
        self.restarts = 0
        self.left = 0
        self.error = None

    def restart(self):
        self.restarts += 1
        self.left = 3

    def next(self):
        if self.error:
            raise self.error
        if not self.left:
            return None
        self.left -= 1
        return b"ha/%d/config" % self.left, b"{}"


class World:
    """A link on pipes with a broker that answers, and time that passes in its sleeps."""

    def __init__(self, **values):
        self.clock = FakeClock()
        self.clock.valid = True
        self.settings = FakeSettings(**values)
        self.pipes = {name: Pipe() for name in ("pipe", "wifi", "modem")}
        self.uplink = FakeUplink()
        self.log = FakeLog()
        self.home = None
        self.make_error = None
        self.accepted = []
        self.accept_error = None
        self.meter_id = METER
        self.answers = True
        self.silent = False
        self.packets = []
        self.random_asked = []
        self.link = Link(
            lambda: self.meter_id, self.settings, self.pipes, self.uplink, self.accept,
            self.clock, self.random, self.log, make_home=self.make_home)
        self.at_ms = {}
        self.dead_for_ms = 0
        self.step_ms = 25

    def make_home(self):
        if self.make_error:
            raise self.make_error
        self.home = FakeHome()
        return self.home

    def random(self, n):
        self.random_asked.append(n)
        return n - 1

    def accept(self, payload, carrier):
        assert carrier == NETWORK
        if self.accept_error:
            raise self.accept_error
        self.accepted.append(payload)
        return answered(Answer(b"receipt of " + payload))

    def broker(self):
        for pipe in self.pipes.values():
            for one in pipe.take():
                self.packets.append(one)
                if not self.answers:
                    continue
                if one.kind == 0x10:
                    pipe.to_meter += CONNACK
                elif one.kind == 0x80:
                    pipe.to_meter += suback(one.packet_id)
                elif one.kind == 0x30 and not self.silent:
                    pipe.to_meter += puback(one.packet_id)
                elif one.kind == 0xC0 and not self.silent:
                    pipe.to_meter += b"\xd0\x00"

    def run(self, seconds):
        """Let the link run for so many of its seconds, what is to happen at which in at_ms."""
        asyncio.run(self._run(self.clock.ms + seconds * 1000))

    async def _run(self, until):
        # Each task that sleeps waits for the one clock, which the loop below moves on.
        real = getattr(asyncio, "sleep_ms", None)

        async def sleep_ms(ms):
            end = self.clock.ms + ms
            while True:
                await asyncio.sleep(0)
                if self.clock.ms >= end:
                    return

        asyncio.sleep_ms = sleep_ms
        task = asyncio.create_task(self.link.run())
        try:
            while self.clock.ms < until:
                for _ in range(4):
                    await asyncio.sleep(0)
                self.broker()
                for ms in sorted(self.at_ms):
                    if self.clock.ms >= ms:
                        self.at_ms.pop(ms)()
                if not self.link.alive():
                    self.dead_for_ms += self.step_ms
                self.clock.pass_ms(self.step_ms)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass
        finally:
            if real is None:
                del asyncio.sleep_ms
            else:
                asyncio.sleep_ms = real

    def payloads(self, suffix):
        return [one.payload for one in self.packets
                if one.kind == 0x30 and one.topic.endswith(suffix)]


class Runs(unittest.TestCase):

    def test_up_and_down(self):
        world = World()
        world.uplink.outbox = [("reading", b"r%d" % n) for n in range(10)]
        world.at_ms[1000] = lambda: setattr(
            world.pipes["pipe"], "to_meter", publish(b"token", 3))
        world.run(4)
        self.assertEqual(world.payloads(b"/up/reading"), [b"r%d" % n for n in range(10)])
        self.assertEqual(world.accepted, [b"token"])
        self.assertEqual(world.payloads(b"/up/receipt"), [b"receipt of token"])
        self.assertEqual(world.uplink.done, list(range(1, 12)))
        self.assertEqual((world.uplink.told, world.uplink.restarts), ([True, False], 1))
        self.assertEqual(world.payloads(LINK), [b"online"])
        self.assertEqual((world.link.failure, world.link.phase), ("", "run"))
        self.assertTrue(world.uplink.steps in (4, 5), world.uplink.steps)
        self.assertEqual(world.dead_for_ms, 0)

    def test_receipt_before_puback(self):
        world = World()
        world.uplink.receipt_error = OSError(28)
        world.at_ms[1000] = lambda: setattr(
            world.pipes["pipe"], "to_meter", publish(b"token", 3))
        world.run(2)
        self.assertEqual(world.accepted, [b"token"])
        self.assertTrue("pipe" in world.link.failure and "28" in world.link.failure)
        self.assertEqual([one for one in world.packets if one.kind == 0x40], [])
        self.assertEqual((world.link.losses, world.uplink.told), (1, [True, False]))

    def test_no_memory_is_no_mistake(self):
        world = World()
        world.accept_error = MemoryError("allocating 4096 bytes")

        def again():
            world.pipes["pipe"].to_meter += publish(b"token", 3)

        for n in range(HANDLER_TRIES + 2):
            world.at_ms[1000 + n * 20000] = again
        world.run(90)
        self.assertEqual([one for one in world.packets if one.kind == 0x40], [])
        self.assertEqual((world.link.refused, world.link.losses), (0, HANDLER_TRIES + 2))

    def test_message_that_the_meter_fails_on(self):
        world = World()
        world.accept_error = KeyError("a mistake")

        def again():
            world.pipes["pipe"].to_meter += publish(b"bad", 3)

        for n in range(HANDLER_TRIES):
            world.at_ms[1000 + n * 20000] = again
        world.run(50)
        self.assertEqual(world.log.events, [SOFTWARE_FAILED] * HANDLER_TRIES)
        self.assertEqual(world.link.losses, HANDLER_TRIES - 1)
        self.assertEqual([one.raw for one in world.packets if one.kind == 0x40], [puback(3)])
        self.assertEqual(world.link.refused, 1)
        self.assertTrue(world.link.alive())

    def test_too_long_to_be_sent(self):
        world = World()
        world.uplink.outbox = [("event", b"x" * 513), ("event", b"next")]
        world.run(3)
        self.assertEqual(world.payloads(b"/up/event"), [b"next"])
        self.assertEqual((world.uplink.done, world.link.refused), ([1, 2], 1))

    def test_no_host_no_meter(self):
        for values, meter_id in (({"host": ""}, METER), ({}, "")):
            world = World(**values)
            world.meter_id = meter_id
            world.run(120)
            self.assertEqual(world.packets, [])
            self.assertTrue(world.uplink.steps >= 119)
            self.assertEqual((world.link.session, world.dead_for_ms), (None, 0))

    def test_reconnect(self):
        world = World()
        world.at_ms[5000] = world.link.reconnect
        world.run(10)
        kinds = [one.kind for one in world.packets if one.kind in (0x10, 0xE0)]
        self.assertEqual(kinds, [0x10, 0xE0, 0x10])
        self.assertEqual(world.uplink.told, [True, False, True, False])
        self.assertEqual(world.link.losses, 0)

    def test_mistake_in_the_uplink(self):
        world = World()
        world.uplink.step_error = IndexError("a mistake")
        world.run(130)
        self.assertTrue(2 <= world.uplink.steps <= 3)
        self.assertEqual(world.uplink.told, [True, False])
        self.assertEqual(world.log.events[:1], [SOFTWARE_FAILED])

    def test_mistake_in_a_transport(self):
        world = World()
        world.pipes["pipe"].attach_error = 5
        world.pipes["pipe"].attach = None
        world.run(5)
        self.assertTrue("pipe: TypeError" in world.link.failure, world.link.failure)
        self.assertTrue(world.link.alive())


class Failing(unittest.TestCase):

    def test_order_of_the_transports(self):
        world = World(transports=["wifi", "lorawan", "modem"])
        world.pipes["wifi"].attach_error = "wifi: no network is known"
        world.run(3)
        self.assertEqual(world.link.phase, "run")
        self.assertEqual(world.pipes["modem"].opened, [("broker", 1883)])
        self.assertEqual(world.link.failures, 2)

    def test_back_to_the_first(self):
        world = World(transports=["wifi", "modem"])
        world.pipes["wifi"].open_error = "wifi: refused"
        world.at_ms[1000000] = lambda: setattr(world.pipes["wifi"], "open_error", None)
        world.step_ms = 250
        world.run(3700)
        self.assertEqual(len(world.pipes["wifi"].opened), 1)
        self.assertEqual(len(world.pipes["modem"].opened), 1)

    def test_rests_grow_and_are_spread(self):
        world = World()
        world.pipes["pipe"].open_error = "pipe: refused"
        world.step_ms = 250
        world.run(4000)
        halves = [n - 1 for n in world.random_asked]
        self.assertEqual(halves[:6], [REST_MIN_MS // 2 << n for n in range(6)])
        self.assertEqual(max(halves), REST_MAX_MS // 2)
        self.assertEqual(world.dead_for_ms, 0)
        self.assertEqual(world.link.failures, len(halves))

    def test_rest_is_short_after_a_good_connection(self):
        world = World()
        world.pipes["pipe"].open_error = "pipe: refused"
        world.at_ms[60000] = lambda: setattr(world.pipes["pipe"], "open_error", None)
        world.at_ms[300000] = lambda: setattr(world.pipes["pipe"], "over", True)
        world.run(310)
        self.assertEqual(world.random_asked[-1] - 1, REST_MIN_MS // 2)
        self.assertEqual(world.uplink.told, [True, False, True, False])

    def test_rest_is_not_short_after_a_bad_connection(self):
        world = World()
        world.answers = False
        for n in range(0, 200000, 4000):
            world.at_ms[n] = lambda: setattr(world.pipes["pipe"], "over", True)
        world.run(200)
        self.assertTrue(len(world.random_asked) < 9, world.random_asked)

    def test_what_was_on_its_way_comes_first(self):
        world = World()
        world.silent = True
        world.uplink.outbox = [("event", b"e%d" % n) for n in range(6)]

        def lose():
            world.silent = False
            world.pipes["pipe"].over = True

        world.at_ms[2000] = lose
        world.run(8)
        # The window less "online": three were on their way, and are the broker's before the
        # uplink hears of a new connection.
        self.assertEqual((world.uplink.restarts, world.uplink.done_at_restart), (2, 3))
        self.assertEqual(world.uplink.done, [1, 2, 3, 4, 5, 6])
        sent = [(one.payload, one.dup) for one in world.packets
                if one.kind == 0x30 and one.topic.endswith(b"/event")]
        self.assertEqual(sent, [(b"e0", 0), (b"e1", 0), (b"e2", 0), (b"e0", 1), (b"e1", 1),
                                (b"e2", 1), (b"e3", 0), (b"e4", 0), (b"e5", 0)])

    def test_dead_broker_is_noticed(self):
        world = World(keepalive_s=30)
        world.at_ms[1000] = lambda: setattr(world, "silent", True)
        world.run(60)
        self.assertEqual(world.link.losses, 1)
        self.assertEqual(len([one for one in world.packets if one.kind == 0x10]), 2)

    def test_stuck_is_not_alive(self):
        world = World()

        async def never():
            while True:
                await asyncio.sleep_ms(1000)

        world.pipes["pipe"].attach = never
        world.run(1000)
        # wait_for goes by real time, which does not pass here: the watchdog is what is left.
        self.assertFalse(world.link.alive())
        self.assertTrue(world.dead_for_ms > 0)


class AHome(unittest.TestCase):

    def told(self, world):
        return [one.topic for one in world.packets
                if one.kind == 0x30 and one.topic.startswith(b"ha/")]

    def test_none_without_the_setting(self):
        world = World(home=False)
        world.run(3)
        self.assertEqual((world.home, self.told(world)), (None, []))

    def test_told_after_all_else(self):
        world = World(home=True)
        world.uplink.outbox = [("event", b"e%d" % n) for n in range(6)]
        world.run(3)
        kinds = [one.topic for one in world.packets if one.kind == 0x30]
        self.assertEqual(kinds[-3:], [b"ha/2/config", b"ha/1/config", b"ha/0/config"])
        self.assertEqual(len(world.uplink.done), 6)
        self.assertEqual([one.first for one in world.packets if one.topic in kinds[-3:]],
                         [0x33] * 3)

    def test_the_uplink_comes_first(self):
        world = World(home=True)

        def both():
            world.home.restart()
            world.uplink.outbox.append(("event", b"first"))

        world.at_ms[2000] = both
        world.run(3)
        kinds = [one.topic[-6:] for one in world.packets if one.kind == 0x30]
        self.assertEqual(kinds[-4:], [b"/event"] + [b"config"] * 3)

    def test_told_anew_in_a_new_connection(self):
        world = World(home=True)
        world.at_ms[2000] = lambda: setattr(world.pipes["pipe"], "over", True)
        world.run(8)
        self.assertEqual((world.home.restarts, len(self.told(world))), (2, 6))

    def test_waits_for_what_the_broker_has_not(self):
        world = World(home=True)
        world.silent = True
        world.run(3)
        self.assertEqual(self.told(world), [])

    def test_its_mistakes_end_nothing_else(self):
        world = World(home=True)
        world.at_ms[2000] = lambda: setattr(world.home, "error", KeyError("x"))
        world.run(3)
        self.assertEqual((world.link.losses, world.link.failures), (0, 0))
        self.assertTrue("home" in world.link.failure, world.link.failure)
        self.assertEqual(world.log.events, [SOFTWARE_FAILED])
        world = World(home=True)
        world.make_error = MemoryError()
        world.run(3)
        self.assertEqual((world.link.losses, world.link.failures), (0, 0))
        self.assertEqual(world.log.events, [SOFTWARE_FAILED])


if __name__ == "__main__":
    unittest.main()
