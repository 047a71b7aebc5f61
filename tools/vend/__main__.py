"""`python -m tools.vend`: issue messages and 20-digit tokens for meters, and keep their keys.

With --broker a message is sent, and its receipt waited for. Exit codes: 0 done; 2 wrong
arguments, a bad file, or a message that is not authentic; 3 refused by the meter; 4 sent but not
confirmed: the meter may still do it; 5 no broker, nothing was sent.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tools.vend import (
    batch_command,
    delivery,
    directory_commands,
    key_commands,
    message_commands,
    order_commands,
    supply_commands,
    token_command,
)
from tools.vend.errors import VendError

app = typer.Typer(
    no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(key_commands.app, name="keys")
app.add_typer(directory_commands.app, name="directory")
app.add_typer(order_commands.app, name="orders")
app.command()(token_command.token)
app.command()(token_command.decoder_key)
app.command()(batch_command.batch)
message_commands.add(app)
supply_commands.add(app)

_WAIT_MAX_S = 86400


@app.callback()
def options(
    broker: Annotated[str, typer.Option(
        envvar="JOULEGATE_BROKER", show_envvar=True, metavar="URL",
        help="Send: mqtt://user@host:port, or mqtts://... for TLS. The password comes from "
             "JOULEGATE_BROKER_PASSWORD, the keyring, or is asked for.")] = "",
    ca: Annotated[Path | None, typer.Option(
        exists=True, dir_okay=False,
        help="Certificates that may vouch for the broker, PEM; default the system's.")] = None,
    wait: Annotated[float, typer.Option(
        min=0.1, max=_WAIT_MAX_S, help="Seconds to wait for a receipt.")] = delivery.WAIT_S,
    directory: Annotated[Path | None, typer.Option(
        envvar="JOULEGATE_DIRECTORY", show_envvar=True, file_okay=False,
        help="Folder with the directory of meters and the key files.")] = None,
) -> None:
    """Take the options of all commands."""
    delivery.begin(delivery.Options(broker, ca, wait, directory))


def main(arguments: list[str] | None = None) -> None:
    """Run one command; ends with SystemExit."""
    delivery.begin(delivery.Options())
    try:
        app(arguments, prog_name="vend")
    except (VendError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code if isinstance(error, VendError) else 2)
    finally:
        delivery.current().close()


if __name__ == "__main__":
    main()
