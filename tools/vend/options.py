"""Options that the commands of messages share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tools.vend import directory

Meter = Annotated[str, typer.Option(help="Number of the meter.")]
Keys = Annotated[Path | None, typer.Option(
    help="Key file, mode 0600; default that of the directory.", dir_okay=False)]
Kid = Annotated[str, typer.Option(help="Id of the key, where a role has several.")]
Expires = Annotated[int | None, typer.Option(
    min=1, help="Minutes after which the meter refuses it, if it knows the time.")]
IssuedFile = Annotated[Path | None, typer.Option(
    dir_okay=False, help="Database of TIDs and orders; default vend.db beside the keys.")]
Base = Annotated[int | None, typer.Option(
    help="Year of the base date of the meter's TIDs; default the directory's, or 2014.")]
Tid = Annotated[int | None, typer.Option(
    min=1, help="Send this purchase once more; default a new one, of now.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value.")]
Amount = Annotated[str, typer.Argument(help="In the account's currency.", show_default=False)]
AmountOption = Annotated[str, typer.Option(
    "--amount", help="The same, as an option.", show_default=False)]
Places = Annotated[int | None, typer.Option(
    min=0, max=directory.PLACES_MAX,
    help="Decimals of the account's unit; default the directory's, or 5.")]
Order = Annotated[str | None, typer.Option(
    help="Number of the order: it is issued once, and asked for again is sent once more.")]


class Role(StrEnum):
    """Who sends."""

    VENDING = "vending"
    ADMINISTRATOR = "administrator"
    TECHNICIAN = "technician"
    HEAD_END = "head_end"
