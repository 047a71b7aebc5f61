"""A message from any carrier: opened, judged, done once, answered.

Order: envelope, schema and role, expiry, number, deed, receipt. A message that is not proven
writes nothing and gets no receipt. One that was answered is answered again with the same
bytes if it was the last, otherwise from the stored answer; it is never done twice.

A receipt is a map: 0 its code, 1 the meter's time in Unix seconds, left out when nobody knows
it, 2 and 3 the kid and number of the message, 4 the status of class 115, 5 the reason, 6 the
balance in credit units, 7 the meter, 8 what was asked for, 9 its number in the outbox if it
is held there.
"""

from hashlib import sha256

from micropython import const

from joulegate.core.civil import TIME_MIN
from joulegate.vending.envelope import Envelope, EnvelopeError
from joulegate.vending.instructions import EPOCH, Instruction, parse
from joulegate.vending.keys import MARK_SIZE, KeyEntry, KeyRingError
from joulegate.vending.message_result import (
    AUTHENTICATION_FAILURE,
    EXECUTION_FAILURE,
    EXECUTION_OK,
    RECEIVED,
    VALIDATION_FAILURE,
    MessageError,
    reason_number,
)
from joulegate.vending.steps import DEED

_RECEIPT = const(1)
"""The code of a receipt, among the messages that the meter sends."""


class Answer:
    """Status of class 115, reason, a text for a log, the receipt or None, and what was asked.

    `sender` is the key that proved the message, None for one that was not proven. `fresh`: it
    made the meter do something, or try to, and was not merely answered again or refused; of one
    about money, that it has changed the balance.
    """

    def __init__(self, status: int, reason: "int | str", text: str) -> None:
        self.status = status
        self.reason = reason_number(reason)
        self.text = text
        self.receipt: bytes | None = None
        self.sender: KeyEntry | None = None
        self.instruction: Instruction | None = None
        self.fresh = False

    @property
    def accepted(self) -> bool:
        return self.status == EXECUTION_OK


class Messages:
    def __init__(
        self, meter_id: str, envelope: Envelope, ring: object, executor: object,
        uplink: object = None,
    ) -> None:
        """ring: a KeyRing, or what answers like it. executor: an Executor. uplink: its
        `receipt_number(carrier, fresh)` gives that of the receipt to be made, or None; None for
        a meter without a link."""
        self._meter_id = meter_id
        self._envelope = envelope
        self._ring = ring
        self._executor = executor
        self._uplink = uplink
        self._digest = b""
        self._answered: Answer | None = None
        self._fresh = False

    def accepting(self, message: bytes, now: int, carrier: int) -> object:
        """Take a message from a carrier and return its Answer, in steps, see steps.py; never
        raises for a bad one. now: meter's seconds.

        One message at a time. Nothing changes before the step DEED, and that is one: what a
        message asks for is done and on flash after it, or not begun.
        """
        digest = sha256(message).digest()
        if digest == self._digest:
            self._answered.fresh = False
            return self._answered
        self._fresh = False
        instruction = None
        try:
            entry, number, body = yield from self._envelope.opening(message)
        except EnvelopeError as e:
            if e.entry is None:
                return Answer(e.status, e.reason, e.text)
            entry = e.entry
            number = e.number
            result = self._refusal(e)
        else:
            mark = bytes(message[-MARK_SIZE:])
            yield ""
            try:
                instruction = parse(body, entry.role)
                yield ""
                result = self._do(instruction, entry, number, mark, now, carrier)
            except MessageError as e:
                result = self._refusal(e)
        yield DEED
        if instruction is not None and instruction.unnumbered:
            answer = Answer(*result[:3])
            answer.sender = entry
        else:
            held = self._receipt_number(instruction, carrier)
            answer = yield from self._answer(entry, number, result, now, held)
        answer.instruction = instruction
        answer.fresh = self._fresh
        if answer.accepted and answer.receipt is not None:
            self._digest = digest
            self._answered = answer
        return answer

    def _refusal(self, error: MessageError) -> tuple:
        return error.status, error.reason, error.text, None, self._executor.balance

    def _do(
        self, instruction: Instruction, entry: KeyEntry, number: int, mark: bytes, now: int,
        carrier: int,
    ) -> tuple:
        """Return (status, reason, text, data, balance); MessageError for what is refused."""
        name = instruction.name
        changes_key = instruction.changes_key
        if not instruction.money and number == entry.number and mark == entry.mark:
            return entry.status, entry.reason, name + ": repeated", None, entry.balance
        if entry.retired:
            raise MessageError(AUTHENTICATION_FAILURE, "key", "kid: has been replaced")
        if instruction.expired(now):
            raise MessageError(VALIDATION_FAILURE, "expired", "%s: has expired" % name)
        if self._ring.factory and not changes_key:
            raise MessageError(
                VALIDATION_FAILURE, "factory_key",
                "%s: the factory's keys must be changed first" % name)
        if instruction.money:
            # Its identity is the purchase's, whatever encoding it comes in: no number is kept.
            before = self._executor.balance
            result = self._executor.execute(instruction, now, carrier)
            self._fresh = self._executor.balance != before
            return result
        if instruction.unnumbered:
            return self._executor.execute(instruction, now, carrier)
        if number <= entry.number:
            raise MessageError(VALIDATION_FAILURE, "number", "number %d: must be above %d" % (
                number, entry.number))
        if changes_key:
            return self._change_key(instruction, entry, number, mark)
        try:
            self._ring.take(entry, number, mark)
        except OSError as e:
            raise MessageError(EXECUTION_FAILURE, "storage", "storage: %s" % e) from None
        self._fresh = True
        status, reason, text, data, balance = self._executor.execute(
            instruction, now, carrier)
        try:
            self._ring.finish(entry, status, reason_number(reason), balance)
        except OSError as e:
            return RECEIVED, "storage", "storage: %s" % e, data, balance
        return status, reason, text, data, balance

    def _change_key(
        self, instruction: Instruction, entry: KeyEntry, number: int, mark: bytes
    ) -> tuple:
        fields = instruction.fields
        balance = self._executor.balance
        try:
            new = None
            old = fields["kid"]
            if "key" in fields:
                new = KeyEntry(fields["role"], fields["kid"], fields["key"])
                old = fields["replaces"]
            self._ring.change(old, new, entry, (number, EXECUTION_OK, 0, balance, mark))
        except KeyRingError as e:
            raise MessageError(VALIDATION_FAILURE, "key_ring", str(e)) from None
        except OSError as e:
            raise MessageError(EXECUTION_FAILURE, "storage", "storage: %s" % e) from None
        self._fresh = True
        return EXECUTION_OK, 0, instruction.name, None, balance

    def _receipt_number(
        self, instruction: "Instruction | None", carrier: int
    ) -> "int | None":
        """Return the number under which the receipt will be held, None when it will not be."""
        if self._uplink is None or instruction is not None and instruction.repeatable:
            return None
        return self._uplink.receipt_number(carrier, self._fresh)

    def _answer(
        self, entry: KeyEntry, number: int, result: tuple, now: int, held: "int | None"
    ) -> object:
        """Return the Answer with its receipt; in steps."""
        status, reason, text, data, balance = result
        answer = Answer(status, reason, text)
        answer.sender = entry
        body = {
            0: _RECEIPT, 2: entry.kid, 3: number, 4: status, 5: answer.reason, 6: balance,
            7: self._meter_id,
        }
        if now >= TIME_MIN:
            body[1] = now + EPOCH
        if data is not None:
            body[8] = data
        if held is not None:
            body[9] = held
        yield ""
        try:
            answer.receipt = yield from self._envelope.sealing(body)
        except (OSError, ValueError) as e:
            # What is done is done; the sender asks again.
            answer.text = "%s; no receipt: %s" % (text, e)
        return answer
