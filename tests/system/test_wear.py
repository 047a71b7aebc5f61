"""The extrapolation of flash life: what it works out, and what it refuses."""

import pytest

from tools.measure.wear import (
    CYCLES,
    LIFE_YEARS,
    Case,
    WearError,
    judge,
    mean_at,
    run,
    worst_at,
)

CASE = Case(128, 20, 100, 10)


def steps(erases_a_day: float = 1000, worst: float = 0, bend: float = 0) -> list[dict[str, float]]:
    return [{"days": day, "erases": erases_a_day * day + bend * max(0, day - 5),
             "commits": day, "sectors": 128, "used": 28, "worst": worst} for day in range(1, 11)]


def test_years_are_those_of_the_worst_sector() -> None:
    wear = judge(CASE, steps())
    assert wear.mean_a_year == 3650  # a hundred sectors share 1000 a day
    assert worst_at(wear.mean_a_year * wear.years) == pytest.approx(CYCLES)
    assert 20 < wear.years < CYCLES / 3650
    for worst in (1, 500, CYCLES):
        assert worst_at(mean_at(worst)) == pytest.approx(worst)


def test_a_bend_or_a_spot_is_refused() -> None:
    with pytest.raises(WearError, match="not linear"):
        judge(CASE, steps(bend=200))
    with pytest.raises(WearError, match="worst sector has 2000"):
        judge(CASE, steps(worst=2000))


def test_a_run_behaves_so() -> None:
    wear = run(Case(128, 20, 360, 2))
    by_energy = 2 * 24 * 20_000 / 360  # a commit each 270 Wh, and a few for the time
    assert by_energy <= wear.commits < 1.02 * by_energy
    assert 0.1 < wear.erases / wear.commits < 0.5
    assert wear.years > LIFE_YEARS
