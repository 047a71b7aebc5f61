"""A sender of messages to one meter: its key, and numbers that are never used twice.

TIDs come from the same file as those of 20-digit tokens: a purchase has one identity, whatever
it is sent as.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.vend import envelope, issued, key_file, sts
from tools.vend.errors import VendError
from tools.vend.instructions import body
from tools.vend.key_file import Key
from tools.vend.numbers import Numbers

NUMBERS_SUFFIX = ".numbers"
_PAN_SIZES = (11, 13)


@dataclass
class Station:
    """Who sends: one role, or one of several keys of it."""

    meter: str
    path: Path
    role: str
    kid: bytes | None = None
    expiry: int | None = None
    base: int = 2014
    issued_file: Path | None = None
    """Default: beside the keys."""

    def __post_init__(self) -> None:
        if not (1 <= len(self.meter) <= 13 and self.meter.isascii() and self.meter.isalnum()):
            raise VendError(f"meter {self.meter!r}: must be 1 to 13 digits or letters")
        self.asked = ""
        """KID/NUMBER of the message made last."""
        self.keys = key_file.load(self.path, self.meter)
        self.numbers = Numbers(self.path.with_name(self.path.name + NUMBERS_SUFFIX))

    @property
    def key(self) -> Key:
        """The key that messages are made with."""
        return key_file.choose(self.keys, self.role, self.kid)

    def seal(self, content: dict[int, Any]) -> bytes:
        """A message with this body, under a number of its own."""
        key = self.key
        number = self.numbers.next_number(self.meter, key.kid)
        self.asked = f"{key.kid.hex()}/{number}"
        return envelope.seal(key, number, content)

    def message(self, name: str, *fields: Any) -> bytes:
        """A message with this instruction."""
        return self.seal(body(name, *fields, expiry=self.expiry))

    def purchase(self, name: str, *fields: Any, tid: int | None = None) -> tuple[int, bytes]:
        """The TID and the message of an instruction that is about money."""
        number = self._next_tid() if tid is None else tid
        return number, self.message(name, number, *fields)

    def _next_tid(self) -> int:
        """The TID of a purchase now, noted before it is used."""
        has_pan = self.meter.isdigit() and len(self.meter) in _PAN_SIZES
        pan = sts.meter_pan(self.meter) if has_pan else self.meter
        path = self.issued_file or issued.beside(self.path)
        try:
            with issued.opened(path) as memory:
                tid = sts.next_tid(datetime.now(UTC), self.base, memory.last(pan, self.base))
                memory.note(pan, self.base, tid)
        except (sts.StsError, OSError) as error:
            raise VendError(f"{path}: {error}") from None
        return tid

    def open(self, message: bytes) -> dict[int, Any]:
        """The body of a message of the meter; VendError if it is not authentic."""
        own = [key for key in self.keys if key.role == "meter"]
        _, _, found = envelope.open_message(own, message)
        if not isinstance(found, dict) or found.get(7) != self.meter:
            raise VendError(f"message: is none of meter {self.meter}")
        return found
