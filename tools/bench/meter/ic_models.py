"""The metering ICs that the world can have, by the names that a board knows them by.

A model is imported only if it is wanted. It answers `apply`, `advance`, `power_on`, `power_off`,
`cs` and `exchange`, and tells what it gave out: `given_out` returns counts of import, export,
inductive and capacitive reactive energy. Where a chip counts finer than the meter, a count of
the meter is `chip_counts` of its own, and the firmware divides.
"""

SHUNT_UV_PER_A = 200
DIVIDER_UV_PER_V = 1250


class _Atm90e26:
    chip_counts = 1

    def __init__(self, strap: int) -> None:
        from world.atm90e26_model import Atm90e26Model
        self.model = Atm90e26Model(
            strap, shunt_uV_per_A=SHUNT_UV_PER_A, divider_uV_per_V=DIVIDER_UV_PER_V)

    def given_out(self) -> list:
        emitted = self.model.emitted
        return [emitted[address] for address in (0x40, 0x41, 0x43, 0x44)]


_ICS = {"atm90e26": _Atm90e26}
NAMES = sorted(_ICS)


def fit(name: str, strap: int) -> object:
    """Return what the world has for a metering IC: `model`, `given_out()` and `chip_counts`.

    strap: MMD1:MMD0 of an ATM90E26. ValueError for a name that is not known.
    """
    if name not in _ICS:
        raise ValueError("metering IC %r: must be one of %s" % (name, ", ".join(NAMES)))
    return _ICS[name](strap)
