"""The TIDs that were issued last: two tokens or purchases of one meter never share a minute."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.orm import Session

from tools.vend import database, sts
from tools.vend.database import TidRow

_PAN_SIZES = (11, 13)


def beside(keys: Path) -> Path:
    """Return where it is kept for the keys of a file: one place for all of a folder's keys, so
    that a token and a message never get the same TID."""
    return keys.with_name(database.NAME)


def pan(meter: str) -> str:
    """Return the 18 digits of a meter's number, under which its tokens are issued too; a number
    that has no such form stays as it is."""
    has_pan = meter.isdigit() and len(meter) in _PAN_SIZES
    return sts.meter_pan(meter) if has_pan else meter


class Issued:
    """The last TID of each meter and base date, in a transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def last(self, pan: str, base: int) -> int | None:
        """Return the highest TID given out, None if there was none."""
        row = self._session.get(TidRow, (pan, base))
        return row.last if row else None

    def note(self, pan: str, base: int, tid: int) -> None:
        """Remember a TID; on disk at the end of the transaction, before the token is shown."""
        self._session.merge(TidRow(pan=pan, base=base, last=max(tid, self.last(pan, base) or 0)))


@contextmanager
def opened(path: Path) -> Iterator[Issued]:
    """Open a database for one station at a time; made if there is none. VendError if damaged."""
    with database.transaction(path) as session:
        yield Issued(session)
