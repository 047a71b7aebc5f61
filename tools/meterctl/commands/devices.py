"""The command `devices`: where a meter may be, and on request what answers there."""

from typing import Annotated

import typer

from tools.meterctl import ports, show
from tools.meterctl.errors import NO_METER, MeterctlError, NoMeter, clean
from tools.meterctl.line import Line
from tools.meterctl.meter import Meter
from tools.meterctl.session import AsJson, Session


def devices(
    context: typer.Context,
    ask: Annotated[bool, typer.Option(
        "--ask", help="Ask each what it is; this sends bytes to all that are listed.")] = False,
    every: Annotated[bool, typer.Option(
        "--all", help="List every serial port, of whatever maker.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the devices that may be meters: USB serial ports of known makers, a running bench."""
    session: Session = context.obj
    found = ports.found()
    if every:
        known = {device.port for device in found}
        found += [device for device in ports.every() if device.port not in known]
    listed = [
        {"port": device.port, "kind": device.kind, "detail": clean(device.detail),
         **({"answers": _answer(device.port, session.timeout_s)} if ask else {})}
        for device in found
    ]
    if as_json:
        show.as_json(listed)
    elif listed:
        header = list(listed[0])
        show.rows(header, [list(device.values()) for device in listed])
    else:
        show.said("no devices found")
    if not listed:
        raise typer.Exit(NO_METER)


def _answer(port: str, timeout_s: int) -> str:
    try:
        line = Line(port, timeout_s)
    except MeterctlError:
        return "nothing"
    try:
        identity = Meter(line).call("identity")
    except NoMeter:
        return "MicroPython, no meter"
    except MeterctlError:
        return "not understood"
    finally:
        line.close()
    return f"meter {identity['meter_id']}" if identity["provisioned"] else "a blank meter"


def add(app: typer.Typer) -> None:
    app.command()(devices)
