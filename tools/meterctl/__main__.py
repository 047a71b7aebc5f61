"""`python -m tools.meterctl`: look after a meter over its serial line, a bench or a board alike.

Exit codes: 0 done; 1 the meter refused or a test on it failed; 2 wrong arguments or a bad file;
3 no meter answers, or the line is lost; 130 a production test was interrupted.
"""

import sys
from typing import Annotated

import typer

from tools.meterctl.commands import (
    calibrate,
    devices,
    energy,
    events,
    export,
    firmware,
    keys,
    link,
    login,
    look,
    production,
    provision,
    records,
    settings,
    tariff,
)
from tools.meterctl.errors import MeterctlError
from tools.meterctl.session import Session

app = typer.Typer(
    no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.callback()
def options(
    context: typer.Context,
    port: Annotated[str | None, typer.Option(
        envvar="METERCTL_PORT",
        help="Serial device, pty, or socket://HOST:NUMBER; found by itself if not given.")] = None,
    timeout: Annotated[int, typer.Option(
        min=1, max=120, help="Seconds to wait for an answer.")] = 10,
) -> None:
    context.obj = Session(port, timeout)


for _module in (
        devices, look, energy, events, records, tariff, settings, provision, keys, login, link,
        production, calibrate, export, firmware):
    _module.add(app)


def main(arguments: list[str] | None = None) -> None:
    """Run one command; ends with SystemExit."""
    try:
        app(arguments, prog_name="meterctl")
    except MeterctlError as e:
        print(f"error: {e}", file=sys.stderr)
        sys.exit(e.code)


if __name__ == "__main__":
    main()
