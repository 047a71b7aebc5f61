"""The figures of the link's scenario, a line each."""

from typing import Any

PROGRAM_MS, ERASE_MS = 0.4, 45
"""Typical times of the flash's sheet, as the emulated one has them; the processor waits."""


def heading(log: dict[str, Any]) -> list[str]:
    """Return what was run: versions and hashes."""
    figures = log["figures"]
    return [
        f"Joulegate {figures.get('firmware', '')} on an emulated RP2040 with a modem, "
        f"{log['part']}, {log['date']}",
        f"MicroPython: {figures.get('banner', '')}",
        *(f"SHA-256 of {name}: {digest}" for name, digest in log["sha256"].items()),
    ]


def rows(found: dict[str, Any]) -> list[str]:
    """Return the figures of a run that came to its end."""
    heap, before = found["heap"], found["heap_before"]
    whole = heap["used"] + heap["free"]
    table = [
        ("start to online", f"{found['connected_ms'] / 1000:.1f} s, the modem off at "
         "first"),
        ("registered to online", f"{found['registered_to_online_ms'] / 1000:.1f} s"),
        ("modem's own reset to online again", f"{found['reset_to_online_ms'] / 1000:.1f} s"),
        ("credit at the modem to contact closed", f"{found['credit_came_to_closed_ms']:.0f} ms"),
        ("token by SMS to the answer's command", f"{found['sms_to_answer_ms']:.0f} ms"),
        ("longest time between ticks", f"connecting {found['connecting_gap_ms']:.0f} ms, quiet "
         f"{found['quiet']['tick_gap_ms']:.0f} ms, messages {found['burst']['tick_gap_ms']:.0f} "
         "ms"),
        *((f"longest wait for the processor, {name}", _wait(found[f"canary_{key}"]))
          for name, key in (("quiet", "quiet"), ("a credit", "credit"), ("a token", "sms"),
                            ("messages", "burst"), ("reconnecting", "reset"))),
        *((f"{name}, each and longest", _cost(found["costs"][name])) for name in COSTS
          if found["costs"].get(name, [0])[0]),
        *_told("connecting", found["holds_connecting"]),
        *_told("all", found["holds"]),
        ("heap without link", f"{before['used']} bytes"),
        ("heap with everything", f"{heap['used']} bytes of {whole}, "
         f"{100 * heap['free'] / whole:.0f} % free, largest piece {heap['largest']}"),
        ("stack, deepest", f"{found['stack_used']} of {found['stack_bytes']} bytes"),
    ]
    width = max(len(name) for name, _ in table)
    return [f"{name:{width}}  {value}" for name, value in table]


COSTS = (
    "step of computing", "step deed", "step supply", "step number", "receipt stored", "seal",
    "derive", "commit", "next", "tick", "uplink step", "session step", "pump", "collection",
    "longest body, decode", "longest body, parse",
)
"""What is timed on the chip: the steps of a message, and what they and others hold."""


def _told(when: str, holds: list[Any]) -> list[tuple[str, str]]:
    """Return what the meter itself tells of how long its link held others up."""
    longest_ms, long, flash = holds
    rows = [("computing", long, longest_ms), *((f"flash, {row[0]}", *row[1:]) for row in flash)]
    return [(f"told, {when}: {name}", f"{longest} ms, {count} above 20 ms")
            for name, count, longest in rows]


def _wait(seen: dict[str, Any]) -> str:
    flash = seen["programs"] * PROGRAM_MS + seen["erases"] * ERASE_MS
    return (f"{seen['longest_ms']:.0f} ms, {seen['over_20_ms']} above 20 ms; flash in all "
            f"{flash:.0f} ms, {seen['programs']} programs, {seen['erases']} erases")


def _cost(cost: list[int]) -> str:
    count, total, longest = cost
    return f"{total / count / 1000:.1f} ms, {longest / 1000:.1f} ms of {count}"
