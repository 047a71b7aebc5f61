"""Mains out of range: voltage, frequency and a lost phase, each with a delay and a re-close delay.

The voltage that counts is the highest for too much and the lowest for too little. One guard holds
the reason for all three, and goes on with it over a power cut: whoever was off stays so until the
mains has been good for the whole re-close delay.
"""

from micropython import const

from joulegate.core import events as event
from joulegate.core.protection.limit import ABOVE, BELOW, Limit
from joulegate.core.sight import Sight
from joulegate.core.supply_reasons import VOLTAGE

_HYSTERESIS_CHZ = const(10)


class Mains:
    def __init__(self) -> None:
        self._high = Limit(ABOVE, event.OVERVOLTAGE_BEGAN, event.OVERVOLTAGE_ENDED)
        self._low = Limit(BELOW, event.UNDERVOLTAGE_BEGAN, event.UNDERVOLTAGE_ENDED)
        self._fast = Limit(ABOVE, event.FREQUENCY_LEFT, event.FREQUENCY_BACK)
        self._slow = Limit(BELOW, event.FREQUENCY_LEFT, event.FREQUENCY_BACK)
        self._loss: object = None
        self._held = 0
        self._since = -1
        """When the mains was found good while the reason was taken over; -1 for not yet."""
        self._over = True
        """Whether what was taken over from the ledger is done with."""

    def configure(self, values: dict, sight: Sight) -> None:
        delay_s = values["protection_delay_s"]
        self._close_s = close_s = values["reclose_s"]
        hysteresis_cV = values["voltage_hysteresis_V"] * 100
        self._high.configure(values["overvoltage_V"] * 100, hysteresis_cV, delay_s, close_s)
        self._low.configure(values["undervoltage_V"] * 100, hysteresis_cV, delay_s, close_s)
        self._fast.configure(values["frequency_high_cHz"], _HYSTERESIS_CHZ, delay_s, close_s)
        self._slow.configure(values["frequency_low_cHz"], _HYSTERESIS_CHZ, delay_s, close_s)
        if not values["phase_loss_V"]:
            self._loss = None
        else:
            if self._loss is None:
                # Few meters have three phases, and a module takes memory.
                from joulegate.core.protection.phases import PhaseLoss
                self._loss = PhaseLoss()
            self._loss.configure(values["phase_loss_V"] * 100, hysteresis_cV, delay_s, close_s)
        if sight.supply.reasons & VOLTAGE and not self._held:
            self._held = VOLTAGE
            self._over = False
            self._since = -1

    def step(self, sight: Sight, tell: object) -> int:
        """Look; return VOLTAGE while it is held."""
        if not (sight.measured and sight.mains_good):
            self._since = -1
            return self._held
        reading = sight.reading
        volts = reading.voltage_cV
        lowest = volts if reading.phases == 1 else min(reading.phase_voltage_cV)
        high = self._high.step(volts, sight, tell)
        low = self._low.step(lowest, sight, tell)
        present = self._high.present or self._low.present
        hertz = reading.frequency_cHz
        if hertz:  # without mains there is none
            self._fast.step(hertz, sight, tell)
            self._slow.step(hertz, sight, tell)
            present = present or self._fast.present or self._slow.present
        bad = high or low or self._fast.active or self._slow.active
        if self._loss is not None and reading.phases > 1:
            bad = self._loss.step(sight, tell) or bad
            present = present or self._loss.present
        if not self._over:
            bad = self._still_held(present, sight.up) or bad
        self._held = VOLTAGE if bad else 0
        return self._held

    def _still_held(self, present: bool, up: int) -> bool:
        """Return whether what a power cut left behind is to be held on."""
        if present:
            self._since = -1
        elif self._since < 0:
            self._since = up
        self._over = self._since >= 0 and up - self._since >= self._close_s
        return not self._over
