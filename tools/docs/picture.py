"""`python -m tools.docs.picture`: draw docs/images/live.svg, the screen of the live meter.

It shows a status line of a real run, kept in docs/images/live-status.json: the household of
May 2007 on Beijing's tariff, 600 times faster than real time.
"""

import io
import json
import re

from rich.console import Console

from tools.bench import live
from tools.bench.process import ROOT

STATUS = ROOT / "docs" / "images" / "live-status.json"
PICTURE = ROOT / "docs" / "images" / "live.svg"
RATE = 600
TOP_UP = "20"
WIDTH = 80
FONT_FACE = re.compile(r"@font-face\s*\{.*?\}\s*", re.DOTALL)


def draw() -> str:
    """Return the screen as SVG; it needs no font from elsewhere, any monospaced one will do."""
    status = json.loads(STATUS.read_text(encoding="utf-8"))
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True,
        color_system="truecolor", legacy_windows=False)
    console.print(live.page(status, RATE, TOP_UP))
    svg = console.export_svg(title="make run", unique_id="live")
    lines = FONT_FACE.sub("", svg).splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
