"""What becomes of a message that a command has made: printed, or sent and waited for.

The options before the command say which; `python -m tools.vend --broker URL credit ...`.
"""

import json
import sys
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.vend import broker, database, directory, instructions, issued, orders, values
from tools.vend.errors import NotConfirmed, Refused, VendError
from tools.vend.exchange import Exchange, Question, Reply
from tools.vend.station import Station

WAIT_S = 60.0


@dataclass
class Options:
    """What was typed before the command."""

    broker: str = ""
    ca: Path | None = None
    wait: float = WAIT_S
    folder: Path | None = None
    """Of the directory."""
    exchange: Exchange | None = field(default=None, init=False)
    station: Station | None = field(default=None, init=False)

    def database(self) -> Path:
        """The directory's database; VendError if none was named."""
        if self.folder is None:
            raise VendError("no directory: name its folder by --directory")
        return self.folder / database.NAME

    def connect(self) -> Exchange:
        """The connection to the broker, made when it is first asked for."""
        if self.exchange is None:
            if not self.broker:
                raise VendError("no broker: name it by --broker")
            address = broker.parse(self.broker)
            context = broker.tls_context(address, self.ca)
            if address.in_the_clear:
                print(f"warning: broker {address}: the password goes over the network in the "
                      "clear; use mqtts://", file=sys.stderr)
            self.exchange = Exchange(address, broker.password(address), context)
        return self.exchange

    def close(self) -> None:
        """End the connection, if there is one."""
        if self.exchange is not None:
            self.exchange.close()
            self.exchange = None


_current: ContextVar[Options] = ContextVar("options")


def begin(options: Options) -> None:
    """Take the options of this run."""
    _current.set(options)


def current() -> Options:
    """The options of this run."""
    return _current.get()


def key_path(meter: str, keys: Path | None) -> Path:
    """The meter's key file: the one that was typed, or that of the directory; VendError."""
    folder = current().folder
    if keys is not None:
        if folder is not None and keys.resolve().parent != folder.resolve():
            raise VendError(f"{keys}: must lie in {folder}, beside the directory's database")
        return keys
    if folder is None:
        raise VendError("no keys: name their file by --keys, or a folder with a directory of "
                        "meters by --directory")
    path = current().database()
    entry = directory.find(path, meter)
    if entry is None:
        raise VendError(f"{path}: has no meter {meter}")
    return folder / entry.key_file


def open_station(
    meter: str, keys: Path | None, kid: str, role: str, expires: int | None,
    base: int | None = None, issued_file: Path | None = None, places: int | None = None,
) -> Station:
    """The sender that a command's options name; connected, if there is a broker.

    What is not typed of base date and places is the directory's, or the usual. VendError for
    what is typed and differs from the directory.
    """
    path = key_path(meter, keys)
    entry = directory.find(issued.beside(path), meter)
    if entry is not None:
        for what, typed, known in (("base", base, entry.base), ("places", places, entry.places)):
            if typed not in (None, known):
                raise VendError(f"{what} {typed}: the directory has {known} for meter {meter}")
        own = issued.beside(path)
        if issued_file is not None and issued_file.resolve() != own.resolve():
            raise VendError(f"{issued_file}: TIDs of meter {meter} are kept in {own}, with the "
                            "directory it is in")
        base, places = entry.base, entry.places
    station = Station(
        meter, path, role, values.from_hex("kid", kid) if kid else None, values.expiry(expires),
        directory.checked_base(directory.BASE if base is None else base), issued_file, places,
        entry.currency if entry else "")
    options = current()
    options.station = station
    if options.broker:
        options.connect()
    return station


def show(
    messages: list[bytes], as_json: bool, answered: bool = True, **more: Any
) -> list[dict[int, Any]]:
    """Print messages with what else belongs to them; or send them one after the other through
    the broker, print what came of it, and return the receipts.

    answered: whether the meter gives receipts for such messages. Refused for a message that the
    meter refused, NotConfirmed for one without a receipt: those after it are not sent.
    """
    options = current()
    if not options.broker or options.station is None:
        if as_json:
            print(json.dumps({"messages": [message.hex() for message in messages], **more}))
        else:
            print("\n".join(message.hex() for message in messages))
        return []
    if not answered:
        _tell(options.station.meter, messages, as_json, more)
        return []
    station, receipts, seconds = options.station, [], 0.0
    for at, message in enumerate(messages):
        try:
            reply = options.connect().ask_one(question(station, message), options.wait)
        except KeyboardInterrupt:
            raise NotConfirmed("not confirmed: interrupted: the meter may still take it"
                               + _again(more)) from None
        seconds += reply.seconds
        state = noted(station, reply)
        if reply.receipt is None or state != orders.CONFIRMED:
            _report(station, reply, state, seconds, as_json, messages[:at + 1], more)
            raise _failure(reply, state, more, options)
        receipts.append(reply.receipt)
    _report(station, reply, state, seconds, as_json, messages, more)
    return receipts


def _tell(meter: str, messages: list[bytes], as_json: bool, more: dict[str, Any]) -> None:
    """Send what has no receipt."""
    options, began = current(), time.monotonic()
    for message in messages:
        if not options.connect().tell(meter, message, options.wait):
            raise NotConfirmed(f"not confirmed: the broker did not take it within "
                               f"{options.wait:g} s")
    seconds = time.monotonic() - began
    print(json.dumps({
        "messages": [message.hex() for message in messages], "state": orders.SENT,
        "seconds": round(seconds, 3), "receipt": None, **more}) if as_json else
        f"given to the broker; there is no receipt; {seconds:.2f} s")


def question(station: Station, message: bytes, tag: Any = None) -> Question:
    """A message of a station to ask, which is noted where it is an order's."""
    def sending() -> None:
        with database.transaction(station.orders) as session:
            orders.note_sent(session, station.meter, message)

    return Question(station.meter, message, station.open, sending, tag)


def noted(station: Station, reply: Reply) -> str:
    """What a reply comes to: confirmed, refused or sent; kept where it is an order's."""
    if reply.receipt is None:
        return orders.SENT
    with database.transaction(station.orders) as session:
        state = orders.note_receipt(session, station.meter, reply.receipt)
    return state or orders.judged(reply.receipt, again=False) or orders.SENT


def _report(
    station: Station, reply: Reply, state: str, seconds: float, as_json: bool,
    sent: list[bytes], more: dict[str, Any],
) -> None:
    said = None if reply.receipt is None else instructions.shown(reply.receipt)
    if as_json:
        print(json.dumps({
            "messages": [message.hex() for message in sent], "state": state,
            "seconds": round(seconds, 3), "receipt": said, **more}))
    elif said is not None and state == orders.CONFIRMED:
        parts = ["accepted", f"balance {_balance(station, said['balance'])}"]
        parts += [f"TID {more['tid']}"] if "tid" in more else []
        print("; ".join([*parts, f"{seconds:.2f} s"]))
        if "data" in said:
            print(json.dumps(said["data"]))


def _balance(station: Station, units: int) -> str:
    return values.amount(units, station.places, station.currency)


def _failure(
    reply: Reply, state: str, more: dict[str, Any], options: Options
) -> Refused | NotConfirmed:
    assert options.station is not None
    if reply.receipt is not None:
        said = instructions.shown(reply.receipt)
        text = (f"{said['status']}: {said['reason']}; "
                f"balance {_balance(options.station, said['balance'])}")
        if state == orders.REFUSED:
            return Refused(f"refused by meter {reply.question.meter}: {text}")
        return NotConfirmed(f"not confirmed: meter {reply.question.meter} says {text}: it may "
                            f"have taken it already{_again(more)}")
    where = "" if reply.sent else ", the broker was lost before it could be sent"
    return NotConfirmed(f"not confirmed: no receipt of meter {reply.question.meter} within "
                        f"{options.wait:g} s{where}: the meter may still take it{_again(more)}")


def _again(more: dict[str, Any]) -> str:
    if "order" in more:
        return f"; ask again with --order {more['order']}"
    return f"; ask again with --tid {more['tid']}" if "tid" in more else ""
