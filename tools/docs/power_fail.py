"""`python -m tools.docs.power_fail`: print docs/power-fail.md from counted operations."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from tools.bench.process import ROOT, environment, interpreter

PROGRAM = ROOT / "tests" / "benchmarks" / "commit_operations.py"
TIMEOUT_S = 300

PAGE_MS = (0.4, 3.0)
ERASE_MS = (45.0, 400.0)
"""Typical and longest page program and sector erase of a W25Q16JV."""
BUS_HZ = 400_000
BITS_A_BYTE = 9
HEADER_BYTES = 3
DETECT_MS = 20.5
REACT_MS = 50.0
BEFORE_MS = DETECT_MS + REACT_MS


@dataclass(frozen=True)
class Store:
    """A hold-up store: farads, volts from and to, efficiency of a converter, watts."""

    name: str
    farad: float
    high_V: float
    low_V: float
    eta: float
    watt: float

    @property
    def hold_up_ms(self) -> float:
        """t = C (V1^2 - V2^2) eta / (2 P)."""
        return 1000 * self.farad * (self.high_V**2 - self.low_V**2) * self.eta / 2 / self.watt


STORES = (
    Store("470 uF on a 12 V bus", 470e-6, 12, 6, 0.8, 0.3),
    Store("2200 uF on a 12 V bus", 2200e-6, 12, 7, 0.8, 0.3),
    # Linear: C (V1 - V2) / I at 60 mA, the same energy drawn at the mean voltage.
    Store("4700 uF on the 3.3 V rail", 4700e-6, 3.3, 2.9, 1, 0.06 * 3.1),
    Store("1 F supercapacitor, 5 V", 1, 5, 3.6, 0.85, 0.5),
    Store("2 x 10 F in series, with a modem", 5, 5.2, 3.6, 0.85, 2),
)

INTRODUCTION = f"""\
# Power failure

What the meter does in its last moments, and how long that takes. This page is printed by
`python -m tools.docs.power_fail`, which counts the operations of every kind of commit under
MicroPython's littlefs; do not edit it. How long flash lasts is in
[flash life](flash-life.md).

A commit that is cut off leaves the state before it, on flash as in FRAM; a top-up that was
answered is never lost, and unanswered energy is at most that between two commits. So the hold-up
store saves energy that was not yet charged, not the ledger.

## The order

1. Relay coils off: a pulse of 100 ms at 1.5 W takes 150 mJ, more than 2200 uF hold. An intent
   that is not proven is carried out at the next start.
2. Radio and lamps off.
3. The metering IC is read once more and what was used is charged; then one commit: the hot
   record, then the registers. If power goes between the two, the next start adds the active
   energy that the registers miss.
4. Wait for the reset. When mains comes back without one, the meter goes on; if a pulse or a
   load was switched off it resets itself, since nothing else brings those back.

## What a commit takes

Flash with pages of 256 and sectors of 4096 bytes, 256 sectors, every folder in use. Usual is
the most frequent case; worst is the slowest of all that were counted, when a folder is
compacted and moved. Milliseconds are for {PAGE_MS[0]} ms a page and {ERASE_MS[0]:.0f} ms a
sector (typical of a W25Q16JV), and for its limits, {PAGE_MS[1]:.0f} and {ERASE_MS[1]:.0f} ms;
the time of the program itself is not in them.
"""

FRAM = f"""\
FRAM on I2C at {BUS_HZ // 1000} kHz, two slots in turn, no waiting; each write is read back.

| commit | bytes written | bytes read back | ms |
|---|---:|---:|---:|
"""

STORES_TEXT = f"""\
## What a hold-up store allows

From the loss of mains to the begin of the commit: {DETECT_MS} ms until a sag detector reports
one bad cycle, and {REACT_MS:.0f} ms for what
runs when the interrupt comes, a garbage collection and the last tick. What is left
after {BEFORE_MS} ms of hold-up is for the commit. Hold-up is computed as
t = C (V1^2 - V2^2) eta / 2 P, not measured.
"""


def counted() -> dict[str, Any]:
    """Run the count; RuntimeError with what it printed if it fails."""
    path = ":".join(str(ROOT / part) for part in (
        "firmware", "tools/bench", "tests", "build/micropython-lib")) + ":.frozen"
    done = subprocess.run(
        [interpreter(), "-X", "heapsize=64m", str(PROGRAM)],
        env=dict(environment(), MICROPYPATH=path), capture_output=True, text=True,
        timeout=TIMEOUT_S, check=False)
    if done.returncode:
        raise RuntimeError(f"{PROGRAM.name}: {done.stderr.strip() or done.stdout.strip()}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def flash_ms(cost: list[int], slowest: bool) -> float:
    """Return the milliseconds of [pages, sectors]."""
    return cost[0] * PAGE_MS[slowest] + cost[1] * ERASE_MS[slowest]


def fram_ms(cost: dict[str, int]) -> float:
    """Return the milliseconds of a commit in FRAM on the bus, without the program between."""
    count = cost["written"] + cost["read"] + HEADER_BYTES * (2 + cost["read"] // 32)
    return 1000 * count * BITS_A_BYTE / BUS_HZ


def page() -> str:
    """Return the whole page."""
    found = counted()
    flash = {kind: cost for kind, cost in found.items() if "usual" in cost}
    fram = {kind: cost for kind, cost in found.items() if "written" in cost}
    lines = [INTRODUCTION, "| commit | counted | usual: pages, erases | ms | worst: pages, erases "
             "| ms | ms at the limits | erases a commit |",
             "|---|---:|---:|---:|---:|---:|---:|---:|"]
    for kind, cost in sorted(flash.items()):
        usual, worst = cost["usual"], cost["worst"]
        lines.append(
            f"| {kind} | {cost['commits']} "
            f"| {usual[0]}, {usual[1]} | {flash_ms(usual, False):.1f} "
            f"| {worst[0]}, {worst[1]} | {flash_ms(worst, False):.0f} "
            f"| {flash_ms(worst, True):.0f} | {cost['mean_erases']} |")
    lines += ["", FRAM.rstrip("\n")]
    for kind, cost in sorted(fram.items()):
        lines.append(f"| {kind.removesuffix(', FRAM')} | {cost['written']} | {cost['read']} "
                     f"| {fram_ms(cost):.0f} |")
    ledger = "ledger: hot record and registers"
    needs = (("usual", flash_ms(flash[ledger]["usual"], False)),
             ("worst", flash_ms(flash[ledger]["worst"], False)),
             ("worst at the limits", flash_ms(flash[ledger]["worst"], True)),
             ("FRAM", fram_ms(fram[ledger + ", FRAM"])))
    lines += ["", STORES_TEXT, "| store | hold-up, ms | left, ms | " + " | ".join(
        f"{name}, {ms:.0f} ms" for name, ms in needs) + " |", "|---|---:|---:|---|---|---|---|"]
    for store in STORES:
        left = store.hold_up_ms - BEFORE_MS
        answers = " | ".join("yes" if left >= ms else "no" for _, ms in needs)
        lines.append(f"| {store.name} | {store.hold_up_ms:.0f} | {max(0, left):.0f} | {answers} |")
    lines += ["", f"A board without FRAM needs {BEFORE_MS + needs[1][1]:.0f} ms of hold-up for "
              "the worst commit of a typical flash,",
              f"one with FRAM {BEFORE_MS + needs[3][1]:.0f} ms: design for 200 ms and 150 ms."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
