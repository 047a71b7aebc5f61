"""One reading of the metering IC: the only thing that passes from a driver to the rules."""

from micropython import const

IMPORT = const(0)
EXPORT = const(1)
REACTIVE_IMPORT = const(2)
REACTIVE_EXPORT = const(3)
QUANTITIES = const(4)


class Reading:
    """What the metering IC measured; made once and filled again at every reading.

    Energy is what was counted since the reading before, in counts: 0.1 pulse of the meter
    constant, 0 to 65535 each. The rest is momentary. Signs are the consumer's: power is
    positive when taken from the mains, reactive power when inductive. Distortion is the total
    harmonic one of the voltage in hundredths of a per cent, None where the IC has none.
    """

    def __init__(self) -> None:
        self.import_counts = 0
        self.export_counts = 0
        self.reactive_import_counts = 0
        self.reactive_export_counts = 0
        self.voltage_cV = 0
        self.current_mA = 0
        self.neutral_mA = 0
        self.active_W = 0
        self.reactive_var = 0
        self.power_factor_milli = 0
        self.frequency_cHz = 0
        self.distortion_bp: int | None = None
