"""Print the figures beside their targets, and write them to build/bench.json."""

import json

from rich.console import Console
from rich.table import Table

from tools.bench import top_up
from tools.bench.process import ROOT
from tools.emulate import stored
from tools.measure import top_ups
from tools.measure.rows import rows

OUTPUT = ROOT / "build" / "bench.json"


def main() -> None:
    found = rows()
    through_broker = top_ups.measured()
    if through_broker is not None:
        found += top_ups.rows(through_broker)
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps([row.as_json() for row in found], indent=1) + "\n")
    table = Table(title="Joulegate: figures", caption="RP2040: the stored run on an emulated "
                  f"chip of {stored.ACCEPTANCE.read()['date']}, see docs/emulate.md")
    table.add_column("what")
    for column in ("unix", "32-bit", "RP2040", "target"):
        table.add_column(column, justify="right")
    table.add_column("unit")
    table.add_column("reached")
    for row in found:
        sign = "<=" if row.better == "lower" else ">="
        values = ("" if v is None else f"{v:g}" for v in (row.unix, row.bits32, row.emulated))
        table.add_row(row.name, *values, f"{sign} {row.target:g}", row.unit,
                      "yes" if row.reached else "[bold red]no[/]")
    Console(width=110).print(table)
    if through_broker is None:
        print("Top-ups through a broker: skipped: no mosquitto")
    else:
        Console(width=top_up.WIDTH).print(top_up.table(through_broker))


if __name__ == "__main__":
    main()
