"""What is connected to the modelled ATM90E32AS: three front ends of the board and three loads.

Whole numbers only, of the primary side.
"""

_LIMITS = (
    ("voltage_cV", 0, 100_000), ("current_mA", 0, 2_000_000),
    ("active_mW", -2_000_000_000, 2_000_000_000),
    ("reactive_mvar", -2_000_000_000, 2_000_000_000),
)


class Phase:
    """One phase: microvolts at the inputs for a volt and for an ampere, by how many thousandths
    of a degree the board's current lags, and the load."""

    def __init__(self, divider: int, sensor: int, lag_mdeg: int) -> None:
        for name, value in (("divider_uV_per_V", divider), ("sensor_uV_per_A", sensor)):
            if not isinstance(value, int) or value <= 0:
                raise ValueError("%s is %r: must be a positive int" % (name, value))
        if not -10_000 <= lag_mdeg <= 10_000:
            raise ValueError("lag_mdeg is %r: must be -10000 to 10000" % (lag_mdeg,))
        self.divider = divider
        self.sensor = sensor
        self.lag_mdeg = lag_mdeg
        self.voltage = 0
        self.current = 0
        self.active = 0
        self.reactive = 0

    def take(self, *load: int) -> None:
        """Take voltage, current, active and reactive power; without voltage there is no power."""
        for (name, low, high), value in zip(_LIMITS, load):
            if not low <= value <= high:
                raise ValueError("%s is %r: must be %d to %d" % (name, value, low, high))
        self.voltage, self.current, self.active, self.reactive = load
        if not self.voltage:
            self.active = self.reactive = 0
