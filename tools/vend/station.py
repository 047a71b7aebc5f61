"""A sender of messages to one meter: its key, and numbers that are never used twice.

TIDs come from the same database as those of 20-digit tokens: a purchase has one identity,
whatever it is sent as.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from tools.vend import database, directory, envelope, issued, key_file, orders
from tools.vend.database import OrderRow
from tools.vend.errors import VendError
from tools.vend.instructions import body, is_receipt
from tools.vend.key_file import Key
from tools.vend.numbers import Numbers


@dataclass
class Station:
    """Who sends: one role, or one of several keys of it."""

    meter: str
    path: Path
    """The key file."""
    role: str
    kid: bytes | None = None
    expiry: int | None = None
    base: int = directory.BASE
    database: Path | None = None
    """Where TIDs and orders are kept; default beside the keys, as message numbers always are."""
    places: int | None = None
    """Decimals of the account's unit, where they are known."""
    currency: str = ""
    keys: list[Key] = field(default_factory=list)
    """Those of the meter, where the file has been read; it is read when there are none."""

    def __post_init__(self) -> None:
        directory.checked_meter(self.meter)
        self.asked = ""
        """KID/NUMBER of the message made last."""
        self.keys = self.keys or key_file.load(self.path, self.meter)
        self.numbers = Numbers(issued.beside(self.path))
        self.orders = self.database or self.numbers.path
        """The database of TIDs and orders."""

    @property
    def key(self) -> Key:
        """The key that messages are made with."""
        return key_file.choose(self.keys, self.role, self.kid)

    def seal(self, content: dict[int, Any]) -> bytes:
        """A message with this body, under a number of its own."""
        return self._seal(content)[2]

    def _seal(
        self, content: dict[int, Any], session: Session | None = None
    ) -> tuple[bytes, int, bytes]:
        key = self.key
        if session is not None and self.orders.resolve() != self.numbers.path.resolve():
            session = None
        number = self.numbers.next_number(self.meter, key.kid, session)
        self.asked = f"{key.kid.hex()}/{number}"
        return key.kid, number, envelope.seal(key, number, content)

    def message(self, name: str, *fields: Any) -> bytes:
        """A message with this instruction."""
        return self.seal(body(name, *fields, expiry=self.expiry))

    def issue(
        self, session: Session, name: str, units: int | None = None, tid: int | None = None,
        number: str | None = None,
    ) -> tuple[OrderRow, bool]:
        """The order of an instruction about money, and whether it was there already, in a
        transaction on `orders`; VendError."""
        if number is not None and self.expiry is not None:
            raise VendError(f"order {number}: must not expire: asked about later, the meter "
                            "would refuse what it may have taken")
        kids = [key.kid for key in self.keys if key.role == self.role]
        return orders.issue(
            session, self.meter, self.base, name, units,
            lambda content: self._seal(content, session), number, tid, self.expiry,
            lambda kid: kid in kids)

    def purchase(
        self, name: str, units: int | None = None, tid: int | None = None,
        number: str | None = None,
    ) -> tuple[dict[str, Any], bytes, bool]:
        """The order as orders.shown() has it, its message, and whether it was there already."""
        with database.transaction(self.orders) as session:
            order, again = self.issue(session, name, units, tid, number)
            session.flush()
            return orders.shown(order), order.message, again

    def open(self, message: bytes) -> dict[int, Any]:
        """The body of a receipt of the meter; VendError if it is not authentic, or none."""
        own = [key for key in self.keys if key.role == "meter"]
        _, _, found = envelope.open_message(own, message)
        if not isinstance(found, dict) or found.get(7) != self.meter:
            raise VendError(f"message: is none of meter {self.meter}")
        if not is_receipt(found):
            raise VendError(f"message of meter {self.meter}: is no receipt")
        return found
