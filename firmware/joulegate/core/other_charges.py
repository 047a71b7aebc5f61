"""What the ledger keeps of energies other than electricity, and who charges them if there are any.

Their counts stand in a record of their own (storage/energy_record.py), of which `generation`
says the state that belongs to this ledger.
"""

from micropython import const

_LIMB = const(0x20000000)


class OtherCharges:
    """An owner of fields of the ledger; amounts are credit units."""

    def __init__(self) -> None:
        self.charged_low = 0
        self.charged_high = 0
        self.generation = 0
        """Of the record of the counts, 0 as long as there is none."""
        self.energies: object = None
        """A core.other_energies.OtherEnergies once settings name one: made by storage/state.py."""

    @property
    def charged(self) -> int:
        """Units charged for them since the first day: a part of the charges."""
        return self.charged_high * _LIMB + self.charged_low

    def count(self, units: int) -> None:
        """Count units as charged."""
        charged = self.charged + units
        self.charged_high = charged // _LIMB
        self.charged_low = charged % _LIMB
