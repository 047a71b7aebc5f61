"""A meter on a network in real time: the whole firmware, steered and watched from outside.

usage: micropython networked.py SPEC

SPEC is a JSON file: {"load", "place", "tariff" (document), "unit_places", "network" (see
network_setup.py)}. The account opens with no credit. Every line printed is a JSON object with
"at", seconds of the computer's monotonic clock: {"contact": whether the relay's contact is
closed}, {"connected": whether the link is}, {"reset": its cause}, and, asked to tell,
{"told": ...}. Commands, a line each: "tell", "restart" (a reset of the controller, in order),
"quit".
"""

import asyncio
import json
import select
import sys

import utime

from meter import network_setup
from meter.bed import METER_ID, Bed
from meter.tick_watch import Bins, TickWatch
from world import bench_clock, wiring

_LOOK_MS = 20


def say(**what: object) -> None:
    what.setdefault("at", utime.ticks_us() / 1000000)
    print(json.dumps(what))


class Networked:
    def __init__(self, spec: dict) -> None:
        self._spec = spec
        self._bed = Bed(spec["load"], None, spec["place"])
        self._bed.relay.on_change(self._moved)
        network_setup.wire(spec["network"])
        self._input = select.poll()
        self._input.register(sys.stdin, select.POLLIN)
        self._running = True
        self._connected = False
        self._late = Bins()
        self._slices = Bins()
        self._longest_link_ms = 0
        self._connections = 0
        self._began = False
        self._watch = None

    @property
    def running(self) -> bool:
        return self._running

    async def run(self) -> None:
        bed = self._bed
        bench_clock.set_mode(bench_clock.VIRTUAL)  # what a start takes here is the models' time
        app = bed.power_up()
        if not app.state.provisioned:
            app.provision(
                METER_ID, json.dumps(self._spec["tariff"]).encode(), self._spec["unit_places"])
            network_setup.set_up(app, self._spec["network"])
        self._watch = TickWatch(app.task)
        bench_clock.set_mode(bench_clock.REAL)
        firmware = asyncio.create_task(app.run())
        self._watch.watch_loop()
        self._connected = False
        while self._running and not firmware.done():
            self._look(app)
            while self._input.poll(0):
                self._obey(app, sys.stdin.readline().strip())
            await asyncio.sleep_ms(_LOOK_MS)
        firmware.cancel()
        await firmware

    def reset(self, cause: int) -> None:
        """Keep what is known of this start; the chip is as after a reset."""
        self._gather()
        self._bed.reset(cause)
        say(reset=cause)

    def _gather(self) -> None:
        link = self._bed.app.network.link
        self._late.take(self._watch.late)
        self._slices.take(self._watch.slices)
        self._longest_link_ms = max(self._longest_link_ms, link.holds.longest_ms)
        if link.session is not None:
            self._connections += link.session.connections
            link.session.connections = 0

    def _look(self, app: object) -> None:
        connected = app.network.link is not None and app.network.link.connected
        if connected != self._connected:
            self._connected = connected
            say(connected=connected)
            if not self._began:
                # The modules of the link are compiled here when first wanted; images have them
                # compiled. All later starts and connections count.
                self._began = True
                self._watch.slices = Bins()

    def _moved(self, closed: bool, at_us: int) -> None:
        # The contact moved at its own instant; this is told when the interpreter got to it.
        say(contact=closed, at=(utime.ticks_us() - bench_clock.now_us() + at_us) / 1000000)

    def _obey(self, app: object, line: str) -> None:
        if line == "tell":
            self._tell(app)
        elif line == "restart":
            app.commissioning.restart()
        elif line in ("quit", ""):
            self._running = False
        else:
            raise ValueError("command %r: must be tell, restart or quit" % line)

    def _tell(self, app: object) -> None:
        # With the clock standing, so that nothing comes between the reading and the count.
        rate = bench_clock.rate()
        bench_clock.set_mode(bench_clock.VIRTUAL)
        app.metering.step()
        state = app.state
        counts = state.registers.counts(0)
        emitted = self._bed.fitted.given_out()[0] // self._bed.fitted.chip_counts
        bench_clock.set_mode(rate)
        self._gather()
        link = app.network.link
        say(told={
            "counts": counts, "emitted": emitted, "balance": state.account.balance,
            "audit": state.billing.audit(), "connections": self._connections,
            "failure": link.failure, "phase": link.phase, "closed": app.switch.closed,
            "longest_link_step_ms": self._longest_link_ms,
            "late_ms": self._late.counts, "longest_late_ms": self._late.longest,
            "slices_ms": self._slices.counts, "longest_slice_ms": self._slices.longest,
        })


def main(path: str) -> None:
    with open(path) as f:
        meter = Networked(json.load(f))
    while meter.running:
        try:
            asyncio.run(meter.run())
        except wiring.Reset as reset:
            meter.reset(reset.cause)
            asyncio.new_event_loop()
        except asyncio.CancelledError:
            pass


main(sys.argv[1])
