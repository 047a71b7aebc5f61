"""Sag detector of the modelled ATM90E26 (Microchip 46002B and 46102B).

The chip counts samples above SagTh within one cycle. For the sine of the model that is a
comparison of the peak: sag while V * sqrt(2) is below SagTh * 4 * Ugain / 32768 (0.01 V). Ugain
stands in both sides and drops out, which is why SagTh must be worked out again when it changes.
A sag is declared one whole cycle and 0.5 ms after it begins, once, while SagEn is set.
"""

from world.atm90e26_load import FrontEnd, Load
from world.atm90e26_registers import (
    FUNC_EN,
    SAG_EN,
    SAG_TH,
    SAG_WARN,
    SAG_WO,
    SYS_STATUS,
    square_root,
)


class SagDetector:
    """Watches the voltage against SagTh."""

    def __init__(self, registers: list, front_end: FrontEnd) -> None:
        self._registers = registers
        self._divider = front_end.divider
        self.reset()

    def reset(self) -> None:
        """Forget any sag and take the threshold from the registers."""
        self.low = False
        self.declared = False
        self._low_ms = 0
        self._cycle_ms = 0
        self.configure()

    def configure(self) -> None:
        """Work out the highest voltage that is a sag, after a change of SagTh."""
        # 2 * (U[uV] / 300000)^2 < (SagTh * 4 / 32768)^2, solved for U in 0.01 V.
        above = (300_000 * 4 * self._registers[SAG_TH] * 100 * self._divider[1]) ** 2
        below = 2 * (self._divider[0] * 32768) ** 2
        self._highest = square_root((above - 1) // below) if above else -1

    def follow(self, load: Load) -> None:
        """Take the load and the enable bit."""
        self.low = bool(self._registers[FUNC_EN] & SAG_EN) and load.voltage <= self._highest
        # 20 ms at 50 Hz and 0.5 ms of delay, in whole milliseconds.
        self._cycle_ms = 100_000 // (load.frequency or 5000) + 1
        if not self.low:
            self.declared = False
            self._low_ms = 0

    def advance(self, ms: int) -> None:
        """Let `ms` milliseconds of low voltage pass."""
        self._low_ms += ms
        if self._low_ms >= self._cycle_ms and not self.declared:
            self.declared = True
            self._registers[SYS_STATUS] |= SAG_WARN

    def warns(self) -> bool:
        """Return whether a sag holds WarnOut high (SagWo)."""
        return self.declared and bool(self._registers[FUNC_EN] & SAG_WO)
