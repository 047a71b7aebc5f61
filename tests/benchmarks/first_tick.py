"""Cold start on the bench, and from a top-up to the relay closed, in simulated time.

usage: micropython first_tick.py LOAD

Starts the whole firmware among the bench's models, meters one tick, lets the credit run out
and tops up. Prints {"top_up_to_closed_ms": n}; the host times the process until "first tick".
"""

import json
import sys

from benchmarks.documents import TIERED_TIME_OF_USE

from meter.bed import LEAD_IN_S, Bed
from world import bench_clock

_STEP_MS = 1000


def main(load: str) -> None:
    bed = Bed(load)
    app = bed.power_up()
    app.metering.step()
    print("first tick")
    bench_clock.advance_us(LEAD_IN_S * 1000000 - bench_clock.now_us())
    app.provision("01234567890", json.dumps(TIERED_TIME_OF_USE).encode(), 5)
    for _ in range(10):
        bench_clock.advance_us(app.metering.step() * 1000)
    if bed.relay.closed:
        raise RuntimeError("relay: closed without credit")
    bench_clock.advance_us(_STEP_MS // 2 * 1000)
    began = bench_clock.now_us()
    app.credit(1, 1000000)
    for _ in range(100):
        if bed.relay.closed:
            break
        bench_clock.advance_us(app.metering.step() * 1000)
    print(json.dumps({"top_up_to_closed_ms": (bench_clock.now_us() - began) // 1000}))


main(sys.argv[1])
