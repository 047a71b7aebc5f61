"""One reading of the metering IC: the only thing that passes from a driver to the rules."""

from micropython import const

IMPORT = const(0)
EXPORT = const(1)
REACTIVE_IMPORT = const(2)
REACTIVE_EXPORT = const(3)
QUANTITIES = const(4)


class Reading:
    """What the metering IC measured; made once and filled again at every reading.

    Energy is what was counted since the reading before, 0 to 65535 each, in counts of which the
    calibration tells how many make a kWh. The rest is momentary. Signs are the consumer's: power
    is positive when taken from the mains, reactive power when inductive. Distortion is the total
    harmonic one of the voltage in hundredths of a per cent, None where the IC has none.

    On three phases voltage_cV and current_mA are those of the highest phase, the powers sums.
    """

    def __init__(self, phases: int = 1) -> None:
        """phases: 1, or 3 for a driver that says so by its attribute `phases`."""
        self.phases = phases
        self.phase_voltage_cV: list | None = None
        """By phase, as the two after it; None on a single phase."""
        self.phase_current_mA: list | None = None
        self.phase_active_W: list | None = None
        if phases > 1:
            self.phase_voltage_cV = [0] * phases
            self.phase_current_mA = [0] * phases
            self.phase_active_W = [0] * phases
        self.forget()
        self.neutral_mA = 0
        self.reactive_var = 0
        self.power_factor_milli = 0
        self.frequency_cHz = 0
        self.distortion_bp: int | None = None

    def forget(self) -> None:
        """Nothing is known: what was not read stays in the chip, and is charged later."""
        self.import_counts = 0
        self.export_counts = 0
        self.reactive_import_counts = 0
        self.reactive_export_counts = 0
        self.voltage_cV = 0
        self.current_mA = 0
        self.active_W = 0
        for i in range(self.phases if self.phases > 1 else 0):
            self.phase_voltage_cV[i] = 0
            self.phase_current_mA[i] = 0
            self.phase_active_W[i] = 0
