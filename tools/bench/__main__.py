"""`python -m tools.bench`: bill a load file, run a scenario, watch the live one, read a token."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tools.bench import decode_token, documents, live_commands
from tools.bench import report as records
from tools.bench.live_commands import LOAD_HELP, load_file
from tools.bench.process import BenchError, JsonFile, run_json

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

Load = Annotated[Path, typer.Option(help=LOAD_HELP)]
TariffName = Annotated[str, typer.Option(help="Tariff document: FILE#ID, or FILE#* for all.")]
MeteringIc = Annotated[str, typer.Option(
    "--ic", help="The metering IC: atm90e26, or another that the bench has a model of.")]
Spread = Annotated[str, typer.Option(
    help="How the load lies on the phases of a three-phase IC: thirds, or one, all on A.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value.")]

_BILL_KEYS = (
    "month", "import_kWh", "export_kWh", "kWh_by_price_cell", "energy_cost_to_end_of_day",
    "energy", "adders", "fixed", "export_credit", "before_tax", "tax", "total_6", "total",
)


_STRAPS = {"line": 1, "anti-tamper": 0}
"""MMD1:MMD0 of the metering IC."""


app.command()(decode_token.token)


@app.command()
def bill(
    load: Load, tariff: TariffName, as_json: AsJson = False,
    counts: Annotated[Path | None, typer.Option(
        help="Write what each tick read: import and export counts, two 32-bit integers.")] = None,
    ic: MeteringIc = "atm90e26", spread: Spread = "thirds",
) -> None:
    """Run the firmware over a load file, minute by minute, and print a bill a month."""
    found = documents.find(tariff)
    with JsonFile(found) as path:
        results = [_ordered(r) for r in run_json(
            "bill.py", str(load_file(load)), path, str(counts or ""), ic, spread)]
    if as_json:
        print(json.dumps(results if tariff.endswith("#*") else results[0], indent=1))
        return
    for document, result in zip(found, results, strict=True):
        if not result["bills"]:
            raise BenchError(f"load file {load}: no energy in it to bill")
        Console().print(_bill_table(document, result))


def _ordered(result: dict[str, Any]) -> dict[str, Any]:
    bills = []
    for month in result["bills"]:
        row = {key: month[key] for key in _BILL_KEYS}
        for key in ("kWh_by_price_cell", "energy_cost_to_end_of_day"):
            row[key] = dict(sorted(row[key].items()))
        bills.append(row)
    if result["audit"]:
        raise BenchError("audit: " + result["audit"])
    return {"currency": result["currency"], "ticks": result["ticks"],
            "wall_s": round(result["wall_s"], 3), "bills": bills}


def _bill_table(document: dict[str, Any], result: dict[str, Any]) -> Table:
    """Return a bill with a column a month and a row an item, price cells first."""
    table = Table(title=f"{document.get('name', document['id'])}, {result['currency']}")
    table.add_column("")
    for month in result["bills"]:
        table.add_column(month["month"], justify="right")
    cells = sorted({name for month in result["bills"] for name in month["kWh_by_price_cell"]})
    for cell in cells:
        table.add_row(f"kWh {cell}", *(
            month["kWh_by_price_cell"].get(cell, "") for month in result["bills"]))
    for item in _BILL_KEYS:
        if not isinstance(result["bills"][0][item], dict) and item != "month":
            table.add_row(item, *(month[item] for month in result["bills"]),
                          style="bold" if item == "total" else None)
    return table


@app.command()
def run(
    load: Load, tariff: TariffName,
    headless: Annotated[bool, typer.Option("--headless", help="No screen: virtual time.")] = False,
    balance: Annotated[str, typer.Option(help="Credit at the start.")] = "0",
    top_up: Annotated[list[str] | None, typer.Option(
        help="TIME=AMOUNT[@TID], as often as wanted; a TID repeated counts once.")] = None,
    warning: Annotated[list[str] | None, typer.Option(
        help="Balance to warn at, falling, up to four.")] = None,
    outage: Annotated[list[str] | None, typer.Option(
        help="FROM/TO: mains away; FROM/TO! without a power-fail signal before.")] = None,
    next_tariff: Annotated[list[str] | None, typer.Option(
        help="LOADED/START=FILE#ID: a tariff loaded at one time that takes over at another."),
    ] = None,
    press: Annotated[list[str] | None, typer.Option(
        help="TIME or TIME/SECONDS: the customer presses the button.")] = None,
    order: Annotated[list[str] | None, typer.Option(
        help="TIME=INSTRUCTION or TIME=INSTRUCTION{FIELDS}, those as JSON: an administrator's "
             "instruction.")] = None,
    disturb: Annotated[list[str] | None, typer.Option(
        help="TIME=NAME:VALUE, as JSON: something goes wrong in the world.")] = None,
    setting: Annotated[list[str] | None, typer.Option(
        help="NAME=VALUE, as JSON: a setting of a new meter.")] = None,
    strap: Annotated[str, typer.Option(
        help="An ATM90E26's wiring: line, or anti-tamper to meter the larger line.",
    )] = "line",
    ic: MeteringIc = "atm90e26", spread: Spread = "thirds",
    until: Annotated[str | None, typer.Option(help="Stop at this time.")] = None,
    tick: Annotated[int, typer.Option(min=1, max=60, help="Seconds a tick.")] = 60,
    commit_wh: Annotated[int, typer.Option(
        min=10, max=1000, help="Energy between two commits, Wh.")] = 100,
    state: Annotated[Path | None, typer.Option(
        help="Folder for flash and place: a stopped meter goes on where it was.")] = None,
    pull: Annotated[bool, typer.Option(
        "--pull", help="Stop as if the supply were pulled: no last commit.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a scenario without a screen and print its time line."""
    if not headless:
        raise BenchError("run: needs --headless; `python -m tools.bench live` has the screen")
    if strap not in _STRAPS:
        raise BenchError(f"strap {strap!r}: must be {' or '.join(_STRAPS)}")
    spec: dict[str, Any] = {
        "load": str(load_file(load)), "tariff": documents.find(tariff)[0], "balance": balance,
        "warnings": warning or [], "top_ups": [_top_up(t) for t in top_up or []],
        "outages": [_outage(o) for o in outage or []],
        "next_tariffs": [_next_tariff(t) for t in next_tariff or []],
        "presses": [_press(p) for p in press or []],
        "orders": [_order(o) for o in order or []],
        "disturbances": [_disturbance(d) for d in disturb or []],
        "settings": dict(_setting(s) for s in setting or []),
        "until": until, "tick_s": tick, "commit_Wh": commit_wh,
        "stop": "pull" if pull else "clean", "strap": _STRAPS[strap], "ic": ic,
        "spread": spread,
    }
    if state:
        state.mkdir(parents=True, exist_ok=True)
        spec |= {"image": str(state / "flash.bin"), "place": str(state / "place.json")}
    with JsonFile(spec) as path:
        result = run_json("scenario.py", path)
    if as_json:
        print(json.dumps(result, indent=1))
        return
    for entry in result["timeline"]:
        print(entry["time"], entry["event"], entry.get("value", ""))
    ledger = result["ledger"]
    print(f"{result['ended']} balance {ledger['balance']} {result['currency']}"
          f" = credits {ledger['credits']} - charges {ledger['charges']},"
          f" {ledger['import_kWh']} kWh")


@app.command()
def report(
    state: Annotated[Path, typer.Option(help="Folder with the meter's flash.bin.")],
    daily: Annotated[bool, typer.Option("--daily", help="A row a day; the default.")] = False,
    monthly: Annotated[bool, typer.Option("--monthly", help="A row a month.")] = False,
    yearly: Annotated[bool, typer.Option("--yearly", help="A row a year.")] = False,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
) -> None:
    """Report from the records in a meter's flash image."""
    asked = [span for span, wanted in (
        (records.Span.DAILY, daily), (records.Span.MONTHLY, monthly),
        (records.Span.YEARLY, yearly)) if wanted]
    if len(asked) > 1 or (as_json and as_csv):
        raise BenchError("report: one of --daily, --monthly, --yearly, and of --json, --csv")
    span = asked[0] if asked else records.Span.DAILY
    rows = records.read(state, span)
    if as_json:
        print(json.dumps(rows, indent=1))
    elif as_csv:
        print(records.as_csv(rows), end="")
    else:
        Console().print(records.as_table(rows, span))


app.command()(live_commands.live)
app.command()(live_commands.serve)


def _top_up(text: str) -> list[Any]:
    when, equals, amount = text.partition("=")
    amount, at, tid = amount.partition("@")
    if not equals or not when or not amount or (at and not tid.isdigit()):
        raise BenchError(f"top-up {text!r}: must be TIME=AMOUNT or TIME=AMOUNT@TID")
    return [when, amount, int(tid) if at else None]


def _outage(text: str) -> list[Any]:
    announced = not text.endswith("!")
    start, slash, end = text.rstrip("!").partition("/")
    if not slash or not start or not end:
        raise BenchError(f"outage {text!r}: must be FROM/TO, with ! when unannounced")
    return [start, end, announced]


def _press(text: str) -> list[Any]:
    when, _, seconds = text.partition("/")
    try:
        held = float(seconds or "0.2")
    except ValueError:
        held = 0.0
    if not when or not 0 < held <= 60:
        raise BenchError(f"press {text!r}: must be TIME or TIME/SECONDS, at most 60")
    return [when, held]


def _order(text: str) -> list[Any]:
    when, equals, rest = text.partition("=")
    name, brace, fields = rest.partition("{")
    if not equals or not when or not name.replace("_", "").isalpha() or name.startswith("_"):
        raise BenchError(f"order {text!r}: must be TIME=INSTRUCTION or TIME=INSTRUCTION{{FIELDS}}")
    return [when, name, _json(text, brace + fields) if brace else {}]


def _disturbance(text: str) -> list[Any]:
    when, equals, rest = text.partition("=")
    name, colon, value = rest.partition(":")
    if not equals or not colon or not when or not name:
        raise BenchError(f"disturbance {text!r}: must be TIME=NAME:VALUE")
    return [when, name, _json(text, value)]


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BenchError(f"setting {text!r}: must be NAME=VALUE")
    return name, _json(text, value)


def _json(what: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise BenchError(f"{what!r}: {text!r} is no JSON") from None


def _next_tariff(text: str) -> list[Any]:
    times, equals, reference = text.partition("=")
    loaded, slash, start = times.partition("/")
    if not equals or not slash or not loaded or not start or not reference:
        raise BenchError(f"next tariff {text!r}: must be LOADED/START=FILE#ID")
    return [loaded, documents.find(reference)[0], start]


def main() -> None:
    try:
        app(standalone_mode=True)
    except BenchError as e:
        print(f"error: {e}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
