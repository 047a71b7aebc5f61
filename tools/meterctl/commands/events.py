"""The command `events`: what happened on the meter, once or as it happens."""

import json
from collections.abc import Iterator
from time import sleep as pause
from typing import Annotated, Any

import typer

from tools.meterctl import show
from tools.meterctl.meter import Meter
from tools.meterctl.session import AsJson, open_meter

_ROUNDS = 4096
"""Answers for one look at the log at most, of 32 events each."""


def kept(meter: Meter, since: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the answers that hold the events from a number on which the meter still has."""
    for _ in range(_ROUNDS):
        found = meter.call("events", since=since)
        yield found
        if not found["events"] or found["events"][-1][0] + 1 >= found["count"]:
            return
        since = found["events"][-1][0] + 1


def all_kept(meter: Meter, since: int = 0) -> dict[str, Any]:
    """Return the events from a number on as one answer."""
    answers = list(kept(meter, since))
    return {**answers[-1], "events": [event for found in answers for event in found["events"]]}


def events(
    context: typer.Context,
    since: Annotated[int, typer.Option(min=0, help="Number of the first event.")] = 0,
    follow: Annotated[bool, typer.Option(
        "--follow", help="Go on and print what happens, until Ctrl-C.")] = False,
    every: Annotated[float, typer.Option(
        min=0.1, max=3600, help="Seconds between two looks.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Show the events that the meter still has; with --json and --follow one a line."""
    with open_meter(context) as meter:
        if follow:
            _follow(meter, since, every, as_json)
            return
        found = all_kept(meter, since)
    if as_json:
        show.as_json(found)
        return
    show.rows(("number", "time (UTC)", "event", "value"), found["events"],
              right=("number", "value"))
    if found["discarded"]:
        show.said(f"{found['discarded']} older events are no longer kept")


def _follow(meter: Meter, since: int, every: float, as_json: bool) -> None:
    try:
        while True:
            found = all_kept(meter, since)
            if since > found["count"]:
                since = 0  # the meter has started again and counts from the beginning
                continue
            for event in found["events"]:
                number, when, name, value = event
                line = json.dumps(event) if as_json else f"{number:>6}  {when}  {name} {value}"
                show.said(line)
            since = found["count"]
            pause(every)
    except KeyboardInterrupt:
        return


def add(app: typer.Typer) -> None:
    app.command()(events)
