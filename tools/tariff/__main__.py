"""Command line of the tariff tools: python -m tools.tariff COMMAND."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from . import urdb as urdb_records

app = typer.Typer(add_completion=False, no_args_is_help=True)


class Export(StrEnum):
    """How a tariff pays for export."""

    NONE = "none"
    NET_BILLING = "net_billing"
    NET_METERING = "net_metering"


@app.callback()
def main() -> None:
    """Make tariff documents for the meter."""


@app.command()
def urdb(
    file: Annotated[Path, typer.Argument(help="JSON file with one record of OpenEI's URDB.")],
    currency: Annotated[str, typer.Option(help="ISO 4217 code of the amounts.")] = "USD",
    export: Annotated[
        Export | None, typer.Option(help="Export rule, in place of the record's dgrules.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="File to write; standard output without it.")
    ] = None,
) -> None:
    """Convert an OpenEI URDB record to a tariff document."""
    try:
        record = urdb_records.read_record(file)
        document = urdb_records.convert(record, currency, export and export.value)
        text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        if output is None:
            typer.echo(text, nl=False)
        else:
            output.write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        typer.echo(f"{file}: {error}", err=True)
        raise typer.Exit(1) from error


if __name__ == "__main__":
    app(prog_name="python -m tools.tariff")
