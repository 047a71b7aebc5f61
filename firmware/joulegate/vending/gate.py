"""The gate: the only way a credit reaches the account, or is taken off it again.

Order: checks, journal, account and replay mark, ledger, receipt. Whatever fails on the way,
either nothing has changed or the purchase is on flash and will be in the account after the
next start. Result codes are those of the DLMS/COSEM token gateway (class 115).
"""

from micropython import const

from joulegate.core import events as event
from joulegate.core.account import BALANCE_LIMIT, Account, AccountError
from joulegate.core.events import EventLog
from joulegate.core.purchase_result import (
    BAD_TID,
    BAD_UNITS,
    BALANCE,
    EXECUTION_OK,
    NONE,
    OLD,
    STORAGE,
    SUSPENDED,
    USED,
)
from joulegate.core.replay import TID_MAX, Replay
from joulegate.vending.carriers import CONSOLE

# Token status codes of class 115.
FORMAT_FAILURE = const(4)
VALIDATION_FAILURE = const(6)
EXECUTION_FAILURE = const(7)
RECEIVED = const(8)


class Receipt:
    """What became of a purchase: `code` of class 115, `reason`, and the balance now.

    `why` is the reason's number, `units` what was credited, negative for what was taken off.
    `debt` is what of them went to the payment debt. `data` is for whoever asked, None if there
    is nothing to say.
    """

    def __init__(
        self, code: int, reason: str, tid: int, units: int, balance: int, why: int = NONE,
        debt: int = 0,
    ) -> None:
        self.code = code
        self.reason = reason
        self.tid = tid
        self.units = units
        self.balance = balance
        self.why = why
        self.debt = debt
        self.data: list | None = [debt] if debt else None

    @property
    def accepted(self) -> bool:
        return self.code == EXECUTION_OK


class Gate:
    def __init__(
        self, account: Account, replay: Replay, ledger: object, journal: object, log: EventLog,
        purchases: object = None,
    ) -> None:
        """ledger, journal, purchases: storage's, or what answers like them; no purchases, no
        log of them."""
        self._purchases = purchases
        self._account = account
        self._replay = replay
        self._ledger = ledger
        self._journal = journal
        self._log = log
        self.suspended = ""
        """Why no credit is taken until an administrator resynchronises; empty when it is."""

    def recover(self, now: int) -> int:
        """Apply journal entries that the ledger misses; return how many. At start only.

        A journal that cannot be read leaves the money as found and suspends the gate.
        """
        try:
            entries = self._journal.load()
        except (OSError, ValueError) as e:
            self._suspend(e, now, 0)
            return 0
        applied = 0
        for entry in entries:
            if entry.sequence <= self._ledger.sequence or self._replay.used(entry.tid):
                continue
            try:
                if entry.units > 0:
                    self._account.credit(entry.units)
                else:
                    self._account.enter(entry.units)
                self._take_share(entry.debt, now)
            except AccountError as e:
                self._suspend(e, now, entry.units)
                break
            self._replay.mark(entry.tid)
            self._ledger.rise_to(entry.sequence)
            self._log.add(event.PURCHASE_REAPPLIED, now, entry.units)
            applied += 1
        if entries and not self.suspended:
            self._ledger.rise_to(entries[-1].sequence)
        if applied:
            try:
                self._ledger.commit()
            except (OSError, ValueError) as e:
                # The journal still has them, and the next commit brings them to the ledger.
                self._log.add(event.STORAGE_ERROR, now, _number(e))
                return applied
        if self._purchases is not None and not self.suspended:
            self._purchases.catch_up(self._taken(entries))
        return applied

    def _taken(self, entries: list) -> list:
        """Return the journal entries whose purchase is in the account, oldest first.

        One that was refused because storage failed may stand in the journal all the same, below
        commits of something else, and again when it was taken after all.
        """
        found = []
        seen = set()
        for entry in reversed(entries):
            if entry.tid not in seen:
                seen.add(entry.tid)
                if self._replay.used(entry.tid) or self._replay.old(entry.tid):
                    found.append(entry)
        found.reverse()
        return found

    def _suspend(self, error: Exception, now: int, value: int) -> None:
        """Take no more credit; keep the ledger's number, so that the next start tries again."""
        self.lock(str(error))
        self._log.add(event.STORAGE_ERROR, now, value)

    def lock(self, reason: str) -> None:
        """Take no more credit from now on, and have the next start find what this one has."""
        self.suspended = reason
        self._ledger.hold()

    def unlock(self) -> None:
        """Take credit again, at the word of an administrator."""
        self.suspended = ""
        self._ledger.release()

    def credit(self, tid: int, units: int, now: int, carrier: int = CONSOLE) -> Receipt:
        """Take a purchase of so many credit units; never raises for a bad one.

        Called by decoders of authenticated messages and tokens, which have proven who sent it.
        """
        code, why, reason = self._check(tid, units)
        if code == EXECUTION_OK:
            try:
                self._account.check_credit(units)
            except AccountError as e:
                code, why, reason = VALIDATION_FAILURE, BALANCE, str(e)
        if code != EXECUTION_OK:
            return self.refuse(code, why, reason, tid, units, now, carrier)
        return self._enter(tid, units, now, carrier)

    def debit(self, tid: int, units: int, now: int, carrier: int = CONSOLE) -> Receipt:
        """Take credit back: a refund, or a correction. The TID is used up as by a purchase."""
        code, why, reason = self._check(tid, units)
        if code == EXECUTION_OK and not 0 < units <= BALANCE_LIMIT + self._account.balance:
            code, why = VALIDATION_FAILURE, BALANCE
            reason = "debit %d: balance %d would pass the lowest, %d" % (
                units, self._account.balance, -BALANCE_LIMIT)
        if code != EXECUTION_OK:
            return self.refuse(code, why, reason, tid, units, now, carrier)
        return self._enter(tid, -units, now, carrier)

    def clear(
        self, tid: int, now: int, carrier: int = CONSOLE, debt: bool = False
    ) -> Receipt:
        """Take all credit off; with `debt`, bring a balance below 0 to 0 as well."""
        balance = self._account.balance
        units = balance if debt else max(0, balance)
        code, why, reason = self._check(tid, units)
        if code != EXECUTION_OK:
            return self.refuse(code, why, reason, tid, units, now, carrier)
        return self._enter(tid, -units, now, carrier)

    def use(self, tid: int, now: int, carrier: int = CONSOLE) -> Receipt:
        """Use up the TID of an instruction that moves no money, once it is carried out."""
        code, why, reason = self._check(tid, 0)
        if code != EXECUTION_OK:
            return self.refuse(code, why, reason, tid, 0, now, carrier)
        return self._enter(tid, 0, now, carrier)

    def open_for(self, tid: int) -> bool:
        """Return whether a purchase of this identity may still come."""
        return self._check(tid, 0)[0] == EXECUTION_OK

    def repeated(self, tid: int, units: "int | None", carrier: int) -> "Receipt | None":
        """Return the receipt once more of what was taken over this carrier, else None.

        units: as credited then, negative for a debit; None for any.
        """
        try:
            entry = self._journal.find(tid)
        except (OSError, ValueError):
            return None
        if entry is None or entry.carrier != carrier or units not in (None, entry.units):
            return None
        return Receipt(EXECUTION_OK, "", tid, entry.units, entry.balance, NONE, entry.debt)

    def _enter(self, tid: int, units: int, now: int, carrier: int) -> Receipt:
        account = self._account
        code, why, reason = EXECUTION_OK, NONE, ""
        commit = self._ledger.sequence + 1
        recovery = account.debts.recovery
        debt = recovery.share(units) if recovery is not None and units > 0 else 0
        try:
            self._journal.append(
                commit, now, carrier, tid, units, account.credits + units,
                account.balance + units - debt, debt)
        except OSError as e:
            self._log.add(event.STORAGE_ERROR, now, _number(e))
            return self.refuse(
                EXECUTION_FAILURE, STORAGE, "storage: %s" % e, tid, units, now, carrier)
        account.enter(units)
        self._replay.mark(tid)
        if units:
            self._log.add(event.CREDITED, now, units)
        self._take_share(debt, now)
        try:
            self._ledger.commit()
        except (OSError, ValueError) as e:
            # The journal has it: the next commit or the next start brings it to the ledger.
            self._log.add(event.STORAGE_ERROR, now, _number(e))
            code = RECEIVED
            why = STORAGE
            reason = "storage: %s" % e
        if self._purchases is not None:
            self._purchases.credit(
                now, commit, carrier, code, tid, units, account.balance, debt)
        return Receipt(code, reason, tid, units, account.balance, why, debt)

    def _take_share(self, debt: int, now: int) -> None:
        """Take what the journal says of a purchase for the payment debt, if there is one."""
        recovery = self._account.debts.recovery
        if recovery is None or not debt:
            return
        recovery.take_share(debt)
        for number in recovery.take_settled():
            self._log.add(event.DEBT_SETTLED, now, number)

    def refuse(
        self, code: int, why: int, reason: str, tid: int, units: int, now: int, carrier: int
    ) -> Receipt:
        """Log what is not taken, also what could not even be read: tid and units are 0 then."""
        balance = self._account.balance
        if self._purchases is not None:
            self._purchases.refusal(
                now, self._ledger.sequence, carrier, code, why, tid, units, balance)
        return Receipt(code, reason, tid, 0, balance, why)

    def _check(self, tid: int, units: int) -> tuple:
        """Return (code, number of the reason, reason)."""
        if self.suspended:
            return EXECUTION_FAILURE, SUSPENDED, "suspended: " + self.suspended
        if not isinstance(tid, int) or not 0 < tid <= TID_MAX:
            return FORMAT_FAILURE, BAD_TID, "tid %r: must be 1 to %d" % (tid, TID_MAX)
        if not isinstance(units, int):
            return FORMAT_FAILURE, BAD_UNITS, "units %r: must be an integer" % (units,)
        if self._replay.used(tid):
            return VALIDATION_FAILURE, USED, "tid %d: was used" % tid
        if self._replay.old(tid):
            return VALIDATION_FAILURE, OLD, "tid %d: is older than every purchase kept" % tid
        return EXECUTION_OK, NONE, ""


def _number(error: Exception) -> int:
    return error.errno or 0 if isinstance(error, OSError) else 0
