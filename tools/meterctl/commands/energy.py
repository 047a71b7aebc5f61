"""Commands about energy beyond the registers: demand, and what a house with generation gave."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

import typer

from tools.meterctl import show
from tools.meterctl.errors import BadInput
from tools.meterctl.session import AsJson, open_meter

DAYS_MAX = 62


def demand(
    context: typer.Context,
    reset: Annotated[bool, typer.Option(
        "--reset", help="Begin the maxima of this month anew.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the mean power of the last period, and the highest of this month and the last."""
    with open_meter(context) as meter:
        found = meter.call("demand_reset" if reset else "demand")
    if as_json:
        show.as_json(found)
        return
    show.pairs([("period", f"{found['minutes']} minutes"), ("sub-periods", found["subperiods"])])
    show.rows(found["columns"], found["rows"], right=("import_W", "export_W"))


def energies(context: typer.Context, as_json: AsJson = False) -> None:
    """Show water, gas and what else is counted by pulses and charged here, by month."""
    with open_meter(context) as meter:
        found = meter.call("energies")
    if as_json:
        show.as_json(found)
        return
    show.rows(found["columns"], found["rows"],
              right=("input", "quantity", "cost", "register", "price", "missed"))
    show.pairs([("charged in all", found["charged"])])


def green(
    context: typer.Context,
    first: Annotated[str, typer.Argument(metavar="FROM", help="YYYY-MM-DD, local.")],
    last: Annotated[str | None, typer.Argument(
        metavar="TO", help="The last day, FROM unless given.")] = None,
    generated: Annotated[str | None, typer.Option(
        help="kWh generated in these days, by a meter of its own.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what was taken and given on some days, by period of the tariff, out of the load
    profile; with what was generated also what was used of it in the house."""
    days = _days(first, last or first)
    made = None if generated is None else _energy(generated)
    found = []
    with open_meter(context) as meter:
        for day in days:
            found.append(meter.call("green", day=day.isoformat()))
    report = summed(found, made)
    if as_json:
        show.as_json(report)
        return
    show.pairs([
        ("days", f"{report['from']} to {report['to']}"), ("intervals", report["intervals"]),
        ("without energy", report["unknown"])])
    show.rows(report["columns"], report["rows"], right=report["columns"][1:])
    show.pairs([(name.replace("_", " "), value) for name, value in report["house"].items()])


def summed(days: list[dict[str, Any]], generated: Decimal | None) -> dict[str, Any]:
    """Return the sum of the reports of days; BadInput for less generated than exported.

    house: with what was generated, the used of it (generated - exported), the consumed (imported
    + used), and their shares; empty without.
    """
    sums: dict[str, list[Decimal]] = {}
    for day in days:
        for name, *texts, _ in day["rows"]:
            row = sums.setdefault(str(name), [Decimal(0)] * 3)
            sums[str(name)] = [a + Decimal(b) for a, b in zip(row, texts, strict=True)]
    # A change of the tariff in between may bring other periods.
    total = sums.pop("total")
    sums["total"] = total
    return {
        "from": days[0]["day"], "to": days[-1]["day"],
        "intervals": sum(day["intervals"] for day in days),
        "unknown": sum(day["unknown"] for day in days),
        "columns": days[0]["columns"],
        "rows": [[name, *map(str, row), _share(row[1], row[0] + row[1])]
                 for name, row in sums.items()],
        "house": {} if generated is None else _house(total[0], total[1], generated),
    }


def _house(imported: Decimal, exported: Decimal, generated: Decimal) -> dict[str, str | None]:
    if generated < exported:
        raise BadInput(f"generated {generated}: must be at least the {exported} kWh exported")
    used = generated - exported
    return {
        "generated_kWh": str(generated),
        "used_of_it_kWh": str(used),
        "consumed_kWh": str(imported + used),
        "self_use_share": _share(used, generated),
        "self_supply_share": _share(used, imported + used),
    }


def _share(part: Decimal, whole: Decimal) -> str | None:
    return str(int(part * 1000 / whole) / Decimal(1000)) if whole else None


def _days(first: str, last: str) -> list[dt.date]:
    found = []
    for text in (first, last):
        try:
            found.append(dt.date.fromisoformat(text))
        except ValueError:
            raise BadInput(f"day {text!r}: must be YYYY-MM-DD") from None
    count = (found[1] - found[0]).days + 1
    if not 1 <= count <= DAYS_MAX:
        raise BadInput(f"days {first} to {last}: must be 1 to {DAYS_MAX}")
    return [found[0] + dt.timedelta(days=n) for n in range(count)]


def _energy(text: str) -> Decimal:
    whole, _, part = text.partition(".")
    if not (whole + part).isascii() or not (whole + part).isdigit() or len(part) > 3:
        raise BadInput(f"generated {text!r}: must be kWh with at most 3 decimals")
    return Decimal(text)


def add(app: typer.Typer) -> None:
    app.command()(demand)
    app.command()(green)
    app.command()(energies)
