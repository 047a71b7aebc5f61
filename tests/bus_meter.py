"""A whole meter on an RS485 bus in real time: the other side of system/bus_peer.py.

    bus_meter.py TTY LOAD_FILE SETTINGS [paced]

The firmware's own tasks on the bench. SETTINGS is JSON. Answers lines of JSON on standard input
with one of JSON each; ends with it. paced: have characters take their time at the bus's rate.
"""

import asyncio
import gc
import json
import sys
import time

import pty_uart
import uselect
from flat_tariff import TARIFF

import pins
from joulegate.core.events import names
from meter.bed import METER_ID, Bed
from world import bench_clock, wiring
from world.paced_line import PacedLine

START_UNITS = 100000000


class Pty(pty_uart.Pty):
    """With the reading that a model of the bench has."""

    def read(self, nbytes):
        found = bytearray(nbytes)
        return bytes(found[:self.readinto(found) or 0])


class Meter:
    def __init__(self, tty, load, settings, paced=""):
        settings = json.loads(settings)
        end = PacedLine(Pty(tty), settings["bus_baud"]) if paced else tty
        wiring.wire_uart(pins.RS485_UART, end)
        self.bed = Bed(load)
        self.app = self.bed.power_up()
        self.app.provision(METER_ID, TARIFF, 5)
        self.app.credit(1, START_UNITS)
        self.app.commissioning.change_settings(settings)
        self.starts = []
        self._step = self.app.task.step
        self.app.task.step = self.step

    def step(self):
        """The tick, and when it began; wall time and the meter's are one here."""
        self.starts.append(time.ticks_us())
        return self._step()

    def keys(self, token, messages):
        self.app.entrance.install_token_key(token)
        self.app.entrance.install_message_keys(messages, False)

    def set(self, changes):
        self.app.commissioning.change_settings(changes)

    def facts(self):
        """What nobody on the bus may change without proof."""
        state = self.app.state
        return {
            "balance": state.account.balance, "credits": state.account.credits,
            "marks": list(state.replay.marks), "supply": state.supply.forbidding,
            "relay": self.app.switch.closed, "settings": state.settings.values.changed,
            "sequence": state.ledger.sequence}

    def status(self):
        bus = self.app.bus
        late = [time.ticks_diff(self.starts[i], self.starts[i - 1]) - 1000000
                for i in range(1, len(self.starts))]
        counters = bus.server.counters
        return {
            "ticks": self.app.metering.ticks, "late_us": late,
            "counts": [counters[i] for i in range(8)], "failures": bus.failures,
            "refused": bus.server.functions.failures, "stuck": bus.port.stuck,
            "longest_step_us": bus.longest_step_us, "late_driver_us": bus.port.longest_late_us,
            "events": [names()[code] for code in self.codes()], "heap": gc.mem_alloc()}

    def codes(self):
        log = self.app.log
        return [log.entry(number)[0] for number in range(log.discarded, log.count)]

    def forget(self):
        """Begin counting anew."""
        self.starts = []
        self.app.bus.server.counters.clear()
        self.app.bus.longest_step_us = 0

    def answer(self, name, *values):
        return getattr(self, name)(*values)


async def main(*arguments):
    meter = Meter(*arguments)
    bench_clock.set_mode(bench_clock.REAL)
    task = asyncio.create_task(meter.app.run())
    poller = uselect.poll()
    poller.register(sys.stdin, uselect.POLLIN)
    while meter.app.bus.port is None:
        await asyncio.sleep_ms(1)
    print(json.dumps("ready"))
    while not task.done():
        while poller.poll(0):
            line = sys.stdin.readline()
            if not line:
                return
            print(json.dumps(meter.answer(*json.loads(line))))
        await asyncio.sleep_ms(20)
    await task


asyncio.run(main(*sys.argv[1:]))
