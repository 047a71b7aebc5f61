"""Commands that show what the meter has recorded: freezes, purchases, the event log."""

from typing import Annotated, Any

import typer

from tools.meterctl import show
from tools.meterctl.session import AsJson, open_meter

_TEXT = ("day", "month", "time", "began", "ended", "event", "reason", "flags", "state", "by")
"""Columns that are read from the left; the others are numbers."""


def days(
    context: typer.Context,
    last: Annotated[str | None, typer.Option(help="The last day wanted, YYYY-MM-DD.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show daily freezes, the last 20 up to a day."""
    _show(context, as_json, "days", {} if last is None else {"last": last})


def months(context: typer.Context, as_json: AsJson = False) -> None:
    """Show monthly freezes."""
    _show(context, as_json, "months", {})


def purchases(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the last 20 credits and refusals."""
    _show(context, as_json, "purchases", {})


def log(
    context: typer.Context,
    name: Annotated[str, typer.Argument(
        metavar="CLASS", help="power, supply, credit, tamper, quality, clock, configuration, "
                              "security or update.")],
    clear: Annotated[bool, typer.Option(
        "--clear", help="Forget them; that this was done stays in the class security.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the last 20 events of a class in the log on flash."""
    _show(context, as_json, "log", {"name": name})
    if clear:
        with open_meter(context) as meter:
            meter.call("clear_log", name=name)


def quality(context: typer.Context, as_json: AsJson = False) -> None:
    """Show what was wrong with the mains, and its voltage by day and month."""
    with open_meter(context) as meter:
        found = meter.call("quality")
    if as_json:
        show.as_json(found)
        return
    _print(found)
    if found["voltage"].get("rows"):
        _print(found["voltage"])


def outputs(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the auxiliary outputs and what decides on them."""
    _show(context, as_json, "outputs", {})


def output(
    context: typer.Context,
    number: Annotated[int, typer.Argument(min=1, max=4)],
    what: Annotated[str, typer.Argument(metavar="on|off|auto")],
    minutes: Annotated[int, typer.Option(help="For how long, at most 10080.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Have an output on or off for some minutes, or by its rules again."""
    if what not in ("on", "off", "auto") or (what == "auto") == bool(minutes):
        raise typer.BadParameter("must be on or off with --minutes, or auto without")
    arguments: dict[str, Any] = {"number": number}
    if minutes:
        arguments |= {"on": what == "on", "minutes": minutes}
    _show(context, as_json, "output", arguments)


def _show(
    context: typer.Context, as_json: bool, request: str, arguments: dict[str, Any]
) -> None:
    with open_meter(context) as meter:
        found = meter.call(request, **arguments)
    if as_json:
        show.as_json(found)
        return
    _print(found)


def _print(found: dict[str, Any]) -> None:
    columns = [str(name) for name in found["columns"]]
    show.rows(columns, found["rows"], right=[name for name in columns if name not in _TEXT])


def add(app: typer.Typer) -> None:
    for command in (days, months, purchases, log, quality, outputs, output):
        app.command()(command)
