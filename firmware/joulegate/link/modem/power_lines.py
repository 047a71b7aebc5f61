"""PWRKEY, RESET and the supply of a modem.

The meter's TX is held low while the modem is off: a high line feeds a modem that has no supply,
and keeps it from starting afresh. Source: the modem sheet, section 3.
"""

from micropython import const

_SUPPLY_OFF_MS = const(8000)


class PowerLines:
    """Each line may be missing; a line is value(1) for its function, whatever its polarity."""

    def __init__(
        self, timing: object, pwrkey: object = None, reset: object = None, supply: object = None,
        hold_tx: object = None,
    ) -> None:
        """pwrkey, reset, supply: value(0 or 1), such as a Pin or Signal, or None. hold_tx:
        called with True to hold the meter's TX low, with False to give it back, or None."""
        self._timing = timing
        self._pwrkey = pwrkey
        self._reset = reset
        self._supply = supply
        self._hold_tx = hold_tx

    @property
    def can_start(self) -> bool:
        """Whether there is a line that starts a modem which is off."""
        return self._pwrkey is not None or self._supply is not None

    @property
    def can_reset(self) -> bool:
        return self._pwrkey is not None or self._reset is not None

    @property
    def can_cut(self) -> bool:
        return self._supply is not None

    async def start(self, family: object) -> None:
        """Give supply, and press PWRKEY as long as it takes to start."""
        if self._supply is not None:
            self._supply.value(1)
        self._hold(False)
        if self._pwrkey is not None:
            await self._timing.sleep_ms(family.settle_ms)
            await self._press(self._pwrkey, family.on_ms)

    async def reset(self, family: object) -> None:
        """Pull RESET; without that line, press PWRKEY until it is off and then on again."""
        if self._reset is not None:
            await self._press(self._reset, family.reset_ms)
        elif self._pwrkey is not None:
            await self._press(self._pwrkey, family.off_ms)
            await self._timing.sleep_ms(_SUPPLY_OFF_MS)
            await self._press(self._pwrkey, family.on_ms)

    async def cut(self, family: object) -> None:
        """Take the supply away, for long enough that nothing is left, and start again."""
        self._hold(True)
        self._supply.value(0)
        await self._timing.sleep_ms(_SUPPLY_OFF_MS)
        await self.start(family)

    async def _press(self, line: object, ms: int) -> None:
        line.value(1)
        try:
            await self._timing.sleep_ms(ms)
        finally:
            line.value(0)

    def _hold(self, low: bool) -> None:
        if self._hold_tx is not None:
            self._hold_tx(low)
