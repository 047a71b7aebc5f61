"""Message numbers that were used.

A number is never used twice with a key: it makes the nonce. It is on disk before it is given
out, and never below the clock's seconds, so that a lost database does not bring old ones back.
"""

import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.orm import Session

from tools.vend import database
from tools.vend.database import NumberRow
from tools.vend.errors import VendError

NUMBER_MAX = (1 << 32) - 1


class Numbers:
    """Used numbers by meter and key, in the database at `path`."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock

    def next_number(self, meter: str, kid: bytes, session: Session | None = None) -> int:
        """A number above all that this key has used; VendError when they have run out.

        session: a transaction that is under way on the same database; the number may leave the
        station only when that has ended well.
        """
        if session is None:
            with database.transaction(self.path) as own:
                return self.next_number(meter, kid, own)
        row = session.get(NumberRow, (meter, kid.hex()))
        number = max(row.last + 1 if row else 1, int(self._clock()))
        if number > NUMBER_MAX:
            raise VendError(
                f"{self.path}: {meter}/{kid.hex()}: all numbers to {NUMBER_MAX} are used")
        session.merge(NumberRow(meter=meter, kid=kid.hex(), last=number))
        return number
