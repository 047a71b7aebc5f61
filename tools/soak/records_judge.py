"""Holds the freezes and the purchase log against the account, by docs/records.md."""

from tools.soak.account import SETTLED_DAYS, Account, End
from tools.soak.meter import SoakMeter
from tools.soak.tariffs import first_instant
from tools.soak.verdict import must

LATE = 1
LATE_S = 120
"""A day may be frozen so long after its end and not be marked as late."""
DAYS_IN_RING = 75
STATEMENTS_SURE = 6
"""Of the latest months: the ring keeps parts of months, too, where the tariff changed."""

Row = list[int]


def freezes(meter: SoakMeter, kind: str) -> dict[int, Row]:
    """Return the freezes of "days" or "months" by the last day they are of."""
    return {row[0]: row for row in meter.do(kind)["result"]}


class DayJudge:
    """Knows which days must be frozen.

    Freezes whose commit power cut off are made again in the same places. Where the clock was
    ahead and has been set right since, they are not, and as many of the oldest are gone.
    """

    def __init__(self) -> None:
        self.spared: set[int] = set()
        """Days that ended while the file system was full, and may not be frozen."""
        self._furthest = -0x8000

    def cut_off(self, day: int, most: int) -> None:
        """Power was cut: the days from one on, up to so many, may have been frozen in vain."""
        if most > 0:
            self._furthest = max(self._furthest, day + min(most, SETTLED_DAYS) - 1)

    def wrong(self, days: dict[int, Row], account: Account) -> str:
        """Say in what the freezes of days differ from the account; "" if they do not."""
        for end in account.ends:
            needed = end.day not in self.spared and self._is_kept(end.day, account.day)
            wrong = _differs(f"freeze of day {end.day}", days.get(end.day), end, needed)
            if wrong:
                return wrong
        return ""

    def _is_kept(self, day: int, today: int) -> bool:
        return max(today - 1, self._furthest) - day < DAYS_IN_RING


def judge_records(meter: SoakMeter, account: Account, judge: DayJudge) -> None:
    days = freezes(meter, "days")
    wrong = judge.wrong(days, account)
    must(not wrong, wrong)
    for day, row in days.items():
        late = row[1] > first_instant(account.zone, day + 1) + LATE_S
        must(bool(row[2] & LATE) == late, f"freeze of day {day}: flags {row[2]}")
        before = days.get(day - 1)
        if before is not None:
            must(row[8:] == [row[3] - before[3], row[4] - before[4]],
                 f"freeze of day {day}: of the day itself {row[8:]}")
    months = freezes(meter, "months")
    for end in account.month_ends[-STATEMENTS_SURE:]:
        wrong = _differs(f"statement to day {end.day}", months.get(end.day), end,
                         end.day not in judge.spared)
        must(not wrong, wrong)
    log = [tuple(row) for row in meter.do("purchases")["result"]]
    wanted = list(account.purchases)
    must(not wanted or log[-len(wanted):] == wanted,
         f"purchase log ends with {log[-3:]}, expected {wanted[-3:]}")


def _differs(name: str, row: Row | None, end: End, needed: bool) -> str:
    if row is None:
        return f"{name}: there is none" if needed else ""
    wanted = [end.charges, end.credits, end.credits - end.charges,
              1000 * end.counts[0], 1000 * end.counts[1]]
    if row[3:8] == wanted:
        return ""
    return f"{name}: charges, credits, balance, energy {row[3:8]}, expected {wanted}"
