"""What the board between line and metering IC is wrong by: the analogue part, not the chip's.

Divider and sensor are some per cent off, the sensor turns the current by a part of a degree, and
the voltage leaks into the current's input, which looks like a small constant load. One object for
each current input; a model is given what its pins see.
"""

import math

_PPM = 1_000_000
_LIMITS = (("voltage_ppm", 300_000), ("current_ppm", 300_000), ("lag_mdeg", 10_000),
           ("leak_mW", 100_000))


class FrontEndErrors:
    """voltage_ppm, current_ppm: too much, in millionths. lag_mdeg: by how many thousandths of a
    degree the current comes late. leak_mW: power that is seen though none flows, if there is
    voltage."""

    def __init__(self) -> None:
        self.voltage_ppm = 0
        self.current_ppm = 0
        self.lag_mdeg = 0
        self.leak_mW = 0

    def set(self, name: str, value: int) -> None:
        """ValueError for a name or a value that is none."""
        for known, limit in _LIMITS:
            if name == known:
                if not isinstance(value, int) or abs(value) > limit:
                    raise ValueError("%s is %r: must be %d to %d" % (name, value, -limit, limit))
                setattr(self, name, value)
                return
        raise ValueError("error %r: must be one of %s" % (
            name, ", ".join([known for known, _ in _LIMITS])))

    @property
    def wrong(self) -> bool:
        """Whether anything is."""
        return bool(self.voltage_ppm or self.current_ppm or self.lag_mdeg or self.leak_mW)

    def seen(self, voltage_cV: int, current_mA: int, active_mW: int, reactive_mvar: int) -> tuple:
        """Return the load as the chip's pins have it."""
        if not self.wrong:
            return voltage_cV, current_mA, active_mW, reactive_mvar
        if self.lag_mdeg:
            turn = self.lag_mdeg * math.pi / 180_000
            cosine, sine = int(math.cos(turn) * (1 << 30)), int(math.sin(turn) * (1 << 30))
            active_mW, reactive_mvar = (
                active_mW * cosine - reactive_mvar * sine >> 30,
                reactive_mvar * cosine + active_mW * sine >> 30)
        if self.voltage_ppm or self.current_ppm:
            both = (_PPM + self.voltage_ppm) * (_PPM + self.current_ppm)
            active_mW = _of(active_mW * both, _PPM * _PPM)
            reactive_mvar = _of(reactive_mvar * both, _PPM * _PPM)
            voltage_cV = _of(voltage_cV * (_PPM + self.voltage_ppm), _PPM)
            current_mA = _of(current_mA * (_PPM + self.current_ppm), _PPM)
        if voltage_cV:
            active_mW += self.leak_mW
        return voltage_cV, current_mA, active_mW, reactive_mvar


def _of(value: int, by: int) -> int:
    return (2 * value + by) // (2 * by)
