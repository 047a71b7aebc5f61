"""`python -m tools.vend token`, `decoder-key`: 20-digit tokens for EA11, keys by DKGA04."""

import json
import os
import re
import secrets
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tools.vend import issued, sts
from tools.vend.group_file import read_group
from tools.vend.sts import StsError


class Kind(StrEnum):
    """What a token does."""

    CREDIT = "credit"
    MAXIMUM_POWER = "maximum-power"
    PHASE_UNBALANCE = "phase-unbalance"
    CLEAR_CREDIT = "clear-credit"
    CLEAR_TAMPER = "clear-tamper"
    KEY_CHANGE = "key-change"
    DISPLAY = "display"


_SUBCLASSES = {
    Kind.MAXIMUM_POWER: sts.MAXIMUM_POWER, Kind.PHASE_UNBALANCE: sts.PHASE_UNBALANCE,
    Kind.CLEAR_CREDIT: sts.CLEAR_CREDIT, Kind.CLEAR_TAMPER: sts.CLEAR_TAMPER,
}
_ALL_REGISTERS = 0xFFFF
_CONTROL_END = 36
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]0*)?")


def token(
    kind: Annotated[Kind, typer.Argument(help="What it does.")] = Kind.CREDIT,
    meter: Annotated[str, typer.Option(help="Number of 11, 13 or 18 digits.")] = "",
    amount: Annotated[str, typer.Option(help="kWh of a credit, at most one decimal.")] = "",
    watts: Annotated[int | None, typer.Option(min=0, help="Of a limit.")] = None,
    key_file: Annotated[Path | None, typer.Option(
        exists=True, dir_okay=False, help="Supply group's file, mode 0600.")] = None,
    next_key_file: Annotated[Path | None, typer.Option(
        exists=True, dir_okay=False, help="That of the key to change to.")] = None,
    test: Annotated[int | None, typer.Option(
        min=0, max=_CONTROL_END - 1, help="Number of a test; all without.")] = None,
    at: Annotated[datetime | None, typer.Option(help="Time of issue, UTC; default now.")] = None,
    issued_file: Annotated[Path | None, typer.Option(
        help="Database of what was issued; default vend.db beside the key file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
) -> None:
    """Issue a token, or the four of a key change."""
    result = _issue(kind, meter, amount, watts, key_file, next_key_file, test,
                    at or datetime.now(UTC), issued_file)
    if as_json:
        print(json.dumps(result))
        return
    for digits in result["tokens"]:
        print("-".join(digits[i:i + 4] for i in range(0, 20, 4)))


def decoder_key(
    meter: Annotated[str, typer.Option(help="Number of 11, 13 or 18 digits.")],
    key_file: Annotated[Path, typer.Option(
        exists=True, dir_okay=False, help="Supply group's file, mode 0600.")],
    output: Annotated[Path, typer.Option(help="New file for it, made with mode 0600.")],
) -> None:
    """Derive a meter's decoder key by DKGA04, for whoever installs it on the meter."""
    group = read_group(key_file)
    key = sts.dkga04(group, sts.meter_pan(meter))
    found = {"key": key.hex(), "ea": group.ea, "base": group.base, "ken": group.ken,
             "krn": group.krn, "kt": group.kt, "sgc": int(group.sgc), "ti": int(group.ti)}
    with open(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
        json.dump(found, f, indent=1)


def _issue(
    kind: Kind, meter: str, amount: str, watts: int | None, key_file: Path | None,
    next_key_file: Path | None, test: int | None, when: datetime, issued_file: Path | None,
) -> dict:
    if kind is Kind.DISPLAY:
        control = (1 << _CONTROL_END) - 1 if test is None else 1 << test
        return {"tokens": [sts.display(control)]}
    if key_file is None or not meter:
        raise StsError(f"{kind}: needs --meter and --key-file")
    group = read_group(key_file)
    pan = sts.meter_pan(meter)
    key = sts.dkga04(group, pan)
    if kind is Kind.KEY_CHANGE:
        if next_key_file is None:
            raise StsError(f"{kind}: needs --next-key-file")
        after = read_group(next_key_file)
        rollover = after.base != group.base
        if rollover and sts.BASES.index(after.base) != sts.BASES.index(group.base) + 1:
            raise StsError(f"base date {group.base} to {after.base}: must be the next one")
        tokens = sts.key_change(key, sts.dkga04(after, pan), after, rollover)
        return {"tokens": tokens, "meter": pan, "rollover": rollover}
    field = _field(kind, amount, watts)
    sts.tid_at(when, group.base)
    with issued.opened(issued_file or issued.beside(key_file)) as memory:
        tid = sts.next_tid(when, group.base, memory.last(pan, group.base))
        memory.note(pan, group.base, tid)
    cls = sts.CREDIT if kind is Kind.CREDIT else sts.MANAGEMENT
    digits = sts.with_tid(
        key, cls, _SUBCLASSES.get(kind, 0), tid, field, secrets.randbelow(16))
    return {"tokens": [digits], "meter": pan, "tid": tid}


def _field(kind: Kind, amount: str, watts: int | None) -> int:
    """Return the 16 bits of a token of this kind."""
    if kind is Kind.CREDIT:
        return sts.amount_field(_tenths(amount))
    if kind in (Kind.MAXIMUM_POWER, Kind.PHASE_UNBALANCE):
        if watts is None:
            raise StsError(f"{kind}: needs --watts")
        return sts.amount_field(watts)
    return _ALL_REGISTERS if kind is Kind.CLEAR_CREDIT else 0


def _tenths(amount: str) -> int:
    if not _AMOUNT.fullmatch(amount) or not amount.strip("0."):
        raise StsError(f"amount {amount!r}: must be kWh with at most one decimal, from 0.1")
    return int(Decimal(amount) * 10)
