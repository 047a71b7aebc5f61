"""The report as a person reads it: Markdown."""

from typing import Any

from tools.meterctl.errors import clean
from tools.production.report import PASSED, Check, Report


def page(report: Report) -> str:
    """Return the whole page of a report."""
    meter = report.meter
    lines = [
        f"# Production test {_cell(report.serial)}, run {report.run}: {report.verdict}", "",
        *([f"**{_cell(report.reason)}**", ""] if report.reason else []),
        "| | |", "|---|---|",
        *(f"| {name} | {_cell(value)} |" for name, value in (
            ("serial number", report.serial), ("lot", report.lot),
            ("began", report.started), ("ended", report.ended or "-"),
            ("operator", report.operator), ("station", report.station),
            ("fixture", report.fixture), ("port", report.port),
            ("plan", f"{report.plan['name']}, SHA-256 {report.plan['sha256']}"),
            ("board", meter.get("board", "-")),
            ("firmware", f"{meter.get('firmware', '-')}, {meter.get('profile', '-')} image"),
            ("MicroPython", meter.get("micropython", "-")),
            ("chip", meter.get("unique_id", "-")),
            ("tool", report.tool))),
        "", "| test | verdict | s | what | value | limit | |", "|---|---|---|---|---|---|---|",
    ]
    for result in report.tests:
        lines.append(f"| **{result.name}** | **{result.verdict}** | {result.seconds:.1f} "
                     f"| {_cell(result.text)} | | | |")
        lines += [_row(check) for check in result.checks]
        lines += [f"| | | | {_cell(name)} | {_cell(value)} | | |"
                  for name, value in result.facts.items()]
    lines += ["", "Carried by the board and not tested: "
              + (", ".join(report.untested) or "nothing") + ".", ""]
    return "\n".join(lines)


def _row(check: Check) -> str:
    return (f"| | {'passed' if check.passed else '**FAILED**'} | | {_cell(check.what)} "
            f"| {_cell(value_text(check))} | {_cell(limit_text(check))} | {_cell(check.text)} |")


def value_text(check: Check) -> str:
    if check.value is None:
        return ""
    if isinstance(check.value, bool):
        return "yes" if check.value else "no"
    value = f"{check.value:g}" if isinstance(check.value, float) else str(check.value)
    return f"{value} {check.unit}".strip()


def limit_text(check: Check) -> str:
    if check.wanted is not None:
        return check.wanted
    low, high = check.low, check.high
    if low is not None and high is not None:
        return f"{low:g} to {high:g} {check.unit}".strip()
    if low is not None:
        return f"at least {low:g} {check.unit}".strip()
    return f"at most {high:g} {check.unit}".strip() if high is not None else ""


def _cell(value: Any) -> str:
    """Return a value as it may stand in a cell."""
    return clean(str(value)).replace("\\", "\\\\").replace("|", "\\|")


def verdict_line(report: Report) -> str:
    """Return the line that the operator looks at."""
    word = "PASS" if report.verdict == PASSED else report.verdict.upper()
    why = f": {report.reason}" if report.reason else ""
    return f"{report.serial} run {report.run}: {word}{why}"
