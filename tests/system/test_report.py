"""Reports out of a flash image: a life of three months, its days, months and year."""

import csv
import io
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from littlefs import LittleFS

ROOT = Path(__file__).resolve().parents[2]

# 2020-02-15 to the end of April at 1000 counts a day, with a dearer tariff from 2020-03-01 on.
LIFE = """
import sys
from parts import COUNTS_PER_KWH, METER_ID, UNIT_PLACES, FakeClock, new_switch, tariff
from joulegate.core.events import EventLog
from joulegate.storage.records import Records
from joulegate.storage.state import State

DAY = 86400
clock = FakeClock(45 * DAY)
log = EventLog()
state = State(sys.argv[1], COUNTS_PER_KWH, log, records=Records(sys.argv[1], log, clock))
state.provision(METER_ID, tariff(), UNIT_PLACES, new_switch(), clock.second)
state.account.credit(10**8)
for day in range(46, 122):
    state.billing.consume(1000)
    state.registers.wh[0] += 31
    clock.second = day * DAY
    state.billing.advance(clock.second)
    if day == 70:
        state.load_tariff(tariff("dear", price="0.5"), clock.second + 3600)
    if day == 71:
        clock.second += 3 * DAY
        state.billing.advance(clock.second)
"""

READ = """
import json, sys
from pathlib import Path
from tools.bench import report
from tools.bench.process import BenchError
try:
    rows = report.read(Path(sys.argv[1]), report.Span(sys.argv[2]))
except BenchError as e:
    sys.exit(str(e))
print(json.dumps([rows, report.as_csv(rows)]))
"""


def run(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # In a process of its own: importing the firmware here would stay in every later test.
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True,
        env=dict(os.environ, **environment), check=False)


def read(state: Path, span: str) -> tuple[list[dict[str, Any]], str]:
    done = run(READ, str(state), span)
    assert not done.returncode, done.stderr
    rows, text = json.loads(done.stdout)
    return rows, text


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("life")
    files = folder / "files"
    files.mkdir()
    done = run(LIFE, str(files), PYTHONPATH=":".join(
        str(ROOT / part) for part in ("firmware", "tests", "tests/cpython")))
    assert not done.returncode, done.stderr
    fs = LittleFS(block_size=4096, block_count=128)
    for path in sorted(files.rglob("*")):
        name = "/" + path.relative_to(files).as_posix()
        if path.is_dir():
            fs.mkdir(name)
        else:
            with fs.open(name, "wb") as f:
                f.write(path.read_bytes())
    (folder / "flash.bin").write_bytes(bytes(fs.context.buffer))
    return folder


def test_days(state: Path) -> None:
    rows, text = read(state, "daily")
    assert rows[0]["day"] == "2020-02-16"
    assert rows[-1]["day"] == "2020-04-30"
    assert len(rows) == 75
    assert {row["flags"] for row in rows} == {"", "late"}
    for before, row in zip(rows, rows[1:], strict=False):
        assert Decimal(row["balance"]) == (
            Decimal(before["balance"]) + Decimal(row["credits"]) - Decimal(row["charges"]))
    assert list(csv.DictReader(io.StringIO(text)))[4]["import_kWh"] == "0.186"


def test_months(state: Path) -> None:
    rows, _ = read(state, "monthly")
    assert [row["month"] for row in rows] == ["2020-02", "2020-03", "2020-04"]
    march = rows[1]
    # The parts of both tariffs together.
    cells = {name: Decimal(amount) for name, amount in march["kWh_by_price_cell"].items()}
    assert abs(sum(cells.values()) - Decimal(march["import_in_month_kWh"])) <= Decimal("0.003")
    assert Decimal(march["total"]) == Decimal(march["before_tax"]) + Decimal(march["tax"])
    assert all(name.startswith("year/all") for name in cells)


def test_year(state: Path) -> None:
    months, _ = read(state, "monthly")
    (year,), text = read(state, "yearly")
    assert (year["year"], year["months"]) == ("2020", 3)
    assert Decimal(year["total"]) == sum(Decimal(month["total"]) for month in months)
    assert year["balance"] == months[-1]["balance"]
    assert "import_in_year_kWh" in text


@pytest.mark.parametrize(("content", "says"), [
    (None, "there is no flash image"),
    (b"", "no littlefs can be read"),
    (b"\x5a" * 4096 * 8, "no littlefs can be read"),
    (b"\xff" * 5000, "no littlefs can be read"),
])
def test_what_is_no_image(tmp_path: Path, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / "flash.bin").write_bytes(content)
    done = run(READ, str(tmp_path), "daily")
    assert done.returncode
    assert says in done.stderr
