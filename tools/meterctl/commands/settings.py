"""Commands for the settings: all of them with range and unit, one, or new values."""

from typing import Annotated, Any

import typer

from tools.meterctl import show
from tools.meterctl.errors import BadInput
from tools.meterctl.session import AsJson, open_meter
from tools.meterctl.values import read_settings

settings = typer.Typer(help="Show the settings, or get and set some (get, set).")


@settings.callback(invoke_without_command=True)
def shown(context: typer.Context, as_json: AsJson = False) -> None:
    """Show all settings with default, range and unit, when no other command is given."""
    if context.invoked_subcommand is None:
        with open_meter(context) as meter:
            found = meter.call("settings")
        _print(found["settings"], found, as_json)


@settings.command("get")
def get(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The setting.")],
    as_json: AsJson = False,
) -> None:
    """Show one setting."""
    with open_meter(context) as meter:
        found = meter.settings()
    if name not in found:
        raise BadInput(f"setting {name}: must be one of {', '.join(found)}")
    _print([found[name]], found[name], as_json)


@settings.command("set")
def set_values(
    context: typer.Context,
    values: Annotated[list[str], typer.Argument(
        help="NAME=VALUE, several at once; a list with commas.")],
    as_json: AsJson = False,
) -> None:
    """Change settings: all of those given, or none if one is refused."""
    with open_meter(context) as meter:
        known = meter.settings()
        changes = read_settings(values, known)
        found = meter.call("set", values=changes)
    _print([item for item in found["settings"] if item["name"] in changes], found, as_json)


def _print(items: list[dict[str, Any]], whole: Any, as_json: bool) -> None:
    if as_json:
        show.as_json(whole)
        return
    show.rows(("setting", "value", "default", "range", "unit"), [
        (item["name"], item["value"], item["default"], _range(item), item["unit"])
        for item in items], right=("value", "default"))


def _range(item: dict[str, Any]) -> str:
    if item.get("low") is None or item.get("high") is None:
        return ""
    return f"{item['low']} to {item['high']}"


def add(app: typer.Typer) -> None:
    app.add_typer(settings, name="settings")
