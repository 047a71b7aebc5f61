"""The mailbox: authenticated messages and 20-digit tokens by holding registers.

A master writes a message in pieces, then its length, then a sequence number into the register
that submits; or ten registers of two ASCII digits and a sequence number behind them, all in one
request if it likes. It polls the result for that sequence number, and reads the receipt. The same
sequence number written again, as when an answer was lost, does nothing again; what it submits
comes to one credit anyway, whatever a master does. Nothing else on the bus moves money or supply.

What was submitted is worked off in steps between requests; while it is, the registers of
messages and tokens are busy. See docs/modbus-wire.md.
"""

from micropython import const

from joulegate.bus.modbus.exceptions import DEVICE_BUSY, ILLEGAL_ADDRESS, ILLEGAL_VALUE
from joulegate.core import events as event
from joulegate.vending.carriers import BUS

FIRST = const(0x1000)
LAST = const(0x13FF)
"""The mailbox's own part of the holding registers; what is not listed here is a hole."""

MESSAGE = const(0x1000)
"""256 registers, read and write: the message, two bytes a register, high byte first."""
MESSAGE_LENGTH = const(0x1100)
"""Its bytes, MESSAGE_MIN to MESSAGE_MAX."""
MESSAGE_SUBMIT = const(0x1101)
"""1 to 65535: submits it under this number."""
TOKEN = const(0x1110)
"""10 registers, read and write: a token, two ASCII digits a register."""
TOKEN_SUBMIT = const(0x111A)
"""1 to 65535: submits it under this number."""
RESULT = const(0x1120)
"""RESULT_SIZE registers, read only: state, sequence number, kind, status of class 115, reason,
bytes of the receipt, balance and what it moved by in credit units, two registers each, signed,
and sections of a key still to come."""
RESULT_SIZE = const(11)
RECEIPT = const(0x1200)
"""256 registers, read only: the receipt of a message, zero behind its end."""

EMPTY, WORKING, DONE = const(0), const(1), const(2)
"""States."""
OF_MESSAGE, OF_TOKEN = const(1), const(2)
"""Kinds."""

MESSAGE_MIN = const(22)
MESSAGE_MAX = const(512)
"""Bytes of a message, those of vending/envelope.py."""
TOKEN_DIGITS = const(20)

_RESULT, _RECEIPT = const(1), const(2)

# Of vending/message_result.py, which a meter without keys does not load.
_FAILURE = const(7)
_UNSUPPORTED = const(33)
_STORAGE = const(7)


class Mailbox:
    def __init__(self, app: object) -> None:
        """app: begin_message(message, carrier) and enter_token(digits, carrier), which raise
        RuntimeError without keys, the account's state, clock and log."""
        self._app = app
        # Each with its submitting register at the end, that of messages after the length.
        self._message = bytearray(MESSAGE_MAX + 4)
        self._token = bytearray(TOKEN_DIGITS + 2)
        self._result = bytearray(2 * RESULT_SIZE)
        self._receipt = b""
        self._queued: bytes | str | None = None
        self._work: object = None
        self._kind = 0
        self._sequence = 0
        self._touched = False
        self._unread = 0

    @property
    def busy(self) -> bool:
        """Whether something was submitted that is not worked off."""
        return self._queued is not None or self._work is not None

    @property
    def unread(self) -> bool:
        """Whether there is a result or the end of a receipt that no master has read."""
        return self._unread > 0

    # --- registers ------------------------------------------------------------------------

    def read(self, address: int, count: int, out: bytearray, at: int) -> int:
        """Put registers into `out`, high bytes first; return 0 or an exception's code."""
        last = address + count - 1
        if address >= MESSAGE and last <= MESSAGE_SUBMIT:
            _copy(self._message, 2 * (address - MESSAGE), out, at, 2 * count)
        elif address >= TOKEN and last <= TOKEN_SUBMIT:
            _copy(self._token, 2 * (address - TOKEN), out, at, 2 * count)
        elif address >= RESULT and last < RESULT + RESULT_SIZE:
            if address == RESULT and self._result[1] == DONE:
                self._unread &= ~_RESULT
            _copy(self._result, 2 * (address - RESULT), out, at, 2 * count)
        elif address >= RECEIPT and last < RECEIPT + MESSAGE_MAX // 2:
            if 2 * (last + 1 - RECEIPT) >= len(self._receipt):
                self._unread &= ~_RECEIPT
            _copy(self._receipt, 2 * (address - RECEIPT), out, at, 2 * count)
        else:
            return ILLEGAL_ADDRESS
        return 0

    def write(self, address: int, count: int, data: bytearray, at: int) -> int:
        """Take registers, all or none; return 0 or an exception's code."""
        last = address + count - 1
        if address >= MESSAGE and last <= MESSAGE_SUBMIT:
            return self._write(
                OF_MESSAGE, self._message, 2 * (address - MESSAGE), 2 * count, data, at)
        if address >= TOKEN and last <= TOKEN_SUBMIT:
            return self._write(
                OF_TOKEN, self._token, 2 * (address - TOKEN), 2 * count, data, at)
        return ILLEGAL_ADDRESS

    def _write(
        self, kind: int, area: bytearray, place: int, size: int, data: bytearray, at: int
    ) -> int:
        submits = place + size == len(area)
        content = size - 2 if submits else size
        changes = False
        for i in range(content):
            if area[place + i] != data[at + i]:
                changes = True
        sequence = data[at + content] << 8 | data[at + content + 1] if submits else 0
        if kind == OF_TOKEN:
            right = _are_digits(area, place, content, data, at, submits)
        else:
            right = _is_length(area, place, content, data, at, submits)
        if not right or submits and not sequence:
            return ILLEGAL_VALUE
        repeated = (submits and not changes and not self._touched and kind == self._kind
                    and sequence == self._sequence)
        if repeated or not (changes or submits):
            return 0
        if self.busy:
            return DEVICE_BUSY
        _copy(data, at, area, place, size)
        self._touched = True
        if submits:
            self._submit(kind, sequence)
        return 0

    # --- work -----------------------------------------------------------------------------

    def _submit(self, kind: int, sequence: int) -> None:
        if kind == OF_MESSAGE:
            length = self._message[MESSAGE_MAX] << 8 | self._message[MESSAGE_MAX + 1]
            self._queued = bytes(memoryview(self._message)[:length])
        else:
            self._queued = bytes(memoryview(self._token)[:TOKEN_DIGITS]).decode()
        self._kind = kind
        self._sequence = sequence
        self._touched = False
        self._unread = 0
        self._receipt = b""
        for i in range(len(self._result)):
            self._result[i] = 0
        self._put(0, WORKING)
        self._put(1, sequence)
        self._put(2, kind)

    def step(self) -> None:
        """Bring what was submitted on by a step. Never raises."""
        try:
            if self._queued is not None:
                self._begin()
            elif self._work is not None:
                self._work.step()
                if self._work.done:
                    self._answered(self._work.answer)
        except Exception:
            self._app.log.add(event.SOFTWARE_FAILED, self._app.clock.now())
            self._finish(_FAILURE, _STORAGE)

    def _begin(self) -> None:
        app = self._app
        queued = self._queued
        self._queued = None
        try:
            if self._kind == OF_MESSAGE:
                self._work = app.begin_message(queued, BUS)
            else:
                self._entered(app.enter_token(queued, BUS))
        except RuntimeError:
            self._finish(_FAILURE, _UNSUPPORTED)  # there are no keys

    def _answered(self, answer: object) -> None:
        self._receipt = answer.receipt or b""
        self._put(5, len(self._receipt))
        self._finish(answer.status, answer.reason)

    def _entered(self, entered: object) -> None:
        # Only here: a meter without a decoder key has no use for it.
        from joulegate.vending.token_entry import status_of
        status, reason = status_of(entered)
        self._put_long(8, entered.units)
        self._put(10, entered.waiting)
        self._finish(status, reason)

    def _finish(self, status: int, reason: int) -> None:
        self._queued = self._work = None
        self._put(3, status)
        self._put(4, reason)
        state = self._app.state
        self._put_long(6, state.account.balance if state.provisioned else 0)
        self._put(0, DONE)
        self._unread = _RESULT | _RECEIPT if self._receipt else _RESULT

    def _put(self, register: int, value: int) -> None:
        self._result[2 * register] = value >> 8 & 0xFF
        self._result[2 * register + 1] = value & 0xFF

    def _put_long(self, register: int, value: int) -> None:
        self._put(register, value >> 16)
        self._put(register + 1, value)


def _copy(source: object, place: int, into: bytearray, at: int, size: int) -> None:
    """Copy bytes; behind the end of the source there is zero."""
    end = len(source)
    for i in range(size):
        into[at + i] = source[place + i] if place + i < end else 0


def _are_digits(
    area: bytearray, place: int, size: int, data: bytearray, at: int, whole: bool
) -> bool:
    """Whether what is written, or all that there is then, are digits."""
    for i in range(0 if whole else place, TOKEN_DIGITS if whole else place + size):
        digit = data[at + i - place] if place <= i < place + size else area[i]
        if not 48 <= digit <= 57:
            return False
    return True


def _is_length(
    area: bytearray, place: int, size: int, data: bytearray, at: int, whole: bool
) -> bool:
    """Whether the length is, or will be, one that a message may have."""
    if place <= MESSAGE_MAX < place + size:
        at += MESSAGE_MAX - place
        length = data[at] << 8 | data[at + 1]
    elif whole:
        length = area[MESSAGE_MAX] << 8 | area[MESSAGE_MAX + 1]
    else:
        return True
    return MESSAGE_MIN <= length <= MESSAGE_MAX
