"""Inverse-time overcurrent (IEC 60255-151): the more current, the sooner; bursts add up.

The time to the trip is T * k / (M ** alpha - 1), for M times the setting and a multiplier T. What
is kept is the part of it that has passed, so that the current may change meanwhile. Below the
setting it falls again, in T * tr / (1 - M ** 2) from full to nothing (the standard's dependent
reset). Whole numbers only, within 1.5 % of the formula from 1.1 times the setting on; 20 times
the setting is the most that counts.
"""

from micropython import const

STANDARD = const(1)
VERY = const(2)
EXTREMELY = const(3)

FULL = const(0x4000000)
"""What trips. Small enough that the heat of a second stays below 2 ** 30."""

_ONE = const(1024)  # M of 1
_M_MAX = const(20480)

_HEAT_VERY = const(485)  # FULL * 100 / (1000 * _ONE * k), k 13.5
_HEAT_EXTREMELY = const(82)  # the same, k 80
_COOL = (0, 485, 139, 82)  # the same for tr: 13.5, 47.3, 80


class InverseTime:
    def __init__(self) -> None:
        self.heat = 0
        """The part of the way to the trip that has passed, of FULL."""

    def configure(self, pick_up_mA: int, curve: int, multiplier: int) -> None:
        """pick_up_mA: above 0. curve: one of the three. multiplier: T in hundredths."""
        self._pick_up_mA = pick_up_mA
        self._curve = curve
        self._multiplier = multiplier

    def step(self, current_mA: int, seconds: int) -> bool:
        """Let a current flow for so long; return whether it has been too much."""
        if current_mA <= self._pick_up_mA:
            if self.heat:
                self._cool(current_mA, seconds)
            return False
        m = min(_M_MAX, current_mA * _ONE // self._pick_up_mA)
        self.heat = min(FULL, self.heat + self._rate(m) * 1000 * seconds)
        return self.heat >= FULL

    def _rate(self, m: int) -> int:
        """Return the heat of a millisecond."""
        if self._curve == EXTREMELY:
            return ((m * m >> 10) - _ONE) * _HEAT_EXTREMELY // self._multiplier
        if self._curve == VERY:
            return (m - _ONE) * _HEAT_VERY // self._multiplier
        # FULL * 100 / (1000 * 0.14 * 2 ** 20) is 320 / 7.
        return _power_less_one(m) * 320 // (7 * self._multiplier)

    def _cool(self, current_mA: int, seconds: int) -> None:
        m = current_mA * _ONE // self._pick_up_mA
        rate = (_ONE - (m * m >> 10)) * _COOL[self._curve] // self._multiplier
        self.heat = max(0, self.heat - rate * 1000 * seconds)


def _power_less_one(m: int) -> int:
    """Return (m / 1024) ** 0.02 - 1 in 2 ** -20, for 1 to 20 times 1024."""
    x = _log2(m) * 14536 // 16384  # 0.02 * ln 2 * 2 ** 20 / 2 ** 14 = 0.88723
    half = (x >> 4) * (x >> 4) >> 13  # x ** 2 / 2
    return x + half + (half >> 4) * (x >> 4) // (3 << 12)


def _log2(m: int) -> int:
    """Return the logarithm of m / 1024 to the base 2, in 2 ** -14, bit by bit."""
    whole = 0
    while m >= 2 * _ONE << whole:
        whole += 1
    y = (m << 4) >> whole  # 1 to 2, in 2 ** -14
    result = whole
    for _ in range(14):
        y = y * y >> 14
        result <<= 1
        if y >= 32768:
            y >>= 1
            result |= 1
    return result
