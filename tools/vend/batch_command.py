"""`python -m tools.vend batch`: the orders of a CSV file, each once."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from tools.vend import orders
from tools.vend.batch import Batch, Row
from tools.vend.delivery import current
from tools.vend.errors import NotConfirmed, Refused, VendError

_WINDOW = 16


def batch(
    file: Annotated[Path, typer.Argument(
        exists=True, dir_okay=False, help="CSV: order, meter, amount, and instruction if wanted: "
        "credit, debit, clear or close.")],
    result: Annotated[Path | None, typer.Option(
        dir_okay=False, help="Where to write what came of each; default FILE.result.csv.")] = None,
    window: Annotated[int, typer.Option(
        min=1, max=256, help="How many meters to ask at once.")] = _WINDOW,
    again: Annotated[bool, typer.Option(
        "--again", help="Send those again that were refused before.")] = False,
) -> None:
    """Issue and send the orders of a file; run it again to go on after an interruption."""
    options = current()
    output = result or file.with_suffix(".result.csv")
    if output.resolve() == file.resolve():
        raise VendError(f"{output}: is the file of orders itself")
    work = Batch(file, options.database())
    console = Console(stderr=True)
    with Progress(
        "{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=console, disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task(file.name, total=len(work.rows))

        def done(_row: Row, _state: str) -> None:
            progress.advance(task)

        try:
            work.send(options.connect(), options.wait, window, again, done)
        except KeyboardInterrupt:
            print("interrupted: run it again to go on", file=sys.stderr)
        finally:
            counts = work.write_result(output)
    said = ", ".join(f"{count} {state or 'not begun'}" for state, count in counts.items() if count)
    print(f"{said or 'no orders'}; {output}")
    unsure = counts[""] + counts[orders.ISSUED] + counts[orders.SENT]
    if unsure:
        raise NotConfirmed(f"{file}: {unsure} of {len(work.rows)} are not confirmed: run it "
                           "again, nothing is issued twice")
    if counts[orders.REFUSED]:
        raise Refused(f"{file}: {counts[orders.REFUSED]} of {len(work.rows)} were refused")
