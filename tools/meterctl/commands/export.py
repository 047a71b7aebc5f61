"""The command `export`: all that a meter tells about itself, in one file."""

import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.meterctl import show
from tools.meterctl.commands.events import all_kept
from tools.meterctl.errors import BadInput
from tools.meterctl.meter import Meter
from tools.meterctl.session import open_meter
from tools.meterctl.values import now

_ALWAYS = ("identity", "status", "registers", "relay")
_PROVISIONED = ("balance", "tariff")
_EVENT = ("time", "name", "value")


class Format(StrEnum):
    """How the file is written."""

    JSON = "json"
    CSV = "csv"


def export(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="File to write; - is standard output.")],
    form: Annotated[Format, typer.Option("--format", help="Of the file.")] = Format.JSON,
    as_json: Annotated[bool, typer.Option(
        "--json", help="Print one JSON value that tells what was written.")] = False,
) -> None:
    """Write identity, status, registers, balance, tariff, settings and events to a file."""
    with open_meter(context) as meter:
        found = gather(meter)
    text = to_csv(found) if form is Format.CSV else json.dumps(found, indent=1) + "\n"
    if str(out) == "-":
        sys.stdout.write(text)
        return
    _write(out, text)
    told = {"file": str(out), "format": form.value, "bytes": len(text.encode()),
            "events": len(found["events"]["events"])}
    if as_json:
        show.as_json(told)
        return
    show.said(f"{out}: {told['bytes']} bytes, {told['events']} events")


def gather(meter: Meter) -> dict[str, Any]:
    """Ask for everything; a meter that is not provisioned has neither balance nor tariff."""
    found: dict[str, Any] = {"exported": now()}
    found |= {do: meter.call(do) for do in _ALWAYS}
    if found["identity"]["provisioned"]:
        found |= {do: meter.call(do) for do in _PROVISIONED}
    found["settings"] = meter.call("settings")["settings"]
    found["events"] = all_kept(meter)
    return found


def to_csv(found: dict[str, Any]) -> str:
    """Return everything as one table: section, item, field, value."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("section", "item", "field", "value"))
    for section, value in found.items():
        writer.writerows(_lines(section, value))
    return text.getvalue()


def _lines(section: str, value: Any) -> Iterator[tuple[str, str, str, str]]:
    if section == "settings":
        for item in value:
            for field, part in item.items():
                if field != "name":
                    yield section, item["name"], field, _plain(part)
    elif section == "events":
        for number, *parts in value["events"]:
            for field, part in zip(_EVENT, parts, strict=True):
                yield section, str(number), field, _plain(part)
        yield section, "", "count", _plain(value["count"])
        yield section, "", "discarded", _plain(value["discarded"])
    elif isinstance(value, dict):
        for field, part in value.items():
            if isinstance(part, dict):
                for name, inner in part.items():
                    yield section, field, name, _plain(inner)
            else:
                yield section, "", field, _plain(part)
    else:
        yield section, "", "", _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return " ".join(_plain(item) for item in value)
    return str(value)


def _write(out: Path, text: str) -> None:
    """Write the whole file or leave the one that is there."""
    new = out.with_name(out.name + ".new")
    try:
        new.write_text(text, encoding="utf-8", newline="")
        os.replace(new, out)
    except (OSError, ValueError) as e:
        raise BadInput(f"file {out}: cannot be written: {e}") from e


def add(app: typer.Typer) -> None:
    app.command()(export)
