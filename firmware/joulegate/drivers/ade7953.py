"""Driver of the ADE7953 single-phase metering IC on SPI: line on channel A, neutral on B.

Source: Analog Devices data sheet ADE7953 Rev. B ("DS") and application note AN-1118.

The chip has one signed register a quantity, from which export takes away. It is read at every
tick, and what it holds then goes to import or to export by its sign: energy that flows to and
fro between two readings is netted. Energy registers are cleared by reading; ade7953_bus sees to
it that a disturbed frame loses none of it. The chip counts finer than the meter, and what does
not make a whole count waits here for more (`_rest`).
"""

from array import array

from micropython import const

from joulegate.core.reading import QUANTITIES, Reading
from joulegate.drivers.ade7953_bus import RATE_MAX_HZ, Ade7953Bus, Ade7953Error, Lost
from joulegate.drivers.ade7953_calibration import Calibration
from joulegate.drivers.ade7953_configuration import Configuration

_PFA = const(0x10A)
_ANGLE_A = const(0x10C)
_PERIOD = const(0x10E)
_SAGLVL = const(0x200)
_AVA = const(0x210)
_BVA = const(0x211)
_AWATT = const(0x212)
_BWATT = const(0x213)
_AVAR = const(0x214)
_BVAR = const(0x215)
_IRMSA = const(0x21A)
_IRMSB = const(0x21B)
_VRMS = const(0x21C)
_AENERGYA = const(0x21E)
_RENERGYA = const(0x220)
_IRQSTATA = const(0x22D)
_RSTIRQSTATA = const(0x22E)
_AWGAIN = const(0x282)
_AVARGAIN = const(0x283)

# Bits of IRQSTATA.
_AEOF = const(1 << 3)
_VAREOF = const(1 << 4)
_SIGNS = const(3 << 9)
_OI = const(1 << 13)
_SAG = const(1 << 19)
_RESET = const(1 << 20)
_CRC_CHANGED = const(1 << 21)
_NOT_ALONE = const(0xD02000)  # OI, reset, and what is never set

_START_MS = const(100)
_SIGN_24 = const(0x800000)
_WRAP = const(0x1000000)
_ANGLE_LIMIT = const(0x8000)
_PERIOD_HZ = const(22375000)  # CLKIN / 16 in 0.01 Hz
_FREQUENCY_MIN = const(4000)
_FREQUENCY_MAX = const(7000)

# Events that read() and start() report, or-ed together.
BUS_RETRIED = const(1)
"""A disturbed read-to-clear was recovered by LAST_RWDATA."""
RELOADED = const(2)
"""The chip had lost its configuration and was given it again."""
SAG = const(4)
REVERSED = const(16)
"""The direction of active or reactive power changed."""
OVERCURRENT = const(32)
"""A current was above what set_overcurrent() said, in either channel."""


class Ade7953:
    def __init__(self, spi: object, cs: object, calibration: Calibration, sleep_ms: object,
                 overcurrent_mA: int = 0) -> None:
        """spi: SPI in mode 3; cs: its chip select, a Pin; sleep_ms: a function that waits.

        overcurrent_mA: as of set_overcurrent().
        """
        self._bus = Ade7953Bus(spi, cs, sleep_ms)
        self._configuration = Configuration(self._bus, calibration, sleep_ms, overcurrent_mA)
        self._sleep_ms = sleep_ms
        self.calibration = calibration
        self.reloads = 0
        self._pending = array("I", [0] * QUANTITIES)
        self._rest = array("I", [0] * QUANTITIES)
        # What the energy registers gave since their overflow bits were last read.
        self._given = [0, 0]
        self._status = 0
        """What a read of the status that an error cut short has cleared."""

    @property
    def bus_errors(self) -> int:
        """Disturbed reads since the start."""
        return self._bus.errors

    def start(self) -> int:
        """Bring the chip up; return the events. Ade7953Error if it cannot meter.

        A chip that already runs with our calibration (only the controller was reset) is left
        alone: its energy registers hold what has been used meanwhile.
        """
        rate = self._bus.rate_Hz
        if rate > RATE_MAX_HZ:
            raise Ade7953Error(
                "ADE7953: SPI runs at %d Hz, the chip takes %d Hz at most" % (rate, RATE_MAX_HZ))
        self._sleep_ms(_START_MS)
        self._configuration.probe()
        if self._configuration.adopt():
            return 0
        self._configuration.load()
        for register in (_AENERGYA, _RENERGYA):
            self._bus.read(register)  # counted before there was a calibration
        return RELOADED

    def read(self, reading: Reading) -> int:
        """Fill a reading and return the events; allocates nothing unless something is wrong.

        Ade7953Error if the chip does not answer; energy read before the error is kept and
        handed over with the next reading.
        """
        events = 0
        try:
            events = self._read_energy()
        except Lost:
            self._bus.unsettled = 0
            self._configuration.probe()
            self._configuration.load()
            self.reloads += 1
            events = RELOADED
        bus = self._bus
        c = self.calibration
        reading.voltage_cV = c.volt_scale.of(bus.read(_VRMS))
        reading.current_mA = c.current_scale.of(bus.read(_IRMSA))
        reading.neutral_mA = c.neutral_scale.of(bus.read(_IRMSB))
        power = c.power_scale.of(_signed(bus.read(_AWATT)))
        reading.active_W = power
        reading.reactive_var = c.power_scale.of(_signed(bus.read(_AVAR)))
        # The chip's sign is that of reactive power.
        factor = _factor(bus.read(_PFA))
        reading.power_factor_milli = -factor if power < 0 else factor
        frequency = _PERIOD_HZ // (bus.read(_PERIOD) + 1)
        if not _FREQUENCY_MIN <= frequency <= _FREQUENCY_MAX:
            frequency = 0  # no voltage to have a period
        reading.frequency_cHz = frequency
        self._count()
        pending = self._pending
        reading.import_counts = pending[0]
        reading.export_counts = pending[1]
        reading.reactive_import_counts = pending[2]
        reading.reactive_export_counts = pending[3]
        for i in range(QUANTITIES):
            pending[i] = 0
        return events

    def recalibrate(self, calibration: Calibration) -> None:
        """Run by other constants from now on; what was counted by those before is kept.

        Ade7953Error if the chip does not take them: it is given those before again.
        """
        before = self.calibration
        try:
            self._read_energy()
        except Lost:
            pass  # it is given all of it below
        self._use(calibration)
        try:
            self._configuration.load()
        except Ade7953Error:
            self._use(before)
            raise

    def _use(self, calibration: Calibration) -> None:
        """Go by other constants; what is held of a count stays the same part of one."""
        for i in range(QUANTITIES):
            self._rest[i] = (
                self._rest[i] * calibration.chip_counts // self.calibration.chip_counts)
        self.calibration = self._configuration.calibration = calibration

    def adjuster(self) -> object:
        """Return what works out constants of this chip against a reference, see
        drivers.adjusting."""
        # Only here: a meter is calibrated once or twice in its life.
        from joulegate.drivers.ade7953_adjust import Adjuster
        return Adjuster(self, self._bus)

    def check(self) -> None:
        """Raise Ade7953Error unless the chip answers and runs with our calibration."""
        if self._bus.unsettled:
            raise Ade7953Error("ADE7953: a disturbed read is not settled yet")
        self._configuration.check()

    def details(self) -> dict:
        """Return what a reading leaves out, for a person: phase angle and apparent power of the
        line, and power of the neutral, which is not metered."""
        c = self.calibration
        bus = self._bus
        period = bus.read(_PERIOD) + 1
        angle = _signed_16(bus.read(_ANGLE_A))
        return {
            # A step is 1/223750 s, the period as many of them.
            "angle_ddeg": angle * 3600 // period,
            "apparent_VA": abs(c.power_scale.of(_signed(bus.read(_AVA)))),
            "neutral_active_W": c.neutral_power_scale.of(_signed(bus.read(_BWATT))),
            "neutral_reactive_var": c.neutral_power_scale.of(_signed(bus.read(_BVAR))),
            "neutral_apparent_VA": abs(c.neutral_power_scale.of(_signed(bus.read(_BVA)))),
            "metered_line": "L",
        }

    def set_overcurrent(self, peak_mA: int) -> None:
        """Have the IRQ pin go low, and OVERCURRENT reported, above an instantaneous current.

        peak_mA: of channel A; 0 for none. ValueError for more than the input takes. The pin is
        high again after the next reading, unless there is still more.
        """
        self._configuration.set_overcurrent(peak_mA)

    def overcurrent(self) -> bool:
        """Return whether a current was above that since the last reading; changes nothing.

        The IRQ pin alone does not tell: a reset of the chip, which cannot be masked, pulls it
        low too, and so reads a line that is stuck.
        """
        if self._bus.unsettled:
            return False  # no frame may go out
        return self._bus.read(_IRQSTATA) & _NOT_ALONE == _OI

    @property
    def held(self) -> int:
        """Counts of the chip that make no count of the meter yet, export negative."""
        return self._rest[0] - self._rest[1]

    def _read_energy(self) -> int:
        bus = self._bus
        c = self.calibration
        given = self._given
        events = 0
        if bus.unsettled:
            self._settle()
            events = BUS_RETRIED
        before = bus.errors
        given[0] += _signed(bus.read_clear(_AENERGYA, _AWGAIN, c.watt_gain))
        given[1] += _signed(bus.read_clear(_RENERGYA, _AVARGAIN, c.var_gain))
        status = bus.read_clear(_RSTIRQSTATA, _SAGLVL, c.sag_level) | self._status
        self._status = 0
        if status & _AEOF:
            _unwrap(given, 0)
        if status & _VAREOF:
            _unwrap(given, 1)
        self._count()
        if status & (_RESET | _CRC_CHANGED):
            raise Lost
        if status & _SAG:
            events |= SAG
        if status & _SIGNS:
            events |= REVERSED
        if status & _OI:
            events |= OVERCURRENT
        if bus.errors != before:
            events |= BUS_RETRIED
        return events

    def _count(self) -> None:
        """Make counts of the meter from what the chip gave, import or export by its sign."""
        rest = self._rest
        each = self.calibration.chip_counts
        for i in range(2):
            n = self._given[i]
            self._given[i] = 0
            at = 2 * i
            if n < 0:
                at += 1
                n = -n
            n += rest[at]
            counts = n // each
            rest[at] = n - counts * each
            self._pending[at] += counts

    def _settle(self) -> None:
        """Take in the energy of a read that an error cut short, if the chip gave it out."""
        c = self.calibration
        register = self._bus.unsettled
        last = self._bus.settle()
        if register == _AENERGYA and last != c.watt_gain:
            self._given[0] += _signed(last)
        elif register == _RENERGYA and last != c.var_gain:
            self._given[1] += _signed(last)
        elif register == _RSTIRQSTATA and last != c.sag_level:
            self._status |= last


def _signed(value: int) -> int:
    return value - _WRAP if value & _SIGN_24 else value


def _signed_16(value: int) -> int:
    return value - 0x10000 if value & _ANGLE_LIMIT else value


def _factor(value: int) -> int:
    """Return a power factor register in thousandths, without its sign."""
    value = abs(_signed_16(value)) * 1000 // 0x7FFF
    return value if value < 1000 else 1000


def _unwrap(given: list, i: int) -> None:
    """Put right a register that has passed its end once: then its sign is the wrong one."""
    given[i] += _WRAP if given[i] < 0 else -_WRAP
