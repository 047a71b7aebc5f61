"""What adjusting a metering IC has in common: see Adjuster of NAME_adjust.py beside each driver.

An Adjuster answers
    name        of the chip
    lines       names of the lines it measures apart, one or three
    steps       those of "gain", "offset" and "phase" that it has constants for
    own         names of the constants that may be changed, thresholds among them
    count_s     seconds that the least load in question needs for a count
    measure()   fill voltage_mV, current_uA, power_mW and reactive_mvar (None where the chip has
                none) by line, and neutral_uA (None likewise)
    held()      what the driver holds of the next count, in 65536ths, export negative
    gain(shown, reference), offset(...), phase(...)  the constants of a step, by name

shown and reference are a Point each. All arithmetic is in integers, rounded once; ValueError for
what the chip cannot mend.
"""

from micropython import const

_PPM = const(1000000)


class Point:
    """Voltage in mV, current in uA and power in mW by line, at one setting of the source."""

    def __init__(
        self, voltage_mV: list, current_uA: list, power_mW: list, energy_mW: "int | None" = None,
        neutral_uA: "int | None" = None, frequency_cHz: int = 5000,
    ) -> None:
        """energy_mW: mean power of all lines by what was counted, None where nothing was."""
        self.voltage_mV = voltage_mV
        self.current_uA = current_uA
        self.power_mW = power_mW
        self.energy_mW = energy_mW
        self.neutral_uA = neutral_uA
        self.frequency_cHz = frequency_cHz

    def apparent_mVA(self, line: int) -> int:
        return (self.voltage_mV[line] * self.current_uA[line] + 500000) // _PPM

    def reactive_mvar(self, line: int) -> int:
        """Return the size of the reactive power of a sine, from the other two."""
        apparent = self.apparent_mVA(line)
        return root(max(0, apparent * apparent - self.power_mW[line] * self.power_mW[line]))


def rounded(value: int, by: int) -> int:
    """Return value / by to the nearest whole number; by is positive."""
    return (2 * value + by) // (2 * by)


def scaled(name: str, old: int, true: int, shown: int) -> int:
    """Return the gain that makes what is shown by `old` the true value; ValueError."""
    if shown <= 0 or true <= 0:
        raise ValueError("calibration: %s: shown %d, true %d: must be above 0" % (
            name, shown, true))
    return rounded(old * true, shown)


def error_ppm(shown: int, true: int) -> int:
    """Return the error of what is shown in millionths of what is true, which is not 0."""
    return rounded((shown - true) * _PPM, true) if true > 0 else rounded(
        (true - shown) * _PPM, -true)


def root(value: int) -> int:
    """Return the whole square root of what is not negative."""
    if value < 2:
        return value
    guess = 1
    while guess * guess < value:
        guess <<= 1
    while True:
        better = (guess + value // guess) // 2
        if better >= guess:
            return guess
        guess = better


def two_points(shown_mW: int, true_mW: int, anchor_mW: int) -> tuple:
    """Return the slope of what is shown over what is true, as a fraction, and the offset in mW.

    What is shown is true at the anchor, where the gain was adjusted, offset and all: so the line
    through it and through a second, smaller load is known. ValueError for two loads too close.
    """
    width = anchor_mW - true_mW
    if width * 2 < anchor_mW:
        raise ValueError("calibration: offset at %d mW: must be at most half of %d mW" % (
            true_mW, anchor_mW))
    rise = anchor_mW - shown_mW
    return rise, width, rounded(anchor_mW * (width - rise), width)
