"""What comes next: the price of the tariff's next period, and how long the credit may last."""

from micropython import const

from joulegate.core.civil import DAY_S, TIME_MIN, date_of, weekday

DAYS_MEAN = const(7)
"""Days whose charges say what a day costs."""
DAYS_LEFT_MAX = const(999)
_CHARGES_MAX = const(0x3FFFFF)
"""Charges of some days that may be multiplied by twenty times those days."""
_DAYS_AHEAD = const(8)
"""A week and a day: what is not different by then is taken for the same."""


class Forecast:
    def __init__(self, app: object) -> None:
        """app: the meter's parts: state, metering, and records, None to have none."""
        self._app = app
        self._frozen = -1
        self._days = 0
        self._charges = 0
        self._halved = 0  # how often, with the balance, to be small
        self._change: tuple | None = None
        self._until = self._since = 0
        # What the change was looked for in.
        self._tariff: object = None
        self._season = self._period = -1

    # --- days left ----------------------------------------------------------------------------

    def days_left(self) -> "str | None":
        """Return `tenths_left` as a text with one decimal."""
        tenths = self.tenths_left()
        return None if tenths is None else "%d.%d" % (tenths // 10, tenths % 10)

    def tenths_left(self) -> "int | None":
        """Return how many tenths of a day the credit lasts at the mean charge of the last days;
        None when there was none, and for an account that another keeps. At most DAYS_LEFT_MAX
        days. Allocates nothing but once a day."""
        app = self._app
        supply = app.metering.meter.supply
        if app.records is None or supply.remote is not None:
            return None
        ring = app.records.freezes.day_ring
        if ring.next != self._frozen:
            self._frozen = ring.next
            self._read(ring)
        charges = self._charges
        if charges <= 0:
            return None
        usable = max(0, app.state.account.balance - supply.credit.cut_off) >> self._halved
        if usable // charges > DAYS_LEFT_MAX:
            return DAYS_LEFT_MAX * 10
        per_day = 10 * self._days
        rest = usable % charges * per_day
        tenths = usable // charges * per_day + (2 * rest + charges) // (2 * charges)
        return min(tenths, DAYS_LEFT_MAX * 10)

    def _read(self, ring: object) -> None:
        """Add up the last days; once a day, as it reads flash."""
        self._days = self._charges = 0
        for sequence in range(max(0, ring.next - DAYS_MEAN), ring.next):
            entry = ring.read(sequence)
            if entry is not None:
                self._days += 1
                self._charges += entry["day_charges"]
        self._halved = 0
        while self._charges > _CHARGES_MAX:
            # Within the small ints: half a unit in some millions is nothing.
            self._charges >>= 1
            self._halved += 1

    # --- next price ---------------------------------------------------------------------------

    def next_change(self, now: int) -> "tuple | None":
        """Return (UTC second, season, period) of the next change of season or period by the
        calendar of the tariff in force, within a week; None when there is none or nobody knows
        the time. A tariff that is to follow ends it: then, too, None."""
        billing = self._app.state.billing
        if now < TIME_MIN:
            return None
        if not self._since <= now < self._until or billing.tariff is not self._tariff \
                or billing.season != self._season or billing.period != self._period:
            self._tariff = billing.tariff
            self._season = billing.season
            self._period = billing.period
            self._since = now
            self._change = change = self._find(billing, now)
            self._until = change[0] if change else now + DAY_S
        change = self._change
        if change is not None and change[0] >= billing.next_start:
            return None
        return change

    def _find(self, billing: object, now: int) -> "tuple | None":
        zone = billing.zone
        tariff = billing.tariff
        today = (now + zone.offset(now)) // DAY_S
        for day in range(today, today + _DAYS_AHEAD):
            year, month, mday = date_of(day)
            season = tariff.season_of(year * 12 + month - 1)
            ends, periods = tariff.plan(
                month, weekday(day), year * 10000 + month * 100 + mday)
            minute = 0
            for i, period in enumerate(periods):
                if season != billing.season or period != billing.period:
                    second = _instant(zone, day, minute)
                    if second > now:
                        return second, season, period
                minute = ends[i]
        return None


def _instant(zone: object, day: int, minute: int) -> int:
    """Return the UTC second at which a local day first has a minute, or a later one where the
    clocks leave it out."""
    if not minute:
        return zone.first_instant(day)
    local = day * DAY_S + minute * 60
    before = zone.offset(local - DAY_S)
    after = zone.offset(local + DAY_S)
    second = local - max(before, after)
    if second + zone.offset(second) == local:
        return second
    later = local - min(before, after)
    return later if later + zone.offset(later) == local else zone.next_change(second)
