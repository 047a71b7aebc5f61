"""What an administrator of a soak asks for: settings that are taken, and what is refused."""

from random import Random
from typing import Any

from tools.soak.tariffs import bad_tariff
from tools.soak.verdict import UNITS_MAX

COMMIT_WH = (100, 150, 360)
"""Less is not to be had with flash: docs/flash-life.md."""


def first_settings(rng: Random, zone: str) -> dict[str, Any]:
    """Return the settings of a new meter: all that a life may change, the zone, and the terms
    of debts."""
    return {
        "debt_1_rate": rng.choice((0, 500, 20000)), "debt_1_period": rng.choice((1, 2, 3)),
        "debt_2_rate": rng.choice((0, 70000)), "debt_2_period": rng.choice((2, 3)),
        "debt_percent": rng.choice((0, 7, 60)), "debt_cap": rng.choice((0, 50000, 400000)),
        "debt_cap_period": rng.choice((2, 3)),
        "zone": zone, "cut_off": 0, "tick_ms": 1000, "commit_Wh": rng.choice(COMMIT_WH),
        "commit_minutes": 15, "profile_minutes": 15, "maximum_balance": UNITS_MAX // 4}


def changed_settings(rng: Random) -> dict[str, Any]:
    changes: dict[str, Any] = rng.choice((
        {"commit_Wh": rng.choice(COMMIT_WH)},
        {"commit_minutes": rng.choice((5, 15, 60))},
        {"profile_minutes": rng.choice((15, 30, 60))},
        {"cut_off": rng.choice((0, 0, -50000, 10000))},
        {"maximum_balance": rng.choice((UNITS_MAX // 4, UNITS_MAX // 16))},
    ))
    return changes


def bad_command(rng: Random, now: int) -> tuple[Any, ...]:
    """Return a command that must be refused."""
    command: tuple[Any, ...] = rng.choice((
        ("settings", {"commit_Wh": 0}), ("settings", {"zone": "nowhere"}),
        ("settings", {"cut_off": 1 << 40}), ("settings", {"colour": 1}),
        ("set_clock", -86400), ("set_clock", 1 << 40),
        ("tariff", bad_tariff(rng), now), ("tariff", "{}", now),
    ))
    return command
