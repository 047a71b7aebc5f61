"""Print the figures beside their targets, and write them to build/bench.json."""

import json

from rich.console import Console
from rich.table import Table

from tools.bench.process import ROOT
from tools.measure.rows import rows

OUTPUT = ROOT / "build" / "bench.json"


def main() -> None:
    found = rows()
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps([row.as_json() for row in found], indent=1) + "\n")
    table = Table(title="Joulegate: figures of this machine")
    table.add_column("what")
    for column in ("measured", "target", "unit"):
        table.add_column(column, justify="right" if column != "unit" else "left")
    table.add_column("reached")
    for row in found:
        sign = "<=" if row.better == "lower" else ">="
        table.add_row(row.name, f"{row.value:g}", f"{sign} {row.target:g}", row.unit,
                      "yes" if row.reached else "[bold red]no[/]")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
