"""Commands for the tariff: show the one in force, check a document, load one to follow."""

from typing import Annotated, Any

import typer

from tools.meterctl import show
from tools.meterctl.documents import Document, read_tariff
from tools.meterctl.errors import LineError
from tools.meterctl.meter import Meter
from tools.meterctl.session import AsJson, open_meter, progress_bar
from tools.meterctl.values import read_time

Reference = Annotated[str, typer.Argument(help="Tariff document: FILE, or FILE#ID.")]

tariff = typer.Typer(help="Show the tariff, or check and load another (show, check, load).")


@tariff.callback(invoke_without_command=True)
def shown(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the tariff in force and the one that follows, when no other command is given."""
    if context.invoked_subcommand is None:
        _show(context, as_json)


@tariff.command("show")
def show_tariff(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the tariff in force and the one that follows."""
    _show(context, as_json)


def _show(context: typer.Context, as_json: bool) -> None:
    with open_meter(context) as meter:
        found = meter.call("tariff")
    if as_json:
        show.as_json(found)
        return
    following = found.get("next")
    show.pairs([
        ("tariff", found["id"]),
        ("name", found["name"]),
        ("digest", found["digest"]),
        ("seasons", found["seasons"]),
        ("periods", found["periods"]),
        ("tiers", found["tiers"]),
        ("price now", f"{found['price']} {found['currency']}/kWh"),
        ("to follow", f"{following['digest']} from {following['start']} UTC"
         if following else "none"),
    ])


def upload(meter: Meter, document: Document) -> None:
    """Send a document to the meter, which keeps it until it is in use."""
    with progress_bar() as progress:
        task = progress.add_task("tariff", total=len(document.data))
        meter.upload(document.data, lambda done: progress.update(task, completed=done))


def check_on_meter(meter: Meter, document: Document, unit_places: int) -> dict[str, Any]:
    """Let the meter check a document and return what it read there.

    Refused if the meter does not take it; LineError if it arrived as another.
    """
    upload(meter, document)
    found = meter.call("tariff_check", unit_places=unit_places)
    compare(meter, document, found["digest"])
    return found


def compare(meter: Meter, document: Document, digest: str) -> None:
    """LineError unless the meter has the very document that was sent."""
    if digest != document.digest:
        raise LineError(
            f"port {meter.port}: tariff {document.reference}: the meter has digest {digest}, "
            f"must be {document.digest}")


@tariff.command()
def check(context: typer.Context, reference: Reference, as_json: AsJson = False) -> None:
    """Check a document here and on the meter, and change nothing."""
    document = read_tariff(reference)
    with open_meter(context) as meter:
        found = _checked(meter, document)
    if as_json:
        show.as_json(found)
        return
    show.said(f"{found['id']}: the meter would take it; digest {found['digest']}")


@tariff.command()
def load(
    context: typer.Context, reference: Reference,
    start: Annotated[str, typer.Option(
        help="When it takes over: YYYY-MM-DDTHH:MM:SS in UTC or with an offset, or `now`.")],
    as_json: AsJson = False,
) -> None:
    """Load a tariff that takes over at a time, in place of one that was to follow."""
    document = read_tariff(reference)
    when = None if start == "now" else read_time(start)
    with open_meter(context) as meter:
        found = _checked(meter, document)
        loaded = meter.call("tariff_load", start=when or meter.call("status")["time"])
        compare(meter, document, loaded["digest"])
    result = {"id": found["id"], "digest": loaded["digest"], "start": loaded["start"]}
    if as_json:
        show.as_json(result)
        return
    show.said(f"{result['id']}: loaded, takes over at {result['start']} UTC; "
              f"digest {result['digest']}")


def _checked(meter: Meter, document: Document) -> dict[str, Any]:
    places = meter.unit_places()
    document.check(meter.call("identity")["counts_per_kWh"], places)
    return check_on_meter(meter, document, places)


def add(app: typer.Typer) -> None:
    app.add_typer(tariff, name="tariff")
