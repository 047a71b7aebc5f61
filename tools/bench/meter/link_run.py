"""Runs of a tortured link, one seed after the other; a line of JSON each.

usage: micropython link_run.py SEED RUNS
       micropython link_run.py bytes FIRST LAST STEP

The second form has one session cut after FIRST, FIRST + STEP, ... bytes, in each of four ways:
both ends hear of it, one, or none. The seed that it tells is the byte times 4 and the way.
"""

import json
import sys

from meter import faulty_files


class _Heap:
    """Stands for `gc`: collecting the heap of the host at every start takes longer than all the
    rest of a start. Half of it is free at all times."""

    def collect(self) -> None:
        pass

    def mem_free(self) -> int:
        return 1 << 20

    mem_alloc = mem_free


sys.modules["gc"] = _Heap()
faulty_files.install()

from meter.lean_meter import LeanMeter  # noqa: E402, it imports the firmware
from meter.link_judge import Violation  # noqa: E402
from meter.link_life import NOON, LinkRun  # noqa: E402
from meter.link_office import METER_ID, ROLES  # noqa: E402
from world import bench_clock  # noqa: E402

_SESSION_SEED = 3
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TARIFF = {
    "id": "flat", "currency": "EUR",
    "day_types": {day: "any" for day in _DAYS},
    "seasons": [{"id": "year", "months": list(range(1, 13))}],
    "periods": {"*/*": [{"from": "00:00", "to": "24:00", "period": "all"}]},
    "tiers": {"window": "month", "count": "all_energy", "mode": "marginal"},
    "energy": {"*/*": [{"up_to_kWh": None, "price": "0.3"}]},
    "fixed": [{"name": "standing", "per": "day", "amount": "0.1"}],
    "tax": {"rate": "0", "included_in_prices": True},
}


def provisioned() -> object:
    """Return the flash of a meter with keys for messages and settings for its link."""
    bench_clock.set_mode(bench_clock.VIRTUAL)
    bench_clock.start(NOON)
    lean = LeanMeter()
    app = lean.power_up()
    app.commissioning.provision(
        METER_ID, json.dumps(_TARIFF).encode(), 5, None, {"maximum_balance": 10 ** 9})
    app.entrance.install_message_keys(
        [{"role": role, "kid": kid.hex(), "key": key.hex()} for role, (kid, key) in ROLES], False)
    app.network.change(
        {"host": "broker", "port": 1883, "tls": False, "transports": ["modem"]})
    lean.steps()
    app.metering.commit()
    lean.power_down()
    return lean.flash


def told(run: LinkRun, wrong: str) -> dict:
    """Return what is known of a run."""
    link = run.meter.link
    session = link.session if link is not None else None
    return {
        "seed": run.seed, "wrong": wrong, "story": run.story if wrong else [],
        "counts": {
            "bytes": run.network.bytes, "cuts": run.network.cuts, "ticks": run.ticks,
            "credits": len(run.station.purchases),
            "messages": run.head_end.messages, "repeats": run.head_end.repeats,
            "numbers": len(run.head_end.held), "readings": run.head_end.readings,
            "forgotten": run.broker.forgotten, "dropped": run.broker.dropped,
            "with DUP": run.broker.duplicates,
            "discarded": run.head_end.discarded,
            "given up": len(run.head_end.lost),
            "faults": len(run.story),
        },
        "settled_s": run.settled_s, "late_us": run.late_us,
        "late_with_erases_us": run.late_with_erases_us,
        "connections": session.connections if session is not None else 0,
        "slices": {
            name: {"count": s.count, "longest_us": s.longest_us, "total_us": s.total_us,
                   "bins": s.bins}
            for name, s in run.meter.turns.slices.items()},
    }


def live(run: LinkRun) -> dict:
    """Let a run go on to its end, and return what is known of it."""
    wrong = ""
    try:
        run.run()
    except Violation as e:
        wrong = str(e)
    except Exception as e:
        sys.print_exception(e)
        wrong = "%s: %s" % (type(e).__name__, e)
    found = told(run, wrong)
    run.meter.power_down()
    return found


def cut_after(flash: object, size: int, heard_by: int) -> LinkRun:
    """Return a run whose first session is cut after so many bytes."""
    def fault(run: LinkRun) -> str:
        run.network.cut_after = size
        run.network.cut_heard_by = heard_by
        return "cut after %d bytes, heard by %d" % (size, heard_by)

    run = LinkRun(_SESSION_SEED, flash, fault)
    run.seed = size * 4 + heard_by
    return run


def main(arguments: list) -> None:
    flash = provisioned()
    if arguments[0] == "bytes":
        first, last, step = [int(argument) for argument in arguments[1:]]
        for size in range(first, last + 1, step):
            for heard_by in range(4):
                print(json.dumps(live(cut_after(flash, size, heard_by))))
        return
    seed, runs = int(arguments[0]), int(arguments[1])
    for number in range(seed, seed + runs):
        print(json.dumps(live(LinkRun(number, flash))))


main(sys.argv[1:])
