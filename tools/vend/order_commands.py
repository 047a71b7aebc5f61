"""`python -m tools.vend orders`: what was sold, and what became of it."""

import json
from typing import Annotated, Any

import typer

from tools.vend import database, directory, orders, tables, values
from tools.vend.delivery import current
from tools.vend.directory import Entry
from tools.vend.errors import VendError
from tools.vend.options import AsJson

app = typer.Typer(no_args_is_help=True, help=__doc__, rich_markup_mode=None)


@app.callback()
def _several() -> None:
    """Make `list` a command of its own; the help is the module's."""


@app.command("list")
def list_orders(
    meter: Annotated[str | None, typer.Option(help="Of this meter only.")] = None,
    state: Annotated[str | None, typer.Option(help=", ".join(orders.STATES))] = None,
    as_json: AsJson = False,
) -> None:
    """List orders in the order of their issue."""
    if state is not None and state not in orders.STATES:
        raise VendError(f"state {state!r}: must be one of {', '.join(orders.STATES)}")
    with database.transaction(current().database(), create=False) as session:
        found = [orders.shown(order) for order in orders.listed(session, meter, state)]
        meters = {entry.meter: entry for entry in directory.listed(session)}
    if as_json:
        print(json.dumps(found))
        return
    tables.show(
        ("order", "meter", "instruction", "amount", "TID", "state", "balance", "changed"),
        [_cells(order, meters.get(order["meter"])) for order in found])


def _cells(order: dict[str, Any], entry: Entry | None) -> tuple[str, ...]:
    def money(units: int | None) -> str:
        if units is None:
            return ""
        return values.amount(units, entry.places if entry else None,
                             entry.currency if entry else "")

    state = f"{order['state']}: {order['reason']}" if order["reason"] else order["state"]
    return (order["order"], order["meter"], order["instruction"], money(order["units"]),
            str(order["tid"]), state, money(order["balance"]), order["changed"])
