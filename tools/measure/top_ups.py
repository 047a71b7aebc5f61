"""Top-ups through a real broker as rows of the table; see tools/bench/top_up.py."""

from collections.abc import Sequence

from tools.bench import top_up
from tools.bench.local_broker import mosquitto
from tools.bench.top_up import LATE_TARGET_MS, Result
from tools.measure.rows import Row


def measured() -> list[Result] | None:
    """Measure every way; None on a computer without mosquitto."""
    return None if mosquitto() is None else top_up.measure_all(top_up.ways())


def rows(results: Sequence[Result]) -> list[Row]:
    """Return the slowest top-up of each way, and what being linked does to the ticks."""
    told = [result.told for result in results]
    return [
        *(Row(f"top-up to contact, {result.way.name}, slowest of {len(result.closed_s)}", "s",
              result.target_s, "lower", unix=round(max(result.closed_s), 2))
          for result in results),
        Row("tick late while linked, 99 of 100", "ms", LATE_TARGET_MS, "lower",
            unix=max(top_up.of_bins(t["late_ms"], 99) for t in told)),
        Row("a task keeps the others waiting, linked, longest", "ms", LATE_TARGET_MS, "lower",
            unix=max(round(t["longest_slice_ms"], 1) for t in told)),
        Row("energy counts lost over restarts and reconnections", "counts", 0, "lower",
            unix=max(abs(t["emitted"] - t["counts"]) for t in told)),
    ]
