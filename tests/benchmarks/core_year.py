"""A year of one-minute readings through the core: the ticks a second it makes.

Tiers, time of use, tax and adders all at work; a load that swings between 100 W and 3 kW.
Prints {"ticks": n, "wall_s": s, "allocated": bytes in a steady stretch}.
"""

import gc
import json
import time

from benchmarks.documents import TIERED_TIME_OF_USE

from joulegate.core.account import Account
from joulegate.core.billing import Billing
from joulegate.core.civil import Zone, parse_time
from joulegate.core.meter import Meter
from joulegate.core.reading import Reading
from joulegate.core.registers import Registers
from joulegate.core.supply import Supply
from joulegate.core.tariff import Tariff
from joulegate.core.tariff_document import TariffDocument

COUNTS_PER_KWH = 32000


def main() -> None:
    tariff = Tariff(TariffDocument(TIERED_TIME_OF_USE), COUNTS_PER_KWH, 5)
    billing = Billing(Account(), Zone("CET-1CEST,M3.5.0,M10.5.0/3"), tariff)
    meter = Meter(Registers(COUNTS_PER_KWH), Supply(), billing)
    reading = Reading()
    now = parse_time("2027-01-01")
    billing.open(now)
    ticks = 365 * 1440
    began = time.ticks_us()
    for i in range(ticks):
        watts = 100 + i * 7919 % 2900
        reading.import_counts = watts * 32 // 60
        now += 60
        meter.tick(now, reading)
    wall_s = time.ticks_diff(time.ticks_us(), began) / 1e6
    if billing.audit():
        raise RuntimeError(billing.audit())
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(50):
        now += 1
        meter.tick(now, reading)
    allocated = gc.mem_alloc() - before
    print(json.dumps({"ticks": ticks, "wall_s": wall_s, "allocated": allocated}))


main()
