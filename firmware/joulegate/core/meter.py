"""The meter: one tick takes a reading to registers, account and supply decision.

`tick` is deterministic: the same state, time and reading give the same state on any machine.
It never waits, touches no hardware and reads no clock; a steady tick allocates nothing.
"""

from micropython import const

from joulegate.core.billing import Billing
from joulegate.core.reading import Reading
from joulegate.core.registers import Registers
from joulegate.core.supply import Supply

# What tick() reports besides the flags of billing.
WARNED = const(256)
SUPPLY = const(512)
"""The reasons that forbid supply have changed."""


class Meter:
    def __init__(
        self, registers: Registers, supply: Supply, billing: "Billing | None" = None
    ) -> None:
        """billing: None until the meter is provisioned; it then only measures."""
        self.registers = registers
        self.supply = supply
        self.billing = billing
        self._credits = billing.account.credits_low if billing is not None else 0

    def tick(self, now: int, reading: Reading) -> int:
        """Take in a reading at a UTC second; return the flags of what happened.

        The energy of the reading is charged at the price in force since the tick before.
        """
        self.registers.add(reading)
        billing = self.billing
        if billing is None:
            return 0
        if reading.import_counts:
            billing.consume(reading.import_counts)
        if reading.export_counts:
            billing.produce(reading.export_counts)
        if now >= billing.next_edge or now < billing.entered:
            billing.advance(now)
        flags = billing.take_flags()
        account = billing.account
        balance = account.balance
        supply = self.supply
        if account.credits_low != self._credits:
            self._credits = account.credits_low
            supply.arm(balance)
        if supply.decide(balance):
            flags |= SUPPLY
        if supply.warn(balance):
            flags |= WARNED
        return flags
