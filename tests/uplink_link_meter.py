"""A meter with records, outbox and link on real sockets: `uplink_link_meter.py FOLDER PORT`.

Its powered seconds pass SPEED times faster than time, so that what waits five minutes to be sent
again waits for seconds. A line of JSON in, a line out: ["event", code, value], which is a
message of its own, ["day"], for the next one, and ["told"]. It ends with its standard input.
"""

import asyncio
import json
import random
import sys
import time

import link_rig  # noqa: F401, it says where umqtt is
from scratch import empty_folder
from uplink_rig import DAY_S, UplinkRig

from joulegate.link.link_task import Link
from joulegate.link.socket_transport import SocketTransport
from joulegate.storage.link_settings import LinkSettings

SPEED = 100


class Ticks:
    """The rig's clock, with the ticks of the computer."""

    ticks_ms = staticmethod(time.ticks_ms)
    ticks_diff = staticmethod(time.ticks_diff)
    valid = True

    def __init__(self, clock):
        self.now = clock.now


class Meter:
    def __init__(self, folder, port):
        empty_folder(folder)
        rig = self.rig = UplinkRig(folder)
        began = time.ticks_ms()
        rig.clock.uptime = lambda: time.ticks_diff(time.ticks_ms(), began) * SPEED // 1000
        clock = Ticks(rig.clock)
        settings = LinkSettings(folder + "/link.json", folder)
        settings.values.update({
            "host": "127.0.0.1", "port": port, "tls": False, "transports": ["socket"],
            "keepalive_s": 30})
        self.link = Link(
            lambda: rig.state.meter_id, settings,
            {"socket": SocketTransport("socket", clock)}, rig.uplink, rig.begin, clock,
            lambda n: random.getrandbits(30) % n, rig.log, (20, 100), 2)

    def do_event(self, code, value):
        self.rig.happen(code, value)
        self.rig.uplink.step(self.rig.clock.now())

    def do_day(self):
        self.rig.clock.second += DAY_S

    def do_told(self):
        box = self.rig.outbox
        return {
            "connected": self.link.connected, "failure": self.link.failure,
            "next": box.next, "held": box.held, "discarded": box.discarded,
            "published": self.link.session.published if self.link.session else 0,
            "credits": self.rig.state.account.credits}


async def main(folder, port):
    meter = Meter(folder, int(port))
    task = asyncio.create_task(meter.link.run())
    commands = asyncio.StreamReader(sys.stdin)
    while True:
        line = await commands.readline()
        if not line:
            break
        name, *arguments = json.loads(line)
        print(json.dumps(getattr(meter, "do_" + name)(*arguments)))
    task.cancel()


asyncio.run(main(*sys.argv[1:]))
