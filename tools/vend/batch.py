"""Many orders from a file: checked as a whole, then issued and sent, several meters at a time.

Which were issued, sent and confirmed stands in the station's database, so a batch that was
interrupted at any instant is taken up again by running it again.
"""

import csv
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.vend import csv_rows, database, directory, key_file, orders, values
from tools.vend.database import OrderRow
from tools.vend.delivery import noted, question
from tools.vend.directory import Entry
from tools.vend.errors import VendError
from tools.vend.exchange import Exchange, Question
from tools.vend.station import Station

_COLUMNS = ("order", "meter", "amount")
_OPTIONAL = ("instruction",)
INSTRUCTIONS = {
    "credit": ("credit", "vending"), "debit": ("debit", "administrator"),
    "clear": ("clear_credit", "administrator"), "close": ("close_account", "administrator"),
}
"""What a row may ask for: the instruction's name and the role of the key."""
_WITH_AMOUNT = ("credit", "debit")
_RESULT = (*_COLUMNS, *_OPTIONAL, "tid", "state", "reason", "balance", "changed")


@dataclass(frozen=True)
class Row:
    """A row that is good."""

    order: str
    amount: str
    instruction: str
    """As typed."""
    name: str
    units: int | None
    station: Station


class Batch:
    """The rows of a file, all good and none contrary to an order that was issued before."""

    def __init__(self, file: Path, path: Path) -> None:
        """path: the directory's database. VendError names each bad row."""
        self.path = path
        with database.transaction(path, create=False) as session:
            self._meters = {entry.meter: entry for entry in directory.listed(session)}
            self._orders = {order.number: order for order in orders.listed(session)}
            session.expunge_all()
        self._documents = cache(key_file.read)
        self._seen: set[str] = set()
        self.rows = csv_rows.read(file, _COLUMNS, _OPTIONAL, self._row)

    def _row(self, cells: dict[str, str]) -> Row:
        number = orders.checked_number(cells["order"])
        if number in self._seen:
            raise VendError(f"order {number}: stands there twice")
        self._seen.add(number)
        instruction = cells["instruction"] or "credit"
        if instruction not in INSTRUCTIONS:
            raise VendError(f"instruction {instruction!r}: must be one of "
                            f"{', '.join(INSTRUCTIONS)}")
        name, role = INSTRUCTIONS[instruction]
        entry = self._meters.get(cells["meter"])
        if entry is None:
            raise VendError(f"meter {cells['meter']!r}: is not in the directory")
        units = None
        if instruction in _WITH_AMOUNT:
            units = values.units(cells["amount"], entry.places)
        elif cells["amount"]:
            raise VendError(f"amount {cells['amount']}: must be empty for {instruction}")
        station = self._station(entry, role)
        if number in self._orders:
            orders.check_same(self._orders[number], entry.meter, name, units)
        return Row(number, cells["amount"], instruction, name, units, station)

    def _station(self, entry: Entry, role: str) -> Station:
        keys = self.path.with_name(entry.key_file)
        station = Station(
            entry.meter, keys, role, base=entry.base, places=entry.places,
            currency=entry.currency,
            keys=key_file.of_meter(keys, self._documents(keys), entry.meter))
        key_file.choose(station.keys, role)
        return station

    def send(
        self, exchange: Exchange, wait: float, window: int, again: bool,
        done: Callable[[Row, str], None],
    ) -> None:
        """Issue and send what is not confirmed; `done` is told of each row what came of it.

        window: how many meters are asked at once. again: those that were refused, too.
        """
        lanes: dict[str, list[Row]] = {}
        for row in self.rows:
            lanes.setdefault(row.station.meter, []).append(row)
        over = (orders.CONFIRMED,) if again else (orders.CONFIRMED, orders.REFUSED)

        def questions(rows: list[Row]) -> Iterator[Question]:
            for row in rows:
                known = self._orders.get(row.order)
                if known is not None and known.state in over:
                    done(row, known.state)
                    continue
                _, message, _ = row.station.purchase(row.name, row.units, number=row.order)
                yield question(row.station, message, row)

        for reply in exchange.ask(map(questions, lanes.values()), wait, window):
            asked: Row = reply.question.tag
            done(asked, noted(asked.station, reply))

    def write_result(self, file: Path) -> dict[str, int]:
        """Write what has become of each row so far; return how many are in each state.

        The file is replaced as a whole; a row that was not begun has the state "".
        """
        with database.transaction(self.path, create=False) as session:
            found = {order.number: order for order in orders.listed(session)}
            session.expunge_all()
        counts = dict.fromkeys(("", *orders.STATES), 0)
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_RESULT)
        for row in self.rows:
            order = found.get(row.order)
            counts[order.state if order else ""] += 1
            writer.writerow(_result(row, order))
        new = file.with_name(file.name + ".new")
        with open(new, "w", encoding="utf-8", newline="") as output:
            output.write(text.getvalue())
            output.flush()
            os.fsync(output.fileno())
        new.replace(file)
        return counts


def _result(row: Row, order: OrderRow | None) -> list[str]:
    cells = [row.order, row.station.meter, row.amount, row.instruction]
    if order is None:
        return [*cells, "", "", "", "", ""]
    said = orders.shown(order)
    balance = "" if order.balance is None else values.amount(order.balance, row.station.places)
    return [*cells, str(order.tid), order.state, order.reason, balance, said["changed"]]
