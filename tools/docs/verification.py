"""`python -m tools.docs.verification`: draw docs/images/verification.svg, a plot of errors.

It shows a verification of a real run, kept in docs/images/verification.json: the meter of
docs/calibration.md, once it was calibrated.
"""

import json
from pathlib import Path

from tools.bench.process import ROOT
from tools.meterctl import verification_plot

RESULT = ROOT / "docs" / "images" / "verification.json"
PICTURE = ROOT / "docs" / "images" / "verification.svg"


def draw(path: Path) -> None:
    """Write the plot to a file."""
    verification_plot.draw(json.loads(RESULT.read_text(encoding="utf-8")), path)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    draw(PICTURE)
