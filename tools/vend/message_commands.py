"""Commands that make messages: printed in hexadecimal, a line each, or as JSON; or sent."""

import hashlib
import json
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tools.vend import database, directory, instructions, orders, values
from tools.vend.delivery import current, key_path, open_station, show
from tools.vend.errors import VendError
from tools.vend.instructions import EVENT_CLASSES, READ_OUTS
from tools.vend.options import (
    Amount,
    AmountOption,
    AsJson,
    Base,
    Expires,
    IssuedFile,
    Keys,
    Kid,
    Meter,
    Order,
    Places,
    Role,
    Tid,
)
from tools.vend.station import Station


class Alarm(StrEnum):
    """What is reset."""

    ALARM = "alarm"
    LOCK_OUT = "lock-out"
    DEMAND = "demand"


class ReadOut(StrEnum):
    """What is read out."""

    STATUS = "status"
    REGISTERS = "registers"
    DAYS = "days"
    DEMAND = "demand"


_RESETS = {Alarm.ALARM: "reset_alarm", Alarm.LOCK_OUT: "reset_lock_out",
           Alarm.DEMAND: "demand_reset"}


def _sell(
    name: str, typed: str | None, meter: str, keys: Path | None, kid: str, expires: int | None,
    places: int | None, tid: int | None, order: str | None, base: int | None,
    issued_file: Path | None, role: Role, as_json: bool,
) -> None:
    """Issue an order; typed: its amount, None for an instruction without one."""
    station = open_station(meter, keys, kid, role, expires, base, issued_file, places)
    units = None
    if typed is not None:
        known = directory.PLACES if station.places is None else station.places
        units = values.units(typed, known)
        station.places = known
    sale, message, again = station.purchase(name, units, tid, order)
    more = {"tid": sale["tid"]} | ({} if order is None else {"order": order})
    if again:
        print(f"order {sale['order']} was issued before, with TID {sale['tid']}: it counts once; "
              f"it is {sale['state']}", file=sys.stderr)
    if sale["state"] == orders.CONFIRMED and current().broker:
        balance = values.amount(sale["balance"], station.places, station.currency)
        print(json.dumps({"messages": [], **sale, **more}) if as_json else
              f"accepted {sale['changed']}; balance then {balance}; TID {sale['tid']}")
        return
    show([message], as_json, **more)


def _amount(argument: str, option: str) -> str:
    """The amount that was typed, in one of its two forms; VendError."""
    if bool(argument) == bool(option):
        raise VendError("amount: must be given once, as in `credit 20` or `credit --amount 20`")
    return argument or option


def credit(
    meter: Meter, amount: Amount = "", amount_option: AmountOption = "", keys: Keys = None,
    kid: Kid = "", expires: Expires = None, places: Places = None, tid: Tid = None,
    order: Order = None, base: Base = None, issued_file: IssuedFile = None,
    role: Role = Role.VENDING, as_json: AsJson = False,
) -> None:
    """Credit a purchase."""
    _sell("credit", _amount(amount, amount_option), meter, keys, kid, expires, places, tid, order,
          base, issued_file, role, as_json)


def debit(
    meter: Meter, amount: Amount = "", amount_option: AmountOption = "", keys: Keys = None,
    kid: Kid = "", expires: Expires = None, places: Places = None, tid: Tid = None,
    order: Order = None, base: Base = None, issued_file: IssuedFile = None,
    as_json: AsJson = False,
) -> None:
    """Take credit back: a refund or a correction."""
    _sell("debit", _amount(amount, amount_option), meter, keys, kid, expires, places, tid, order,
          base, issued_file, Role.ADMINISTRATOR, as_json)


def _whole(name: str) -> Callable[..., None]:
    def command(
        meter: Meter, keys: Keys = None, kid: Kid = "", expires: Expires = None,
        tid: Tid = None, order: Order = None, base: Base = None, issued_file: IssuedFile = None,
        as_json: AsJson = False,
    ) -> None:
        _sell(name, None, meter, keys, kid, expires, None, tid, order, base, issued_file,
              Role.ADMINISTRATOR, as_json)
    return command


def tariff(
    document: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON.")],
    start: Annotated[str, typer.Option(help="When it takes over: now, or ISO 8601.")],
    meter: Meter, keys: Keys = None, kid: Kid = "", expires: Expires = None,
    as_json: AsJson = False,
) -> None:
    """Load a tariff document and have it take over; several messages, in order."""
    station = open_station(meter, keys, kid, Role.ADMINISTRATOR, expires)
    content = document.read_bytes()
    digest = hashlib.sha256(content).digest()[:8]
    bodies = instructions.tariff_pieces(digest, content)
    bodies.append(instructions.body("tariff_activate", digest, values.unix_time(start)))
    if station.expiry is not None:
        bodies = [{**body, 1: station.expiry} for body in bodies]
    show([station.seal(body) for body in bodies], as_json, digest=digest.hex())


def time(
    meter: Meter, keys: Keys = None,
    when: Annotated[str, typer.Argument(help="now, or ISO 8601; UTC.")] = "now",
    kid: Kid = "", expires: Expires = None, role: Role = Role.ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Set the meter's clock."""
    station = open_station(meter, keys, kid, role, expires)
    show([station.message("set_time", values.unix_time(when))], as_json)


def setting(
    name: str, value: Annotated[str, typer.Argument(help="Number, text, or list: 300,100.")],
    meter: Meter, keys: Keys = None, kid: Kid = "", expires: Expires = None,
    role: Role = Role.ADMINISTRATOR, as_json: AsJson = False,
) -> None:
    """Change one of the meter's settings."""
    station = open_station(meter, keys, kid, role, expires)
    show([station.message("set_setting", name, values.setting(value))], as_json)


def reset(
    what: Alarm, meter: Meter, keys: Keys = None, kid: Kid = "", expires: Expires = None,
    role: Role = Role.ADMINISTRATOR, as_json: AsJson = False,
) -> None:
    """Reset the relay's fault, the lock-out of 20-digit tokens, or the maxima of demand."""
    station = open_station(meter, keys, kid, role, expires)
    show([station.message(_RESETS[what])], as_json)


def read(
    what: ReadOut, meter: Meter, keys: Keys = None,
    first: Annotated[int | None, typer.Option(
        min=0, max=0x7FFF, help="First day, counted from 2020-01-01.")] = None,
    count: Annotated[int | None, typer.Option(min=1, max=7, help="How many days.")] = None,
    kid: Kid = "", expires: Expires = None, role: Role = Role.ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Ask for status, registers, daily freezes or demand; the receipt has them."""
    station = open_station(meter, keys, kid, role, expires)
    show([station.message("read_out", READ_OUTS[what], first, count)], as_json)


def test(
    meter: Meter, keys: Keys = None, kid: Kid = "", expires: Expires = None,
    role: Role = Role.ADMINISTRATOR, as_json: AsJson = False,
) -> None:
    """Have the meter test its parts."""
    show([open_station(meter, keys, kid, role, expires).message("test")], as_json)


def clear_events(
    event_class: Annotated[str, typer.Argument(help=", ".join(EVENT_CLASSES))],
    meter: Meter, keys: Keys = None, kid: Kid = "", expires: Expires = None,
    as_json: AsJson = False,
) -> None:
    """Clear the events of one class; a trace stays."""
    if event_class not in EVENT_CLASSES:
        raise VendError(f"class {event_class!r}: must be one of {', '.join(EVENT_CLASSES)}")
    station = open_station(meter, keys, kid, Role.ADMINISTRATOR, expires)
    show([station.message("clear_events", EVENT_CLASSES.index(event_class))], as_json)


def ack(
    last: Annotated[int, typer.Argument(
        min=0, max=0xFFFFFFFF, help="All numbers up to this one have arrived.")],
    meter: Meter, keys: Keys = None,
    beyond: Annotated[list[int] | None, typer.Option(
        help="One more that has arrived, beyond a gap: last + 2 to last + 41.")] = None,
    kid: Kid = "", role: Role = Role.HEAD_END, as_json: AsJson = False,
) -> None:
    """Acknowledge what a meter has sent; there is no receipt."""
    station = open_station(meter, keys, kid, role, None)
    show([station.message("acknowledge", last, instructions.beyond(last, beyond or []))],
         as_json, answered=False)


def resend(
    first: Annotated[int, typer.Argument(min=1, max=0xFFFFFFFF, help="The first number.")],
    meter: Meter, keys: Keys = None,
    count: Annotated[int, typer.Option(min=1, max=64, help="How many numbers.")] = 1,
    kid: Kid = "", role: Role = Role.HEAD_END, as_json: AsJson = False,
) -> None:
    """Have a meter send again what it still holds; there is no receipt."""
    station = open_station(meter, keys, kid, role, None)
    show([station.message("resend", first, count)], as_json, answered=False)


def send_reading(
    meter: Meter, keys: Keys = None, kid: Kid = "", role: Role = Role.HEAD_END,
    as_json: AsJson = False,
) -> None:
    """Have a meter send a reading at once; there is no receipt."""
    message = open_station(meter, keys, kid, role, None).message("send_reading")
    show([message], as_json, answered=False)


def receipt(
    message: Annotated[str, typer.Argument(help="What the meter answered, in hexadecimal.")],
    meter: Meter, keys: Keys = None,
) -> None:
    """Prove a receipt, note what it says of an order, and print it as JSON."""
    station = Station(meter, key_path(meter, keys), Role.ADMINISTRATOR)
    body = station.open(values.from_hex("receipt", message))
    if station.orders.exists():
        with database.transaction(station.orders) as session:
            orders.note_receipt(session, meter, body)
    print(json.dumps(instructions.shown(body)))


def add(app: typer.Typer) -> None:
    """Add all of these to a program."""
    for command in (credit, debit, tariff, time, setting, reset, read, test, ack, resend,
                    receipt):
        app.command()(command)
    app.command("clear-events")(clear_events)
    app.command("send-reading")(send_reading)
    app.command("clear", help="Take all credit off.")(_whole("clear_credit"))
    app.command("close", help="Close the account of a tenant who moves out.")(
        _whole("close_account"))
