"""Commands about supply and its limits: off and on, settings, schedule, account, debts."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from tools.vend import directory, values
from tools.vend.delivery import open_station, show
from tools.vend.errors import VendError
from tools.vend.options import AsJson, Expires, Keys, Kid, Meter, Places, Role


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


def supply(
    what: Supply, meter: Meter, keys: Keys = None, kid: Kid = "", expires: Expires = None,
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


def limits(
    pairs: Annotated[list[str], typer.Argument(help="NAME=VALUE, as many as are to change.")],
    meter: Meter, keys: Keys = None, kid: Kid = "", expires: Expires = None,
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
    meter: Meter, keys: Keys = None, kid: Kid = "", expires: Expires = None,
    as_json: AsJson = False,
) -> None:
    """Set the friendly hours, in which nobody is cut off for want of credit."""
    station = open_station(meter, keys, kid, Role.ADMINISTRATOR, expires)
    entries = [] if hours in (None, ["none"]) else hours
    show([station.message("schedule", entries)], as_json)


def account(
    mode: AccountMode, meter: Meter, keys: Keys = None,
    limit: Annotated[str, typer.Option(
        help="What a remote account delivers until it is renewed: an amount, or 500Wh.")] = "",
    places: Places = None, kid: Kid = "", expires: Expires = None, as_json: AsJson = False,
) -> None:
    """Keep the account in the meter, or remotely with a limit that the head-end renews."""
    station = open_station(meter, keys, kid, Role.ADMINISTRATOR, expires, places=places)
    if (mode is AccountMode.REMOTE) != bool(limit):
        raise VendError("account remote: needs --limit, and account local has none")
    if mode is AccountMode.LOCAL:
        message = station.message("account_mode", False)
    elif limit.endswith("Wh"):
        message = station.message("account_mode", True, values.watt_hours(limit), True)
    else:
        message = station.message("account_mode", True, values.units(
            limit, directory.PLACES if station.places is None else station.places), False)
    show([message], as_json)


def debt(
    number: Annotated[int, typer.Argument(
        min=1, max=3, help="1 or 2: recovered by time; 3: as a share of top-ups.")],
    amount: Annotated[str, typer.Argument(help="What is owed from now on; 0 forgives it.")],
    meter: Meter, keys: Keys = None, places: Places = None, kid: Kid = "",
    expires: Expires = None, as_json: AsJson = False,
) -> None:
    """Set one of the meter's debts; how it is recovered, say its settings (see limits)."""
    station = open_station(meter, keys, kid, Role.ADMINISTRATOR, expires, places=places)
    units = 0 if amount == "0" else values.units(
        amount, directory.PLACES if station.places is None else station.places)
    show([station.message("debt", number, units)], as_json)


class OutputState(StrEnum):
    """What becomes of an output."""

    ON = "on"
    OFF = "off"
    AUTO = "auto"


def output(
    number: Annotated[int, typer.Argument(min=1, max=4)], what: OutputState, meter: Meter,
    keys: Keys = None, kid: Kid = "", expires: Expires = None, role: Role = Role.ADMINISTRATOR,
    until: Annotated[str, typer.Option(help="Till when, ISO 8601; at most 7 days.")] = "",
    as_json: AsJson = False,
) -> None:
    """Have an auxiliary output on or off for a time, or by its rules again."""
    station = open_station(meter, keys, kid, role, expires)
    if (what is OutputState.AUTO) == bool(until):
        raise VendError("output on and off: need --until, and auto has none")
    if what is OutputState.AUTO:
        message = station.message("output", number)
    else:
        message = station.message(
            "output", number, what is OutputState.ON, values.unix_time(until))
    show([message], as_json)


def add(app: typer.Typer) -> None:
    """Add all of these to a program."""
    for command in (supply, limits, schedule, account, debt, output):
        app.command()(command)
