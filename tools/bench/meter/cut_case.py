"""A case of the power-cut sweep: a stored meter, and something to do with it."""

from meter.lean_meter import LeanMeter
from world import bench_clock

NOON = 1804507200
"""2027-03-08T12:00:00Z since 1970."""
DAY_S = 86400
METER_ID = "01234567890"
COUNTS_PER_KWH = 32000
COMMIT_WH = 100
"""What may pass between two commits on flash of 1 MiB, see docs/flash-life.md."""
FIRST_TID = 1
FIRST_UNITS = 1000000
TID = 4242
UNITS = 54321


class Case:
    """What stands on flash and FRAM, and an act that is to be cut.

    act(meter): returns whether it answered that it is done. cold: the start itself is cut, `act`
    finds no power. purchases: units by TID that may have been taken. closed: where the relay
    is. cause: of the starts in the case. raises: the act may raise when storage fails;
    otherwise the meter must take it. damaged: files that may be found wrong. check(meter): what
    else must hold after a cut. loose: more states than two are right, `check` judges alone.
    waits: days may be frozen that are not charged, and will be when somebody says so.
    """

    def __init__(self, meter: LeanMeter, purchases: dict) -> None:
        """Take the power of a meter away, and keep what is left."""
        self.purchases = purchases
        self.cold = False
        self.cause = 0
        self.raises = False
        self.damaged = ()
        self.loose = False
        self.waits = False
        self.act = None
        self.check = None
        self.leave(meter)

    def leave(self, meter: LeanMeter) -> None:
        """Take the power of a meter away; the case goes on from what is left."""
        self.closed = meter.board.contact.closed
        meter.power_down()
        self.flash = meter.flash
        self.memory = meter.memory
        self.second = now()

    def begin(self) -> LeanMeter:
        """Return the meter as it stands before the act."""
        meter = self.meter_on(self.flash, self.memory, self.second)
        if not self.cold:
            meter.power_up()
            meter.steps()
        return meter

    def meter_on(self, flash: object, memory: object, second: int) -> LeanMeter:
        """Return a meter without power on copies of a flash and of a FRAM, at a time."""
        bench_clock.start(second)
        meter = LeanMeter(flash.snapshot(), memory=memory.snapshot() if memory else None)
        meter.board.contact.closed = self.closed
        meter.board.cause = self.cause
        return meter

    def go_on(self) -> None:
        """Let the act happen for good, and go on from there."""
        meter = self.begin()
        self.act(meter)
        self.commit(meter)

    def commit(self, meter: LeanMeter) -> None:
        """Go on from a meter whose power goes in good order."""
        meter.app.metering.commit()
        self.leave(meter)


def now() -> int:
    """Return the true UTC second."""
    return bench_clock.civil_us() // 1000000


def counts_of(meter: LeanMeter) -> list:
    """Return what the registers hold, in counts, by quantity."""
    registers = meter.app.state.registers
    return [registers.counts(q) for q in range(4)]
