"""A life of clock and billing, told step by step: what the oracle of clock lives judges.

usage: micropython clock_life.py LIFE

LIFE is a JSON file: {"document", "zone", "start": UTC second, "clock": false to give each step
its time, "steps": [[ms or UTC second, counts, action, argument], ...]}. Actions, before the tick
of the step: "set" and "adjust" by seconds from the time shown or last seen, "jump" the real-time
clock by seconds, "lose" its time, "outage" for so many seconds. Prints a JSON list, an entry a
step: [second of the tick, charges as a fraction of a unit, last day charged, second shown at a
start or null].
"""

import json
import sys

from joulegate.clock import Clock
from joulegate.core.account import Account
from joulegate.core.billing import Billing
from joulegate.core.civil import TIME_END, TIME_MIN, Zone, civil_of, seconds_of
from joulegate.core.events import EventLog
from joulegate.core.meter import Meter
from joulegate.core.reading import Reading
from joulegate.core.registers import Registers
from joulegate.core.supply import Supply
from joulegate.core.tariff import Tariff
from joulegate.core.tariff_document import TariffDocument

COUNTS_PER_KWH = 1000
UNIT_PLACES = 5


class Chip:
    """Ticks of a processor, and a real-time clock with a battery."""

    def __init__(self, second: int) -> None:
        self.ms = 0
        self.shown_ms = second * 1000
        self.trusted = True

    def ticks_ms(self) -> int:
        return self.ms & 0x3FFFFFFF

    def ticks_diff(self, end: int, start: int) -> int:
        return (end - start + 0x20000000 & 0x3FFFFFFF) - 0x20000000

    def pass_ms(self, ms: int) -> None:
        self.ms += ms
        self.shown_ms += ms

    def datetime(self, civil: "tuple | None" = None) -> "tuple | None":
        if civil is None:
            return civil_of(self.shown_ms // 1000) if self.trusted else None
        self.trusted = True
        self.shown_ms = seconds_of(*(civil[:3] + civil[4:7])) * 1000
        return None


class Life:
    def __init__(self, life: dict) -> None:
        tariff = Tariff(TariffDocument(life["document"]), COUNTS_PER_KWH, UNIT_PLACES)
        self.billing = Billing(Account(), Zone(life["zone"]), tariff)
        self.billing.open(life["start"])
        self.chip = Chip(life["start"])
        self.clocked = life["clock"]
        self.reading = Reading()
        self._start()

    def _start(self) -> None:
        chip = self.chip
        self.meter = Meter(Registers(COUNTS_PER_KWH), Supply(), self.billing)
        self.clock = Clock(chip, chip.ticks_ms, chip.ticks_diff, EventLog())

    def step(self, time: int, counts: int, action: str, argument: int) -> list:
        shown = self._act(action, argument)
        now = time
        if self.clocked:
            self.chip.pass_ms(time)
            now = self.clock.now()
        self.reading.import_counts = counts
        self.meter.tick(now, self.reading)
        account = self.billing.account
        d = account.d1 * account.d2
        return [now, [account.charges * d + account.remainder, d], self.billing.day, shown]

    def _act(self, action: str, argument: int) -> "int | None":
        chip = self.chip
        if action == "set":
            known = self.clock.now() if self.clock.valid else self.billing.seen
            if TIME_MIN <= known + argument < TIME_END:
                self.clock.set(known + argument)
        elif action == "adjust":
            self.clock.adjust(self.clock.now() + argument)
        elif action == "jump":
            chip.shown_ms += argument * 1000
        elif action == "lose":
            chip.trusted = False
        elif action == "outage":
            chip.shown_ms += argument * 1000
            self._start()
            shown = self.clock.now()
            self.billing.resume(shown)
            self.clock.require(self.billing.time_floor)
            return shown
        return None


def main(arguments: list) -> None:
    with open(arguments[0]) as f:
        life = json.load(f)
    meter = Life(life)
    print(json.dumps([meter.step(*step) for step in life["steps"]]))


main(sys.argv[1:])
