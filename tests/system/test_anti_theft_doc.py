"""docs/anti-theft.md has the settings, events and trips of the firmware."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/anti-theft.md").read_text(encoding="utf-8")
PRINT = """
import json
from tools.docs import firmware
rules = firmware.load("joulegate.storage.setting_rules")
events = firmware.load("joulegate.core.events")
trips = firmware.load("joulegate.core.tamper.trips")
print(json.dumps([rules.TOPICS["tamper"], events.names(), trips.TRIPS]))
"""


def tables() -> list[object]:
    # In a process of its own: importing the firmware here would stay in every later test.
    import json
    done = subprocess.run(
        [sys.executable, "-c", PRINT], cwd=ROOT, capture_output=True, text=True, check=True)
    found: list[object] = json.loads(done.stdout)
    return found


def test_the_settings_are_those_of_the_rules() -> None:
    topic = str(tables()[0])
    wanted = ["| `{}` | {} | {} to {} | {} |".format(*line.split(" ", 4))
              for line in topic.split("\n") if line]
    assert re.findall(r"^\| `\w+` \| -?\d.*", PAGE, re.MULTILINE) == wanted


def test_each_trip_has_its_row_and_each_event_a_name() -> None:
    _, names, trips = tables()
    assert isinstance(names, list)
    assert isinstance(trips, list)
    rows = [row for row in PAGE.split("\n") if re.search(r"\| \d+ \|$", row)]
    assert [int(row.split("|")[-2]) for row in rows] == [1 << n for n in range(len(trips))]
    for row in rows:
        for name in re.findall(r"`(\w+)`", row.split("|")[4]):
            assert name in names
