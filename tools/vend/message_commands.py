"""Commands that make messages and print them in hexadecimal, a line each, or as JSON."""

import hashlib
import json
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.vend import instructions, values
from tools.vend.errors import VendError
from tools.vend.instructions import EVENT_CLASSES, READ_OUTS
from tools.vend.station import Station

Meter = Annotated[str, typer.Option(help="Number of the meter.")]
Keys = Annotated[Path, typer.Option(help="Key file, mode 0600.", dir_okay=False)]
Kid = Annotated[str, typer.Option(help="Id of the key, where a role has several.")]
Expires = Annotated[int | None, typer.Option(
    min=1, help="Minutes after which the meter refuses it, if it knows the time.")]
IssuedFile = Annotated[Path | None, typer.Option(
    dir_okay=False, help="What was issued last, that of tokens too; default beside the keys.")]
Base = Annotated[int, typer.Option(help="Base date of the meter's TIDs.")]
Tid = Annotated[int | None, typer.Option(
    min=1, help="Send this purchase once more; default a new one, of now.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value.")]
Amount = Annotated[str, typer.Argument(help="In the account's currency.")]
Places = Annotated[int, typer.Option(min=0, max=5, help="Decimals of the account's unit.")]

_BASES = (1993, 2014, 2035)


class Role(StrEnum):
    """Who sends."""

    VENDING = "vending"
    ADMINISTRATOR = "administrator"
    TECHNICIAN = "technician"


class Supply(StrEnum):
    """What becomes of supply."""

    OFF = "off"
    ARM = "arm"
    ON = "on"
    UNTIL = "until"
    KEEP = "keep"
    LAPSE = "lapse"


class AccountMode(StrEnum):
    """Who keeps the account."""

    LOCAL = "local"
    REMOTE = "remote"


class Alarm(StrEnum):
    """What is reset."""

    ALARM = "alarm"
    LOCK_OUT = "lock-out"


class ReadOut(StrEnum):
    """What is read out."""

    STATUS = "status"
    REGISTERS = "registers"
    DAYS = "days"


def show(messages: list[bytes], as_json: bool, **more: Any) -> None:
    """Print messages, with what else belongs to them."""
    if as_json:
        print(json.dumps({"messages": [message.hex() for message in messages], **more}))
        return
    for message in messages:
        print(message.hex())


def open_station(
    meter: str, keys: Path, kid: str, role: Role, expires: int | None,
    base: int = 2014, issued_file: Path | None = None,
) -> Station:
    """The sender that a command's options name."""
    if base not in _BASES:
        raise VendError(f"base {base}: must be {', '.join(str(b) for b in _BASES)}")
    return Station(meter, keys, role, values.from_hex("kid", kid) if kid else None,
                   values.expiry(expires), base, issued_file)


def credit(
    amount: Amount, meter: Meter, keys: Keys, kid: Kid = "", expires: Expires = None,
    places: Places = 5, tid: Tid = None, base: Base = 2014, issued_file: IssuedFile = None,
    role: Role = Role.VENDING, as_json: AsJson = False,
) -> None:
    """Credit a purchase."""
    station = open_station(meter, keys, kid, role, expires, base, issued_file)
    number, message = station.purchase("credit", values.units(amount, places), tid=tid)
    show([message], as_json, tid=number)


def debit(
    amount: Amount, meter: Meter, keys: Keys, kid: Kid = "", expires: Expires = None,
    places: Places = 5, tid: Tid = None, base: Base = 2014, issued_file: IssuedFile = None,
    as_json: AsJson = False,
) -> None:
    """Take credit back: a refund or a correction."""
    station = open_station(meter, keys, kid, Role.ADMINISTRATOR, expires, base, issued_file)
    number, message = station.purchase("debit", values.units(amount, places), tid=tid)
    show([message], as_json, tid=number)


def _whole(name: str) -> Callable[..., None]:
    def command(
        meter: Meter, keys: Keys, kid: Kid = "", expires: Expires = None, tid: Tid = None,
        base: Base = 2014, issued_file: IssuedFile = None, as_json: AsJson = False,
    ) -> None:
        station = open_station(meter, keys, kid, Role.ADMINISTRATOR, expires, base, issued_file)
        number, message = station.purchase(name, tid=tid)
        show([message], as_json, tid=number)
    return command


def tariff(
    document: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON.")],
    start: Annotated[str, typer.Option(help="When it takes over: now, or ISO 8601.")],
    meter: Meter, keys: Keys, kid: Kid = "", expires: Expires = None, as_json: AsJson = False,
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


def supply(
    what: Supply, meter: Meter, keys: Keys, kid: Kid = "", expires: Expires = None,
    until: Annotated[str, typer.Option(help="End of a temporary supply, ISO 8601.")] = "",
    as_json: AsJson = False,
) -> None:
    """Switch supply off, let it on again, or keep it without credit."""
    station = open_station(meter, keys, kid, Role.ADMINISTRATOR, expires)
    if what is Supply.UNTIL:
        if not until:
            raise VendError("supply until: needs --until")
        message = station.message("supply_until", values.unix_time(until))
    elif what in (Supply.KEEP, Supply.LAPSE):
        message = station.message("keep_power", what is Supply.KEEP)
    else:
        message = station.message(f"supply_{what}")
    show([message], as_json)


def time(
    meter: Meter, keys: Keys,
    when: Annotated[str, typer.Argument(help="now, or ISO 8601; UTC.")] = "now",
    kid: Kid = "", expires: Expires = None, role: Role = Role.ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Set the meter's clock."""
    station = open_station(meter, keys, kid, role, expires)
    show([station.message("set_time", values.unix_time(when))], as_json)


def setting(
    name: str, value: Annotated[str, typer.Argument(help="Number, text, or list: 300,100.")],
    meter: Meter, keys: Keys, kid: Kid = "", expires: Expires = None,
    role: Role = Role.ADMINISTRATOR, as_json: AsJson = False,
) -> None:
    """Change one of the meter's settings."""
    station = open_station(meter, keys, kid, role, expires)
    show([station.message("set_setting", name, values.setting(value))], as_json)


def limits(
    pairs: Annotated[list[str], typer.Argument(help="NAME=VALUE, as many as are to change.")],
    meter: Meter, keys: Keys, kid: Kid = "", expires: Expires = None,
    role: Role = Role.ADMINISTRATOR, as_json: AsJson = False,
) -> None:
    """Change several of the meter's settings at once, all of them or none."""
    station = open_station(meter, keys, kid, role, expires)
    flat: list[Any] = []
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise VendError(f"limits {pair!r}: must be NAME=VALUE")
        flat += [name, values.setting(value)]
    show([station.message("limits", flat)], as_json)


def schedule(
    hours: Annotated[list[str] | None, typer.Argument(
        help="Like 'mon-fri 17:30-11:00' or '12-25 00:00-24:00'; none to have none.")],
    meter: Meter, keys: Keys, kid: Kid = "", expires: Expires = None, as_json: AsJson = False,
) -> None:
    """Set the friendly hours, in which nobody is cut off for want of credit."""
    station = open_station(meter, keys, kid, Role.ADMINISTRATOR, expires)
    entries = [] if hours in (None, ["none"]) else hours
    show([station.message("schedule", entries)], as_json)


def account(
    mode: AccountMode, meter: Meter, keys: Keys,
    limit: Annotated[str, typer.Option(
        help="What a remote account delivers until it is renewed: an amount, or 500Wh.")] = "",
    places: Places = 5, kid: Kid = "", expires: Expires = None, as_json: AsJson = False,
) -> None:
    """Keep the account in the meter, or remotely with a limit that the head-end renews."""
    station = open_station(meter, keys, kid, Role.ADMINISTRATOR, expires)
    if (mode is AccountMode.REMOTE) != bool(limit):
        raise VendError("account remote: needs --limit, and account local has none")
    if mode is AccountMode.LOCAL:
        message = station.message("account_mode", False)
    elif limit.endswith("Wh"):
        message = station.message("account_mode", True, values.watt_hours(limit), True)
    else:
        message = station.message("account_mode", True, values.units(limit, places), False)
    show([message], as_json)


def reset(
    what: Alarm, meter: Meter, keys: Keys, kid: Kid = "", expires: Expires = None,
    role: Role = Role.ADMINISTRATOR, as_json: AsJson = False,
) -> None:
    """Reset the relay's fault, or the lock-out of 20-digit tokens."""
    station = open_station(meter, keys, kid, role, expires)
    show([station.message("reset_alarm" if what is Alarm.ALARM else "reset_lock_out")], as_json)


def read(
    what: ReadOut, meter: Meter, keys: Keys,
    first: Annotated[int | None, typer.Option(
        min=0, max=0x7FFF, help="First day, counted from 2020-01-01.")] = None,
    count: Annotated[int | None, typer.Option(min=1, max=7, help="How many days.")] = None,
    kid: Kid = "", expires: Expires = None, role: Role = Role.ADMINISTRATOR,
    as_json: AsJson = False,
) -> None:
    """Ask for status, registers or daily freezes; the receipt has them."""
    station = open_station(meter, keys, kid, role, expires)
    show([station.message("read_out", READ_OUTS[what], first, count)], as_json)


def test(
    meter: Meter, keys: Keys, kid: Kid = "", expires: Expires = None,
    role: Role = Role.ADMINISTRATOR, as_json: AsJson = False,
) -> None:
    """Have the meter test its parts."""
    show([open_station(meter, keys, kid, role, expires).message("test")], as_json)


def clear_events(
    event_class: Annotated[str, typer.Argument(help=", ".join(EVENT_CLASSES))],
    meter: Meter, keys: Keys, kid: Kid = "", expires: Expires = None, as_json: AsJson = False,
) -> None:
    """Clear the events of one class; a trace stays."""
    if event_class not in EVENT_CLASSES:
        raise VendError(f"class {event_class!r}: must be one of {', '.join(EVENT_CLASSES)}")
    station = open_station(meter, keys, kid, Role.ADMINISTRATOR, expires)
    show([station.message("clear_events", EVENT_CLASSES.index(event_class))], as_json)


def receipt(
    message: Annotated[str, typer.Argument(help="What the meter answered, in hexadecimal.")],
    meter: Meter, keys: Keys,
) -> None:
    """Prove a receipt and print what it says, as JSON."""
    station = open_station(meter, keys, "", Role.ADMINISTRATOR, None)
    print(json.dumps(instructions.shown(station.open(values.from_hex("receipt", message)))))


def add(app: typer.Typer) -> None:
    """Add all of these to a program."""
    for command in (credit, debit, tariff, supply, time, setting, limits, schedule, account,
                    reset, read, test, receipt):
        app.command()(command)
    app.command("clear-events")(clear_events)
    app.command("clear", help="Take all credit off.")(_whole("clear_credit"))
    app.command("close", help="Close the account of a tenant who moves out.")(
        _whole("close_account"))
