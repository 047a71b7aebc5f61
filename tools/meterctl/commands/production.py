"""The command `production`: the tests of a plan on one meter after another, by serial number."""

import contextlib
import getpass
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from tools.meterctl import firmware, ports, show
from tools.meterctl.errors import NO_METER, REFUSED, BadInput, clean
from tools.meterctl.session import AsJson, Session
from tools.production import hands, lot, plan, rules, serial_number
from tools.production.pace import Pace
from tools.production.page import limit_text, value_text, verdict_line
from tools.production.report import NOT_DONE, PASSED, Folder, Report, Result
from tools.production.runner import Run, report_of

INTERRUPTED_CODE = 130
"""As of a program that Ctrl-C has ended."""
_COLOURS = {PASSED: "green", NOT_DONE: "yellow"}


def production(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan, TOML or JSON.")],
    serial: Annotated[str | None, typer.Option(
        help="Serial number; without it, lines from a bar-code scanner on standard "
             "input, a meter each, until it ends.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the reports.")] = Path("production"),
    lot_name: Annotated[str, typer.Option("--lot", help="Summary to add to.")] = "all",
    operator: Annotated[str, typer.Option(help="Who tests; the user if not given.")] = "",
    station: Annotated[str, typer.Option(help="Where; this computer if not given.")] = "",
    fixture: Annotated[str | None, typer.Option(
        help="Program that moves covers, keys, source and supply.")] = None,
    check: Annotated[bool, typer.Option(
        "--check", help="Only check the plan and list what it would test.")] = False,
    rate: Annotated[float, typer.Option(
        min=1, max=1000, help="For a bench whose time runs so many times faster.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Test meters as a plan says, and keep a report of each by its serial number."""
    found = plan.read(file)
    lot.check_name(lot_name)
    if check:
        _list(found, as_json)
        return
    serials = [] if serial is None else [serial_number.read(serial, found.serial)]
    port = ports.choose(context.obj.port)
    who = {"operator": _name("operator", operator or getpass.getuser()),
           "station": _name("station", station or platform.node()), "lot": lot_name,
           "tool": f"Joulegate {firmware.version()}"}
    with _hands(fixture, who["operator"], serial is not None) as helper:
        codes = [
            _one(context.obj, found, number, port, out, helper, Pace(rate), as_json,
                 {**who, "fixture": helper.name})
            for number in (serials or _scanned(found))]
    if any(codes):
        raise typer.Exit(max(codes))


def _name(what: str, text: str) -> str:
    if not 1 <= len(text) <= 64 or not text.isprintable():
        raise BadInput(f"{what} {clean(repr(text))[:60]}: must be 1 to 64 printable characters")
    return text


@contextlib.contextmanager
def _hands(fixture: str | None, operator: str, typed: bool) -> Iterator[hands.Hands]:
    """Yield who does what the meter cannot. Standard input is for one only: scanner or
    operator, unless it is a terminal."""
    person: hands.Hands = hands.Nobody()
    if sys.stdin.isatty() or typed:
        person = hands.Operator(operator)
    helper = person if fixture is None else hands.Fixture(fixture, person)
    try:
        yield helper
    finally:
        helper.close()


def _scanned(found: plan.Plan) -> Iterator[str]:
    """Yield serial numbers as they are scanned; a bad one is told and asked for again."""
    while True:
        if sys.stdin.isatty():
            print("Scan a serial number, or Ctrl-D: ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            return
        if not line.strip():
            continue
        try:
            yield serial_number.read(line, found.serial)
        except BadInput as e:
            print(f"error: {e}", file=sys.stderr, flush=True)


def _one(
    session: Session, found: plan.Plan, serial: str, port: str, out: Path, helper: hands.Hands,
    pace: Pace, as_json: bool, who: dict[str, str],
) -> int:
    """Test one meter; return the exit code that it is worth."""
    folder = Folder(out)
    report = report_of(found, serial, folder.begin(serial), port, **who)
    run = Run(found, report, folder, helper, pace, lambda result: _tell(result, as_json))
    try:
        run.go(session.timeout_s)
    except KeyboardInterrupt:
        _end(out, report, as_json)
        raise typer.Exit(INTERRUPTED_CODE) from None
    _end(out, report, as_json)
    if report.verdict == PASSED:
        return 0
    return REFUSED if run.answered else NO_METER


def _end(out: Path, report: Report, as_json: bool) -> None:
    lot.add(out, report)
    if as_json:
        show.as_json(report.as_json())
        return
    colour = "bold green" if report.verdict == PASSED else "bold red"
    Console(soft_wrap=True).print(Text(clean(verdict_line(report)), style=colour))


def _tell(result: Result, as_json: bool) -> None:
    if as_json:
        return
    line = Text.assemble(
        (f"{result.verdict:9}", _COLOURS.get(result.verdict, "red")),
        f" {result.name:15} {result.seconds:6.1f} s  {clean(result.text)}".rstrip())
    console = Console(soft_wrap=True)
    console.print(line)
    for check in result.checks:
        if not check.passed:
            parts = (check.what, value_text(check), limit_text(check), check.text)
            console.print(Text("          " + clean("; ".join(p for p in parts if p))))


def _list(found: plan.Plan, as_json: bool) -> None:
    if as_json:
        show.as_json({"name": found.name, "sha256": found.sha256, "tests": found.tests})
        return
    show.rows(("test", "with"), [
        (name, ", ".join(f"{word} {_short(value)}" for word, value in words.items()
                         if value is not None))
        for name, words in found.tests.items()])
    left = [name for name in rules.TESTS if name not in found.tests]
    show.said(f"{found.name}: {len(found.tests)} tests; not in it: {', '.join(left) or 'none'}")


def _short(value: object) -> str:
    if isinstance(value, tuple):
        return " to ".join(f"{end:g}" for end in value)
    return f"{len(value)} points" if isinstance(value, list) else str(value)


def add(app: typer.Typer) -> None:
    app.command()(production)
