"""What the ledger keeps of debts, and who recovers them once there are any."""

from array import array

from micropython import const

DEBTS = const(3)
"""Registers: two time debts, then the payment debt."""

_LIMB = const(0x20000000)


class DebtState:
    """An owner of fields of the ledger; amounts are credit units."""

    def __init__(self) -> None:
        self.remaining = array("I", [0] * DEBTS)
        self.recovered_low = 0
        self.recovered_high = 0
        self.capped = 0
        """Taken of top-ups in the week or month of the cap."""
        self.recovery: object = None
        """A core.debts.Recovery once there is a debt: loaded by storage/state.py."""

    @property
    def wanted(self) -> bool:
        """Whether there is anything to recover, or a cap to begin anew."""
        return bool(self.capped or any(self.remaining))

    @property
    def recovered(self) -> int:
        """Units recovered since the first day: the part of the charges that pays debts."""
        return self.recovered_high * _LIMB + self.recovered_low

    def count(self, units: int) -> None:
        """Count units as recovered."""
        recovered = self.recovered + units
        self.recovered_high = recovered // _LIMB
        self.recovered_low = recovered % _LIMB

    def forget(self) -> list:
        """Drop the debts of a customer who leaves; return what they were."""
        found = list(self.remaining)
        for i in range(DEBTS):
            self.remaining[i] = 0
        self.capped = 0
        return found
