"""The report of a calibration or verification of one meter: a JSON file, and one to read."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.meterctl.reference import factor

Rows = list[tuple[str, str, str, str]]


def percent(ppm: int | None) -> str:
    """Return millionths as per cent; a dash for what nobody knows."""
    return "-" if ppm is None else f"{ppm / 10000:+.3f}"


def error_rows(result: dict[str, Any], lines: list[str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield step, quantity, error before and after in % of one step's result."""
    after = result["after"] or {}
    title = result["step"]
    for name in ("voltage", "current", "power"):
        for i, before in enumerate(result["before"][f"{name}_ppm"]):
            of_line = f" {lines[i]}" if len(lines) > 1 else ""
            later = after[f"{name}_ppm"][i] if after else None
            yield title, name + of_line, percent(before), percent(later)
            title = ""
    yield title, "energy", percent(result["before"]["energy_ppm"]), percent(
        after.get("energy_ppm"))


def write(folder: Path, kind: str, result: dict[str, Any], text: str) -> tuple[Path, Path]:
    """Write KIND-METER.json and .md into a folder, in place of those there were."""
    name = f"{kind}-{result['meter_id'] or result['unique_id']}"
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{name}.json", folder / f"{name}.md"
    for path, content in zip(paths, (json.dumps(result, indent=1) + "\n", text), strict=True):
        new = path.with_suffix(path.suffix + ".new")
        new.write_text(content, encoding="utf-8")
        new.replace(path)
    return paths


def calibration_text(result: dict[str, Any]) -> str:
    """Return the report of a calibration in Markdown."""
    found = [*_head("Calibration", result), "",
             "| step | quantity | before, % | after, % |", "|---|---|---:|---:|"]
    for step in result["steps"]:
        found += [f"| {' | '.join(row)} |" for row in error_rows(step, result["lines"])]
    found += ["", *(f"- {check['name']}: {check['text']}" for check in result["checks"])]
    found += [f"- {step['step']}: {step['remark']}" for step in result["steps"] if step["remark"]]
    found += ["", "| constant | value |", "|---|---:|"]
    found += [f"| `{name}` | {value} |" for name, value in sorted(result["constants"].items())]
    found += ["", "Stored." if result["stored"] else "Not stored: the meter is as it was.", ""]
    return "\n".join(found)


def verification_text(result: dict[str, Any]) -> str:
    """Return the report of a verification in Markdown."""
    found = [*_head("Verification", result), "",
             "| current | A | power factor | error, % | class 1 | class 0.5S |",
             "|---|---:|---|---:|---:|---:|"]
    for point in result["points"]:
        limits = [_limit(point["limits"][of_class]) for of_class in ("1", "0.5S")]
        found.append(f"| {point['name']} | {point['current_A']:g} | {point['factor']} | "
                     f"{point['error_percent']:+.3f} | {limits[0]} | {limits[1]} |")
    found += ["", *(f"- class {name}: {'within' if good else 'NOT within'} its limits"
                    for name, good in result["within"].items()), ""]
    return "\n".join(found)


def _limit(value: float | None) -> str:
    return "-" if value is None else f"±{value:.1f}"


def _head(title: str, result: dict[str, Any]) -> list[str]:
    return [
        f"# {title} of meter {result['meter_id'] or result['unique_id']}", "",
        "| | |", "|---|---|",
        f"| time | {result['time']} UTC |", f"| metering IC | {result['ic']} |",
        f"| board, firmware | {result['board']}, {result['firmware']} |",
        f"| chip | {result['unique_id']} |",
        f"| basic values | {result['voltage_V']} V, {result['current_A']} A, "
        f"{result['counts_per_kWh']} counts a kWh |",
        f"| reference | {result['reference']} |"]


def setting_text(setting: dict[str, Any]) -> str:
    return (f"{setting['volts']:g} V, {setting['amperes']:g} A, "
            f"power factor {factor(setting['degrees'])}")
