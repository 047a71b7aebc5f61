"""A bench meter that is calibrated: a wrong board, a source, and a reference that is right."""

import asyncio
import json
import math

import vfs
from flat_tariff import TARIFF

import board
import pins
from meter.bed import METER_ID, Bed
from world import bench_clock, wiring

LOAD = "data/load/household-1min.csv"
UN_V = 220
IB_A = 5
WRONG = {"voltage_ppm": 10000, "current_ppm": 20000, "lag_mdeg": 500, "leak_mW": 1000}
"""3 % in power, half a degree, one watt."""


class Rig:
    def __init__(self, ic, errors=None, **options):
        bench_clock.set_mode(bench_clock.VIRTUAL)
        self.bed = Bed(LOAD, ic=ic, spread="each", **options)
        self.app = self.bed.power_up()
        bench_clock.advance_us(20000000)  # until the load file has begun
        self.unsealed(True)
        for name, value in (WRONG if errors is None else errors).items():
            self.bed.premises.set_error(name, value)

    def close(self):
        asyncio.new_event_loop()  # what was begun outside `run` would go on in the next life
        vfs.umount(board.FOLDER)

    def restart(self):
        """Take the power away and give it back."""
        self.bed.mains(False)
        self.bed.power_down()
        self.bed.mains(True)
        self.app = self.bed.power_up()

    def provision(self):
        self.app.provision(METER_ID, TARIFF, 5)

    def unsealed(self, on):
        wiring.drive_pin(pins.CALIBRATION, int(not on))

    def source(self, amperes, degrees=0, volts=UN_V):
        """Bring the source to a point; degrees: by how much the current lags. Return what a
        reference meter reads."""
        apparent = volts * amperes
        angle = degrees * math.pi / 180
        self.true = {
            "voltage_mV": int(volts * 1000), "current_uA": int(round(amperes * 1000000)),
            "power_mW": int(round(apparent * math.cos(angle) * 1000))}
        self.bed.premises.connect((
            int(volts * 100), int(round(amperes * 1000)), self.true["power_mW"],
            int(round(apparent * math.sin(angle) * 1000)), 5000))
        return self.true

    def run(self, work):
        """Let the meter run while `work()`, a coroutine, is done; return what it returns."""
        found = []

        async def all_of_it():
            running = asyncio.create_task(self.app.task.run(self))
            found.append(await work())
            running.cancel()

        asyncio.run(all_of_it())
        asyncio.new_event_loop()
        return found[0]

    def feed(self):
        """Stand in for the watchdog."""

    def ask(self, do, **arguments):
        """Return the answer of a request, text for one that was refused."""
        arguments["do"] = do
        answer = json.loads(self.app.requests.call(json.dumps(arguments)))
        return answer["ok"] if "ok" in answer else answer["error"]

    async def measured(self, seconds=20):
        self.ask("measure", duration_s=seconds)
        while True:
            await asyncio.sleep_ms(500)
            found = self.ask("calibration")["measurement"]
            if found["state"] != "measuring":
                return found

    async def errors(self, seconds=20):
        """Return what is wrong at this point, in millionths."""
        await self.measured(seconds)
        return self.ask("calibration", reference=self.true)["error"]

    async def step(self, name, seconds=20):
        await self.measured(seconds)
        return self.ask("calibrate", action="step", step=name, reference=self.true)
