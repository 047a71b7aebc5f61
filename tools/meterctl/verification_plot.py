"""The plot of a verification: error over current, one line a power factor, between the limits."""

from pathlib import Path
from typing import Any

from tools.meterctl.accuracy import CLASSES, limit
from tools.meterctl.errors import BadInput

KINDS = (".png", ".svg")
_STYLES = {"1": ("C0", "o"), "0.5 L": ("C1", "s"), "0.8 C": ("C2", "^")}
_LINES = {"1": "-", "0.5S": "--"}


def draw(result: dict[str, Any], path: Path) -> None:
    """Write the plot of what `meterctl verify --json` prints; BadInput for another kind of
    file."""
    if path.suffix not in KINDS:
        raise BadInput(f"plot {path}: must end in {' or '.join(KINDS)}")
    import matplotlib

    matplotlib.use("Agg")
    # The same result makes the same file.
    matplotlib.rcParams["svg.hashsalt"] = "joulegate"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5))
    try:
        basic = result["current_A"]
        low = min(point["part"] for point in result["points"])
        high = max(point["part"] for point in result["points"])
        for of_class in CLASSES:
            parts = _steps(low, high)
            for factor, colour in (("1", "0.3"), ("0.5 L", "0.7")):
                limits = [(part, limit(of_class, part, factor)) for part in parts]
                known = [(part * basic, value) for part, value in limits if value is not None]
                label = f"class {of_class}, power factor {'1' if factor == '1' else '0.5, 0.8'}"
                for sign in (1, -1):
                    axes.step([x for x, _ in known], [sign * y for _, y in known], where="post",
                              color=colour, linestyle=_LINES[of_class], linewidth=1,
                              label=label if sign == 1 else None)
        for factor, (colour, marker) in _STYLES.items():
            found = sorted((point["part"] * basic, point["error_percent"])
                           for point in result["points"] if point["factor"] == factor)
            axes.plot([x for x, _ in found], [y for _, y in found], color=colour, marker=marker,
                      label=f"power factor {factor}")
        axes.set_xscale("log")
        ticks = sorted({point["part"] * basic for point in result["points"]})
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        axes.set_xlabel("current, A")
        axes.set_ylabel("error of energy, %")
        axes.set_title(f"{result['ic']}, meter {result['meter_id'] or result['unique_id']}")
        axes.grid(True, linewidth=0.3)
        axes.legend(fontsize="x-small", ncols=3, loc="lower center", bbox_to_anchor=(0.5, -0.36))
        figure.savefig(path, bbox_inches="tight",
                       metadata={"Date": None} if path.suffix == ".svg" else None)
    finally:
        pyplot.close(figure)


def _steps(low: float, high: float) -> list[float]:
    """Return the parts of Ib at which a limit changes, and both ends."""
    return sorted({low, high, *(part for part in (0.02, 0.05, 0.1, 0.2) if low < part < high)})
