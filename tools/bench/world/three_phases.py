"""A recorded household on three phases: what lies between the premises and a three-phase IC.

The premises know one load. It is spread over the phases, all of it on A or a third each, so that
the sum is exactly what was recorded; a bill must be the same either way. For calibration each
phase can have all of it. A phase that is lost has
no voltage, and what hangs on it draws nothing.
"""

from world.front_end_errors import FrontEndErrors

SPREADS = ("one", "thirds", "each")


class ThreePhases:
    """A model of a three-phase IC, as the premises take one of a single phase.

    spread: one of SPREADS. lost_phase: 1 to 3 for a phase without voltage, 0 for none.
    wrong_sequence: whether two phases are exchanged. All hold from the next `apply` on.
    """

    def __init__(self, chip: object) -> None:
        """chip: answers apply_phase and set_frequency."""
        self.chip = chip
        self.errors = (FrontEndErrors(), FrontEndErrors(), FrontEndErrors())
        """What the board is wrong by, phase by phase."""
        self.spread = "thirds"
        self.lost_phase = 0
        self.wrong_sequence = False
        self.cs = chip.cs
        self.exchange = chip.exchange
        self.advance = chip.advance
        self.power_on = chip.power_on
        self.power_off = chip.power_off

    def apply(self, voltage_cV: int, current_mA: int, active_mW: int, reactive_mvar: int,
              neutral_mA: int | None = None, neutral_mW: int | None = None,
              neutral_mvar: int | None = None, frequency_cHz: int = 5000) -> None:
        """Set the load of all phases from now on. The chip does not see the neutral."""
        if self.lost_phase not in (0, 1, 2, 3):
            raise ValueError("lost_phase %r: must be 0 to 3" % (self.lost_phase,))
        chip = self.chip
        spread = self.spread
        chip.set_frequency(frequency_cHz)
        chip.wrong_sequence = self.wrong_sequence
        for number in range(3):
            if self.lost_phase == number + 1:
                chip.apply_phase(number, 0, 0, 0, 0)
                continue
            seen = self.errors[number].seen
            if spread == "thirds":
                chip.apply_phase(number, *seen(
                    voltage_cV, _third(current_mA, number), _third(active_mW, number),
                    _third(reactive_mvar, number)))
            elif number and spread == "one":
                chip.apply_phase(number, *seen(voltage_cV, 0, 0, 0))
            else:
                chip.apply_phase(
                    number, *seen(voltage_cV, current_mA, active_mW, reactive_mvar))


def _third(value: int, number: int) -> int:
    """Return a third, so that the three make the whole."""
    return (value + number) // 3
