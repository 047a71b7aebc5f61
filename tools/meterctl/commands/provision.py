"""Commands that give a meter what it needs: provision, credit, clock."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tools.meterctl import firmware, show
from tools.meterctl.commands.tariff import check_on_meter, compare
from tools.meterctl.documents import read_calibration, read_tariff
from tools.meterctl.errors import BadInput, Refused
from tools.meterctl.session import AsJson, open_meter
from tools.meterctl.values import (
    TID_MAX,
    now,
    read_amount,
    read_meter_id,
    read_settings,
    read_time,
    seconds_between,
)

_METER_TIME = "meter"


def provision(
    context: typer.Context,
    meter_id: Annotated[str, typer.Option(
        "--meter-id", help="The meter's number: 1 to 13 digits or letters.")],
    tariff: Annotated[str, typer.Option(help="Tariff document: FILE, or FILE#ID.")],
    unit_places: Annotated[int | None, typer.Option(
        min=0, max=5, help="Decimals of the credit unit, for good; by the currency if not "
                           "given: 2 for VND and IDR, else 5.")] = None,
    setting: Annotated[list[str] | None, typer.Option(
        help="NAME=VALUE, as often as wanted.")] = None,
    calibration: Annotated[Path | None, typer.Option(
        help="JSON file with the constants of the metering chip.")] = None,
    when: Annotated[str, typer.Option(
        "--time", help="What the clock is set to: `now`, `meter` to leave it, or "
                       "YYYY-MM-DDTHH:MM:SS in UTC or with an offset.")] = "now",
    as_json: AsJson = False,
) -> None:
    """Make a blank meter a meter: its number, clock, tariff, settings and calibration."""
    read_meter_id(meter_id)
    document = read_tariff(tariff)
    if unit_places is None:
        unit_places = firmware.bench_unit_places(document.currency)
    request: dict[str, Any] = {"meter_id": meter_id, "unit_places": unit_places}
    counts = None
    if calibration is not None:
        request["calibration"], counts = read_calibration(calibration)
    if when not in ("now", _METER_TIME):
        request["time"] = read_time(when)
    with open_meter(context) as meter:
        identity = meter.call("identity")
        if identity["provisioned"]:
            raise Refused(f"meter {identity['meter_id']}: is provisioned already")
        document.check(counts or identity["counts_per_kWh"], unit_places)
        request["settings"] = read_settings(setting or [], meter.settings())
        check_on_meter(meter, document, unit_places)
        if when == "now":
            request["time"] = now()
        found = meter.call("provision", **request)
        compare(meter, document, meter.call("tariff")["digest"])
    if as_json:
        show.as_json(found)
        return
    show.said(f"meter {found['meter_id']}: provisioned with {document.content['id']} in "
              f"{document.currency}, credit unit of {unit_places} decimals")


def credit(
    context: typer.Context,
    tid: Annotated[int, typer.Argument(
        min=0, max=TID_MAX, help="Number of the purchase; each counts once.")],
    amount: Annotated[str, typer.Argument(help="In the currency of the tariff.")],
    as_json: AsJson = False,
) -> None:
    """Credit an account, by the development image only: nothing proves who asks."""
    read_amount(amount)
    with open_meter(context) as meter:
        found = meter.call("credit", tid=tid, amount=amount)
    if as_json:
        show.as_json(found)
    if not found["accepted"]:
        raise Refused(f"credit {tid}: not accepted: {found['reason']}; "
                      f"the balance is {found['balance']}")
    if not as_json:
        show.said(f"credit {tid}: accepted, the balance is {found['balance']} "
                  "(development image: nothing proved who asked)")


def clock(
    context: typer.Context,
    set_it: Annotated[bool, typer.Option("--set", help="Set the meter's clock.")] = False,
    when: Annotated[str, typer.Option(
        "--time", help="With --set: `now`, or YYYY-MM-DDTHH:MM:SS in UTC or with an offset."),
    ] = "now",
    as_json: AsJson = False,
) -> None:
    """Compare the meter's clock with this computer's, and set it with --set."""
    if when != "now" and not set_it:
        raise BadInput(f"time {when}: is taken with --set only")
    read_time(when)
    with open_meter(context) as meter:
        if set_it:
            found = meter.call("clock", set=read_time(when))["time"]
        else:
            found = meter.call("status")["time"]
    ahead = seconds_between(now(), found)
    if as_json:
        show.as_json({"time": found, "ahead_s": ahead, "set": set_it})
        return
    side = "ahead of" if ahead > 0 else "behind"
    gap = f"{show.duration(abs(ahead))} {side}" if ahead else "equal to"
    show.said(f"the meter's clock: {found} UTC{', set' if set_it else ''}, "
              f"{gap} this computer's")


def add(app: typer.Typer) -> None:
    for command in (provision, credit, clock):
        app.command()(command)
