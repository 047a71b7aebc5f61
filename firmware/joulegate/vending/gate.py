"""The gate: the only way a credit reaches the account.

Order: checks, journal, account and replay mark, ledger, receipt. Whatever fails on the way,
either nothing has changed or the purchase is on flash and will be in the account after the
next start. Result codes are those of the DLMS/COSEM token gateway (class 115).
"""

from micropython import const

from joulegate.core import events as event
from joulegate.core.account import Account, AccountError
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

# Token status codes of class 115.
FORMAT_FAILURE = const(4)
VALIDATION_FAILURE = const(6)
EXECUTION_FAILURE = const(7)
RECEIVED = const(8)

# Carriers.
CONSOLE = const(1)


class Receipt:
    """What became of a purchase: `code` of class 115, `reason`, and the balance now."""

    def __init__(self, code: int, reason: str, tid: int, units: int, balance: int) -> None:
        self.code = code
        self.reason = reason
        self.tid = tid
        self.units = units
        self.balance = balance

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
                self._account.credit(entry.units)
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
            self._purchases.catch_up(entries)
        return applied

    def _suspend(self, error: Exception, now: int, value: int) -> None:
        """Take no more credit; keep the ledger's number, so that the next start tries again."""
        self.suspended = str(error)
        self._ledger.hold()
        self._log.add(event.STORAGE_ERROR, now, value)

    def credit(self, tid: int, units: int, now: int, carrier: int = CONSOLE) -> Receipt:
        """Take a purchase of so many credit units; never raises for a bad one.

        Called by decoders of authenticated messages and tokens, which have proven who sent it.
        """
        code, why, reason = self._check(tid, units)
        if code != EXECUTION_OK:
            return self._refuse(code, why, reason, tid, units, now, carrier)
        account = self._account
        commit = self._ledger.sequence + 1
        try:
            self._journal.append(
                commit, now, carrier, tid, units, account.credits + units,
                account.balance + units)
        except OSError as e:
            self._log.add(event.STORAGE_ERROR, now, _number(e))
            return self._refuse(
                EXECUTION_FAILURE, STORAGE, "storage: %s" % e, tid, units, now, carrier)
        account.credit(units)
        self._replay.mark(tid)
        self._log.add(event.CREDITED, now, units)
        try:
            self._ledger.commit()
        except (OSError, ValueError) as e:
            # The journal has it: the next commit or the next start brings it to the ledger.
            self._log.add(event.STORAGE_ERROR, now, _number(e))
            code = RECEIVED
            reason = "storage: %s" % e
        if self._purchases is not None:
            self._purchases.credit(now, commit, carrier, code, tid, units, account.balance)
        return Receipt(code, reason, tid, units, account.balance)

    def _refuse(
        self, code: int, why: int, reason: str, tid: int, units: int, now: int, carrier: int
    ) -> Receipt:
        balance = self._account.balance
        if self._purchases is not None:
            self._purchases.refusal(
                now, self._ledger.sequence, carrier, code, why, tid, units, balance)
        return Receipt(code, reason, tid, 0, balance)

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
        try:
            self._account.check_credit(units)
        except AccountError as e:
            return VALIDATION_FAILURE, BALANCE, str(e)
        return EXECUTION_OK, NONE, ""


def _number(error: Exception) -> int:
    return error.errno or 0 if isinstance(error, OSError) else 0
