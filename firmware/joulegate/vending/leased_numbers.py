"""Numbers of the messages that the meter sends: each once, ever, since a nonce hangs on it.

They are leased LEASE at a time: the end of a lease is on flash before its first number is used.
A start begins a whole lease above what flash says, for littlefs falls back to the commit before
when the newest is damaged, and never below the clock, whose seconds pass faster than messages.
"""

from micropython import const

from joulegate.core.message_state import MessageState

LEASE = const(256)
NUMBER_MAX = const(0xFFFFFFFF)


class LeasedNumbers:
    def __init__(self, store: object, now: int = 0) -> None:
        """store: `leased` is the end of the last lease, `lease(end)` puts one on flash.

        now: the clock's seconds, or less than 0 when nobody knows the time.
        """
        self._store = store
        self._last = max(store.leased + LEASE if store.leased else 0, now)
        self._end = self._last

    def take(self) -> int:
        """Return the next number; OSError if a lease was due and could not be stored."""
        if self._last >= NUMBER_MAX:
            raise OSError("message numbers: all are used")
        if self._last == self._end:
            self._store.lease(self._end + LEASE)
            self._end += LEASE
        self._last += 1
        return self._last


class Leases:
    """The store of LeasedNumbers: a field of the ledger."""

    def __init__(self, state: MessageState, ledger: object) -> None:
        """ledger: storage's, which has `state` among its owners."""
        self._state = state
        self._ledger = ledger

    @property
    def leased(self) -> int:
        return self._state.leased

    def lease(self, end: int) -> None:
        """Commit that numbers up to `end` are used; OSError, and none of them may be."""
        before = self._state.leased
        self._state.leased = end
        try:
            self._ledger.commit()
        except (OSError, ValueError) as e:
            self._state.leased = before
            raise OSError("message numbers: %s" % e)
