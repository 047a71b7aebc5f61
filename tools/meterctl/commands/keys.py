"""Commands of the token gate: enter a token, bring messages and their receipts, install keys."""

import json
import stat
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.meterctl import show
from tools.meterctl.errors import BadInput, Refused
from tools.meterctl.session import AsJson, open_meter
from tools.meterctl.values import read_meter_id
from tools.vend import key_file
from tools.vend.errors import VendError

DIGITS = 20
MESSAGE_MAX = 512
"""Bytes; the longest message that a meter takes (docs/messages.md)."""
_MESSAGES_MAX = 256
_STANDARD_INPUT = "-"

keys = typer.Typer(help="Bring keys to a meter (install).", no_args_is_help=True)


def token(
    context: typer.Context,
    digits: Annotated[list[str], typer.Argument(
        help="20 digits; spaces and dashes between them are allowed.")],
    as_json: AsJson = False,
) -> None:
    """Enter a 20-digit token, as at the keypad."""
    text = "".join(digits).replace("-", "").replace(" ", "")
    if len(text) != DIGITS or not (text.isascii() and text.isdigit()):
        raise BadInput(f"token {' '.join(digits)!r}: must be {DIGITS} digits")
    with open_meter(context) as meter:
        found = meter.call("token", digits=text)
    if as_json:
        show.as_json(found)
    if not found["accepted"]:
        raise Refused(f"token: not accepted: {found['reason']}: {found['text']}")
    if not as_json:
        show.said(f"token: accepted{': ' if found['text'] else ''}{found['text']}, "
                  f"the balance is {found['balance']}")


def message(
    context: typer.Context,
    file: Annotated[str, typer.Argument(
        help="File of messages in hexadecimal, one a line; - is standard input.")],
    as_json: AsJson = False,
) -> None:
    """Bring messages to the meter and print its receipts, in hexadecimal, one a line."""
    messages = _messages(file)
    answers: list[dict[str, Any]] = []
    with open_meter(context) as meter:
        for each in messages:
            answers.append(meter.call("message", hex=each.hex()))
            if not as_json and answers[-1]["receipt"]:
                print(answers[-1]["receipt"], flush=True)
            if not answers[-1]["accepted"]:
                break
    if as_json:
        show.as_json(answers)
    if not answers[-1]["accepted"]:
        raise Refused(f"message {len(answers)} of {len(messages)}: not accepted: "
                      f"{answers[-1]['text']}")


def _messages(file: str) -> list[bytes]:
    try:
        text = sys.stdin.read() if file == _STANDARD_INPUT else Path(file).read_text("ascii")
    except (OSError, UnicodeDecodeError) as e:
        raise BadInput(f"file {file}: {e}") from e
    words = text.split()
    if not 1 <= len(words) <= _MESSAGES_MAX:
        raise BadInput(f"file {file}: {len(words)} messages: must be 1 to {_MESSAGES_MAX}")
    found = []
    for number, word in enumerate(words, 1):
        try:
            found.append(bytes.fromhex(word))
        except ValueError:
            raise BadInput(f"file {file}: message {number}: must be hexadecimal digits") from None
        if len(found[-1]) > MESSAGE_MAX:
            raise BadInput(f"file {file}: message {number}: {len(found[-1])} bytes, at most "
                           f"{MESSAGE_MAX}")
    return found


@keys.command()
def install(
    context: typer.Context,
    decoder: Annotated[Path | None, typer.Option(
        help="Decoder key for tokens, a file of `python -m tools.vend decoder-key`.")] = None,
    messages: Annotated[Path | None, typer.Option(
        help="Keys for messages, a file of `python -m tools.vend keys make`.")] = None,
    meter_id: Annotated[str, typer.Option(
        "--meter-id", help="With --messages: whose keys of that file.")] = "",
    final: Annotated[bool, typer.Option(
        "--final",
        help="With --messages: they need not be changed before they are used.")] = False,
    as_json: AsJson = False,
) -> None:
    """Install keys, best before `provision`: a locked meter takes none once it has any."""
    requests: list[tuple[str, dict[str, Any]]] = []
    if decoder is not None:
        requests.append(("token_key", {"key": _decoder_key(decoder)}))
    if messages is not None:
        read_meter_id(meter_id)
        requests.append(("message_keys", {
            "keys": _message_keys(messages, meter_id), "factory": not final}))
    elif meter_id or final:
        raise BadInput("--meter-id and --final: are taken with --messages only")
    if not requests:
        raise BadInput("keys install: needs --decoder, --messages or both")
    with open_meter(context) as meter:
        known = meter.call("identity")
        if messages is not None and known["provisioned"] and known["meter_id"] != meter_id:
            raise Refused(f"meter {known['meter_id']}: the keys are those of meter {meter_id}")
        for do, arguments in requests:
            meter.call(do, **arguments)
    installed = [do for do, _ in requests]
    if as_json:
        show.as_json({"installed": installed})
        return
    for do in installed:
        show.said("decoder key: installed" if do == "token_key" else
                  "keys for messages: installed"
                  + ("" if final else "; they must be changed before they are used"))


def _decoder_key(file: Path) -> dict[str, Any]:
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode != 0o600:
            raise BadInput(f"{file}: its mode is {mode:04o}, must be 0600: chmod 600 it")
        found = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as e:
        raise BadInput(f"{file}: {e}") from e
    if not isinstance(found, dict) or "key" not in found:
        raise BadInput(f"{file}: must be an object with `key`")
    return found


def _message_keys(file: Path, meter_id: str) -> list[dict[str, str]]:
    try:
        found = key_file.load(file, meter_id)
    except VendError as e:
        raise BadInput(str(e)) from e
    return [{"role": key.role, "kid": key.kid.hex(), "key": key.secret.hex()} for key in found]


def add(app: typer.Typer) -> None:
    app.command()(token)
    app.command()(message)
    app.add_typer(keys, name="keys")
