"""Orders: each a purchase, or another instruction about money, that is issued once.

An order has a number of the seller's, or one made of meter, base date and TID. It keeps its TID
for ever, and its message until the meter refuses it or its key is replaced, so that whatever is
sent once more counts once.

States: issued (made, not given to a broker), sent (given to a broker, may be done), confirmed
and refused (a receipt said so).
"""

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tools.vend import instructions, sts
from tools.vend.database import OrderRow
from tools.vend.errors import VendError
from tools.vend.issued import Issued, pan

ISSUED, SENT, CONFIRMED, REFUSED = STATES = ("issued", "sent", "confirmed", "refused")
_NUMBER = re.compile(r"[!-~]([ -~]{0,62}[!-~])?")
_UNSURE = ("used", "old")

Seal = Callable[[dict[int, Any]], tuple[bytes, int, bytes]]
"""Body of a message -> kid, number and the message."""


def checked_number(text: str) -> str:
    """An order's number as it is; VendError unless it is one."""
    if not _NUMBER.fullmatch(text):
        raise VendError(f"order {text!r}: must be 1 to 64 printable ASCII characters, "
                        "without a space before or behind")
    return text


def find(session: Session, number: str) -> OrderRow | None:
    """The order of this number."""
    return session.get(OrderRow, number)


def check_same(order: OrderRow, meter: str, instruction: str, units: int | None) -> None:
    """VendError unless this order is for just that."""
    if (order.meter, order.instruction, order.units) != (meter, instruction, units):
        raise VendError(
            f"order {order.number}: was issued as {described(order)}, not as "
            f"{_described(instruction, units, meter)}: another purchase needs another number")


def described(order: OrderRow) -> str:
    """What an order is for, in the words of an error."""
    return _described(order.instruction, order.units, order.meter)


def _described(instruction: str, units: int | None, meter: str) -> str:
    amount = "" if units is None else f" of {units} units"
    return f"{instruction}{amount} for meter {meter}"


def issue(
    session: Session, meter: str, base: int, instruction: str, units: int | None,
    seal: Seal, number: str | None = None, tid: int | None = None, expiry: int | None = None,
    usable: Callable[[bytes], bool] = lambda kid: True,
) -> tuple[OrderRow, bool]:
    """The order, and whether it was there already.

    tid: send that purchase once more. An order that is there is for the same or VendError. Its
    message is made anew, with the same TID, when it is asked for by TID, was refused, or its
    kid is not `usable` any more.
    """
    order = _existing(session, meter, base, number, tid)
    if order is not None:
        check_same(order, meter, instruction, units)
        if order.state != CONFIRMED and (
                number is None or order.state == REFUSED or not usable(order.kid)):
            _seal(order, seal, expiry)
            if order.state == REFUSED:
                order.reason = ""
                _change(order, ISSUED)
        return order, True
    tid = _next_tid(session, meter, base, tid)
    now = int(time.time())
    order = OrderRow(
        number=number or f"{meter}/{base}/{tid}", meter=meter, instruction=instruction,
        units=units, base=base, tid=tid, kid=b"", message_number=0, message=b"", state=ISSUED,
        attempts=0, reason="", balance=None, issued_at=now, changed_at=now)
    _seal(order, seal, expiry)
    session.add(order)
    return order, False


def _existing(
    session: Session, meter: str, base: int, number: str | None, tid: int | None
) -> OrderRow | None:
    of_tid = None if tid is None else session.scalar(select(OrderRow).where(
        OrderRow.meter == meter, OrderRow.base == base, OrderRow.tid == tid))
    if number is None:
        return of_tid
    order = find(session, checked_number(number))
    if order is not None and tid not in (None, order.tid):
        raise VendError(f"order {number}: its TID is {order.tid}, not {tid}")
    if order is None and of_tid is not None:
        raise VendError(f"order {number}: TID {tid} is that of order {of_tid.number}")
    return order


def _seal(order: OrderRow, seal: Seal, expiry: int | None) -> None:
    order.kid, order.message_number, order.message = seal(instructions.body(
        order.instruction, order.tid, order.units, expiry=expiry))


def _next_tid(session: Session, meter: str, base: int, typed: int | None) -> int:
    """The next TID, or the typed one of a purchase that was issued elsewhere; noted."""
    memory, now = Issued(session), datetime.now(UTC)
    last = memory.last(pan(meter), base)
    if typed is None:
        typed = sts.next_tid(now, base, last)
    elif typed > (limit := max(sts.tid_at(now, base), last or 0)):
        raise VendError(f"tid {typed}: cannot have been issued yet: must be at most {limit}")
    memory.note(pan(meter), base, typed)
    return typed


def note_sent(session: Session, meter: str, message: bytes) -> None:
    """A message is about to be given to a broker; nothing unless it is an order's."""
    order = session.scalar(select(OrderRow).where(
        OrderRow.meter == meter, OrderRow.message == message))
    if order is not None:
        order.attempts += 1
        if order.state != CONFIRMED:
            _change(order, SENT)


def note_receipt(session: Session, meter: str, receipt: dict[int, Any]) -> str | None:
    """What a proven receipt makes of the order it is for: its state, None if there is none.

    A later answer that its TID is used or old may come of an earlier try that was taken: then
    it stays as it is.
    """
    order = _of_message(session, meter, receipt[2], receipt[3])
    if order is None:
        return None
    state = judged(receipt, again=order.attempts > 1)
    if order.state != CONFIRMED:
        said = instructions.shown(receipt)
        order.reason, order.balance = said["reason"], receipt[6]
        _change(order, state or order.state)
    return order.state


def judged(receipt: dict[int, Any], again: bool) -> str | None:
    """CONFIRMED or REFUSED, None for a receipt that leaves it open; again: not the first try."""
    said = instructions.shown(receipt)
    if receipt[4] == instructions.EXECUTED:
        return CONFIRMED
    if receipt[4] == instructions.RECEIVED or again and said["reason"] in _UNSURE:
        return None
    return REFUSED


def _of_message(session: Session, meter: str, kid: bytes, number: int) -> OrderRow | None:
    return session.scalar(select(OrderRow).where(
        OrderRow.meter == meter, OrderRow.kid == kid, OrderRow.message_number == number))


def _change(order: OrderRow, state: str) -> None:
    order.state = state
    order.changed_at = int(time.time())


def listed(
    session: Session, meter: str | None = None, state: str | None = None
) -> list[OrderRow]:
    """All orders, of one meter or in one state, in the order of issue."""
    query = select(OrderRow).order_by(OrderRow.issued_at, OrderRow.number)
    if meter is not None:
        query = query.where(OrderRow.meter == meter)
    if state is not None:
        query = query.where(OrderRow.state == state)
    return list(session.scalars(query))


def shown(order: OrderRow) -> dict[str, Any]:
    """An order for a program to read."""
    return {
        "order": order.number, "meter": order.meter, "instruction": order.instruction,
        "units": order.units, "tid": order.tid, "base": order.base, "state": order.state,
        "reason": order.reason, "balance": order.balance, "attempts": order.attempts,
        "issued": _iso(order.issued_at), "changed": _iso(order.changed_at),
    }


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
