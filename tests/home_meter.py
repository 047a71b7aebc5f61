"""A meter that tells a home, with a link on real sockets: `home_meter.py FOLDER PORT`.

A line of JSON in, a line out: ["forbid", reason], ["lift", reason], ["credit", units],
["settings", {...}] as a technician changes them, ["told"]. It ends with its standard input.
"""

import asyncio
import gc
import json
import random
import sys
import time

import link_rig  # noqa: F401, it says where umqtt is
from scratch import empty_folder
from uplink_rig import UplinkRig

from joulegate.link.link_task import Link
from joulegate.link.socket_transport import SocketTransport
from joulegate.storage.link_settings import LinkSettings


class Board:
    NAME = "BENCH"


class Meter:
    def __init__(self, folder, port):
        empty_folder(folder)
        rig = self.rig = UplinkRig(folder)
        rig.board = Board()
        rig.clock.uptime = lambda: time.ticks_ms() // 1000
        rig.clock.ticks_ms = time.ticks_ms
        rig.clock.ticks_diff = time.ticks_diff
        self.tid = 0
        settings = self.settings = LinkSettings(folder + "/link.json", folder)
        settings.values.update({
            "host": "127.0.0.1", "port": port, "tls": False, "transports": ["socket"],
            "keepalive_s": 30})
        self.link = Link(
            lambda: rig.state.meter_id, settings,
            {"socket": SocketTransport("socket", rig.clock)}, rig.uplink, rig.begin, rig.clock,
            lambda n: random.getrandbits(30) % n, rig.log, (20, 100), 2, self.home)

    def home(self):
        from joulegate.link.home import Home
        return Home(self.rig, self.settings, self.rig.uplink.budget)

    def do_forbid(self, reason):
        self.rig.supply.forbid(reason)

    def do_lift(self, reason):
        self.rig.supply.lift(reason)

    def do_credit(self, units):
        self.tid += 1
        self.rig.gate.credit(self.tid, units, self.rig.clock.now())

    def do_settings(self, changes):
        self.settings.set(**changes)
        self.link.reconnect()

    def do_told(self):
        gc.collect()
        return {
            "connected": self.link.connected, "failure": self.link.failure,
            "home": "joulegate.link.home" in sys.modules, "heap": gc.mem_alloc(),
            "events": [entry[2] for entry in self.rig.log.since(0)]}


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
