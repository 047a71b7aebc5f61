"""The meter of tests/bus_meter.py, in a MicroPython of its own, and the bus it is on."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.system.meter_process import MeterProcess
from tools.bench import process
from tools.bench.process import ROOT
from tools.bench.serial_bus import SerialBus

UNIT = 17
LOAD = ROOT / "data" / "load" / "household-1min.csv"


class BusMeter(MeterProcess):
    """Use it with `with`: the meter runs, and `path` is the master's end of its bus."""

    PROGRAM = ROOT / "tests" / "bus_meter.py"

    def __init__(self, baudrate: int = 115200, paced: bool = False, ends: int = 2,
                 heap: str = "64m", **settings: Any) -> None:
        self.bus = SerialBus(ends)
        self.bus.__enter__()
        self.path = self.bus.paths[1]
        values = {"bus_address": UNIT, "bus_baud": baudrate, **settings}
        env = process.environment()
        env["MICROPYPATH"] = env["MICROPYPATH"].replace(".frozen", f"{ROOT / 'tests'}:.frozen")
        self.process = subprocess.Popen(
            [process.interpreter(), "-X", f"heapsize={heap}", str(self.PROGRAM),
             self.bus.paths[0], str(LOAD), json.dumps(values), *(["paced"] if paced else [])],
            env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert said == '"ready"\n', said + self.process.stdout.read()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self.bus.__exit__()


def micropython(
    program: Path, *arguments: str, said: str, folders: tuple[Path, ...] = ()
) -> str:
    """Run a program under MicroPython without the bench's board; return what it prints.

    said: what it reads on standard input.
    """
    path = ":".join([*map(str, folders), ".frozen"])
    done = subprocess.run(
        [process.interpreter(), str(program), *arguments], cwd=ROOT,
        env={**os.environ, "MICROPYPATH": path}, input=said,
        capture_output=True, text=True, timeout=120,
        check=False)
    assert not done.returncode, done.stderr + done.stdout
    return done.stdout
