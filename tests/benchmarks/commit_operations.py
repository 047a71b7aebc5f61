"""Flash operations of each kind of commit, the most and the usual, with all files present.

Prints one JSON object: {kind: {"commits", "usual", "worst", "mean_erases", "bytes"}}, where
`usual` and `worst` are [pages programmed, sectors erased]. The worst is that of the greatest
time at 0.4 ms a page and 45 ms a sector, over enough commits for every folder to have been
compacted, and moved to other sectors, many times. Deterministic: littlefs draws no lots.
"""

import json

import vfs
from flash_rig import Counts
from fram_rig import driver, new_chip
from parts import COUNTS_PER_KWH, METER_ID, NOON, UNIT_PLACES, FakeClock, new_switch, tariff

from joulegate.core.events import EventLog
from joulegate.core.reading import Reading
from joulegate.storage.records import Records
from joulegate.storage.state import State
from joulegate.vending.gate import Gate
from world.flash import PAGE, Flash

ROOT = "/count"
SECTORS = 256
DAY_S = 86400
PAGE_US = 400
ERASE_US = 45000
COMMITS = 6000
SELDOM = 1500
FRAM_COMMITS = 20


class Meter:
    def __init__(self, fram: object = None) -> None:
        self.flash = Flash(SECTORS)
        vfs.VfsLfs2.mkfs(self.flash, progsize=PAGE)
        vfs.mount(vfs.VfsLfs2(self.flash, progsize=PAGE), ROOT)
        self.clock = FakeClock(NOON)
        log = EventLog()
        self.records = Records(ROOT, log, self.clock)
        self.state = State(ROOT, COUNTS_PER_KWH, log, fram, self.records)
        self.state.provision(
            METER_ID, tariff(), UNIT_PLACES, new_switch(), NOON, maximum_balance=10**9)
        state = self.state
        self.gate = Gate(state.account, state.replay, state.ledger, state.journal, log)
        self.gate.recover(NOON)
        self.tid = 100
        self.reading = Reading()

    def leave(self) -> None:
        vfs.umount(ROOT)

    def commit(self) -> None:
        self.state.registers.add(Counts(3200))
        self.state.billing.consume(3200)
        self.state.ledger.commit()

    def hot(self) -> None:
        ledger = self.state.ledger
        ledger.hot.commit(ledger.owners)

    def purchase(self) -> None:
        self.tid += 1
        assert self.gate.credit(self.tid, 100000, self.clock.second).accepted

    def midnight(self) -> None:
        """The day's freeze and its charge, and the commit that holds them; at times a month."""
        self.clock.second += DAY_S
        self.state.billing.advance(self.clock.second)
        self.state.ledger.commit()

    def profile(self) -> None:
        self.clock.second += 900
        self.records.profile.tick(
            self.clock.second, self.reading, self.state.registers, True, True)


def measure(flash: Flash, act: object, times: int) -> dict:
    seen = {}
    programs, erases = flash.programs, flash.erases
    erased = 0
    for _ in range(times):
        act()
        cost = (flash.programs - programs, flash.erases - erases)
        programs, erases = flash.programs, flash.erases
        erased += cost[1]
        seen[cost] = seen.get(cost, 0) + 1
    usual = max(seen, key=lambda cost: seen[cost])
    worst = max(seen, key=lambda cost: cost[0] * PAGE_US + cost[1] * ERASE_US)
    return {"commits": times, "usual": usual, "worst": worst,
            "mean_erases": round(erased / times, 3)}


def main() -> None:
    meter = Meter()
    found = {
        "hot record alone": measure(meter.flash, meter.hot, COMMITS),
        "ledger: hot record and registers": measure(meter.flash, meter.commit, COMMITS),
        "purchase: journal and ledger": measure(meter.flash, meter.purchase, SELDOM),
        "midnight: freeze and ledger": measure(meter.flash, meter.midnight, SELDOM),
        "entry of the load profile": measure(meter.flash, meter.profile, SELDOM),
    }
    meter.leave()
    chip = new_chip()
    meter = Meter(driver(chip))
    for kind, act in (("hot record alone", meter.hot),
                      ("ledger: hot record and registers", meter.commit)):
        written, read, before = chip.bytes_written, chip.bytes_read, meter.flash.operations
        for _ in range(FRAM_COMMITS):
            act()
        assert meter.flash.operations == before
        found[kind + ", FRAM"] = {
            "written": (chip.bytes_written - written) // FRAM_COMMITS,
            "read": (chip.bytes_read - read) // FRAM_COMMITS}
    meter.leave()
    print(json.dumps(found))


main()
