"""Erases of every sector of the flash while a meter lives some days at a constant load, every
file there is and all rings full. Prints one JSON line a tenth of the time.

Arguments: sectors of the file system, kW, commit_Wh, days. MicroPython's own littlefs on the
flash model; the records are the firmware's, driven at the instants at which the meter would
write them.
"""

import json
import sys

import vfs
from flash_rig import Counts
from parts import COUNTS_PER_KWH, METER_ID, NOON, UNIT_PLACES, FakeClock, new_switch, tariff

from joulegate.core.events import EventLog
from joulegate.core.reading import Reading
from joulegate.storage.calibration_store import CalibrationStore
from joulegate.storage.outbox import RECEIPT_MAX, Outbox
from joulegate.storage.records import Records
from joulegate.storage.state import State
from joulegate.vending.gate import Gate
from world.flash import PAGE, Flash

ROOT = "/wear"
DAY_S = 86400
PROFILE_S = 900
TOP_UPS = 4
TOP_UP_UNITS_KW = 180000
"""A quarter of what a day costs at 1 kW and the tariff's price of 0.3."""
TENTHS = 10
START = 200 * DAY_S + NOON  # a day without a month's end nearby


class Life:
    def __init__(self, sectors: int, kW: int, commit_Wh: int) -> None:
        self.flash = Flash(sectors)
        vfs.VfsLfs2.mkfs(self.flash, progsize=PAGE)
        vfs.mount(vfs.VfsLfs2(self.flash, progsize=PAGE), ROOT)
        self.clock = FakeClock(START)
        self.log = EventLog()
        self.records = Records(ROOT, self.log, self.clock)
        self.state = State(ROOT, COUNTS_PER_KWH, self.log, None, self.records)
        self.state.provision(
            METER_ID, tariff(), UNIT_PLACES, new_switch(), START, maximum_balance=10**9,
            commit_Wh=commit_Wh)
        # A document of the greatest length that still waits for its day.
        self.state.load_tariff(tariff("next") + b" " * 8000, START + 300 * DAY_S)
        CalibrationStore(ROOT + "/calibration.json").save(
            {"gain": 24, "u_gain": 24000, "i_gain_L": 31251})
        self.gate = Gate(self.state.account, self.state.replay, self.state.ledger,
                         self.state.journal, self.log)
        self.gate.recover(START)
        self.outbox = Outbox(ROOT, self.log)
        self.outbox.load(START)
        longest_ms = self.state.settings.values["commit_minutes"] * 60000
        self.period_ms = min(commit_Wh * 3600 // kW, longest_ms)
        self.counts = COUNTS_PER_KWH * kW * self.period_ms // 3600000
        self.reading = Reading()
        self.reading.voltage_cV = 23000
        self.tid = 100
        self.units = TOP_UP_UNITS_KW * kW
        self.fill()

    def fill(self) -> None:
        """Make every file of every ring, as long as it will be."""
        records = self.records
        rings = [records.profile.ring, records.freezes.day_ring, records.freezes.month_ring,
                 records.purchases.credits, records.purchases.refusals, self.outbox.receipts]
        rings += records.events.rings
        for ring in rings:
            for number in range(ring.files):
                ring._create(number, 0)

    def live(self, seconds: int) -> None:
        """Live some seconds; commits, profile, midnight and top-ups fall due as they do."""
        clock = self.clock
        end = clock.second + seconds
        commit_ms = 0
        while clock.second < end:
            commit_ms += self.period_ms
            passed = commit_ms // 1000
            commit_ms -= passed * 1000
            before = clock.second
            clock.second += passed
            state = self.state
            state.registers.add(Counts(self.counts))
            state.billing.consume(self.counts)
            state.billing.advance(clock.second)
            state.ledger.commit()
            if before // PROFILE_S != clock.second // PROFILE_S:
                self.records.step(clock.second, self.reading, True, True)
            share = DAY_S // TOP_UPS
            if before // share != clock.second // share:
                self.tid += 1
                receipt = self.gate.credit(self.tid, self.units, clock.second)
                assert receipt.accepted, receipt.reason
                self.records.purchases.credit(
                    clock.second, state.ledger.sequence, 1, receipt.code, self.tid, self.units,
                    state.account.balance)
                self.send()


    def send(self) -> None:
        """Hold a receipt, an event and a freeze, and have them acknowledged."""
        outbox = self.outbox
        outbox.put_receipt(b"r" * RECEIPT_MAX, self.clock.second)
        for number in range(2, 4):
            outbox.put_events(number, outbox.events[number], 1)
            outbox.commit()
        outbox.put_day(self.clock.second // DAY_S)
        outbox.commit()
        outbox.acknowledge(outbox.next - 1, b"")
        outbox.commit()


def main(sectors: int, kW: int, commit_Wh: int, days: int) -> None:
    life = Life(sectors, kW, commit_Wh)
    flash = life.flash
    used = sum(1 for content in flash._content if content is not None)
    flash.sector_erases = [0] * sectors
    flash.erases = flash.programs = 0
    commits = life.state.ledger.commits
    for _ in range(TENTHS):
        life.live(days * DAY_S // TENTHS)
        worst = max(flash.sector_erases)
        print(json.dumps({
            "days": round((life.clock.second - START) / DAY_S, 2),
            "commits": life.state.ledger.commits - commits, "programs": flash.programs,
            "erases": flash.erases, "worst": worst, "sectors": sectors, "used": used}))


main(*[int(argument) for argument in sys.argv[1:]])
