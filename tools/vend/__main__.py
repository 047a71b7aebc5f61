"""`python -m tools.vend`: issue messages and 20-digit tokens for meters, and keep their keys.

Exit codes: 0 done; 2 wrong arguments, a bad file, or a message that is not authentic.
"""

import sys

import typer

from tools.vend import key_commands, message_commands, token_command
from tools.vend.errors import VendError

app = typer.Typer(
    no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False, rich_markup_mode=None)
app.add_typer(key_commands.app, name="keys")
app.command()(token_command.token)
app.command()(token_command.decoder_key)
message_commands.add(app)


def main(arguments: list[str] | None = None) -> None:
    """Run one command; ends with SystemExit."""
    try:
        app(arguments, prog_name="vend")
    except (VendError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
