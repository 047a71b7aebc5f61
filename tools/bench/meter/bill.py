"""Bill a load file: the firmware runs over it minute by minute, as fast as it goes.

usage: micropython bill.py LOAD TARIFFS [COUNTS [IC [SPREAD]]]

TARIFFS is a JSON file with a list of tariff documents. The first is the meter's own, on the
whole firmware with chip, flash and relay; the others ride along: the same readings into a core
of their own. COUNTS, if given and not "", gets what each tick read: two little-endian 32-bit
integers. IC is the metering IC, the board's own if it is not given; SPREAD how the load lies on
three phases.
Prints one JSON list, an object per tariff.
"""

import json
import struct
import sys

import utime

import board
from joulegate.core.account import Account
from joulegate.core.billing import Billing
from joulegate.core.civil import Zone
from joulegate.core.meter import Meter
from joulegate.core.registers import Registers
from joulegate.core.supply import Supply
from joulegate.core.tariff import Tariff
from joulegate.core.tariff_document import TariffDocument
from meter.bed import LEAD_IN_S, METER_ID, Bed
from meter.bill_book import BillBook
from meter.energy_sums import EnergySums
from meter.money import unit_places
from world import bench_clock

STEP_S = 60
_PURCHASE = 1 << 28


class Rider:
    """A core that gets the same readings as the meter, under another tariff."""

    def __init__(self, document: dict, counts_per_kWh: int, now: int) -> None:
        tariff = Tariff(
            TariffDocument(document), counts_per_kWh, unit_places(document.get("currency")))
        self.billing = Billing(Account(), Zone("UTC0"), tariff)
        self.billing.listener = self.book = BillBook()
        self.billing.open(now)
        self.meter = Meter(Registers(counts_per_kWh), Supply(), self.billing)

    def tick(self, now: int, reading: object) -> None:
        account = self.billing.account
        while account.balance < _PURCHASE:
            account.credit(_PURCHASE)
        self.meter.tick(now, reading)

    def result(self) -> dict:
        self.book.close(self.billing)
        return {"currency": self.billing.tariff.document.currency, "bills": self.book.bills,
                "audit": self.billing.audit()}


class Payer:
    """Keeps the meter in credit through its gate, so that supply never stops."""

    def __init__(self, app: object) -> None:
        self._app = app
        self._tid = 0

    def pay(self, now: int) -> None:
        while self._app.state.account.balance < _PURCHASE:
            self._tid += 1
            receipt = self._app.gate.credit(self._tid, _PURCHASE, now)
            if not receipt.accepted:
                raise RuntimeError("credit was refused: " + receipt.reason)


def bill(load: str, documents: list, counts: object, ic: str, spread: str) -> list:
    bed = Bed(load, ic=ic, spread=spread)
    app = bed.power_up()
    sums = EnergySums(app.state.registers, bed)
    bench_clock.advance_us(LEAD_IN_S * 1000000 - bench_clock.now_us())
    now = app.clock.now()
    app.provision(
        METER_ID, json.dumps(documents[0]).encode(), unit_places(documents[0].get("currency")),
        tick_ms=STEP_S * 1000)
    app.state.billing.listener = book = BillBook()
    payer = Payer(app)
    riders = [Rider(d, app.state.counts_per_kWh, now) for d in documents[1:]]
    metering = app.metering
    began = utime.ticks_us()
    start_us = bench_clock.now_us()
    steps = 0
    while not bed.premises.over:
        payer.pay(now)
        steps += 1
        bench_clock.advance_us(start_us + steps * STEP_S * 1000000 - bench_clock.now_us())
        bed.premises.catch_up()
        metering.step()
        now = app.clock.now()
        for rider in riders:
            rider.tick(now, metering.reading)
        if counts is not None:
            counts.write(struct.pack(
                "<II", metering.reading.import_counts, metering.reading.export_counts))
    wall_s = utime.ticks_diff(utime.ticks_us(), began) / 1e6
    differs = sums.differences(app.state.registers)
    if differs:
        raise ValueError("energy: " + differs)
    billing = app.state.billing
    book.close(billing)
    results = [{"currency": billing.tariff.document.currency, "bills": book.bills,
                "audit": billing.audit()}]
    results += [rider.result() for rider in riders]
    for result in results:
        result["ticks"] = metering.ticks
        result["wall_s"] = wall_s
    return results


def main(arguments: list) -> None:
    with open(arguments[1]) as f:
        documents = json.load(f)
    counts = open(arguments[2], "wb") if len(arguments) > 2 and arguments[2] else None
    ic = arguments[3] if len(arguments) > 3 else board.METERING_IC
    spread = arguments[4] if len(arguments) > 4 else "thirds"
    try:
        results = bill(arguments[0], documents, counts, ic, spread)
    except ValueError as e:
        print(e, file=sys.stderr)
        sys.exit(2)
    finally:
        if counts is not None:
            counts.close()
    print(json.dumps(results))


if __name__ == "__main__":
    main(sys.argv[1:])
