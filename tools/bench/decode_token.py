"""`python -m tools.bench token`: a 20-digit token through the firmware's decoder."""

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.bench.process import BenchError, run_json

_KEY = re.compile(r"[0-9a-fA-F]{16}(?:[0-9a-fA-F]{16})?")
_BASES = ("1993", "2014", "2035")


def decode(
    tokens: list[str], key: str, base: str = "2014", ken: int = 255, tables: Path | None = None,
) -> list[dict[str, Any]]:
    """Return what the firmware reads in each token; BenchError for a key that is none."""
    if not _KEY.fullmatch(key):
        raise BenchError(f"key {key!r}: must be 32 hexadecimal digits, or 16 for EA07")
    if base not in _BASES:
        raise BenchError(f"base {base}: must be {', '.join(_BASES)}")
    if len(key) == 16 and tables is None:
        raise BenchError("key of 16 digits: EA07 needs --tables FILE, which the project has not")
    if any(not token.isprintable() or not token for token in tokens):
        raise BenchError("token: must be text of one line")
    path = str(tables.resolve()) if tables else ""
    found = run_json("decode_token.py", key, base, str(ken), path, *tokens)
    return [_said(token) for token in found]


def _said(found: dict[str, Any]) -> dict[str, Any]:
    """Give a credit its unit: tenths of a kWh, or of what the other subclasses count."""
    if "tenths" in found:
        name = "amount_kWh" if found["subclass"] == 0 else "value"
        found[name] = found.pop("tenths") / 10
    return found


def token(
    token: Annotated[str, typer.Argument(help="20 digits, spaced or with dashes if you like.")],
    key: Annotated[str, typer.Option(help="Decoder key, hexadecimal.")],
    base: Annotated[str, typer.Option(help="Base date: 1993, 2014 or 2035.")] = "2014",
    ken: Annotated[int, typer.Option(min=0, max=255, help="Key expiry number.")] = 255,
    tables: Annotated[Path | None, typer.Option(
        exists=True, dir_okay=False, help="Substitution tables for EA07, JSON.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
) -> None:
    """Decode a 20-digit token as the meter does, and print what it says or its error."""
    (said,) = decode([token], key, base, ken, tables)
    if as_json:
        print(json.dumps(said))
        return
    for name, value in said.items():
        print(f"{name}: {value}")
