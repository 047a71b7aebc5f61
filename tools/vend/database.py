"""The one database of a vending station, `vend.db` beside its key files, of mode 0600.

It holds the directory of meters, what was issued last (message numbers by key, TIDs by meter),
and the orders. Keys are not in it: they stay in key files, which the directory names. Whatever
is issued is committed before it is shown or sent. A copy put back from a backup is safe as long
as the clock is right: numbers and TIDs are never below the time of issue.
"""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, UniqueConstraint, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from tools.vend.errors import VendError

NAME = "vend.db"
_VERSION = 1
_HEADER = b"SQLite format 3\0"
_BUSY_S = 30


class Base(DeclarativeBase):
    """What the tables have in common."""


class MeterRow(Base):
    """A meter: what its messages need besides its keys."""

    __tablename__ = "meters"
    meter: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    place: Mapped[str]
    key_file: Mapped[str]
    """A name in the folder of the database."""
    base: Mapped[int]
    """Year of the base date of its TIDs."""
    places: Mapped[int]
    """A credit unit is 10^-places of the currency."""
    currency: Mapped[str]


class TidRow(Base):
    """The last TID of a meter's number and base date, token or message."""

    __tablename__ = "tids"
    pan: Mapped[str] = mapped_column(primary_key=True)
    base: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class NumberRow(Base):
    """The last message number of a key."""

    __tablename__ = "numbers"
    meter: Mapped[str] = mapped_column(primary_key=True)
    kid: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class OrderRow(Base):
    """A purchase or another instruction about money, once; see orders.py."""

    __tablename__ = "orders"
    __table_args__ = (UniqueConstraint("meter", "base", "tid"),)
    number: Mapped[str] = mapped_column(primary_key=True)
    meter: Mapped[str]
    instruction: Mapped[str]
    units: Mapped[int | None]
    base: Mapped[int]
    tid: Mapped[int]
    kid: Mapped[bytes]
    message_number: Mapped[int]
    message: Mapped[bytes]
    state: Mapped[str]
    attempts: Mapped[int]
    """How often it was given to a broker."""
    reason: Mapped[str]
    balance: Mapped[int | None]
    issued_at: Mapped[int]
    """Unix seconds, as the next."""
    changed_at: Mapped[int]


@contextmanager
def transaction(path: Path, *, create: bool = True) -> Iterator[Session]:
    """All of what is done within is on disk at the end, or nothing is; one at a time.

    A database that is missing is made, unless told not to. VendError for one that others may
    read, that is none, or that stays locked.
    """
    _prepare(path, create)
    try:
        with _engine(path.resolve()).begin() as connection:
            _bring_up_to_date(connection, path)
            with Session(connection) as session:
                yield session
                session.flush()
    except DatabaseError as error:
        raise VendError(f"{path}: {error.orig}") from None


def _prepare(path: Path, create: bool) -> None:
    """Make the file if need be, and look at what it is; VendError."""
    try:
        if create:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        mode = stat.S_IMODE(path.stat().st_mode)
        with open(path, "rb") as file:
            header = file.read(len(_HEADER))
    except OSError as error:
        raise VendError(f"{path}: {error}") from None
    if header not in (b"", _HEADER):
        raise VendError(f"{path}: is no vending database; mend it, tokens might repeat")
    if mode != 0o600:
        raise VendError(f"{path}: its mode is {mode:04o}, must be 0600: chmod 600 it")


@lru_cache
def _engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)), poolclass=NullPool,
        connect_args={"timeout": _BUSY_S})

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        # The transactions are those of this module, not the driver's.
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous = EXTRA")

    @event.listens_for(engine, "begin")
    def began(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _bring_up_to_date(connection: Connection, path: Path) -> None:
    version = connection.exec_driver_sql("PRAGMA user_version").scalar()
    if version == _VERSION:
        return
    if version != 0:
        raise VendError(f"{path}: is of version {version}, this program knows {_VERSION}")
    Base.metadata.create_all(connection)
    with Session(connection) as session:
        _take_over(session, path.parent)
        session.flush()
    connection.exec_driver_sql(f"PRAGMA user_version = {_VERSION}")


def _take_over(session: Session, folder: Path) -> None:
    """Take in what was issued before there was a database: issued.json and KEYS.numbers."""
    for path in (folder / "issued.json", *sorted(folder.glob("*.numbers"))):
        for name, last in _old_form(path).items():
            left, _, right = name.partition("/")
            if path.suffix == ".json":
                session.add(TidRow(pan=left, base=int(right), last=last))
            else:
                found = session.get(NumberRow, (left, right))
                session.merge(NumberRow(
                    meter=left, kid=right, last=max(last, found.last if found else 0)))


def _old_form(path: Path) -> dict[str, int]:
    """The content of a file of the older form; VendError for a damaged one."""
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text())
        if all(type(last) is int and name.count("/") == 1 and name.isascii()
               and (path.suffix != ".json" or name.partition("/")[2].isdigit())
               for name, last in found.items()):
            return dict(found)
    except (OSError, ValueError, AttributeError):
        pass
    raise VendError(f"{path}: is damaged; mend it, tokens might repeat")
