"""Terminals too hot: a loose screw heats them long before it burns.

The reason is FAULT, not OVERLOAD: it has no tries to count, being over when they have cooled, and
a technician may lift it before that.
"""

from joulegate.core import events as event
from joulegate.core.protection.limit import ABOVE, Limit
from joulegate.core.sight import Sight
from joulegate.core.supply_reasons import FAULT


class Temperature:
    def __init__(self) -> None:
        self._limit = Limit(ABOVE, event.OVERHEATED, event.COOLED)
        self._sensor: object = None
        self._held = 0
        self._taken_over = False

    def configure(self, values: dict, sight: Sight) -> None:
        self._sensor = sight.sensors.get("temperature_dC")
        self._bound = values["temperature_dC"] - values["temperature_hysteresis_dC"]
        self._limit.configure(
            values["temperature_dC"], values["temperature_hysteresis_dC"],
            values["protection_delay_s"], 0)
        if sight.supply.reasons & FAULT and not self._held and self._sensor is not None:
            self._held = FAULT
            self._taken_over = True

    def step(self, sight: Sight, tell: object) -> int:
        """Look; return FAULT while the terminals have not cooled."""
        if self._sensor is None:
            return 0
        value = self._sensor()
        if value is None or not sight.measured:
            return self._held
        hot = self._limit.step(value, sight, tell)
        if self._taken_over:
            # From before a power cut: what holds is that they have not cooled since.
            self._taken_over = not hot and value > self._bound
            if not (hot or self._taken_over):
                tell(event.COOLED, value)
        self._held = FAULT if hot or self._taken_over else 0
        return self._held
