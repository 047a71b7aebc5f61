"""What the standards allow a meter to be wrong by, and the points at which it is looked at.

The limits are those of IEC 62053-21 class 1, directly connected (also class B of the MID's EN
50470-3 within its rated range), and of IEC 62053-22 class 0.5S, with Ib in the place of In. They
were written down from memory: compare them with the standard before you rely on them.
"""

from dataclasses import dataclass

CLASSES = ("1", "0.5S")

# Of a class, by whether the power factor is 1: (from so much of Ib on, limit in %), rising.
_LIMITS = {
    ("1", True): ((0.05, 1.5), (0.1, 1.0)),
    ("1", False): ((0.1, 1.5), (0.2, 1.0)),
    ("0.5S", True): ((0.01, 1.0), (0.05, 0.5)),
    ("0.5S", False): ((0.02, 1.0), (0.1, 0.6)),
}
FACTORS = {"1": 0.0, "0.5 L": 60.0, "0.8 C": -36.87}
"""Power factors that both tables name, and the degrees by which the current lags."""
_NEAR = 1e-9


@dataclass(frozen=True)
class Point:
    """A point of a verification: current as a part of Ib, a name for it, and a power factor."""

    name: str
    part: float
    factor: str

    @property
    def degrees(self) -> float:
        return FACTORS[self.factor]


def limit(of_class: str, part: float, factor: str) -> float | None:
    """Return the limit of error in % at a part of Ib, None where the class sets none."""
    found = None
    for start, percent in _LIMITS[of_class, factor == "1"]:
        if part >= start - _NEAR:
            found = percent
    return found


def points(minimum: float, maximum: float) -> list[Point]:
    """Return the points from Imin, 0.1 Ib and Ib to Imax, all in parts of Ib, by power factor."""
    currents = (("Imin", minimum), ("0.1 Ib", 0.1), ("Ib", 1.0), ("Imax", maximum))
    return [Point(name, part, factor) for factor in FACTORS for name, part in currents]


def within(of_class: str, point: Point, error_percent: float) -> bool | None:
    """Return whether an error is within the class; None where the class sets no limit."""
    allowed = limit(of_class, point.part, point.factor)
    return None if allowed is None else abs(error_percent) <= allowed
