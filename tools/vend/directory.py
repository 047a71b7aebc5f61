"""The directory of meters in the station's database: who, where, which keys, what money."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tools.vend import database, sts
from tools.vend.database import MeterRow
from tools.vend.errors import VendError

PLACES_MAX = 5
PLACES = 5
"""Decimals of the unit of a meter that is in no directory."""
BASE = 2014
KEY_FILE = "keys.json"
"""Where the keys of a meter are, if nobody says otherwise."""
TEXT_MAX = 80
_CURRENCY = re.compile(r"[A-Z]{3}")
_METER = re.compile(r"[0-9A-Za-z]{1,13}")


@dataclass(frozen=True)
class Entry:
    """What the directory says of a meter."""

    meter: str
    key_file: str
    name: str = ""
    place: str = ""
    base: int = BASE
    places: int = PLACES
    currency: str = ""

    def __post_init__(self) -> None:
        """VendError for a value that breaks its rule."""
        checked_meter(self.meter)
        checked_base(self.base)
        if not self.key_file or Path(self.key_file).name != self.key_file:
            raise VendError(f"key file {self.key_file!r}: must be a name without a folder: it "
                            "lies beside the database")
        if not 0 <= self.places <= PLACES_MAX:
            raise VendError(f"places {self.places}: must be 0 to {PLACES_MAX}")
        if self.currency and not _CURRENCY.fullmatch(self.currency):
            raise VendError(f"currency {self.currency!r}: must be 3 capitals of ISO 4217")
        for what, text in (("name", self.name), ("place", self.place)):
            if len(text) > TEXT_MAX or not (text.isprintable() or not text):
                raise VendError(f"{what} {text!r}: must be printable, at most {TEXT_MAX} "
                                "characters")


def checked_meter(meter: str) -> str:
    """A meter's number as it is; VendError unless it is one."""
    if not _METER.fullmatch(meter):
        raise VendError(f"meter {meter!r}: must be 1 to 13 digits or letters")
    return meter


def checked_base(base: int) -> int:
    """A base date's year as it is; VendError unless there is that base date."""
    if base not in sts.BASES:
        raise VendError(f"base {base}: must be {', '.join(map(str, sts.BASES))}")
    return base


def changed(old: Entry | None, meter: str, values: dict[str, Any], may_change: bool) -> Entry:
    """The entry of a meter with these values, in what is not given as it was, else as usual.

    VendError for a meter that is there with other values, unless it may change.
    """
    entry = Entry(meter, **{"key_file": KEY_FILE} | values) if old is None else replace(
        old, **values)
    if old not in (None, entry) and not may_change:
        raise VendError(f"meter {meter}: is in the directory with other values; --replace "
                        "changes them")
    return entry


def put(session: Session, entry: Entry) -> None:
    """Put a meter in, or in place of what was there."""
    session.merge(MeterRow(**vars(entry)))


def find(path: Path, meter: str) -> Entry | None:
    """What the database says of a meter; None if it is missing, or has no such meter."""
    if not path.exists():
        return None
    with database.transaction(path, create=False) as session:
        return of_meter(session, meter)


def of_meter(session: Session, meter: str) -> Entry | None:
    """What the directory says of a meter; None if it has no such meter."""
    found = session.get(MeterRow, meter)
    return None if found is None else _entry(found)


def listed(session: Session) -> list[Entry]:
    """All meters, in the order of their numbers."""
    return [_entry(row) for row in session.scalars(select(MeterRow).order_by(MeterRow.meter))]


def _entry(row: MeterRow) -> Entry:
    return Entry(**{name: getattr(row, name) for name in Entry.__dataclass_fields__})
