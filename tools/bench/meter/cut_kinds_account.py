"""Kinds of the power-cut sweep: energy, money, tariffs, settings and the relay.

A kind yields cases with an act, so many rounds where it matters what came before.
"""

from meter.cut_acts import (
    credit,
    document,
    in_the_evening,
    new_meter,
    pass_midnight,
    provision,
    rounds_of,
    running,
    stored,
    use,
    wait,
)
from meter.cut_case import (
    COMMIT_WH,
    COUNTS_PER_KWH,
    DAY_S,
    FIRST_TID,
    FIRST_UNITS,
    TID,
    UNITS,
    Case,
    counts_of,
)
from meter.cut_judge import must, spent
from meter.lean_meter import LeanMeter
from world import bench_clock

_CONSTANTS = {"u_gain": 26410, "i_gain_L": 31260}
_TICK_COUNTS = 700
_DEBT = 200000
_DEBT_CAP = 30000


def provisioning(rounds: int, memory: object = None) -> object:
    case = Case(new_meter(memory), {})
    case.act = provision
    case.raises = True
    yield case


def energy_commit(rounds: int, memory: object = None) -> object:
    case = stored(memory)
    case.act = use
    return rounds_of(case, rounds)


def energy_loss(rounds: int, memory: object = None, limit_Wh: int = COMMIT_WH) -> object:
    """Tick after tick with a load: what is lost is never above what may pass before a commit."""
    case = stored(memory)
    case.loose = True
    limit = limit_Wh * COUNTS_PER_KWH // 1000
    fed = [0, 0]

    def act(meter: LeanMeter) -> None:
        fed[0] = fed[1] = counts_of(meter)[0]
        while meter.flash.powered and fed[1] < fed[0] + 3 * limit:
            n = min(_TICK_COUNTS, limit // 5 + 7)
            fed[1] += n
            wait(meter, 1, n)

    def check(meter: LeanMeter) -> None:
        lost = fed[1] - counts_of(meter)[0]
        must(0 <= lost <= limit, "%d counts are lost, at most %d" % (lost, limit))

    case.act = act
    case.check = check
    yield case


def _buying(case: Case, rounds: int) -> object:
    """A case in which another purchase is made each round."""
    for n in range(rounds):
        tid = TID + n
        case.purchases = dict(case.purchases)
        case.purchases[tid] = UNITS
        case.act = lambda meter, tid=tid: credit(meter, tid, UNITS)
        yield case
        case.go_on()


def purchase(rounds: int, memory: object = None) -> object:
    return _buying(stored(memory), rounds)


def purchase_with_debt(rounds: int) -> object:
    """A purchase of which a share pays a debt, under a cap that the second one reaches."""
    meter = running()
    meter.app.commissioning.change_settings({"debt_percent": 40, "debt_cap": _DEBT_CAP})
    meter.app.state.set_debt(3, _DEBT)
    case = Case(meter, {FIRST_TID: FIRST_UNITS})

    def check(meter: LeanMeter) -> None:
        debts = meter.app.state.account.debts
        taken = len([tid for tid in case.purchases
                     if tid != FIRST_TID and spent(meter.app.state, tid)])
        wanted = min(taken * (UNITS * 40 // 100), _DEBT_CAP)
        found = (debts.recovered, debts.capped, _DEBT - debts.remaining[2])
        must(found == (wanted, wanted, wanted),
             "%d purchases paid %r of the debt, not %d" % (taken, found, wanted))

    case.check = check
    yield from _buying(case, rounds)


def purchase_wrap(rounds: int) -> object:
    """A purchase over the oldest entry of a full log, journal and replay store."""
    meter = new_meter()
    provision(meter)
    case = Case(meter, {tid: 10 for tid in range(1, 121)})
    meter = case.begin()
    for tid in case.purchases:
        credit(meter, tid, 10)
    case.commit(meter)
    yield from _buying(case, rounds)


def refusal(rounds: int) -> object:
    """A purchase refused: an entry in the purchase log, and nothing else."""
    case = stored()

    def act(meter: LeanMeter) -> None:
        meter.app.gate.credit(FIRST_TID, UNITS, meter.app.clock.now())
        meter.steps()

    case.act = act
    return rounds_of(case, rounds)


def reconnection(rounds: int) -> object:
    """A purchase that ends a disconnection: its commits, and those of the switch."""
    meter = running()
    meter.app.commissioning.change_settings({"cut_off": FIRST_UNITS})
    wait(meter, 3600)
    meter.app.metering.commit()
    case = Case(meter, {FIRST_TID: FIRST_UNITS, TID: UNITS})
    case.act = lambda meter: credit(meter, TID, UNITS)
    yield case


def disconnection(rounds: int) -> object:
    """The use of the last credit: the switch's intent, pulse and result."""
    meter = running()
    meter.app.commissioning.change_settings({"cut_off": FIRST_UNITS - 100000})
    meter.app.metering.commit()
    case = Case(meter, {FIRST_TID: FIRST_UNITS})
    case.act = lambda meter: use(meter, 60000, 0)
    yield case


def overload(rounds: int) -> object:
    """Opening for protection, whose pulse comes before the commit of its intent."""
    meter = running()
    meter.app.commissioning.change_settings({"overcurrent_peak_mA": 50000})
    meter.app.metering.commit()
    case = Case(meter, {FIRST_TID: FIRST_UNITS})

    def act(meter: LeanMeter) -> None:
        meter.board.chip.draw(60000)
        meter.app.task.turn()
        meter.app.task.turn()
        meter.board.chip.draw(0)
        wait(meter, 1)

    def check(meter: LeanMeter) -> None:
        """The meter knows where its relay is, and brings supply back."""
        for seconds in (1, 60, 2):
            wait(meter, seconds)
            must(bool(meter.app.switch.closed) is meter.board.contact.closed,
                 "the relay is not where the ledger has it")
        must(meter.board.contact.closed, "supply does not come back")

    case.act = act
    case.check = check
    yield case


def tariff_load(rounds: int) -> object:
    case = stored()
    case.raises = True
    for n in range(rounds):
        text = document("next%d" % n, "0.%d" % (n + 1))

        def act(meter: LeanMeter, text: bytes = text) -> bool:
            meter.app.commissioning.load_tariff(text, meter.app.clock.now() + DAY_S)
            meter.steps()
            return True

        case.act = act
        yield case
        case.go_on()


def tariff_activation(rounds: int) -> object:
    meter = running()
    meter.app.commissioning.load_tariff(document("next", "0.5"), meter.app.clock.now() + 1800)
    meter.app.metering.commit()
    case = Case(meter, {FIRST_TID: FIRST_UNITS})

    def act(meter: LeanMeter) -> None:
        bench_clock.advance_us(3600000000)
        use(meter, 500)

    case.act = act
    yield case


def settings_change(rounds: int) -> object:
    case = stored()
    case.raises = True

    def act(meter: LeanMeter) -> bool:
        meter.app.commissioning.change_settings({"commit_Wh": 133, "warnings": [500, 100]})
        meter.steps()
        return True

    case.act = act
    return rounds_of(case, rounds)


def calibration_save(rounds: int) -> object:
    case = stored()
    case.raises = True

    def act(meter: LeanMeter) -> bool:
        meter.app.calibration_store.replace(_CONSTANTS)
        return True

    case.act = act
    yield case


def mains_failure(rounds: int, memory: object = None) -> object:
    """The last commit, when the power-fail line tells, and the steps while power lasts."""
    case = stored(memory)

    def act(meter: LeanMeter) -> None:
        meter.board.chip.count((900, 0, 0, 0), True)
        meter.board.mains = False
        meter.steps()
        meter.steps()

    case.act = act
    yield case


def day_roll(rounds: int, memory: object = None) -> object:
    case = in_the_evening(2, memory)
    case.act = pass_midnight
    for _ in range(rounds):
        yield case
        case.go_on()
        meter = case.begin()
        wait(meter, DAY_S - 3600)
        case.commit(meter)


def month_roll(rounds: int, memory: object = None) -> object:
    """Midnight after 31 March: two freezes, and a statement closed."""
    case = in_the_evening(24, memory)
    case.act = pass_midnight
    yield case


def days_settled(rounds: int) -> object:
    """More days than the meter may settle alone, settled by somebody's word."""
    case = stored()
    case.second += 70 * DAY_S
    case.raises = True

    def act(meter: LeanMeter) -> bool:
        meter.app.commissioning.settle_days()
        return False

    case.act = act
    case.waits = True
    yield case
