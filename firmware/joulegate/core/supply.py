"""Supply: whether the meter may deliver, and why not.

The vocabulary is that of the DLMS/COSEM disconnect control (class 70); reasons, lifts and who
may lift what are in supply_reasons. Supply may be on when no reason forbids it and no press is
waited for. `step` is part of the tick: deterministic, small ints, nothing allocated. The parts
that not every meter uses are loaded when a setting asks for them. Rules: docs/supply.md.
"""

from micropython import const

from joulegate.core.civil import NO_TIME, TIME_MIN, Zone
from joulegate.core.credit_supply import CreditSupply
from joulegate.core.supply_reasons import (
    ADMINISTRATOR,
    ALARM,
    ALWAYS_ON,
    CONNECTED,
    CREDIT,
    DISCONNECTED,
    EMERGENCY,
    FRIENDLY,
    KEEP_POWER,
    LIFTABLE,
    LOAD_LIMIT,
    LOCAL,
    MODES,
    OVERLOAD,
    READY_FOR_RECONNECTION,
    TEMPORARY,
    forbidding,
    lifted,
)
from joulegate.core.warning_levels import WarningLevels

# What the ledger keeps in `kept`; the lower bits are the lifts that somebody or something gave.
WAITING = const(16)
ALARMED = const(32)
REMOTE = const(64)
REMOTE_WH = const(128)
KEPT_MAX = const(255)

# What has happened, in `news`: a bit each, and events by their place.
NEWS_EXHAUSTED = const(1)
NEWS_ALARM = const(2)
NEWS_LOAD_LIMIT = const(4)
NEWS_OFFERED = const(8)
NEWS_REPAID = const(16)
NEWS_LAPSED = const(32)
NEWS_READY = const(64)

DEFAULT_MODE = const(6)
_FORWARD = const(2)


class Supply:
    """Decides on credit and load; other causes set their reasons through `forbid` and `lift`.

    An owner of fields of the ledger: reasons, kept, until, left, tries, overloads.
    """

    def __init__(self, cut_off: int = 0, warnings: tuple = ()) -> None:
        """cut_off, warnings: see `configure`."""
        self.reasons = 0
        self.kept = 0
        self.until = NO_TIME
        """UTC second at which a temporary supply ends; NO_TIME for none."""
        self.left = 0
        """What is left of a remote account's limit."""
        self.tries = 0
        """Trips of the load limit in a row."""
        self.overloads = 0
        """Trips of the overload protection in a row."""
        self.lifts = 0
        self.news = 0
        self.credit = CreditSupply()
        self.levels = WarningLevels()
        self.emergency: object = None
        self.friendly: object = None
        self.load: object = None
        self.remote: object = None
        self.button = False
        self.mode = MODES[DEFAULT_MODE]
        """What the control mode allows: bits of supply_reasons."""
        self.forward = False
        """Whether export counts as import, for the money and not for the registers: the meter
        of a consumer, whose line and load may have been exchanged."""
        self._forbade = 0
        self._rest_until = 0
        self.configure({"cut_off": cut_off, "warnings": warnings})

    # --- settings -------------------------------------------------------------------------

    def configure(
        self, values: object, button: bool = False, zone: "Zone | None" = None,
        counts_per_kWh: int = 1000,
    ) -> None:
        """Take settings from now on; ValueError for bad levels, and those there were stay.

        values: by name; only cut_off and warnings are needed. button: whether the customer has
        one. zone: of the friendly hours, which need it.
        """
        self.levels.configure(
            values["cut_off"], tuple(values["warnings"]),
            tuple(values.get("warning_percents", ())))
        self.credit.configure(values, button)
        self.button = button
        self.mode = MODES[values.get("control_mode", DEFAULT_MODE)]
        self.forward = values.get("export_mode", 0) == _FORWARD
        if self.remote is not None:
            self.remote.count(self.forward)
        self._configure_emergency(values, button)
        self.friendly = None
        if values.get("friendly_hours") and zone is not None:
            # Here and below: few meters use these, and a module takes memory.
            from joulegate.core.friendly_hours import FriendlyHours
            self.friendly = FriendlyHours(values["friendly_hours"], zone)
        self._configure_load(values, counts_per_kWh)

    def _configure_emergency(self, values: object, button: bool) -> None:
        if not (values.get("emergency_credit") and button):
            self.emergency = None
            return
        if self.emergency is None:
            from joulegate.core.emergency_credit import EmergencyCredit
            self.emergency = EmergencyCredit()
        self.emergency.configure(values)

    def _configure_load(self, values: object, counts_per_kWh: int) -> None:
        if not (values.get("maximum_power_W") or values.get("emergency_power_W")):
            self.load = None
            self.reasons &= ~LOAD_LIMIT
            self.tries = 0
            return
        if self.load is None:
            from joulegate.core.load_limit import LoadLimit
            self.load = LoadLimit()
        self.load.configure(values, counts_per_kWh)

    def resume(self, account: object, registers: object) -> None:
        """Go on where the ledger has it, at a start."""
        self.levels.take_top_up(account.last_credit)
        self.follow_account(account, registers)

    def follow_account(self, account: object, registers: object) -> None:
        """Go by the account that `kept` names: the balance, or a remote account's limit."""
        self.remote = None
        if self.kept & REMOTE:
            from joulegate.core.remote_account import RemoteAccount
            self.remote = RemoteAccount(bool(self.kept & REMOTE_WH), account, registers)
            self.remote.count(self.forward)

    def rest(self, seconds: int) -> None:
        """Do not close before so many seconds after the start: a random number, so that a
        street does not come back all at once."""
        self._rest_until = seconds

    # --- the tick -------------------------------------------------------------------------

    def step(self, now: int, up: int, balance: int, counts: int) -> bool:
        """Decide; True when something that the ledger keeps has changed. Part of the tick.

        now: UTC second, below TIME_MIN while nobody knows it. up: seconds since the start.
        counts: imported since the tick before.
        """
        before = reasons = self.reasons
        kept = self.kept
        until = self.until
        lifts = 0
        if kept or until != NO_TIME or self.emergency is not None or self.friendly is not None:
            lifts = self._find_lifts(now, balance)
        self.lifts = lifts
        credit = self.credit
        if self.remote is not None:
            self.left = self.remote.spend(self.left)
            reasons = reasons & ~CREDIT if self.left > 0 else reasons | CREDIT
        elif (balance <= credit.cut_off) is not (reasons & CREDIT > 0):
            reasons = credit.decide(reasons, lifts, balance)
        if reasons != before:
            self.reasons = reasons
            if reasons & CREDIT:
                self.news |= NEWS_EXHAUSTED
        if self.remote is None and (
                self.emergency is not None or balance <= credit.alarm_trip):
            self._see_to_credit(balance)
        tripped = False
        if self.load is not None:
            tripped = self.load.step(self, up, counts)
            if tripped and self.reasons & LOAD_LIMIT:
                self.news |= NEWS_LOAD_LIMIT
        reasons = self.reasons
        if (reasons & ~LIFTABLE if lifts else reasons) != self._forbade:
            self._await_press()
        return tripped or reasons != before or kept != self.kept or until != self.until

    def _find_lifts(self, now: int, balance: int) -> int:
        """Return the lifts of this second."""
        lifts = self.kept & KEEP_POWER
        if self.until != NO_TIME and now >= TIME_MIN:
            if now < self.until:
                lifts |= TEMPORARY
            else:
                self.until = NO_TIME
                self.news |= NEWS_LAPSED
        if self.emergency is not None and self.remote is None:
            lifts |= self.emergency.lifts(self.kept, balance)
        if self.friendly is not None and self.friendly.hold(now):
            # They hold off a cut; they do not bring back what was off when they began.
            if lifts or self.kept & FRIENDLY or not self.reasons & LIFTABLE:
                self.kept |= FRIENDLY
                lifts |= FRIENDLY
        else:
            self.kept &= ~FRIENDLY
        return lifts

    def _see_to_credit(self, balance: int) -> None:
        """See to the alarm and to emergency credit."""
        if not self.kept & ALARMED and self.credit.trips(self.reasons, balance):
            self.kept |= ALARMED
            self.reasons |= ALARM
            self.news |= NEWS_ALARM
        emergency = self.emergency
        if emergency is None:
            return
        if not self.kept & EMERGENCY:
            if emergency.offers(balance):
                self.news |= NEWS_OFFERED
        elif emergency.over(balance):
            self.kept &= ~EMERGENCY
            self.news |= NEWS_REPAID

    def _await_press(self) -> None:
        """Have a local disconnection wait for a press if the control mode says so."""
        forbade = forbidding(self.reasons, self.lifts)
        if (forbade & ~ADMINISTRATOR and not self._forbade & ~ADMINISTRATOR and self.button
                and not self.mode & (LOCAL | ALWAYS_ON)):
            self.kept |= WAITING
        if self._forbade and not forbade and self.kept & WAITING:
            self.news |= NEWS_READY
        self._forbade = forbade

    def arm(self, account: object) -> None:
        """Take note of a purchase: arm warnings and alarm again. Part of the tick, seldom."""
        balance = account.balance
        self.levels.take_top_up(account.last_credit)
        self.levels.arm(balance)
        if self.credit.alarm_over(balance):
            self.kept &= ~ALARMED
            self.reasons &= ~ALARM

    def warn(self, balance: int) -> bool:
        """Return whether the balance has passed another warning level. Part of the tick."""
        return self.remote is None and self.levels.passes(balance)

    def take_news(self) -> int:
        """Return the bits of what has happened since the last call."""
        news = self.news
        self.news = 0
        return news

    # --- what comes of it -----------------------------------------------------------------

    @property
    def forbidding(self) -> int:
        """The reasons that forbid supply now: those of `reasons` that nothing lifts."""
        return 0 if self.mode & ALWAYS_ON else forbidding(self.reasons, self.lifts)

    @property
    def allowed(self) -> bool:
        """Whether supply may be on."""
        if self.mode & ALWAYS_ON:
            return True
        return not (forbidding(self.reasons, self.lifts) or self.kept & WAITING)

    @property
    def state(self) -> int:
        """The control state of class 70; disconnected as long as a reason forbids supply."""
        if self.allowed:
            return CONNECTED
        return DISCONNECTED if self.forbidding else READY_FOR_RECONNECTION

    def commands(self, closed: int, up: int) -> bool:
        """Return whether the relay is to be closed, given whether it is. Part of the tick."""
        return self.allowed and (bool(closed) or up >= self._rest_until)

    def forbid(self, reason: int) -> None:
        self.reasons |= reason

    def lift(self, reason: int) -> None:
        """Lift reasons at the word of what has set them."""
        self.reasons &= ~reason

    def lift_for(self, who: int, reasons: int) -> int:
        """Lift those of the reasons that somebody of WHO may lift; return which were set."""
        found = lifted(who, reasons) & self.reasons
        self.reasons &= ~found
        if found & LOAD_LIMIT:
            self.tries = 0
        if found & OVERLOAD:
            self.overloads = 0
        return found
