"""Freezes: the whole account and all registers as they were at the end of each day and month.

Billing tells the ends of days, months and tariffs, in order, each missed day too. A freeze is
on flash before the ledger commit that ends its day; if power fails between the two the day
ends once more at the next start and is frozen again, and the last freeze of a day counts.
"""

from micropython import const

from joulegate.core.billing import Listener
from joulegate.core.events import EventLog
from joulegate.core.reading import QUANTITIES
from joulegate.core.registers import Registers
from joulegate.storage.entry_layout import Layout
from joulegate.storage.ring import Ring

DAY_FILES = const(5)
MONTH_FILES = const(2)

# Flags.
LATE = const(1)
CLOCK_INVALID = const(2)
GAP = const(4)
PART = const(8)

_NONE = const(0x3FFFFFFF)
_LATE_S = const(120)
"""A day may end this much later than its last instant, a tick of a minute and some more."""

_ACCOUNT = """
    counts_per_kWh I 1000..131072: energy counts in a kWh
    unit_places B 0..5: decimals of the credit unit
    wh 4I: registers, Wh or varh: +A, -A, +R, -R
    remainder 4I 0..131071: their rest, thousandths of a count
    tariff_digest 8s: SHA-256 of the tariff, first 8 bytes
    cells 24I: counts of the month so far, by price cell
    exports 6I: counts exported in the month, by period
    balance q: credit units
    charges q: units charged since the account was opened
    credits q: units credited since then
    recovered q: the part of the charges that paid debts
    debts 3I: units of debt left: two by time, one of top-ups
"""

_DAY = """
    time i: UTC second at which it was frozen
    day h: the day that ended, days since 2020-01-01
    flags B: 1 filled late, 2 after a time unknown, 4 amounts of more days
"""
_DAY_END = """
    window H: first month of the tier window, as the month's number
    positions 6I: counts in the tier window, by period
    day_charges q: units charged on this day
    day_credits q: units credited on this day
"""

_MONTH = """
    time i: UTC second at which it was frozen
    day h: its last day, or the day another tariff took over
    flags B: 1 and 2 as above, 8 part before another tariff
    month H: year * 12 + month - 1
"""
_MORE = """
    more 4I: varh in quadrants II and III of +R and -R, then +VAh and -VAh
    demand_minutes B 0..60: period of demand, 0 for none
    demand 4i: highest mean import in W, when its window ended, highest export, when
"""
_STATEMENT = """
    days_charged B: daily charges in the statement
    months_charged B: monthly charges in it
    import_counts Q: energy in the statement
    export_counts Q: energy given back
    energy q: its cost, 1e-8 currency, as all that follow
    adders q: surcharges by energy
    fixed q: daily and monthly charges, steps, the minimum
    export_credit q: what export takes off
    before_tax q: sum
    tax q: tax
    total q: with tax
"""


def _nothing() -> None:
    """Do so."""


class FreezeStore(Listener):
    """Put it in `billing.listener` before the clock is first looked at."""

    def __init__(self, folder: str, log: EventLog, clock: object) -> None:
        """folder: of the meter's storage; log: for failing storage; clock: answers now()."""
        self._log = log
        self._clock = clock
        self._registers: Registers | None = None
        self.demand: object = None
        """Of core.demand; its month ends with the statement's. None while it is off."""
        self.time_was_unknown = False
        """Set by whoever sees it; marks the freezes up to the next that is made in time."""
        self.pause = _nothing
        """Called after each freeze of a day: many may be made at once."""
        self.day_ring = Ring(
            folder + "/freezes/day", DAY_FILES, Layout(b"JGFD", 1, _DAY, _ACCOUNT, _DAY_END))
        self.month_ring = Ring(
            folder + "/freezes/month", MONTH_FILES,
            Layout(b"JGFM", 2, _MONTH, _ACCOUNT, _MORE, _STATEMENT))

    def load(self, registers: Registers) -> None:
        """Find where the freezes end; registers: to be frozen. Never raises."""
        self._registers = registers
        self.day_ring.load()
        self.month_ring.load()

    def resume(self, day: int) -> None:
        """Take back the freezes from a day on, which the ledger has not ended; never raises.

        A cut came before the commit. They are made again; without this they would stand twice,
        and the oldest days would have to go for them.
        """
        ring = self.day_ring
        sequence = ring.next
        while sequence > max(0, ring.next - ring.capacity):
            entry = ring.read(sequence - 1)
            if entry is None or entry["day"] < day:
                break
            sequence -= 1
        ring.take_back(sequence)

    def forget(self) -> None:
        """Begin anew with another account; OSError."""
        self.day_ring.forget()
        self.month_ring.forget()

    # --- what billing tells: never raises ---------------------------------------------------

    def day_end(self, billing: object, day: int) -> None:
        now = self._clock.now()
        before = self._before(day)
        account = billing.account
        charges = account.charges
        credits = account.credits
        flags = self._flags(billing, now, day)
        if before is not None:
            charges -= before["charges"]
            credits -= before["credits"]
        if self.day_ring.next and (before is None or before["day"] != day - 1):
            flags |= GAP
        self.day_ring.keep(
            (now, day, flags) + self._account(billing)
            + (billing.window, billing.positions, charges, credits), self._log, now)
        if not flags & LATE:
            self.time_was_unknown = False
        self.pause()

    def month_end(self, billing: object, statement: object) -> None:
        self._statement(billing, statement, 0)

    def tariff_end(self, billing: object, statement: object) -> None:
        self._statement(billing, statement, PART)

    def _statement(self, billing: object, statement: object, part: int) -> None:
        now = self._clock.now()
        flags = part if part else self._flags(billing, now, billing.day)
        amounts = tuple(statement.in_1e8(amount) for amount in (
            statement.energy, statement.adders, statement.fixed, statement.export_credit,
            statement.before_tax))
        d = statement.tax_denominator
        taxed = (statement.tax * 10 ** 8 // d, statement.total * 10 ** 8 // d)
        self.month_ring.keep(
            (now, billing.day, flags, statement.month) + self._account(billing)
            + self._more(now, statement.month, part)
            + (billing.days_charged, billing.months_charged, statement.import_counts,
               statement.export_counts) + amounts + taxed, self._log, now)

    def _account(self, billing: object) -> tuple:
        """Return the values of the fields that both kinds of freeze have."""
        registers = self._registers
        account = billing.account
        return (
            registers.counts_per_kWh, billing.tariff.unit_places, registers.wh[:QUANTITIES],
            registers.remainder[:QUANTITIES], billing.tariff.digest, billing.cells,
            billing.exports, account.balance, account.charges, account.credits,
            account.debts.recovered, account.debts.remaining)

    def _more(self, now: int, month: int, part: int) -> tuple:
        """Return the values of what only a month has, and begin the next month of demand."""
        registers = self._registers
        registers.gather()
        demand = self.demand
        if demand is None:
            minutes, maxima = 0, (0, 0, 0, 0)
        else:
            minutes = demand.minutes
            maxima = demand.maxima if part else demand.close_month(now, month)
        return registers.wh[QUANTITIES:], minutes, maxima

    def _flags(self, billing: object, now: int, day: int) -> int:
        flags = CLOCK_INVALID if self.time_was_unknown else 0
        if now > billing.zone.first_instant(day + 1) + _LATE_S:
            flags |= LATE
        return flags

    def _before(self, day: int) -> "dict | None":
        """Return the last freeze of an earlier day; reads one entry, seldom more."""
        ring = self.day_ring
        for sequence in range(ring.next - 1, max(-1, ring.next - 1 - ring.capacity), -1):
            entry = ring.read(sequence)
            if entry is not None and entry["day"] < day:
                return entry
        return None

    # --- reading ----------------------------------------------------------------------------

    def days(self, first: int = -0x8000, last: int = 0x7FFF) -> object:
        """Yield the freezes of the days first to last that are kept, in order, as dicts."""
        for entry in _standing(self.day_ring, _day_key):
            if first <= entry["day"] <= last:
                yield entry

    def months(self, first: int = 0, last: int = 0xFFFF) -> object:
        """Yield the statements of the months first to last (year * 12 + month - 1) in order.

        A month in which the tariff changed has more than one: flag PART is on all but the
        last, and only together they are the month's bill.
        """
        for entry in _standing(self.month_ring, _month_key):
            if first <= entry["month"] <= last:
                yield entry


def _day_key(entry: dict) -> int:
    """Return a number in whose upper part is the day, the rest tells what may follow it."""
    return entry["day"] << 9


def _month_key(entry: dict) -> int:
    return entry["day"] << 9 | (entry["flags"] & PART) << 5 | entry["tariff_digest"][0]


def _standing(ring: Ring, key: object) -> object:
    """Yield the entries of a ring that no later one stands in for.

    A later one of the same key is the same freeze made again after a power cut; one of an
    earlier day means that the days after it never became part of the ledger.
    """
    first = max(0, ring.next - ring.capacity)
    keys = [_NONE] * (ring.next - first)
    for entry in ring.entries(first):
        keys[entry["sequence"] - first] = key(entry)
    standing = bytearray(len(keys))
    earliest = _NONE
    later = set()
    for i in range(len(keys) - 1, -1, -1):
        k = keys[i]
        if k >> 9 <= earliest >> 9 and k not in later:
            standing[i] = 1
            earliest = k
            later.add(k)
    for entry in ring.entries(first):
        i = entry["sequence"] - first
        if i < len(standing) and standing[i]:
            yield entry
