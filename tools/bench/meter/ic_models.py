"""The metering ICs that the world can have, by the names that a board knows them by.

A model is imported only if it is wanted. It answers `apply`, `advance`, `power_on`, `power_off`,
`cs` and `exchange`, and tells what it gave out: `given_out` returns counts of import, export,
inductive and capacitive reactive energy. Where a chip counts finer than the meter, a count of
the meter is `chip_counts` of its own, and the firmware divides. One that `nets` has a single
counter for both directions.
"""

from world.three_phases import SPREADS

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


class _Bl0942:
    """Its pulse is longer than a count of the meter: what it gave out is told in 65536ths."""

    chip_counts = 1 << 16
    nets = True
    shunt_uV_per_A = 500
    divider = 57523, 220  # uV at V

    def __init__(self, strap: int) -> None:
        from world.bl0942_model import Bl0942Model
        self.model = Bl0942Model(self.shunt_uV_per_A, self.divider)
        # A pulse is 419430.4 Ws / (3537 / 1.218^2 * mV^2 a watt); a count is 1/32 Wh. The firmware
        # holds how many counts that is in 65536ths too.
        uV, volts = self.divider
        watt = 3537 * self.shunt_uV_per_A * uV * 3600
        counts = self.chip_counts * 32 * 1483524 * 4194304 * volts // 10
        self._pulse = (2 * counts + watt) // (2 * watt)

    def given_out(self) -> list:
        taken, given = self.model.emitted
        return [taken * self._pulse, given * self._pulse, 0, 0]


class _Ade7953:
    """It has one signed register, and each time that is read goes to the direction it then has.

    206.9 kHz at the full scale of 31.25 kW are 744.8 to a count; the gain makes them whole.
    """

    chip_counts = 745

    def __init__(self, strap: int) -> None:
        from world.ade7953_model import Ade7953Model
        self.model = Ade7953Model(
            shunt_uV_per_A=SHUNT_UV_PER_A, divider_uV_per_V=DIVIDER_UV_PER_V)
        self.given_out = self.model.given_out


class _Atm90e32:
    chip_counts = 1

    def __init__(self, strap: int) -> None:
        from world.atm90e32_model import Atm90e32Model
        from world.three_phases import ThreePhases
        self._chip = Atm90e32Model()
        self.model = ThreePhases(self._chip)

    def given_out(self) -> list:
        return self._chip.emitted[0:16:4]


_ICS = {"ade7953": _Ade7953, "atm90e26": _Atm90e26, "atm90e32": _Atm90e32, "bl0942": _Bl0942}
NAMES = sorted(_ICS)


def fit(name: str, strap: int, spread: str = "thirds") -> object:
    """Return what the world has for a metering IC: `model`, `given_out()` and `chip_counts`.

    strap: MMD1:MMD0 of an ATM90E26. spread: how the load lies on three phases, one of
    three_phases.SPREADS. ValueError for a name, or a spread, that is not known.
    """
    if name not in _ICS:
        raise ValueError("metering IC %r: must be one of %s" % (name, ", ".join(NAMES)))
    if spread not in SPREADS:
        raise ValueError("spread %r: must be one of %s" % (spread, ", ".join(SPREADS)))
    fitted = _ICS[name](strap)
    if hasattr(fitted.model, "spread"):
        fitted.model.spread = spread
    return fitted
