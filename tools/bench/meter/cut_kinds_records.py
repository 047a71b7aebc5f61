"""Kinds of the power-cut sweep: the records, new, grown, full and cleared."""

from joulegate.core.event_classes import CREDIT, SECURITY, TAMPER
from meter.cut_acts import in_the_evening, pass_midnight, rounds_of, running, stored, wait
from meter.cut_case import DAY_S, FIRST_TID, FIRST_UNITS, Case
from meter.cut_judge import must
from meter.lean_meter import LeanMeter


def event_drain(rounds: int) -> object:
    """More events than one tick brings to flash."""
    case = stored()

    def act(meter: LeanMeter) -> None:
        for _ in range(3):
            _move_cover(meter)

    case.act = act
    return rounds_of(case, rounds)


def event_wrap(rounds: int) -> object:
    """An event over the oldest of a full class."""
    meter = running()
    _move_cover(meter)
    ring = meter.app.records.events.rings[TAMPER]
    _fill(ring, ring.capacity, lambda entry: entry.update(time=entry["time"] - 40 * DAY_S))
    case = Case(meter, {FIRST_TID: FIRST_UNITS})
    case.act = _move_cover
    return rounds_of(case, rounds)


def event_clear(rounds: int) -> object:
    """A class cleared: never without a trace among those of security."""
    case = stored()
    case.raises = True

    def act(meter: LeanMeter) -> None:
        app = meter.app
        app.records.events.clear(CREDIT, app.clock.now(), app.state.registers)

    def check(meter: LeanMeter) -> None:
        events = meter.app.records.events
        names = [entry["name"] for entry in events.entries(CREDIT)]
        traces = [entry["name"] for entry in events.entries(SECURITY)]
        must("credited" in names or "events_cleared" in traces, "cleared without a trace")

    case.act = act
    case.check = check
    yield case


def profile_capture(rounds: int) -> object:
    case = stored()
    case.act = _quarter
    return rounds_of(case, rounds)


def profile_wrap(rounds: int) -> object:
    """The last capture of a full profile, and the first ones over the oldest."""
    meter = running()
    ring = meter.app.records.profile.ring
    values = (0, 15, 0x3F, 0, [0] * 6)
    while ring.next % ring.per_file or not ring.next:
        ring.append(values)
    for n in range(1, ring.files):  # one entry stands for a file of them
        ring._next = n * ring.per_file
        ring.append(values)
    ring._next = ring.capacity - 1
    ring.append(values)
    case = Case(meter, {FIRST_TID: FIRST_UNITS})
    case.act = _quarter
    return rounds_of(case, rounds)


def day_wrap(rounds: int) -> object:
    """Days frozen over the oldest of a full ring."""
    case = in_the_evening(3)
    meter = case.begin()
    ring = meter.app.records.freezes.day_ring
    _fill(ring, ring.capacity - 1, lambda entry: entry)
    case.leave(meter)
    case.act = pass_midnight
    for _ in range(rounds):
        yield case
        case.go_on()
        meter = case.begin()
        wait(meter, DAY_S - 3600)
        case.commit(meter)


def _fill(ring: object, end: int, change: object) -> None:
    """Bring a ring to an entry's number with copies of its newest."""
    newest = ring.read(ring.next - 1)
    change(newest)
    names = [row[0] for row in ring.layout.rows()]
    while ring.next < end:
        ring.append(tuple(newest[name] for name in names))


def _move_cover(meter: LeanMeter) -> None:
    meter.board.cover_closed = not meter.board.cover_closed
    for seconds in (1, 60, 1):  # seen, it has lasted, and the next tick brings it to flash
        wait(meter, seconds)


def _quarter(meter: LeanMeter) -> None:
    wait(meter, 901)
