"""Whatever is done to the clock: no day is charged twice or skipped, and no balance drained."""

import json
import random
import subprocess
from collections.abc import Callable
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.harness.execution import micropython
from tests.oracle.clock_life import ClockLife
from tools.bench.process import ROOT

DAY_S = 86400
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY, MONTH = Fraction("0.31"), Fraction("4.75")
DOCUMENT: dict[str, Any] = {
    "id": "clock", "currency": "EUR",
    "day_types": {day: "free" if day == "sun" else "work" for day in DAYS},
    "special_days": [{"date": "02-29", "day_type": "free"}, {"date": "12-25", "day_type": "free"}],
    "seasons": [{"id": "warm", "months": [4, 5, 6, 7, 8, 9]},
                {"id": "cold", "months": [10, 11, 12, 1, 2, 3]}],
    "periods": {
        "*/free": [{"from": "00:00", "to": "24:00", "period": "low"}],
        "*/work": [{"from": "00:00", "to": "02:30", "period": "low"},
                   {"from": "02:30", "to": "21:45", "period": "high"},
                   {"from": "21:45", "to": "24:00", "period": "low"}]},
    "tiers": {"window": "none", "count": "all_energy", "mode": "marginal"},
    "energy": {f"{season}/{period}": [{"up_to_kWh": None, "price": price}]
               for season, period, price in (
                   ("warm", "low", "0.1"), ("warm", "high", "0.23456789"),
                   ("cold", "low", "0.17"), ("cold", "high", "0.4"))},
    "fixed": [{"name": "meter", "per": "day", "amount": "0.31"},
              {"name": "line", "per": "month", "amount": "4.75"}],
    "tax": {"rate": "0", "included_in_prices": True},
}
ZONE = "CET-1CEST,M3.5.0,M10.5.0/3"
STEPS = 2500
Step = tuple[int, int, str, int]


def second(*civil: int) -> int:
    return int((datetime(*civil) - datetime(2020, 1, 1)).total_seconds())  # type: ignore[arg-type]


def troubled(seed: int) -> list[Step]:
    """A life with sets forward and back, jumps, losses of time and outages."""
    rng = random.Random(seed)
    reach = (2, 3600, 3700, DAY_S, 2 * DAY_S, 3 * DAY_S, 5 * DAY_S, 62 * DAY_S)
    steps = []
    for _ in range(STEPS):
        ms = rng.choice((1000, 60000, rng.randrange(1, 20 * 3600 * 1000)))
        counts = rng.randrange(3000)
        action = rng.choices(("", "set", "adjust", "jump", "lose", "outage"),
                             (60, 12, 4, 3, 3, 8))[0]
        most = rng.choice(reach) if rng.randrange(20) else 400 * DAY_S
        argument = rng.randrange(most) if action == "outage" else rng.randrange(-most, most)
        steps.append((ms, counts, action, argument))
    return steps


def to_the_end(seed: int) -> list[Step]:
    """A life of true time to the end of the century's calendar, a look every few days."""
    rng = random.Random(seed)
    now, end = second(2024, 1, 1), second(2099, 12, 31)
    steps = []
    while True:
        now += rng.choice((900, 3600 * rng.randrange(1, 40), DAY_S * rng.randrange(1, 20)))
        if now >= end:
            return steps
        steps.append((now, rng.randrange(3000), "", 0))


def live(life: dict[str, Any], folder: Path) -> list[Any]:
    path = folder / "life.json"
    path.write_text(json.dumps(life))
    done = subprocess.run(
        [micropython(), "-X", "heapsize=64m", "tests/clock_life.py", str(path)], cwd=ROOT,
        env={"MICROPYPATH": str(ROOT / "firmware")}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize(("start", "make", "seed"), [
    *((second(2024, 1, 31, 12), troubled, seed) for seed in range(1, 7)),
    (second(2024, 1, 1), to_the_end, 7),
])
def test_charges_are_those_of_the_days_and_prices_shown(
    start: int, make: Callable[[int], list[Step]], seed: int, tmp_path: Path
) -> None:
    steps = make(seed)
    told = live({"document": DOCUMENT, "zone": ZONE, "start": start,
                 "clock": make is troubled, "steps": steps}, tmp_path)
    oracle = ClockLife(DOCUMENT, start, "high")
    marks = [oracle.day]
    timeless = waiting = 0
    for number, (step, (now, charges, day, shown)) in enumerate(zip(steps, told, strict=True)):
        before = oracle.total
        if shown is not None:
            oracle.start(shown)
        oracle.tick(now, Fraction(step[1], 1000))
        where = f"seed {seed} step {number}: {step}"
        # A unit is 1e-5: the meter's charges, with their remainder, are exact.
        assert Fraction(*charges) == oracle.total * 10 ** 5, where
        assert date(2020, 1, 1) + timedelta(days=day) == oracle.day >= marks[-1], where
        if shown is None:
            drained = oracle.total - before - Fraction(step[1], 1000) * Fraction("0.4")
            assert drained <= 62 * DAY + 3 * MONTH, where
        marks.append(oracle.day)
        timeless += now < second(2000, 1, 1)
        waiting += now > second(2000, 1, 1) and now - (
            oracle.day - date(2020, 1, 1)).days * DAY_S > 63 * DAY_S
    days = oracle.charged_days
    assert len(days) == len(set(days)) == (days[-1] - days[0]).days + 1
    if make is troubled:
        assert timeless and waiting, "the life has seen too little"
    else:
        assert days[-1] >= date(2099, 12, 1)
