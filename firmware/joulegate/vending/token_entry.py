"""The one entry for 20 digits, whoever typed or sent them: judged, carried out once, answered.

Credit goes through the gate. A management token is carried out first and its TID used up by the
gate afterwards: cut off in between it can be entered again, and does the same once more. Digits
in any number and order change nothing but the tries counted, until a token is genuine.
"""

from errno import ENOENT

from joulegate.core import events as event
from joulegate.core import purchase_result as result
from joulegate.core.billing import Billing
from joulegate.core.civil import TIME_MIN
from joulegate.core.events import EventLog
from joulegate.core.replay import Replay
from joulegate.vending import sts_token
from joulegate.vending.carriers import SMS
from joulegate.vending.gate import (
    EXECUTION_FAILURE,
    EXECUTION_OK,
    FORMAT_FAILURE,
    VALIDATION_FAILURE,
    Gate,
    Receipt,
)
from joulegate.vending.sts_keys import DecoderKey
from joulegate.vending.sts_time import base_number
from joulegate.vending.sts_token import Token, TokenError
from joulegate.vending.token_amount import token_price, units_of
from joulegate.vending.token_reader import TokenReader

# Registers that CLEAR_CREDIT may name here: electricity, its currency, all.
_REGISTERS = (0, 4, 0xFFFF)

_NUMBERS = {
    sts_token.FORMAT: result.FORMAT, sts_token.CRC: result.CRC,
    sts_token.NOT_SUPPORTED: result.NOT_SUPPORTED, sts_token.MANUFACTURER: result.MANUFACTURER,
    sts_token.KEY_EXPIRED: result.KEY_EXPIRED, sts_token.OLD: result.OLD,
    sts_token.USED: result.USED, sts_token.FUTURE: result.FUTURE,
    sts_token.OVERFLOW: result.BALANCE, sts_token.LOCKED: result.LOCKED,
    sts_token.KEY: result.TOKEN_KEY, sts_token.SUSPENDED: result.SUSPENDED,
    sts_token.STORAGE: result.STORAGE,
}
_FORMS = (sts_token.FORMAT, sts_token.CRC)
_FAILURES = (sts_token.SUSPENDED, sts_token.STORAGE)


class Entered:
    """What became of 20 digits.

    `reason` is "" for what was done, else a word of sts_token; `text` says more. `token` is what
    was read, None when refused. `units` is how the balance moved, `balance` what it is now.
    `waiting` is how many sections of a key are still to come. `reply` says whether the carrier
    may be answered at all: SMS is, for what was not good, a few times a day.
    """

    def __init__(self, reason: str, text: str, balance: int) -> None:
        self.reason = reason
        self.text = text
        self.balance = balance
        self.token: Token | None = None
        self.units = 0
        self.waiting = 0
        self.reply = True

    @property
    def accepted(self) -> bool:
        return not self.reason


def status_of(entered: Entered) -> tuple:
    """Return (status of class 115, reason's number) of what became of 20 digits, for carriers
    that answer in numbers."""
    if entered.accepted:
        return EXECUTION_OK, 0
    return _status(entered.reason), _NUMBERS[entered.reason]


def _status(reason: str) -> int:
    if reason in _FORMS:
        return FORMAT_FAILURE
    return EXECUTION_FAILURE if reason in _FAILURES else VALIDATION_FAILURE


class TokenEntry:
    def __init__(
        self, reader: TokenReader, gate: Gate, billing: Billing, replay: Replay, ledger: object,
        deeds: object, log: EventLog,
    ) -> None:
        """ledger: storage's, commit(). deeds: what a management token makes the meter do, each
        of them harmless when done twice: change_settings(dict) and clear_tamper(); OSError,
        ValueError and nothing is done."""
        self.reader = reader
        self._gate = gate
        self._billing = billing
        self._replay = replay
        self._ledger = ledger
        self._deeds = deeds
        self._log = log

    def start(self, now: int) -> None:
        """Read key and lock-out; at start, before the gate recovers. Never raises.

        Without a key, or with a record that cannot be believed, no token is taken until a key is
        installed. The ledger is not committed here: that would hide a journal ahead of it.
        """
        problem = self.reader.lockout.load()
        try:
            self.reader.keys.load()
            self._replay.use_base(base_number(self.reader.keys.key.base))
        except (OSError, ValueError) as e:
            # No file is a meter that got no key yet.
            if not (isinstance(e, OSError) and e.errno == ENOENT):
                problem = str(e)
        if problem:
            self._log.add(event.STORAGE_ERROR, now)

    def install(self, key: DecoderKey, now: int) -> None:
        """Put a key in force at the word of who may; OSError, RuntimeError while suspended.

        A new base date forgets the purchases that counted from the old one.

        Sections of a set that was being entered are dropped: they were meant for the key before.
        """
        if self._gate.suspended:
            raise RuntimeError("decoder key: the gate is suspended, " + self._gate.suspended)
        self.reader.keys.replace(key)
        self.reader.change.drop()
        self._log.add(event.DECODER_KEY_CHANGED, now, key.krn)
        if not self._replay.use_base(base_number(key.base)):
            return
        try:
            self._ledger.commit()
        except (OSError, ValueError):
            # The key's record has the base date: the next commit or the next start brings it.
            self._log.add(event.STORAGE_ERROR, now)

    def pass_s(self, seconds: int, now: int) -> None:
        """Let powered time pass for lock-out and key sections. Never raises."""
        try:
            self.reader.pass_s(seconds)
        except OSError:
            self._log.add(event.STORAGE_ERROR, now)

    def enter(self, digits: str, carrier: int, now: int) -> Entered:
        """Take 20 digits, spaced or with dashes; never raises for whatever they are.

        carrier: a number of vending.carriers. now: the meter's seconds, below TIME_MIN while
        nobody knows the time.
        """
        minute = now // 60 if now >= TIME_MIN else None
        try:
            token = self.reader.read(digits, carrier, minute)
            entered = self._carry_out(token, carrier, now)
            if entered.accepted:
                entered.token = token
        except TokenError as e:
            return self._refused(e, carrier, now)
        except OSError as e:
            self._log.add(event.STORAGE_ERROR, now)
            return self._refused(TokenError(sts_token.STORAGE, str(e)), carrier, now)
        if token.cls == sts_token.DISPLAY or entered.waiting or not entered.accepted:
            entered.reply = self.reader.lockout.may_reply(carrier)
            return entered
        try:
            self.reader.done(carrier)
        except OSError:
            # What was good stays good; the carrier's tries stay counted on flash.
            self._log.add(event.STORAGE_ERROR, now)
        return entered

    # --- carrying out -----------------------------------------------------------------------

    def _carry_out(self, token: Token, carrier: int, now: int) -> Entered:
        if token.cls == sts_token.DISPLAY:
            return self._said("test or display")
        if self._gate.suspended:
            raise TokenError(sts_token.SUSPENDED, self._gate.suspended, token.tid or 0)
        if token.key_section:
            return self._change_key(token, now)
        if token.cls == sts_token.CREDIT:
            units = self._units(token)
            return self._receipt(self._gate.credit(token.tid, units, now, carrier))
        if token.sub == sts_token.CLEAR_CREDIT:
            if token.value not in _REGISTERS:
                raise TokenError(
                    sts_token.NOT_SUPPORTED, "register %d" % token.value, token.tid)
            return self._receipt(self._gate.clear(token.tid, now, carrier))
        self._do(token)
        entered = self._receipt(self._gate.use(token.tid, now, carrier))
        if token.sub == sts_token.PHASE_UNBALANCE and entered.accepted:
            entered.text = "stored; a single-phase meter does not act on it"
        return entered

    def _units(self, token: Token) -> int:
        billing = self._billing
        try:
            return units_of(token.value, billing.tariff, token_price(billing))
        except TokenError as e:
            e.tid = token.tid
            raise

    def _do(self, token: Token) -> None:
        try:
            if token.sub == sts_token.CLEAR_TAMPER:
                self._deeds.clear_tamper()
            else:
                name = ("maximum_power_W" if token.sub == sts_token.MAXIMUM_POWER
                        else "phase_unbalance_W")
                self._deeds.change_settings({name: token.value})
        except ValueError as e:
            raise TokenError(sts_token.NOT_SUPPORTED, str(e), token.tid)

    def _change_key(self, token: Token, now: int) -> Entered:
        current = self.reader.keys.key
        key = self.reader.change.add(token, current)
        if key is None:
            waiting = self.reader.change.missing(current)
            entered = self._said("%d more of the key's tokens" % waiting)
            entered.waiting = waiting
            return entered
        self.install(key, now)
        return self._said("key revision %d" % key.krn)

    # --- answers ----------------------------------------------------------------------------

    def _said(self, text: str) -> Entered:
        return Entered("", text, self._billing.account.balance)

    def _receipt(self, receipt: Receipt) -> Entered:
        """Return a gate's answer as one of here; what it refused, it has logged."""
        reason = ""
        if not receipt.accepted:
            reason = sts_token.STORAGE
            for word in _NUMBERS:
                if _NUMBERS[word] == receipt.why:
                    reason = word
        entered = Entered(reason, receipt.reason, receipt.balance)
        entered.units = receipt.units
        return entered

    def _refused(self, error: TokenError, carrier: int, now: int) -> Entered:
        """Answer what was not taken, and log it where it is worth it.

        By SMS anybody can send anything: what did not even count as a try is not written down.
        """
        reason = error.reason
        if self.reader.locked_now:
            self._log.add(event.TOKENS_LOCKED, now, carrier)
        if carrier != SMS or reason not in (
                sts_token.FORMAT, sts_token.LOCKED, sts_token.NOT_SUPPORTED):
            self._gate.refuse(
                _status(reason), _NUMBERS[reason], str(error), error.tid, 0, now, carrier)
        entered = Entered(reason, str(error), self._billing.account.balance)
        entered.reply = self.reader.lockout.may_reply(carrier)
        return entered
