"""Tables for a person to read."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_PIPE_WIDTH = 200
"""Characters, where there is no terminal to say."""


def show(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print rows under the names of their columns; nothing in a cell is taken for markup."""
    table = Table(*columns, box=box.SIMPLE)
    for row in rows:
        table.add_row(*map(Text, row))
    console = Console()
    Console(width=None if console.is_terminal else _PIPE_WIDTH).print(table)
