"""Kinds of the power-cut sweep: starts, after a reset, after days, after damage."""

from joulegate.core.reset_cause import WATCHDOG
from joulegate.health.restarts import LEVEL_MAX
from meter.cut_acts import credit, in_the_evening, provision, running, start, stored, wait
from meter.cut_case import DAY_S, FIRST_TID, FIRST_UNITS, NOON, TID, UNITS, Case
from meter.cut_judge import must
from meter.lean_meter import FOLDER, LeanMeter
from world import bench_clock

_JUNK = bytes([0x5A]) * 48


def first_start(rounds: int) -> object:
    """The first start on an empty file system, and the provisioning."""
    bench_clock.set_mode(bench_clock.VIRTUAL)
    bench_clock.start(NOON)
    case = Case(LeanMeter(), {})
    case.cold = True

    def act(meter: LeanMeter) -> None:
        if meter.app is None:
            start(meter)
        else:
            provision(meter)

    case.act = act
    yield case


def missed_days(rounds: int) -> object:
    """A start after days without power: they are charged and frozen at once."""
    case = in_the_evening(2)
    case.second += 5 * DAY_S
    return _start_of(case)


def missed_month(rounds: int) -> object:
    case = in_the_evening(24)
    case.second += 2 * DAY_S
    return _start_of(case)


def ledger_fallen_back(rounds: int) -> object:
    """A start at which the journal is ahead of the ledger: littlefs lost the newest commits."""
    meter = running()
    purchases = {FIRST_TID: FIRST_UNITS}
    old = {}
    for name in ("/ledger.bin", "/registers.bin"):
        with open(FOLDER + name, "rb") as f:
            old[name] = f.read()
    for tid in (TID, TID + 1):
        credit(meter, tid, UNITS)
        purchases[tid] = UNITS
    for name, content in old.items():
        with open(FOLDER + name, "r+b") as f:
            f.write(content)
    return _start_of(Case(meter, purchases))


def watchdog_start(rounds: int) -> object:
    """A start that nobody wanted is counted, or counted at the next one."""
    case = stored()
    case.cause = WATCHDOG
    return _counted(_start_of(case), 0, 3)


def safe_mode_start(rounds: int) -> object:
    """The start that begins safe mode: no records, and all of the money."""
    case = _restarted(LEVEL_MAX)
    return _counted(_start_of(case), LEVEL_MAX, LEVEL_MAX + 3)


def safe_mode_left(rounds: int) -> object:
    """The bucket of unwanted starts leaks while the meter runs."""
    case = _restarted(LEVEL_MAX + 1)
    case.cause = 0
    case.act = lambda meter: wait(meter, 1300, 700)
    yield from _counted([case], LEVEL_MAX - 2, LEVEL_MAX + 1)


def wanted_restart(rounds: int) -> object:
    """A reset that was asked for: commit and a note, before the reset."""
    case = stored()

    def act(meter: LeanMeter) -> None:
        meter.board.chip.count((900, 0, 0, 0), True)
        meter.steps()
        meter.app.metering.commit()
        meter.app.restarts.expect()

    case.act = act
    return _counted([case], 0, 0)


def failure_kept(rounds: int) -> object:
    """An exception that nobody handled is stored, and told at the next start."""
    case = stored()
    case.act = lambda meter: meter.app.failure.keep(ValueError("of the sweep"))

    def check(meter: LeanMeter) -> None:
        must(meter.app.failure.text in ("", "ValueError: of the sweep"),
             "failure: %r" % meter.app.failure.text)

    case.check = check
    yield case


def start_with_damage(rounds: int) -> object:
    """Starts after a file was damaged: of the records, of the starts, of the settings."""
    for name, damaged in (
            ("/events/power.bin", "records"), ("/purchases/credits.bin", "records"),
            ("/freezes/day-00.bin", "records"), ("/profile/p-00.bin", "records"),
            ("/starts.bin", ""), ("/settings.json", "settings"),
            ("/journal/purchases.bin", "journal")):
        case = in_the_evening(2)
        meter = case.begin()
        wait(meter, 1000)
        with open(FOLDER + name, "r+b") as f:
            f.write(_JUNK)
        case.leave(meter)
        case.damaged = (damaged,)
        yield from _start_of(case)


def _start_of(case: Case) -> object:
    case.cold = True
    case.act = start
    yield case


def _restarted(level: int) -> Case:
    """Return a meter that has just started unwantedly so often."""
    case = stored()
    case.cause = WATCHDOG
    for _ in range(level):
        case.commit(case.begin())
    return case


def _counted(cases: object, lowest: int, highest: int) -> object:
    """Have the level of unwanted starts looked at after each cut; a cut is a start more."""
    for case in cases:
        def check(meter: LeanMeter) -> None:
            level = meter.app.restarts.level
            must(lowest <= level <= highest, "restarts: level %d, must be %d to %d" % (
                level, lowest, highest))

        case.check = check
        yield case
