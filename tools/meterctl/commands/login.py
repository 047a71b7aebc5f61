"""Commands that open a locked meter to a technician who answers its challenge, and close it."""

from pathlib import Path
from typing import Annotated

import typer

from tools.meterctl import show
from tools.meterctl.errors import BadInput, LineError
from tools.meterctl.session import AsJson, open_meter
from tools.vend import envelope, key_file
from tools.vend.errors import VendError

ROLES = ("technician", "administrator")
_CHALLENGE_SIZE = 16


def login(
    context: typer.Context,
    keys: Annotated[Path, typer.Option(
        help="File with the meter's keys, of `python -m tools.vend keys make`, mode 0600.")],
    role: Annotated[str, typer.Option(help=" or ".join(ROLES) + ".")] = ROLES[0],
    kid: Annotated[str, typer.Option(help="Id of the key, if there are several.")] = "",
    as_json: AsJson = False,
) -> None:
    """Log in at a locked meter: it challenges, and the key in the file answers."""
    if role not in ROLES:
        raise BadInput(f"role {role!r}: must be {' or '.join(ROLES)}")
    try:
        wanted = bytes.fromhex(kid) if kid else None
    except ValueError:
        raise BadInput(f"kid {kid!r}: must be pairs of hexadecimal digits") from None
    with open_meter(context) as meter:
        meter_id = meter.call("identity")["meter_id"]
        try:
            key = key_file.choose(key_file.load(keys, meter_id), role, wanted)
        except VendError as e:
            raise BadInput(str(e)) from e
        said = meter.call("challenge")["challenge"]
        try:
            challenge = bytes.fromhex(said)
        except ValueError:
            challenge = b""
        if len(challenge) != _CHALLENGE_SIZE:
            raise LineError(f"port {meter.port}: challenge {said[:40]!r}: must be "
                            f"{2 * _CHALLENGE_SIZE} hexadecimal digits")
        meter.call("login", kid=key.kid.hex(),
                   proof=envelope.login_proof(key, challenge).hex())
    if as_json:
        show.as_json({"meter_id": meter_id, "kid": key.kid.hex(), "role": role})
        return
    show.said(f"meter {meter_id}: logged in as {role}, key {key.kid.hex()}")


def logout(context: typer.Context, as_json: AsJson = False) -> None:
    """End the session on the meter; it ends by itself after 10 minutes without a command."""
    with open_meter(context) as meter:
        found = meter.call("logout")
    if as_json:
        show.as_json(found)
        return
    show.said("logged out")


def add(app: typer.Typer) -> None:
    app.command()(login)
    app.command()(logout)
