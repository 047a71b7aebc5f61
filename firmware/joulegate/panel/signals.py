"""What lamps and buzzer say of the meter's state. Once a second they are told what there is."""

from micropython import const

from joulegate.core.civil import TIME_MIN
from joulegate.core.supply_reasons import CREDIT, EMERGENCY
from joulegate.panel import patterns
from joulegate.panel.alarms import CLOCK, LOW_CREDIT, SAFE_MODE, SUSPENDED
from joulegate.panel.patterns import Buzzer, Lamp

# The setting `buzzer`.
_WARNS = const(1)
_CLICKS = const(2)

MUTE_S = const(60)
"""For so long after a warning the button silences it."""
RETRY_MS = const(10000)
_GONE = const(5)
"""The level of supply that is off for want of credit: above those of the warnings."""
_LAMP_MS = const(100)
_HOUR_S = const(3600)
_CREDIT_REASONS = (1, 8)
_ATTACK_FIRST = const(11)
_ATTACK_LAST = const(22)
_TAMPER = const(5)


class Signals:
    def __init__(self, lamps: dict, buzzer: object, ticks_ms: object, ticks_diff: object) -> None:
        """lamps: by "credit" and "alarm", what is called with True to light one. buzzer: f(on),
        or None. The others are those of the time module."""
        self._credit = _lamp(lamps, "credit")
        self._alarm = _lamp(lamps, "alarm")
        self._buzzer = None if buzzer is None else Buzzer(buzzer, ticks_ms, ticks_diff)
        self._ticks_ms = ticks_ms
        self._ticks_diff = ticks_diff
        self._stepped_ms = ticks_ms()
        self._credit_pattern = self._alarm_pattern = patterns.OFF
        self._level = -1
        self._due = False
        self._warned_s = -MUTE_S
        self._failed_ms = 0
        self.muted = False
        """Whether a warning of low credit sounds no more until the next level."""
        self.failed = False
        """Whether a lamp or the buzzer has not answered the last time."""

    def configure(self, values: object) -> None:
        """Take the settings by name."""
        self._sounds = values["buzzer"]
        self._repeat_s = values["buzzer_minutes"] * 60
        self._quiet_from = values["buzzer_quiet_from"]
        self._quiet_until = values["buzzer_quiet_until"]

    # --- once a second --------------------------------------------------------------------

    def follow(self, app: object, alarms: list) -> None:
        """Go by the state of the meter; alarms: what `alarms` of panel.alarms returned."""
        supply = app.state.supply
        provisioned = app.state.provisioned
        level = 0
        self._credit_pattern = patterns.OFF
        if provisioned:
            emergency = supply.emergency
            if supply.forbidding & CREDIT:
                level = _GONE
            elif supply.remote is None:
                level = min(supply.levels.warned, _GONE - 1)
            if level == _GONE:
                pass
            elif supply.lifts & EMERGENCY and supply.reasons & CREDIT:
                self._credit_pattern = patterns.TWICE
            elif level or emergency is not None and emergency.offered:
                self._credit_pattern = patterns.SLOW
            else:
                self._credit_pattern = patterns.ON
        self._alarm_pattern = _alarm_pattern(alarms)
        self._warn(level, app)

    def _warn(self, level: int, app: object) -> None:
        up = app.clock.up
        before = self._level
        self._level = level
        if level != before:
            self.muted = False
            self._due = 0 <= before < level
            if before < 0:
                self._warned_s = up  # as it was at the start, no news
        elif (0 < level < _GONE and not self.muted and self._repeat_s
                and up - self._warned_s >= self._repeat_s):
            self._due = True
        if self._due and not self._is_quiet(app):
            self._due = False
            self._warned_s = up
            if self._sounds >= _WARNS:
                self._play(patterns.ALARM if level == _GONE else patterns.WARNINGS[level - 1])

    def _is_quiet(self, app: object) -> bool:
        """Return whether it is an hour in which no warning sounds."""
        now = app.clock.now()
        first = self._quiet_from
        end = self._quiet_until
        if now < TIME_MIN or first == end:
            return False
        billing = app.state.billing
        hour = (now + billing.zone.offset(now)) // _HOUR_S % 24 if billing is not None else 12
        if first < end:
            return first <= hour < end
        return hour >= first or hour < end

    # --- at once --------------------------------------------------------------------------

    def click(self) -> None:
        """A key has gone down."""
        if self._sounds >= _CLICKS:
            self._play(patterns.CLICK)

    def answer(self, accepted: bool) -> None:
        """What was typed has been taken, or not."""
        if self._sounds >= _WARNS:
            self._play(patterns.ACCEPTED if accepted else patterns.REFUSED)

    def mute(self, up: int) -> bool:
        """Silence the warning that has sounded in the last MUTE_S; return whether there was one.
        up: seconds since the start."""
        if (self._buzzer is None or not 0 < self._level < _GONE or self.muted
                or self._due or self._sounds < _WARNS or up - self._warned_s >= MUTE_S):
            return False
        self.muted = True
        try:
            self._buzzer.stop()
        except OSError:
            self._fail()
        return True

    def _play(self, pattern: bytes) -> None:
        if self._buzzer is None or self.failed:
            return
        try:
            self._buzzer.play(pattern)
        except OSError:
            self._fail()

    def step(self) -> None:
        """Go on with what blinks and sounds. Never raises what a lamp may raise; allocates
        nothing."""
        now = self._ticks_ms()
        if self.failed and self._ticks_diff(now, self._failed_ms) < RETRY_MS:
            return
        self.failed = False
        try:
            if self._buzzer is not None:
                self._buzzer.step()
            if self._ticks_diff(now, self._stepped_ms) < _LAMP_MS:
                return
            self._stepped_ms = now
            if self._credit is not None:
                self._credit.step(self._credit_pattern, now)
            if self._alarm is not None:
                self._alarm.step(self._alarm_pattern, now)
        except OSError:
            self._fail()

    def _fail(self) -> None:
        self.failed = True
        self._failed_ms = self._ticks_ms()


def _lamp(lamps: dict, name: str) -> "Lamp | None":
    return Lamp(lamps[name]) if name in lamps else None


def _alarm_pattern(alarms: list) -> bytes:
    """Return how the alarm lamp goes: fast for an attack, slowly for what is broken or has cut
    supply off, a flash now and then for the rest; credit has a lamp of its own."""
    found = patterns.OFF
    for number in alarms:
        if _ATTACK_FIRST <= number <= _ATTACK_LAST or number == _TAMPER:
            return patterns.FAST
        if number in _CREDIT_REASONS or number == LOW_CREDIT:
            continue
        if number in (CLOCK, SUSPENDED, SAFE_MODE):
            if found == patterns.OFF:
                found = patterns.FLASH
        else:
            found = patterns.SLOW
    return found
