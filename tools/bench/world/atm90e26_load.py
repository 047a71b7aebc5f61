"""What is connected to the modelled ATM90E26: the front end of the board and the load.

Both are of the primary side and hold whole numbers only. A ratio that no decimal unit can carry
(250 mV at 220 V) is given as a pair: microvolts, and the amperes or volts that make them.
"""

_MAX_CENTIVOLTS = 100_000
_MAX_MILLIAMPERES = 2_000_000
_MAX_MILLIWATTS = 2_000_000_000
_MAX_CENTIHERTZ = 10_000


def _ratio(name: str, value: int | tuple) -> tuple:
    pair = value if isinstance(value, tuple) else (value, 1)
    if len(pair) != 2 or not all(isinstance(part, int) and part > 0 for part in pair):
        raise ValueError("%s is %r: a positive int or a pair of them is needed" % (name, value))
    return pair


class FrontEnd:
    """Microvolts at the three inputs, each as a pair (microvolts, amperes or volts)."""

    def __init__(self, shunt: int | tuple, ct: int | tuple, divider: int | tuple) -> None:
        self.shunt = _ratio("shunt_uV_per_A", shunt)
        self.ct = _ratio("ct_uV_per_A", ct)
        self.divider = _ratio("divider_uV_per_V", divider)


class Load:
    """Voltage, current and power of both lines, in cV, mA, mW, mvar and 0.01 Hz."""

    def __init__(self) -> None:
        self.voltage = 0
        self.l_current = 0
        self.l_active = 0
        self.l_reactive = 0
        self.n_current = 0
        self.n_active = 0
        self.n_reactive = 0
        self.frequency = 5000

    def settle(self) -> None:
        """Refuse values out of range (ValueError) and take away power without voltage."""
        if (not 0 <= self.voltage <= _MAX_CENTIVOLTS
                or not 0 <= self.frequency <= _MAX_CENTIHERTZ
                or not 0 <= self.l_current <= _MAX_MILLIAMPERES
                or not 0 <= self.n_current <= _MAX_MILLIAMPERES
                or abs(self.l_active) > _MAX_MILLIWATTS
                or abs(self.l_reactive) > _MAX_MILLIWATTS
                or abs(self.n_active) > _MAX_MILLIWATTS
                or abs(self.n_reactive) > _MAX_MILLIWATTS):
            self._refuse()
        if not self.voltage:
            # 46002B: with V = 0 the chip sees no power, whatever current flows.
            self.l_active = self.l_reactive = 0
            self.n_active = self.n_reactive = 0

    def _refuse(self) -> None:
        for name, value, low, high in (
                ("voltage_cV", self.voltage, 0, _MAX_CENTIVOLTS),
                ("frequency_cHz", self.frequency, 0, _MAX_CENTIHERTZ),
                ("current_mA", self.l_current, 0, _MAX_MILLIAMPERES),
                ("neutral_mA", self.n_current, 0, _MAX_MILLIAMPERES),
                ("active_mW", self.l_active, -_MAX_MILLIWATTS, _MAX_MILLIWATTS),
                ("reactive_mvar", self.l_reactive, -_MAX_MILLIWATTS, _MAX_MILLIWATTS),
                ("neutral_mW", self.n_active, -_MAX_MILLIWATTS, _MAX_MILLIWATTS),
                ("neutral_mvar", self.n_reactive, -_MAX_MILLIWATTS, _MAX_MILLIWATTS)):
            if not low <= value <= high:
                raise ValueError("%s is %r: must be %d to %d" % (name, value, low, high))
