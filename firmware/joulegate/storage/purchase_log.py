"""The purchase log: the last 113 credits and the last 113 refusals, for a person to read.

It is not the purchase journal, which is there for the ledger's sake and keeps credits alone.
Refusals stand in a file of their own and are bounded by the day, so that trying wrong numbers
neither pushes out a purchase nor wears flash. A credit whose entry was cut off by a power cut
is added at the next start, out of the journal.
"""

from micropython import const

from joulegate.core.civil import TIME_MIN
from joulegate.core.events import EventLog
from joulegate.core.purchase_result import EXECUTION_OK, NONE, reason_name
from joulegate.storage.entry_layout import Layout
from joulegate.storage.ring import Ring

REFUSALS_DAILY = const(24)
_DAY_S = const(86400)

FIELDS = """
    time i: UTC second; before the year 2000: nobody knew the time
    commit I: number of the ledger commit: that holds it, or the last
    carrier B: how it came, see vending/carriers.py
    code B: token status of DLMS class 115; 3: executed
    reason B: why not: 1 suspended, 2 tid, 3 units, 4 used, 5 old, 6 balance, 7 storage, ...
    spare B 0..0: for later
    tid I: identity of the purchase, 0 when it had no good one
    units i: credit units asked for
    before i: balance before, credit units
    after i: balance after
"""


class PurchaseLog:
    def __init__(self, folder: str, log: EventLog) -> None:
        """folder: of the meter's storage; log: for failing storage."""
        self._log = log
        layout = Layout(b"JGPL", 1, FIELDS)
        self.credits = Ring(folder + "/purchases/credits", 1, layout)
        self.refusals = Ring(folder + "/purchases/refusals", 1, layout)
        self.unlogged = 0
        """Refusals since the start that were over the day's bound and are not in the log."""

    def load(self) -> None:
        """Find where the log ends. Never raises."""
        self.credits.load()
        self.refusals.load()

    def forget(self) -> None:
        """Begin anew with another account; OSError."""
        self.credits.forget()
        self.refusals.forget()

    def credit(
        self, now: int, commit: int, carrier: int, code: int, tid: int, units: int, after: int,
        debt: int = 0,
    ) -> None:
        """Log a credit, once the ledger has it; debt: what of it paid one. Never raises."""
        self.credits.keep(
            (now, commit, carrier, code, NONE, 0, tid, units, _number(after - units + debt),
             _number(after)),
            self._log, now)

    def refusal(
        self, now: int, commit: int, carrier: int, code: int, reason: int, tid: object,
        units: object, balance: int,
    ) -> None:
        """Log a refusal; what is no number is logged as 0. Never raises."""
        if self.refusals.full_since(now, REFUSALS_DAILY, _DAY_S):
            self.unlogged += 1
            return
        self.refusals.keep(
            (now, commit, carrier, code, reason, 0, _number(tid, 0),
             _number(units), _number(balance), _number(balance)), self._log, now)

    def catch_up(self, journal: list) -> int:
        """Add credits that the journal has and this log misses; return how many.

        journal: its entries, oldest first. At start, once the ledger holds them.
        """
        logged = {entry["commit"] for entry in self.credits.entries()}
        added = 0
        for entry in journal:
            if entry.sequence not in logged:
                self.credit(entry.time, entry.sequence, entry.carrier, EXECUTION_OK,
                            entry.tid, entry.units, entry.balance, entry.debt)
                added += 1
        return added

    def entries(self) -> object:
        """Yield credits and refusals in the order they came, as dicts.

        `reason` is a word, "" for a credit; `time` is None where nobody knew it; `debt` is what
        of a credit paid a debt.
        """
        credits = self.credits.entries()
        refusals = self.refusals.entries()
        credit = next(credits, None)
        refusal = next(refusals, None)
        while credit or refusal:
            # A refusal notes the last commit there was, so it came after that credit.
            if refusal is None or (credit and credit["commit"] <= refusal["commit"]):
                # What did not reach the balance.
                credit["debt"] = credit["before"] + credit["units"] - credit["after"]
                yield _shown(credit)
                credit = next(credits, None)
            else:
                refusal["debt"] = 0
                yield _shown(refusal)
                refusal = next(refusals, None)


def _shown(entry: dict) -> dict:
    entry["reason"] = reason_name(entry["reason"])
    if entry["time"] < TIME_MIN:
        entry["time"] = None
    return entry


def _number(value: object, low: int = -0x80000000) -> int:
    """Return a number kept within the field's limits, 0 for what is none."""
    if not isinstance(value, int):
        return 0
    return min(max(value, low), 0x7FFFFFFF)
