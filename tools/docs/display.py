"""`python -m tools.docs.display FOLDER`: draw every page of the display in both languages.

Each picture has the segment glass, then the OLED in English and in Chinese. The meter is one of
the bench after ten days of recorded load; all that it does is determined, and so is every pixel.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

from tools.bench import documents
from tools.bench.process import ROOT, JsonFile, run_json
from tools.display import picture
from tools.vend import sts

FOLDER = ROOT / "docs" / "images" / "display"
LOAD = ROOT / "data" / "load" / "household-1min.csv"
TARIFF = f"{ROOT / 'data' / 'tariffs' / 'tariffs.json'}#cn-zhejiang-tou-2012"
END = "2007-05-10T18:30:00"
BASE = 1993
KEY = bytes(range(16))
_TENTHS_KWH = 500
_COLOURS = 32
_GAP = 8
_GROUND = (255, 255, 255)


def spec() -> dict[str, Any]:
    """Return what the meter of the pictures lives through."""
    when = datetime.fromisoformat(END).replace(tzinfo=UTC)
    tid = sts.tid_at(when, BASE)
    tokens = [sts.with_tid(KEY, sts.CREDIT, 0, tid + i, _TENTHS_KWH, 5) for i in range(2)]
    wrong = tokens[0][:-1] + str((int(tokens[0][-1]) + 1) % 10)
    return {
        "load": str(LOAD), "tariff": documents.find(TARIFF)[0], "balance": "50",
        "warnings": ["10", "5"], "until": END, "tick_s": 60,
        "top_ups": [["2007-05-04T19:20:00", "30", None], ["2007-05-09T07:45:00", "60", None]],
        "key": {"key": KEY.hex(), "base": BASE}, "tokens": tokens, "wrong": wrong,
    }


def pages() -> list[dict[str, Any]]:
    """Run the meter and return what it shows; see tools/bench/meter/panel_pages.py."""
    with JsonFile(spec()) as path:
        found: list[dict[str, Any]] = run_json("panel_pages.py", path)
    return found


def pictures() -> dict[str, Image.Image]:
    """Return the pictures by name: a page on the glass and on the OLED in both languages."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for page in pages():
        by_name.setdefault(page["name"], []).append(page)
    return {name: _together(found) for name, found in by_name.items()}


def _together(found: list[dict[str, Any]]) -> Image.Image:
    glass = picture.draw(found[0]["states"][0])
    oleds = [picture.draw(page["states"][1]) for page in found]
    height = oleds[0].height // 2
    parts = [glass.resize((glass.width * height // glass.height, height), Image.Resampling.BOX)]
    parts += [oled.resize((oled.width // 2, height), Image.Resampling.BOX) for oled in oleds]
    width = sum(part.width for part in parts) + _GAP * (len(parts) - 1)
    whole = Image.new("RGB", (width, height), _GROUND)
    left = 0
    for part in parts:
        whole.paste(part, (left, 0))
        left += part.width + _GAP
    return whole.quantize(_COLOURS, dither=Image.Dither.NONE)


def main() -> int:
    """Write the pictures into the folder that is named."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, drawn in pictures().items():
        drawn.save(folder / f"{name}.png", optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
