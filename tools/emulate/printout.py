"""The lines that a run prints, and the table of its figures."""

from typing import Any


def check_line(check: dict[str, Any]) -> str:
    """Return one check as a line: emulated time, outcome, what, seen, expected."""
    sign = "ok  " if check["passed"] else "FAIL"
    text = f"{check['at_ms'] / 1000:9.3f} s  {sign}  {check['what']}: {check['seen']}"
    if check["seen"] != check["expected"]:
        text += f" (expected: {check['expected']})"
    return text


def heading(log: dict[str, Any]) -> list[str]:
    """Return what was run: versions and hashes."""
    return [
        f"Joulegate {log['figures'].get('firmware', '')} on an emulated RP2040, {log['date']}, "
        f"seed {log['seed']}",
        f"MicroPython: {log['figures'].get('banner', '')}",
        *(f"SHA-256 of {name}: {digest}" for name, digest in log["sha256"].items()),
    ]


def figures(found: dict[str, Any]) -> list[str]:
    """Return the figures of a run that came to its end, a line each."""
    steady, session = found["steady"], found["session"]
    heap = found["heap_free"] + found["heap_used"]
    rows = [
        ("tick, from waking up to sleeping", f"{steady['mean_ms']:.2f} ms, of it SPI transfer "
         f"{steady['spi_ms']:.2f} ms in {steady['frames']} frames"),
        ("its computing", f"{steady['computing_ms']:.2f} ms, longest "
         f"{steady['computing_longest_ms']:.2f} ms"),
        ("step() alone, computing", f"{found['step_computing_ms']:.2f} ms"),
        ("longest time between ticks", f"{found['tick_gap_ms']:.0f} ms, with a host's session "
         f"{session['tick_gap_ms']:.0f} ms"),
        ("start to first tick", f"blank {found['start_blank_ms']:.0f} ms, provisioned "
         f"{found['start_ms']:.0f} ms"),
        ("heap free in steady state", f"{found['heap_free']} of {heap} bytes, "
         f"{100 * found['heap_free'] / heap:.0f} %, largest piece {found['largest_free']}"),
        ("credit typed to contact closed", f"{found['restoration_ms']:.0f} ms"),
        ("flash, a commit when mains fails", _operations(found["commit"])),
        ("flash, a purchase", _operations(found["purchase"])),
        ("flash, whole run", _operations(found["flash"])),
        ("energy of the whole run", f"{found['delivered_Wh']:.1f} Wh delivered, "
         f"{found['lost_Wh']:.1f} Wh lost to power cuts"),
    ]
    width = max(len(name) for name, _ in rows)
    return [f"{name:{width}}  {value}" for name, value in rows]


def _operations(count: dict[str, int]) -> str:
    return f"{count['programs']} programs, {count['erases']} erases"
