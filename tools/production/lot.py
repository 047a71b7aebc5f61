"""The summary of a lot: one line of CSV a run, replaced as a whole under a lock."""

import csv
import fcntl
import io
import re
from pathlib import Path

from tools.meterctl.errors import BadInput
from tools.production.report import NOT_DONE, PASSED, Report, write_whole

COLUMNS = ("serial", "run", "verdict", "failed", "not_done", "started", "ended", "operator",
           "station", "fixture", "board", "firmware", "profile", "unique_id", "plan_sha256")


def check_name(lot: str) -> str:
    """Return a lot's name as it may be a file's; BadInput."""
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z_-]{0,31}", lot):
        raise BadInput(f"lot {lot!r}: must be 1 to 32 letters, digits, '_' or '-'")
    return lot


def add(root: Path, report: Report) -> Path:
    """Add a run to the summary of its lot and return the file; BadInput.

    Another chip's line of the same serial number stays as well: nothing is ever taken out.
    """
    path = root / f"lot-{report.lot}.csv"
    try:
        with (root / f".lot-{report.lot}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = path.read_text(encoding="utf-8") if path.exists() else ""
            output = io.StringIO()
            rows = csv.writer(output, lineterminator="\n")
            if not before:
                rows.writerow(COLUMNS)
            rows.writerow(_row(report))
            write_whole(path, before + output.getvalue())
    except OSError as e:
        raise BadInput(f"lot {path}: cannot be written: {e}") from e
    return path


def _row(report: Report) -> list[str]:
    bad = [r.name for r in report.tests if r.verdict not in (PASSED, NOT_DONE)]
    missing = [r.name for r in report.tests if r.verdict == NOT_DONE]
    meter = report.meter
    found = [
        report.serial, str(report.run), report.verdict, " ".join(bad), " ".join(missing),
        report.started, report.ended, report.operator, report.station, report.fixture,
        *(str(meter.get(name, "")) for name in ("board", "firmware", "profile", "unique_id")),
        report.plan["sha256"]]
    # A spreadsheet takes a cell that begins like this for a formula.
    return ["'" + cell if cell[:1] in ("=", "+", "-", "@") else cell for cell in found]
