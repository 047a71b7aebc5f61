"""The metering task: read the IC, tick, drive the switch, commit. Once a second, for ever."""

from micropython import const

from joulegate.core import events as event
from joulegate.core.billing import DAY, DEBT, MONTH, PRICE, TARIFF, WAITING
from joulegate.core.events import EventLog
from joulegate.core.meter import WARNED, Meter
from joulegate.core.reading import Reading
from joulegate.core.supply_reasons import PROTECTION

_COMMIT_FLAGS = const(0x20F)  # PRICE, DAY, MONTH, TARIFF, SUPPLY
_BUSY_MS = const(50)
_PULSES_UNCOMMITTED = const(100)


class Metering:
    def __init__(
        self, ic: object, meter: Meter, switch: object, state: object, clock: object,
        log: EventLog, power_fail: object, records: object = None,
    ) -> None:
        """ic: a driver with read(reading), and `phases` if it is for three; records: storage's,
        or None to keep none."""
        self.records = records
        self.ic = ic
        self.meter = meter
        self.switch = switch
        self.state = state
        self.clock = clock
        self.log = log
        self.reading = Reading(getattr(ic, "phases", 1))
        self.ticks = 0
        self.power_fail = power_fail
        # Made once: a bound method made at every tick is a piece of heap at every tick.
        self._commit = self.commit
        self._mains_lost = False
        self.measured = True
        """Whether the IC has answered the last time."""
        self.sagged = False
        """Whether the IC has seen a sag, for the watch, which clears it."""
        self._tell_sags = True
        self.storage_failed = False
        """Whether the last commit has failed."""
        self._waiting = False
        self._counts = 0
        self._committed_at = clock.ticks_ms()
        self.configure(state.settings.values)

    def configure(self, values: object) -> None:
        """Take the settings of tick and commit."""
        self._tick_ms = values["tick_ms"]
        self._tell_sags = not values["sag_percent"]
        self._commit_counts = values["commit_Wh"] * self.state.counts_per_kWh // 1000
        # A hundred pulses of other energies weigh as much.
        self._pulse_counts = self._commit_counts // _PULSES_UNCOMMITTED + 1
        self._commit_ms = values["commit_minutes"] * 60000

    def step(self) -> int:
        """Do one tick; return the milliseconds after which the next one is due."""
        failing = self.power_fail.look()
        now = self.clock.now()
        reading = self.reading
        self._read(reading, now)
        energies = self.state.energies
        if energies is not None:
            self._counts += energies.take() * self._pulse_counts
        up = self.clock.up  # of `now` above: asking again takes its time
        flags = self.meter.tick(now, reading, up)
        demand = self.state.demand
        if demand is not None:
            demand.tick(now)
        self.ticks += 1
        billing = self.meter.billing
        if billing is None:
            self._record(now)
            return self._tick_ms
        if flags:
            self._report(flags, now)
        supply = self.meter.supply
        if supply.news:
            self._tell(supply.take_news(), now)
        counts = reading.import_counts + reading.export_counts
        self._counts += counts
        if failing:
            return self._hold(now)
        if self._mains_lost:
            self._mains_lost = False
            self.log.add(event.MAINS_BACK, now)
        switch = self.switch
        switch.step(
            supply.commands(switch.closed, up), reading, now, self._commit,
            supply.reasons & PROTECTION)
        if flags & _COMMIT_FLAGS or self._due(counts):
            self.commit()
        self._record(now)
        return _BUSY_MS if switch.busy else self._tick_ms

    def charge(self, counts: int) -> None:
        """Charge energy that was estimated; the registers hold only what was measured."""
        if self.meter.billing is not None:
            self.meter.billing.consume(counts)
            self._counts += counts

    def commit(self) -> bool:
        """Commit the ledger; False when storage fails, and an event when it begins to."""
        billing = self.meter.billing
        if billing is not None and not self._waiting:
            billing.saw(self.clock.now())
        try:
            self.state.ledger.commit()
        except (OSError, ValueError) as e:
            if not self.storage_failed:
                self.storage_failed = True
                number = e.errno if isinstance(e, OSError) else 0
                self.log.add(event.STORAGE_ERROR, self.clock.now(), number or 0)
            return False
        self.storage_failed = False
        self._counts = 0
        self._committed_at = self.clock.ticks_ms()
        return True

    def _read(self, reading: Reading, now: int) -> None:
        try:
            events = self.ic.read(reading)
            self.measured = True
        except (RuntimeError, OSError):
            # What was not read stays in the chip or in the driver; nothing is charged twice.
            # Of voltage and current nothing is known: the relay must rest.
            reading.forget()
            if self.measured:
                self.measured = False
                self.log.add(event.METER_ERROR, now)
            return
        if events:
            for bit, code in IC_EVENTS:
                if code == event.SAG and events & bit and not self._tell_sags:
                    self.sagged = True
                elif events & bit:
                    self.log.add(code, now)

    def _report(self, flags: int, now: int) -> None:
        billing = self.meter.billing
        if flags & WARNED:
            self.log.add(event.LOW_CREDIT, now, billing.account.balance)
        if flags & TARIFF:
            self.log.add(event.TARIFF_ACTIVATED, now)
        if flags & DEBT:
            for number in billing.account.debts.recovery.take_settled():
                self.log.add(event.DEBT_SETTLED, now, number)
        if flags & WAITING and not self._waiting:
            self.log.add(event.CLOCK_AHEAD, now, billing.day)
        if flags & (DAY | PRICE):
            self._waiting = bool(flags & WAITING)
        if flags & MONTH and billing.audit():
            self.log.add(event.AUDIT_FAILED, now)

    def _tell(self, news: int, now: int) -> None:
        """Log what has happened to supply, with the balance or the power where that says more."""
        for i, code in enumerate(NEWS_EVENTS):
            if news & 1 << i:
                value = 0
                if code == event.LOAD_LIMIT_TRIPPED:
                    value = self.reading.active_W
                elif code not in (event.TEMPORARY_LAPSED, event.SUPPLY_READY):
                    value = self.meter.billing.account.balance
                self.log.add(code, now, value)

    def _record(self, now: int) -> None:
        """Capture the load profile and bring events to flash, when any is due."""
        if self.records is not None:
            self.records.step(now, self.reading, self.measured, self.switch.closed)

    def _hold(self, now: int) -> int:
        """Mains is failing: commit once, leave the relay alone and wait for the end."""
        if not self._mains_lost:
            self._mains_lost = True
            self.log.add(event.MAINS_LOST, now)
            self.commit()
        else:
            # In the steps after the commit, if power lasts that long.
            self._record(now)
        return self._tick_ms

    def _due(self, counts: int) -> bool:
        # Another tick like this one, cut off in its commit, must not lose more than is allowed.
        if self.storage_failed or self._counts + counts > self._commit_counts:
            return True
        passed = self.clock.ticks_diff(self.clock.ticks_ms(), self._committed_at)
        return passed >= self._commit_ms and self._counts > 0


NEWS_EVENTS = (
    event.CREDIT_EXHAUSTED, event.ALARM_TRIPPED, event.LOAD_LIMIT_TRIPPED,
    event.EMERGENCY_OFFERED, event.EMERGENCY_OVER, event.TEMPORARY_LAPSED, event.SUPPLY_READY,
)
"""The events of the bits that core.supply reports as news, in their order."""

IC_EVENTS = (
    (1, event.BUS_RETRIED), (2, event.METER_RELOADED), (4, event.SAG), (16, event.REVERSED),
)
"""Bits that a metering driver's read() may report, and the events they become."""
