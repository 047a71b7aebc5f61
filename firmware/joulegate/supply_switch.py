"""The supply switch: brings the relay to what supply decides, and proves it.

Order: intent committed, rail checked, pulse, result verified by load-side voltage and current,
result committed. An intent that a power cut left behind is carried out again at the next
start. Three tries, then a fault; never a storm of pulses. Contacts are not closed on voltage
that comes from elsewhere.

Opening for protection comes before its commit, which takes as long as contacts bear an overload.
A cut between the two leaves an open relay that counts as closed: the load side shows it at the
next start. Where nothing can show it, the intent goes first as ever.
"""

from micropython import const

from joulegate.core import events as event
from joulegate.core.events import EventLog
from joulegate.core.reading import Reading

NO_INTENT = const(0)
INTENT_OPEN = const(1)
INTENT_CLOSE = const(2)

TRIES = const(3)
INTERVAL_MS = const(1000)
HOURLY_PULSES = const(20)
DAILY_PULSES = const(100)

_SETTLE_MS = const(200)
_BREAK_MS = const(10)
"""From the end of a pulse to the next one, so that never both coils are on."""
_BYPASS_MS = const(3000)
_HOUR_MS = const(3600000)
_DAY_MS = const(86400000)


class _Quota:
    """At most so many pulses in so many milliseconds, in windows one after the other."""

    def __init__(self, limit: int, window_ms: int, clock: object) -> None:
        self._limit = limit
        self._window_ms = window_ms
        self._clock = clock
        self._start = clock.ticks_ms()
        self._used = 0

    def roll(self) -> None:
        """Begin the next window when it is time; ticks wrap, so this is called all the time."""
        now = self._clock.ticks_ms()
        if self._clock.ticks_diff(now, self._start) >= self._window_ms:
            self._start = now
            self._used = 0

    def free(self) -> bool:
        return self._used < self._limit

    def use(self) -> None:
        self._used += 1


class SupplySwitch:
    """State that the ledger keeps: `intent` and `closed`, the last proven position."""

    def __init__(
        self, relay: object, clock: object, log: EventLog, rail_min_cV: int = 16100,
        open_current_mA: int = 40,
    ) -> None:
        """rail_min_cV: mains voltage below which the coil's rail cannot be trusted (70 % Un).
        open_current_mA: more than this through an open relay is a bypass or a weld.
        """
        self._relay = relay
        self._clock = clock
        self._log = log
        self._rail_min_cV = rail_min_cV
        self._open_current_mA = open_current_mA
        self.intent = NO_INTENT
        self.closed = 0
        self.fault = False
        self._failed = NO_INTENT
        self._tries = 0
        self._pulsed_at: int | None = None
        self._rested = True
        self._found = False
        self._last_pulse = 0
        self._closing = False
        self._bypass_since: int | None = None
        self._bypassed = False
        self._refuses_back_feed = True
        self._quotas = (_Quota(HOURLY_PULSES, _HOUR_MS, clock),
                        _Quota(DAILY_PULSES, _DAY_MS, clock))

    def configure(self, values: object) -> None:
        """Take the settings by name."""
        self._refuses_back_feed = values["back_feed_s"] > 0

    @property
    def busy(self) -> bool:
        """Whether a pulse waits to be verified: look again soon."""
        return self._pulsed_at is not None

    def find_position(self) -> None:
        """Take the position from the load side, for a meter that has no record of it.

        Without a detector the relay counts as closed, so that it is opened if it must not be.
        """
        self.closed = 0 if self._relay.load_voltage() is False else 1

    def step(
        self, allowed: bool, reading: Reading, now: int, commit: object, urgent: int = 0
    ) -> None:
        """Take the next step towards the wanted position.

        commit: a function that commits the ledger and returns whether it could. urgent: not 0
        when opening cannot wait for that.
        """
        wanted = INTENT_CLOSE if allowed else INTENT_OPEN
        self._pass_time()
        if urgent and not allowed and self._closing:
            self._turn_back()
        if self._pulsed_at is not None:
            self._verify(wanted, reading, now, commit)
            return
        self._watch(reading, now)
        if self._failed != NO_INTENT and self._failed != wanted:
            self._failed = NO_INTENT  # the other direction gets tries of its own
            self.fault = False
            self._tries = 0
        if not self._found and reading.voltage_cV >= self._rail_min_cV:
            self._found = True
            if allowed and self._relay.load_voltage() is False:
                self.closed = 0  # opened before a cut, and not recorded
        if self.intent == NO_INTENT and bool(self.closed) == allowed:
            return
        if (self._failed == wanted or reading.voltage_cV < self._rail_min_cV
                or not self._may_pulse() or allowed and self._back_fed(reading)):
            return
        if self.intent != wanted:
            before = self.intent
            self.intent = wanted
            self._tries = 0
            if urgent and not allowed and self._relay.load_voltage() is not None:
                self._pulse(now)
                commit()
                return
            # A relay may open unrecorded when storage fails, but never close.
            if not commit() and allowed:
                self.intent = before
                return
        self._pulse(now)

    def forget_fault(self) -> None:
        """Try again what has failed, on the word of somebody who has seen to it."""
        self.fault = False
        self._failed = NO_INTENT
        self._tries = 0

    def _turn_back(self) -> None:
        """Have opening wait no longer for a closing than for the end of its pulse: not for the
        proof, nor for the rest after it. The quotas hold all the same."""
        waited = self._clock.ticks_diff(self._clock.ticks_ms(), self._last_pulse)
        if waited < self._relay.pulse_ms + _BREAK_MS:
            return
        self._rested = True
        if self.intent == INTENT_CLOSE:
            self._pulsed_at = None

    def _pass_time(self) -> None:
        for quota in self._quotas:
            quota.roll()
        if not self._rested:
            rest = self._clock.ticks_diff(self._clock.ticks_ms(), self._last_pulse)
            self._rested = rest >= INTERVAL_MS

    def _may_pulse(self) -> bool:
        return self._rested and all(quota.free() for quota in self._quotas)

    def _back_fed(self, reading: Reading) -> bool:
        """Return whether the load side has voltage that is not the meter's own.

        Current says that it is: a weld, which closing does no harm. After an intent that was not
        carried out to its end the contacts may have moved already.
        """
        return (self._refuses_back_feed and self.intent == NO_INTENT
                and reading.current_mA <= self._open_current_mA
                and self._relay.load_voltage() is True)

    def _pulse(self, now: int) -> None:
        for quota in self._quotas:
            quota.use()
        self._rested = False
        self._last_pulse = self._clock.ticks_ms()
        self._closing = self.intent == INTENT_CLOSE
        try:
            self._relay.pulse(self._closing)
        except RuntimeError:
            self._fail(now)
            return
        self._pulsed_at = self._last_pulse
        self._tries += 1

    def _fail(self, now: int) -> None:
        self.fault = True
        self._failed = self.intent
        self._log.add(event.RELAY_FAULT, now, self.intent)

    def _verify(self, wanted: int, reading: Reading, now: int, commit: object) -> None:
        waited = self._clock.ticks_diff(self._clock.ticks_ms(), self._pulsed_at)
        if waited < self._relay.pulse_ms + _SETTLE_MS:
            return
        if reading.voltage_cV < self._rail_min_cV:
            self._pulsed_at = None  # the mains went: nothing can be proven, the intent stays
            return
        close = self.intent == INTENT_CLOSE
        load = self._relay.load_voltage()
        done = load is not False if close else (
            not load and reading.current_mA <= self._open_current_mA)
        if done:
            self._pulsed_at = None
            self.closed = 1 if close else 0
            self.intent = NO_INTENT
            self._tries = 0
            commit()
            self._log.add(
                event.SUPPLY_CONNECTED if close else event.SUPPLY_DISCONNECTED, now)
        elif waited >= INTERVAL_MS:
            self._pulsed_at = None
            if self.intent != wanted:
                return  # no longer wanted: the next step turns round
            if self._tries >= TRIES:
                self._fail(now)
                self._log.add(
                    event.RELAY_FAILED_OPEN if close else event.RELAY_WELDED, now,
                    reading.current_mA)
            elif self._may_pulse():
                self._pulse(now)

    def _watch(self, reading: Reading, now: int) -> None:
        """Report current through a relay that is open; it is measured and charged anyway."""
        if self.closed or reading.current_mA <= self._open_current_mA:
            self._bypass_since = None
            self._bypassed = False
            return
        ticks = self._clock.ticks_ms()
        if self._bypass_since is None:
            self._bypass_since = ticks
        elif not self._bypassed:
            if self._clock.ticks_diff(ticks, self._bypass_since) >= _BYPASS_MS:
                self._bypassed = True
                self._log.add(event.RELAY_BYPASSED, now, reading.current_mA)
