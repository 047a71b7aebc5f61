"""A meter with keys, records and LoRaWAN on the pty of a module: `lorawan_meter.py FOLDER PTY`.

A line of JSON in, a line out: ["event", code, value], ["settings", {...}], ["told"]. It ends with
its standard input.
"""

import asyncio
import gc
import json
import random
import sys
import time

from pty_uart import Pty
from scratch import empty_folder
from uplink_rig import UplinkRig

from joulegate.link.lorawan.lorawan_task import LorawanLink
from joulegate.link.lorawan.rak3172 import Rak3172
from joulegate.link.modem.timing import Timing
from joulegate.storage.link_settings import LinkSettings


class Meter:
    def __init__(self, folder, pty):
        empty_folder(folder)
        rig = self.rig = UplinkRig(folder)
        rig.state.settings.set(uplink_minutes=0)
        began = time.ticks_ms()
        rig.clock.uptime = lambda: time.ticks_diff(time.ticks_ms(), began) // 1000
        self.settings = LinkSettings(folder + "/link.json", folder)
        self.settings.set(
            lora=True, lora_dev_eui="AC1F09FFFE00ABCD", lora_join_eui="AC1F09FFFE000000",
            lora_app_key="00112233445566778899AABBCCDDEEFF", lora_port=2)
        timing = Timing()
        self.link = LorawanLink(
            lambda: rig.state.meter_id, self.settings, Rak3172(Pty(pty), timing), rig.uplink,
            rig.begin, rig.clock, lambda n: random.getrandbits(30) % n, rig.log, timing,
            (100, 400))

    def do_event(self, code, value):
        self.rig.happen(code, value)
        self.rig.uplink.step(self.rig.clock.now())

    def do_settings(self, changes):
        self.settings.set(**changes)
        self.link.reconnect()

    def do_told(self):
        gc.collect()
        link = self.link
        return {
            "connected": link.connected, "failure": link.failure, "losses": link.losses,
            "failures": link.failures, "sent": link.sent, "received": link.received,
            "refused": link.refused, "airtime_ms": link.airtime_ms, "heap": gc.mem_alloc(),
            "credits": self.rig.state.account.credits, "alive": link.alive(),
            "held": self.rig.outbox.held,
            "events": [entry[2] for entry in self.rig.log.since(0)]}


async def main(folder, pty):
    meter = Meter(folder, pty)
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
