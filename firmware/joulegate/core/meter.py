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
"""What the ledger keeps of supply has changed."""


class Meter:
    def __init__(
        self, registers: Registers, supply: Supply, billing: "Billing | None" = None
    ) -> None:
        """billing: None until the meter is provisioned; it then only measures."""
        self.registers = registers
        self.supply = supply
        self.billing = billing
        if billing is not None:
            supply.resume(billing.account, registers)

    def tick(self, now: int, reading: Reading, up: "int | None" = None) -> int:
        """Take in a reading at a UTC second; return the flags of what happened.

        up: seconds since the start, which no setting of the clock moves; `now` without it. The
        energy of the reading is charged at the price in force since the tick before, export as
        import if supply.forward says so.
        """
        self.registers.add(reading)
        billing = self.billing
        if billing is None:
            return 0
        counts = reading.import_counts
        if reading.export_counts:
            if self.supply.forward:
                counts += reading.export_counts
            else:
                billing.produce(reading.export_counts)
        if counts:
            billing.consume(counts)
        if now >= billing.next_edge or now < billing.entered:
            billing.advance(now)
        flags = billing.take_flags()
        account = billing.account
        balance = account.balance
        supply = self.supply
        if account.entered:
            account.entered = 0
            supply.arm(account)
        if supply.step(now, now if up is None else up, balance, counts):
            flags |= SUPPLY
        if supply.warn(balance):
            flags |= WARNED
        return flags
