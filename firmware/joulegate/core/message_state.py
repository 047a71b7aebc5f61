"""What messages have to keep with the money: numbers used up, and supply forbidden by one."""

from micropython import const

from joulegate.core.supply import ADMINISTRATOR, Supply

_OFF = const(1)


class MessageState:
    """An owner of fields of the ledger."""

    def __init__(self) -> None:
        self.leased = 0
        """End of the last lease of numbers; see `vending/leased_numbers.py`."""
        self.supply_off = 0
        """1 while an administrator forbids supply."""

    def forbid(self, supply: Supply, off: bool) -> None:
        """Have an administrator forbid supply or lift that; kept by the next commit."""
        self.supply_off = _OFF if off else 0
        self.apply(supply)

    def apply(self, supply: Supply) -> None:
        """Give a supply that was made anew the reason it had."""
        if self.supply_off:
            supply.forbid(ADMINISTRATOR)
        else:
            supply.lift(ADMINISTRATOR)
