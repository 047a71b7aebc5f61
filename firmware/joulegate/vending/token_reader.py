"""Judges 20-digit tokens for their entry: who may try, what one says, whether it counts.

Order: form; lock-out; decipher; check sum; kind; manufacturer; key expiry; used and old; issue
time. What passes has proven who issued it, and is to be carried out once.

Source of the order: IEC 62055-41:2018 sections 7.3.6 and 7.3.7, as far as public.
"""

from joulegate.core.replay import Replay
from joulegate.vending import sts_token
from joulegate.vending.carriers import SMS
from joulegate.vending.lockout import Lockout
from joulegate.vending.sts_keys import INITIALISATION, KeyChange, KeyStore
from joulegate.vending.sts_time import lies_ahead
from joulegate.vending.sts_token import Token, TokenError


class TokenReader:
    def __init__(
        self, keys: KeyStore, lockout: Lockout, replay: Replay, manufacturer: int = 0,
        ea07_tables: object = None,
    ) -> None:
        """manufacturer: the meter's own code, for tests meant for one make; 0 for none.

        ea07_tables: an integrator's Ea07Tables; None, and a key of EA07 reads nothing.
        """
        self.keys = keys
        self.lockout = lockout
        self.change = KeyChange()
        self.locked_now = False
        """Whether the token read last was the first of its carrier to lock it."""
        self._replay = replay
        self._manufacturer = manufacturer
        self._ea07_tables = ea07_tables

    def pass_s(self, seconds: int) -> None:
        """Let powered time pass, once a second or so; OSError from the lock-out's record."""
        self.change.pass_s(seconds)
        self.lockout.pass_s(seconds)

    def read(self, text: str, carrier: int, minute: "int | None" = None) -> Token:
        """Return a token that may be carried out; TokenError says why not, OSError storage.

        minute: the time in minutes since 2020-01-01T00:00Z, None while the clock is invalid.
        """
        self.locked_now = False
        cls, block = sts_token.parse(text)
        if cls == sts_token.DISPLAY:
            return self._display(cls, block, carrier)
        key = self.keys.key
        if key is None:
            raise TokenError(sts_token.KEY, "the meter has no decoder key")
        cipher = key.cipher(self._ea07_tables)
        self.lockout.begin(carrier)
        try:
            token = sts_token.read(cls, block, cipher)
        except TokenError as e:
            if e.reason == sts_token.CRC:
                self.locked_now = self.lockout.was_wrong(carrier)
            raise
        if token.key_section:
            return token
        if key.kt == INITIALISATION:
            raise TokenError(
                sts_token.KEY, "an initialisation key is only good for changing it", token.tid)
        if cls == sts_token.CREDIT and token.sub != sts_token.ELECTRICITY:
            raise TokenError(
                sts_token.NOT_SUPPORTED, "credit of subclass %d" % token.sub, token.tid)
        self._check_tid(token.tid, minute)
        return token

    def done(self, carrier: int) -> None:
        """Clear the carrier's lock-out once a token was carried out, or its set completed.

        Never for a DISPLAY token, which anybody can make, nor for a section that waits for
        others, which works any number of times. OSError.
        """
        self.lockout.was_good(carrier)

    def _display(self, cls: int, block: bytearray, carrier: int) -> Token:
        """Return a test or display token: it needs no key, so nobody is locked out of it."""
        if carrier == SMS:
            raise TokenError(sts_token.NOT_SUPPORTED, "a test is not for who sends from afar")
        token = sts_token.read(cls, block, None)
        if token.manufacturer not in (0, self._manufacturer):
            raise TokenError(sts_token.MANUFACTURER, "for code %d, this meter's is %d" % (
                token.manufacturer, self._manufacturer))
        return token

    def _check_tid(self, tid: int, minute: "int | None") -> None:
        key = self.keys.key
        if tid >> 16 > key.ken:
            raise TokenError(sts_token.KEY_EXPIRED, "tid %d is beyond key expiry %d" % (
                tid, key.ken), tid)
        if self._replay.used(tid):
            raise TokenError(sts_token.USED, "tid %d was used" % tid, tid)
        if self._replay.old(tid):
            raise TokenError(sts_token.OLD, "tid %d is older than every token kept" % tid, tid)
        if minute is not None and lies_ahead(tid, key.base, minute):
            raise TokenError(sts_token.FUTURE, "tid %d lies ahead of the clock" % tid, tid)
