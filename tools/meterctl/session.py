"""What every command shares: the port that was named, the meter on it, the option --json."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from tools.meterctl import ports
from tools.meterctl.line import Line
from tools.meterctl.meter import Meter

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value.")]


@dataclass(frozen=True)
class Session:
    """The options before the command."""

    port: str | None
    timeout_s: int


@contextlib.contextmanager
def open_line(context: typer.Context) -> Iterator[Line]:
    """Open the line to the board that the options name, and close it again."""
    session: Session = context.obj
    line = Line(ports.choose(session.port), session.timeout_s)
    try:
        yield line
    finally:
        line.close()


@contextlib.contextmanager
def open_meter(context: typer.Context) -> Iterator[Meter]:
    """Open the line and return the meter that answers on it."""
    with open_line(context) as line:
        yield Meter(line)


@contextlib.contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show a bar for what takes time, on standard error and on a terminal only."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(),
               TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield progress
