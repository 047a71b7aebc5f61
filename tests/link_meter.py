"""A link on real sockets, in a MicroPython of its own: the other side of system/link_peer.py.

    link_meter.py SETTINGS_FILE CERTIFICATES OPTIONS

Says what happens, a line each; does what it is told on standard input, a line each, and ends
with it. OPTIONS is JSON: rest_ms and poll_ms of the link, clock 0 for one that is not set.
"""

import gc

# As main.py does: modules that load leave the heap in one piece.
gc.threshold(32768)

import asyncio  # noqa: E402
import json  # noqa: E402
import random  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

from link_rig import METER, Answer, answered  # noqa: E402

from joulegate.core.civil import seconds_of  # noqa: E402
from joulegate.core.events import EventLog  # noqa: E402
from joulegate.link.link_task import Link  # noqa: E402
from joulegate.link.socket_transport import SocketTransport  # noqa: E402
from joulegate.storage.link_settings import LinkSettings  # noqa: E402

gc.threshold(-1)

RECEIPTS_MAX = 1000


class SystemClock:
    ticks_ms = staticmethod(time.ticks_ms)
    ticks_diff = staticmethod(time.ticks_diff)

    def __init__(self, valid):
        self.valid = valid

    def now(self):
        return seconds_of(*time.gmtime()[:6])


class NumberedUplink:
    """Messages with rising numbers: as many as it is told to, or without end."""

    def __init__(self):
        self.wanted = 0
        self.made = 0
        self.handed_out = 0
        self.size = 0
        # Made once: a list that grows wants a whole piece of the heap.
        self._receipts = [None] * RECEIPTS_MAX
        self._first = self._end = 0

    def step(self, now):
        pass

    def next(self):
        if self._first < self._end and not (
                self.made < self._first and self.made < self.wanted):
            self._first += 1
            return ("r", "receipt", self._receipts[(self._first - 1) % RECEIPTS_MAX])
        if self.made >= self.wanted:
            return None
        self.made += 1
        return (self.made, "event", b"%d" % self.made + bytes(b"." * self.size))

    def handed(self, token):
        if token != "r":
            self.handed_out += 1

    def restart(self):
        pass

    def receipt(self, data):
        for n in range(self._first, self._end):
            if self._receipts[n % RECEIPTS_MAX] == data:
                return
        assert self._end - self._first < RECEIPTS_MAX
        self._receipts[self._end % RECEIPTS_MAX] = data
        self._end += 1

    def connected(self, up):
        print("connected", int(up))


class Meter:
    def __init__(self, settings, options):
        self.fail = False
        self.uplink = NumberedUplink()
        self.transport = SocketTransport("socket", SystemClock(True))
        self.link = Link(
            lambda: METER, settings, {"socket": self.transport}, self.uplink, self.accept,
            SystemClock(bool(options.get("clock", 1))),
            lambda n: random.getrandbits(30) % n, EventLog(),
            tuple(options.get("rest_ms", (10, 50))), options.get("poll_ms", 1))

    def accept(self, payload, carrier):
        if self.fail:
            print("failed", payload.decode())
            raise OSError(5)
        print("down", payload.decode())
        return answered(Answer(b"receipt " + payload))

    def obey(self, words):
        if words[0] == "send":
            self.uplink.wanted = self.uplink.made + int(words[1])
        elif words[0] == "stop":
            self.uplink.wanted = self.uplink.made
        elif words[0] == "fail":
            self.fail = words[1] == "1"
        elif words[0] == "size":
            self.uplink.size = int(words[1])
        elif words[0] == "reconnect":
            self.link.reconnect()
        elif words[0] == "tell":
            gc.collect()
            link = self.link
            session = link.session
            print("told", json.dumps({
                "phase": link.phase, "failure": link.failure, "losses": link.losses,
                "failures": link.failures, "made": self.uplink.made, "alive": link.alive(),
                "handed": self.uplink.handed_out, "longest_step_ms": link.holds.longest_ms,
                "stalls": self.transport.stalls, "heap": gc.mem_alloc(),
                "longest_stall_ms": self.transport.longest_stall_ms,
                "resent": session.resent if session else 0,
                "repeated": session.repeated if session else 0,
                "connections": session.connections if session else 0,
                "sent": self.transport.sent, "received": self.transport.received}))


async def main(settings_file, certificates, options):
    settings = LinkSettings(settings_file, certificates)
    assert settings.load() == [], settings.wrong
    meter = Meter(settings, json.loads(options))
    task = asyncio.create_task(meter.link.run())
    commands = asyncio.StreamReader(sys.stdin)
    while True:
        line = await commands.readline()
        if not line:
            break
        meter.obey(line.decode().split())
    task.cancel()


asyncio.run(main(*sys.argv[1:]))
