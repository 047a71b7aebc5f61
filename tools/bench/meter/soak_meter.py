"""The meter of a soak: does what it is told, a line a command, and tells what it then holds.

usage: micropython soak_meter.py

The first line on the standard input is {"second": UTC second since 1970, "meter_constant"}. Each
line after it is {"do": [verb, argument, ...], "cut": [operation, torn]}; with `cut` the power of
the flash fails at that operation of the command. An answer a line: {"result", "powered", "looks":
[clock at each tick], "operations"} and, while the meter runs, the facts that a judge compares.
"""

import json
import os
import sys

from joulegate.storage.freeze_store import PART
from meter.energy_sums import inner_differences
from meter.lean_meter import FOLDER, LeanMeter
from world import bench_clock

_JUNK = (FOLDER + "/junk", FOLDER + "/junk-last")
"""Two, since a file that finds no further block gives its last one back."""
_BLOCK = 3000
_UNIX_2020 = 1577836800


def _fill(path: str) -> int:
    """Write a file until the file system is full."""
    size = 0
    block = bytes(_BLOCK)
    try:
        with open(path, "wb") as f:
            while True:
                f.write(block)
                f.flush()
                size += _BLOCK
    except OSError:
        return size


def _amounts(freeze: dict) -> list:
    """Return what both kinds of freeze have, energy in thousandths of a count."""
    names = ("day", "time", "flags", "charges", "credits", "balance")
    return [freeze[name] for name in names] + [
        freeze["wh"][q] * freeze["counts_per_kWh"] + freeze["remainder"][q] for q in range(2)]


class Commands:
    def __init__(self, meter_constant: int) -> None:
        self.meter = LeanMeter(meter_constant=meter_constant)
        self.looks = []
        self.pulses = 0
        self._move = self.meter.board.contact.pulse
        self.meter.board.contact.pulse = self._pulse

    def _pulse(self, closes: bool) -> None:
        """Move the contact; through an open one flows no current from now on."""
        self._move(closes)
        self.pulses += 1
        if not self.meter.board.contact.closed:
            self.meter.board.chip.count((0, 0, 0, 0), False)

    # --- power ----------------------------------------------------------------------------

    def up(self) -> None:
        self.meter.flash.restore_power()
        self.meter.power_up()

    def down(self) -> None:
        self.meter.power_down()

    def reset(self) -> None:
        self.meter.reset()
        self.meter.power_up()

    def idle(self, seconds: int) -> None:
        """Let time pass without power."""
        bench_clock.advance_us(seconds * 1000000)

    # --- metering -------------------------------------------------------------------------

    def provision(self, document: str, settings: dict) -> None:
        app = self.meter.app
        app.commissioning.provision("01234567890", document.encode(), 5, None, settings)

    def tick(self, ms: int, *counts: int) -> list:
        """Let time pass and tick; return the energy that flowed: none through an open relay."""
        bench_clock.advance_us(ms * 1000)
        if not self.meter.board.contact.closed:
            counts = (0, 0, 0, 0)
        self.meter.board.chip.count(counts, counts[0] + counts[1] > 0)
        self.looks = self.meter.steps()
        return counts

    def mains(self, good: bool) -> None:
        """Let the power-fail line tell, and tick once."""
        self.meter.board.mains = good
        self.meter.board.chip.count((0, 0, 0, 0), False)
        self.looks = self.meter.steps()

    # --- what people do -------------------------------------------------------------------

    def credit(self, tid: object, units: object) -> list:
        app = self.meter.app
        receipt = app.gate.credit(tid, units, app.clock.now())
        if receipt.accepted:
            self.looks = self.meter.steps()
        return [receipt.code, receipt.reason]

    def tariff(self, document: str, start: int) -> None:
        self.meter.app.state.load_tariff(document.encode(), start)

    def debt(self, number: int, units: int) -> None:
        self.meter.app.state.set_debt(number, units)

    def settings(self, changes: dict) -> None:
        self.meter.app.commissioning.change_settings(changes)

    def set_clock(self, second: int) -> None:
        self.meter.app.commissioning.set_clock(second)

    def adjust(self, second: int) -> bool:
        return self.meter.app.clock.adjust(second)

    # --- what happens ---------------------------------------------------------------------

    def jump(self, seconds: int) -> None:
        """Let the battery clock be wrong from now on."""
        bench_clock.set_rtc_us(max(0, bench_clock.rtc_us() + seconds * 1000000))

    def lose(self) -> None:
        self.meter.board.clock.trusted = False

    def fill(self) -> list:
        """Fill the file system to the last block with a stranger's files; return their bytes."""
        return [_fill(path) for path in _JUNK]

    def clean(self) -> None:
        for path in _JUNK:
            os.remove(path)

    # --- what is held ---------------------------------------------------------------------

    def days(self) -> list:
        return [_amounts(e) + [e["day_charges"], e["day_credits"]]
                for e in self.meter.app.state.records.freezes.days()]

    def months(self) -> list:
        """Return the statements at a month's end, without the parts before another tariff."""
        return [_amounts(e) for e in self.meter.app.state.records.freezes.months()
                if not e["flags"] & PART]

    def purchases(self) -> list:
        return [[e["tid"], e["units"]]
                for e in self.meter.app.state.records.purchases.credits.entries()]

    def facts(self) -> dict:
        found = {"ms": bench_clock.now_us() // 1000, "rtc": None}
        if self.meter.board.clock.trusted:
            found["rtc"] = bench_clock.rtc_us() // 1000000 - _UNIX_2020
        app = self.meter.app
        if app is None:
            return found
        state = app.state
        found.update({
            "now": app.clock.now(), "valid": app.clock.valid, "error": state.error,
            "provisioned": state.provisioned, "settings": state.settings.values.whole()})
        if not state.provisioned:
            return found
        account = state.account
        billing = state.billing
        registers = state.registers
        found.update({
            "balance": account.balance, "credits": account.credits, "charges": account.charges,
            "remainder": account.remainder, "d": account.d1 * account.d2, "day": billing.day,
            "thousandths": [registers.wh[q] * registers.counts_per_kWh + registers.remainder[q]
                            for q in range(4)],
            "debts": list(account.debts.remaining) + [
                account.debts.recovered, account.debts.capped],
            "marks": sorted(m for m in state.replay.marks if m),
            "energy": inner_differences(registers),
            "sequence": state.ledger.sequence, "audit": billing.audit(),
            "allowed": app.metering.meter.supply.allowed,
            "reasons": app.metering.meter.supply.reasons,
            "closed": self.meter.board.contact.closed, "pulses": self.pulses,
            "fault": app.switch.fault,
            "tariff": billing.tariff.document.id, "next_start": billing.next_start,
            "next": billing.next_tariff.document.id if billing.next_tariff else "",
            "suspended": app.gate.suspended, "records": state.records is not None,
        })
        return found

    def answer(self, line: str) -> dict:
        command = json.loads(line)
        flash = self.meter.flash
        if command.get("cut"):
            flash.cut_power_at(*command["cut"])
        self.looks = []
        before = flash.operations
        verb = command["do"][0]
        result = None
        try:
            result = getattr(self, verb)(*command["do"][1:])
        except (OSError, ValueError, RuntimeError) as e:
            result = {"refused": "%s: %s" % (type(e).__name__, e)}
        answer = self.facts()
        answer["result"] = result
        answer["powered"] = flash.powered
        if flash.powered:
            flash.restore_power()  # a cut that has not come does not wait for another command
        answer["looks"] = self.looks
        answer["operations"] = flash.operations - before
        return answer


def main() -> None:
    begin = json.loads(sys.stdin.readline())
    bench_clock.set_mode(bench_clock.VIRTUAL)
    bench_clock.start(begin["second"])
    commands = Commands(begin["meter_constant"])
    while True:
        line = sys.stdin.readline()
        if not line:
            return
        print(json.dumps(commands.answer(line)))


main()
