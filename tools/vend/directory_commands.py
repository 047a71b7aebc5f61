"""`python -m tools.vend directory`: the meters of a station, in `vend.db` beside its key files."""

import json
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.vend import csv_rows, database, directory, key_file, tables
from tools.vend.delivery import current
from tools.vend.directory import Entry
from tools.vend.errors import VendError
from tools.vend.options import AsJson, Meter

app = typer.Typer(no_args_is_help=True, help=__doc__, rich_markup_mode=None)

Replace = Annotated[bool, typer.Option(
    "--replace", help="Change meters that are there, in what is given.")]
_COLUMNS = {"keys": "key_file", "name": "name", "place": "place", "base": "base",
            "places": "places", "currency": "currency"}
"""Of a CSV file, besides `meter`; and what they are in the directory."""
_WHOLE = ("base", "places")


@app.command()
def init() -> None:
    """Make a directory without meters; what was issued in that folder before is taken over."""
    path = current().database()
    if path.exists():
        raise VendError(f"{path}: is there already")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with database.transaction(path):
        pass


@app.command()
def add(
    meter: Meter,
    keys: Annotated[str | None, typer.Option(
        help="Name of the key file in the directory's folder; keys.json.")] = None,
    name: Annotated[str | None, typer.Option(help="Whose it is, or what it is called.")] = None,
    place: Annotated[str | None, typer.Option(help="Where it stands.")] = None,
    base: Annotated[int | None, typer.Option(
        help="Year of the base date of its TIDs; 2014.")] = None,
    places: Annotated[int | None, typer.Option(help="Decimals of the account's unit; 5.")] = None,
    currency: Annotated[str | None, typer.Option(help="Three capitals of ISO 4217.")] = None,
    replace: Replace = False,
) -> None:
    """Add a meter, which must have keys."""
    path = current().database()
    values = {"key_file": keys, "name": name, "place": place, "base": base, "places": places,
              "currency": currency}
    with database.transaction(path, create=False) as session:
        entry = directory.changed(
            directory.of_meter(session, meter), meter,
            {key: value for key, value in values.items() if value is not None}, replace)
        key_file.load(path.with_name(entry.key_file), meter)
        directory.put(session, entry)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(
        exists=True, dir_okay=False, help=f"CSV: meter, {', '.join(_COLUMNS)}.")],
    replace: Replace = False,
) -> None:
    """Add the meters of a CSV file, all or none; only the column `meter` must be there."""
    path = current().database()
    documents = cache(key_file.read)
    seen: set[str] = set()
    with database.transaction(path, create=False) as session:
        def entry(row: dict[str, str]) -> Entry:
            meter = row["meter"]
            if meter in seen:
                raise VendError(f"meter {meter}: stands there twice")
            seen.add(meter)
            made = directory.changed(
                directory.of_meter(session, meter), meter, _values(row), replace)
            keys = path.with_name(made.key_file)
            key_file.of_meter(keys, documents(keys), meter)
            return made

        entries = csv_rows.read(file, ("meter",), tuple(_COLUMNS), entry)
        for each in entries:
            directory.put(session, each)
    print(f"{len(entries)} meters")


def _values(row: dict[str, str]) -> dict[str, Any]:
    """What the cells of a row say; an empty one says nothing."""
    found: dict[str, Any] = {name: row[column] for column, name in _COLUMNS.items() if row[column]}
    for name in _WHOLE:
        if name in found:
            if not (found[name].isascii() and found[name].isdigit()):
                raise VendError(f"{name} {found[name]!r}: must be a whole number")
            found[name] = int(found[name])
    return found


@app.command("list")
def list_meters(as_json: AsJson = False) -> None:
    """List all meters."""
    with database.transaction(current().database(), create=False) as session:
        found = directory.listed(session)
    if as_json:
        print(json.dumps([vars(entry) for entry in found]))
        return
    tables.show(("meter", "name", "place", "currency", "decimals", "base", "keys"), [
        (entry.meter, entry.name, entry.place, entry.currency, str(entry.places),
         str(entry.base), entry.key_file) for entry in found])


@app.command()
def show(meter: Meter) -> None:
    """Print what there is about a meter as JSON: never its keys, but their ids."""
    path = current().database()
    entry = directory.find(path, meter)
    if entry is None:
        raise VendError(f"{path}: has no meter {meter}")
    keys = [{"kid": key.kid.hex(), "role": key.role}
            for key in key_file.load(path.with_name(entry.key_file), meter)]
    print(json.dumps({**vars(entry), "kids": keys}))
