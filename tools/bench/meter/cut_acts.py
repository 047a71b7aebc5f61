"""What is done to the meters of the power-cut sweep, and the meters that it is done to."""

import json

from meter.cut_case import (
    DAY_S,
    FIRST_TID,
    FIRST_UNITS,
    METER_ID,
    NOON,
    Case,
    now,
)
from meter.lean_meter import LeanMeter
from world import bench_clock

_COUNTS = 3300
_EXPORTED = 70
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def document(name: str = "flat", price: str = "0.12345678", daily: str = "0.01") -> bytes:
    """Return a tariff of one period with tiers, daily and monthly charge, and export."""
    return json.dumps({
        "id": name, "currency": "EUR",
        "day_types": {day: "any" for day in _DAYS},
        "seasons": [{"id": "year", "months": list(range(1, 13))}],
        "periods": {"*/*": [{"from": "00:00", "to": "24:00", "period": "all"}]},
        "tiers": {"window": "month", "count": "all_energy", "mode": "marginal"},
        "energy": {"*/*": [{"up_to_kWh": "1.5", "price": price},
                           {"up_to_kWh": None, "price": "0.3"}]},
        "fixed": [{"name": "standing", "per": "day", "amount": daily},
                  {"name": "line", "per": "month", "amount": "0.5"}],
        "export": {"mode": "net_billing", "prices": {"*/*": "0.05"}},
        "tax": {"rate": "0", "included_in_prices": True},
    }).encode()


# --- acts: those that answer return whether they promise ----------------------------------------

def provision(meter: LeanMeter) -> bool:
    meter.app.commissioning.provision(METER_ID, document(), 5, None, {}, None)
    return True


def credit(meter: LeanMeter, tid: int, units: int) -> bool:
    """Take a purchase; it is promised when executed, or on flash for the next start."""
    promised = meter.app.gate.credit(tid, units, meter.app.clock.now()).code in (3, 8)
    meter.steps()
    return promised


def use(meter: LeanMeter, counts: int = _COUNTS, exported: int = _EXPORTED) -> None:
    """Let energy flow, above the commit limit unless told otherwise, and tick."""
    wait(meter, 60, counts, exported)


def wait(meter: LeanMeter, seconds: int, counts: int = 0, exported: int = 0) -> None:
    """Let time pass, and tick."""
    bench_clock.advance_us(seconds * 1000000)
    if counts or exported:
        meter.board.chip.count((counts, exported, 5, 5), True)
    meter.steps()


def start(meter: LeanMeter) -> None:
    """Start and tick."""
    meter.power_up()
    meter.steps()


def pass_midnight(meter: LeanMeter) -> None:
    """Tick half a minute before and after the end of the day."""
    until = (now() // DAY_S + 1) * DAY_S
    wait(meter, until - now() - 30)
    wait(meter, 60)


# --- meters --------------------------------------------------------------------------------------

def new_meter(memory: object = None) -> LeanMeter:
    """Return a running meter at NOON that is not provisioned."""
    bench_clock.set_mode(bench_clock.VIRTUAL)
    bench_clock.start(NOON)
    meter = LeanMeter(memory=memory)
    meter.power_up()
    return meter


def running(memory: object = None) -> LeanMeter:
    """Return a running meter with credit that has used energy."""
    meter = new_meter(memory)
    provision(meter)
    use(meter, 100, 10)
    credit(meter, FIRST_TID, FIRST_UNITS)
    return meter


def stored(memory: object = None) -> Case:
    """Return a case of `running`."""
    meter = running(memory)
    meter.app.metering.commit()
    return Case(meter, {FIRST_TID: FIRST_UNITS})


def in_the_evening(days: int = 1, memory: object = None) -> Case:
    """Return a case some days later, a few minutes before midnight."""
    meter = running(memory)
    for _ in range(days - 1):
        pass_midnight(meter)
        meter.board.chip.count((500, 20, 5, 5), True)
    wait(meter, DAY_S - now() % DAY_S - 300)
    meter.app.metering.commit()
    return Case(meter, {FIRST_TID: FIRST_UNITS})


def rounds_of(case: Case, rounds: int) -> object:
    """Yield a case so often, each time after its act happened for good."""
    for _ in range(rounds):
        yield case
        case.go_on()
