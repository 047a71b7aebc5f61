"""What messages have to keep with the money: numbers used up."""


class MessageState:
    """An owner of fields of the ledger."""

    def __init__(self) -> None:
        self.leased = 0
        """End of the last lease of numbers; see `vending/leased_numbers.py`."""
