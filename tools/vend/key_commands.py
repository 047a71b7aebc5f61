"""`python -m tools.vend keys`: make, list, change and remove the keys of a meter.

A change is two steps, so that neither side is left without the other: `change` prints the
message and keeps the new key beside the old one; `confirm` drops the old one once the meter's
receipt says that it is done. Through a broker, `change` and `remove` get that receipt themselves.
"""

import json
from dataclasses import replace
from typing import Annotated

import typer

from tools.vend import instructions, key_file, values
from tools.vend.delivery import key_path, open_station, show
from tools.vend.errors import VendError
from tools.vend.key_file import ROLES, Key
from tools.vend.options import AsJson, Expires, Keys, Kid, Meter, Role
from tools.vend.station import Station

app = typer.Typer(no_args_is_help=True, help=__doc__, rich_markup_mode=None)

KeyRole = Annotated[str, typer.Option(help=", ".join(ROLES))]
Old = Annotated[str, typer.Argument(help="Id of the key that goes, in hexadecimal.")]
_METER_ROLE = "meter"


def _role_number(role: str) -> int:
    if role not in ROLES:
        raise VendError(f"role {role!r}: must be one of {', '.join(ROLES)}")
    return ROLES.index(role) + 1


@app.command()
def make(meter: Meter, keys: Keys = None) -> None:
    """Make a key of each role for a new meter; the file is made if there is none."""
    path = key_path(meter, keys)
    if path.exists():
        try:
            key_file.load(path, meter)
        except VendError as error:
            if "has no keys" not in str(error):
                raise
        else:
            raise VendError(f"{path}: has keys of meter {meter} already")
    key_file.store(path, meter, [key_file.make(meter, role) for role in ROLES])


@app.command("list")
def list_keys(meter: Meter, keys: Keys = None) -> None:
    """List ids and roles, never the keys themselves."""
    print(json.dumps([
        {"kid": key.kid.hex(), "role": key.role}
        for key in key_file.load(key_path(meter, keys), meter)]))


@app.command()
def change(
    old: Old, meter: Meter, keys: Keys = None, kid: Kid = "", expires: Expires = None,
    as_json: AsJson = False,
) -> None:
    """Make a key in place of another, and the message that tells the meter."""
    station = open_station(meter, keys, kid, Role.ADMINISTRATOR, expires)
    key = _of_kid(station, old)
    new = key_file.make(meter, key.role)
    message = station.message(
        "key_change", _role_number(new.role), new.kid, new.secret, key.kid)
    old_key = replace(key, asked=station.asked)
    _store(station, [*_without(station, key), old_key, new])
    for _ in show([message], as_json, kid=new.kid.hex()):
        _store(station, _without(station, old_key))


def _store(station: Station, keys: list[Key]) -> None:
    station.keys = keys
    key_file.store(station.path, station.meter, keys)


def _without(station: Station, key: Key) -> list[Key]:
    return [other for other in station.keys if other is not key]


@app.command("add")
def add_key(
    role: KeyRole, meter: Meter, keys: Keys = None, kid: Kid = "", expires: Expires = None,
    as_json: AsJson = False,
) -> None:
    """Make one more key, such as that of another vending station, and the message for it."""
    number = _role_number(role)
    if role == _METER_ROLE:
        raise VendError("role meter: a meter has one key of its own, change that")
    station = open_station(meter, keys, kid, Role.ADMINISTRATOR, expires)
    new = key_file.make(meter, role)
    message = station.message("key_change", number, new.kid, new.secret)
    _store(station, [*station.keys, new])
    show([message], as_json, kid=new.kid.hex())


@app.command()
def remove(
    old: Old, meter: Meter, keys: Keys = None, kid: Kid = "", expires: Expires = None,
    as_json: AsJson = False,
) -> None:
    """Make the message that takes a key away; confirm it by its receipt."""
    station = open_station(meter, keys, kid, Role.ADMINISTRATOR, expires)
    key = _of_kid(station, old)
    message = station.message("key_remove", key.kid)
    old_key = replace(key, asked=station.asked)
    _store(station, [*_without(station, key), old_key])
    for _ in show([message], as_json):
        _store(station, _without(station, old_key))


@app.command()
def confirm(
    old: Old, meter: Meter,
    receipt: Annotated[str, typer.Option(help="What the meter answered, in hexadecimal.")],
    keys: Keys = None,
) -> None:
    """Drop a key from the file, once a receipt proves that the meter has."""
    station = Station(meter, key_path(meter, keys), Role.ADMINISTRATOR)
    body = station.open(values.from_hex("receipt", receipt))
    said = instructions.shown(body)
    if said["status"] != instructions.STATUSES[instructions.EXECUTED]:
        raise VendError(f"receipt: {said['status']} {said['reason']}: the key stays")
    key = _of_kid(station, old)
    if key.asked != f"{said['kid']}/{said['number']}":
        raise VendError(f"receipt: is for another message than that about key {old}")
    _store(station, _without(station, key))


def _of_kid(station: Station, kid: str) -> Key:
    """The key of a typed id; VendError if the meter has none."""
    for key in station.keys:
        if key.kid == values.from_hex("kid", kid):
            return key
    raise VendError(f"{station.path}: meter {station.meter} has no key {kid}")
