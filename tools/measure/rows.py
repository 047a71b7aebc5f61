"""The measurements, each a row of the table. Figures are of the machine they run on."""

import json
import re
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.bench.process import ROOT, environment, interpreter
from tools.emulate import stored
from tools.image import boards, compiler, filesystems, layout
from tools.image.profiles import Profile
from tools.measure import wear
from tools.measure32 import measure
from tools.uplink import air

BENCHMARKS = ROOT / "tests" / "benchmarks"
LOAD = ROOT / "data" / "load" / "household-1min.csv"
SMALL_HEAP = 384 * 1024
"""What heapsize=192wK is on a 64-bit port, in bytes."""
LINK_HEAP = 480 * 1024
"""The same with a link: 240wK, what an RP2040 has. From ROMFS the link is for boards with so much;
frozen, it takes much less."""
NAMES_ROOM = 56 * 1024
"""What both have besides for the table of names, about what it takes, so that a meter over its
budget is told by how much, and not by a MemoryError."""
LINK_FREE = 25
"""What must be free there, in per cent."""
CHIP_HEAP = 128 * 1024
"""What the frozen firmware must do with on a chip, in bytes."""
ROM_BOARD = "METER_RP2040"
TIMEOUT_S = 300
_NAMES = re.compile(r"^qstr pool: .*n_str_data_bytes=(\d+), n_total_bytes=(\d+)$", re.MULTILINE)

_TICK_SETUP = """
import lean_board
from benchmarks.documents import TIERED_TIME_OF_USE
from joulegate.core.account import Account
from joulegate.core.billing import Billing
from joulegate.core.civil import Zone, parse_time
from joulegate.core.events import EventLog
from joulegate.core.meter import Meter
from joulegate.core.registers import Registers
from joulegate.core.supply import Supply
from joulegate.core.tariff import Tariff
from joulegate.core.tariff_document import TariffDocument
from joulegate.drivers.latching_relay import LatchingRelay
from joulegate.metering import Metering
from joulegate.power_fail import PowerFail
from joulegate.supply_switch import SupplySwitch
ic = lean_board.metering_ic(lean_board.calibration())
ic.start()
account = Account()
billing = Billing(account, Zone("CET-1CEST,M3.5.0,M10.5.0/3"),
                  Tariff(TariffDocument(TIERED_TIME_OF_USE), 32000, 5))
class Clock:
    second = parse_time("2027-05-05T12:00")
    ms = 0
    up = 0
    def now(self):
        return self.second
    def uptime(self):
        return self.ms // 1000
    def ticks_ms(self):
        return self.ms
    def ticks_diff(self, end, start):
        return end - start
class State:
    counts_per_kWh = 32000
    settings = None
    ledger = None
    demand = None
    energies = None
    values = {"tick_ms": 1000, "commit_Wh": 100, "commit_minutes": 15, "sag_percent": 0}
    def commit(self):
        pass
clock = Clock()
state = State()
state.settings = state.ledger = state
account.credit(500000000)
billing.open(clock.second)
registers = lean_board.chip.registers
supply = Supply()
supply.configure({  # all that a meter may have at once, with the largest numbers
    "cut_off": 0, "warnings": [2000000, 500000], "warning_percents": [50, 10],
    "close_permit": 1073741823, "alarm_trip": 1000, "emergency_credit": 1073741823,
    "emergency_threshold": 1000, "emergency_power_W": 1000, "maximum_power_W": 18201624,
    "load_limit_s": 3600, "load_limit_retries": 3, "load_limit_wait_s": 60, "tick_ms": 1000,
    "friendly_hours": ["all 11:00-13:00", "12-25 00:00-24:00"]}, True, billing.zone, 32000)
supply.until = clock.second + 1000000
meter = Meter(Registers(32000), supply, billing)
log = EventLog()
relay = LatchingRelay(*lean_board.relay())
switch = SupplySwitch(relay, clock, log)
metering = Metering(ic, meter, switch, state, clock, log,
                    PowerFail(lean_board.mains_good, relay.off))
for _ in range(20):
    metering.step()
    clock.ms += 1000
    clock.second += 1
assert switch.closed and not switch.busy
"""
# 20 kW at 3200 imp/kWh is 178 counts a second.
_TICK = """
registers[0x40] = 178
registers[0x43] = 20
clock.second += 1
clock.ms += 1000
metering.step()
"""

FIRMWARE_MODULES = [
    "joulegate.core.meter", "joulegate.core.tariff_document", "joulegate.drivers.atm90e26",
    "joulegate.drivers.latching_relay", "joulegate.core.events",
]


@dataclass
class Row:
    """One figure where it was measured, None where it was not, and the target of all.

    unix: this machine, 64 bits. bits32: the 32-bit object model, here. emulated: the last stored
    run on an emulated RP2040. better: whether "lower" or "higher" than the target is good.
    """

    name: str
    unit: str
    target: float
    better: str
    unix: float | None = None
    bits32: float | None = None
    emulated: float | None = None

    @property
    def reached(self) -> bool:
        values = [v for v in (self.unix, self.bits32, self.emulated) if v is not None]
        if self.better == "lower":
            return all(value <= self.target for value in values)
        return all(value >= self.target for value in values)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "reached": self.reached}


def bytes_a_tick_32() -> float:
    """Return the heap bytes that one steady tick allocates on the 32-bit object model.

    The tick is whole: read, price, debit, decide, look after the switch, count towards the next
    commit. The commit itself is left out.
    """
    result = measure(
        {"calls": [{"name": "tick", "setup": _TICK_SETUP, "stmt": _TICK.strip(), "n": 1000}]},
        [ROOT / "firmware", ROOT / "tests"])
    return result["calls"]["tick"]


def core_year() -> dict[str, float]:
    result: dict[str, float] = _result(_micropython("192wK", "core_year.py"))
    return result


def whole_firmware(
    keys: bool = False, link: bool = False, panel: bool = False,
) -> dict[str, float]:
    """Run the whole firmware from ROMFS on the small heap; return free and total bytes.

    keys: with those for tokens and messages, and all that goes with them in memory. link: with
    those and a modem, a connection and an MQTT session on it, on LINK_HEAP. panel: with a segment
    glass, a keypad and lamps, every page shown in both languages. The table of names, which is on
    the heap here, does not count: an image has it frozen, see tools/image/frozen_names.py. Nor
    does the ROMFS, with the three bits that the collector keeps for each of its 32-byte blocks.
    """
    board = boards.board(ROM_BOARD)
    rom = filesystems.romfs(compiler.files(board, Profile.PRODUCTION), layout.romfs(board)[1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rom.img"
        path.write_bytes(rom)
        words = [word for word, wanted in (
            ("keys", keys or link), ("link", link), ("panel", panel)) if wanted]
        said = _micropython(
            str((LINK_HEAP if link else SMALL_HEAP) + NAMES_ROOM + len(rom) + len(rom) * 3 // 256),
            "whole_firmware.py",
            str(Path(folder) / "flash.bin"), str(path), *words, firmware=False)
    result: dict[str, float] = _result(said)
    # Their texts are in the ROMFS; what is on the heap is the table.
    texts, names = map(int, _NAMES.findall(said)[-1])
    result["free"] += names - texts - NAMES_ROOM
    result["total"] -= NAMES_ROOM
    return result


def first_tick() -> tuple[float, float]:
    """Return wall seconds from process start to the first tick, and ms from credit to power."""
    began = time.monotonic()
    with subprocess.Popen(
        [interpreter(), "-X", "heapsize=64m", str(BENCHMARKS / "first_tick.py"), str(LOAD)],
        env=_environment(), stdout=subprocess.PIPE, text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        started = time.monotonic() - began
        rest = process.stdout.read()
        if process.wait(timeout=TIMEOUT_S) or line != "first tick\n":
            raise RuntimeError("first_tick.py failed")
    return started, json.loads(rest)["top_up_to_closed_ms"]


def rows() -> list[Row]:
    year = core_year()
    heap, keyed, linked = (
        whole_firmware(), whole_firmware(keys=True), whole_firmware(link=True))
    started, restored = first_tick()
    chip = stored.ACCEPTANCE.read()["figures"]
    return [
        Row("heap allocated by a steady tick", "bytes", 0, "lower",
            unix=year["allocated"], bits32=bytes_a_tick_32()),
        Row("ticks a second, whole core", "ticks/s", 20000, "higher",
            unix=round(year["ticks"] / year["wall_s"])),
        Row("a year of 1-minute readings, whole core", "s", 30, "lower",
            unix=round(year["wall_s"], 2)),
        Row("a tick, wake to sleep, without SPI transfer", "ms", 5, "lower",
            emulated=chip["steady"]["computing_longest_ms"]),
        Row("heap free, unix: of 192wK, ROMFS; chip: of 128 KiB, frozen", "%", 30, "higher",
            unix=_free(heap),
            emulated=round(100 * (1 - chip["heap_used"] / CHIP_HEAP), 1)),
        Row("heap free with keys, of 192wK, ROMFS", "%", 30, "higher", unix=_free(keyed)),
        Row("heap free with keys and a link, of 240wK, ROMFS", "%", LINK_FREE, "higher",
            unix=_free(linked)),
        Row("start to first tick", "s", 2, "lower",
            unix=round(started, 3), emulated=round(chip["start_ms"] / 1000, 3)),
        Row("top-up to relay closed", "ms", 1000, "lower",
            unix=restored, emulated=round(chip["credit_to_contact_ms"])),
        Row("on the air in a day, default settings", "bytes", 60000, "lower",
            unix=air.bytes_a_day()),
        *(Row(f"flash life, {case.kW} kW, {case.sectors * 4} KiB, {case.commit_Wh} Wh", "years",
              wear.LIFE_YEARS, "higher", unix=round(wear.run(case).years, 1))
          for case in wear.BENCH_CASES),
    ]


def _free(heap: dict[str, float]) -> float:
    return round(100 * heap["free"] / heap["total"], 1)


def _environment() -> dict[str, str]:
    env = environment()
    return dict(env, MICROPYPATH=env["MICROPYPATH"].replace(
        ".frozen", f"{ROOT / 'tests'}:.frozen"))


def _micropython(
    heap: str, program: str, *arguments: str, firmware: bool = True
) -> str:
    """Run a program of tests/benchmarks and return what it printed."""
    # The firmware alone: the unix port's own time and select, no models.
    path = f"{ROOT / 'tests'}:.frozen"
    if firmware:
        path = f"{ROOT / 'firmware'}:{path}"
    done = subprocess.run(
        [interpreter(), "-X", f"heapsize={heap}", str(BENCHMARKS / program), *arguments],
        env=dict(environment(), MICROPYPATH=path), capture_output=True, text=True,
        timeout=TIMEOUT_S, check=False)
    if done.returncode:
        raise RuntimeError(f"{program}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _result(said: str) -> Any:
    """Return the JSON value in the last line of what a program printed."""
    return json.loads(said.splitlines()[-1])
