"""Driver of the ATM90E26 / M90E26 single-phase metering IC on SPI.

Source: datasheet 46002B ("DS") and application note 46102B ("AN").

Energy registers are cleared by reading; atm90e26_bus sees to it that a disturbed frame loses
none of it. Nothing read is handed on before all of it is safe (`_pending`).
"""

from array import array

from micropython import const

from joulegate.core.reading import QUANTITIES, Reading
from joulegate.drivers.atm90e26_bus import RATE_MAX_HZ, Atm90e26Bus, Atm90e26Error, Lost
from joulegate.drivers.atm90e26_calibration import MEASUREMENT, METERING, Calibration

# Values of LNMode, the echo of the strap pins MMD1:MMD0.
ANTI_TAMPER = const(0)
L_LINE = const(1)
L_PLUS_N = const(2)
FLEXIBLE = const(3)
_STRAPS = ("00 (anti-tamper)", "01 (L line)", "10 (L+N)", "11 (flexible)")

_SOFT_RESET = const(0x00)
_SYS_STATUS = const(0x01)
_FUNC_EN = const(0x02)
_SAG_TH = const(0x03)
_CAL_START = const(0x20)
_PL_CONST_L = const(0x22)
_MMODE = const(0x2B)
_CS1 = const(0x2C)
_ADJ_START = const(0x30)
_CS2 = const(0x3B)
_AP_ENERGY = const(0x40)
_AN_ENERGY = const(0x41)
_RP_ENERGY = const(0x43)
_RN_ENERGY = const(0x44)
_EN_STATUS = const(0x46)
_IRMS = const(0x48)
_URMS = const(0x49)
_PMEAN = const(0x4A)
_QMEAN = const(0x4B)
_FREQ = const(0x4C)
_POWER_F = const(0x4D)
_PANGLE = const(0x4E)
_SMEAN = const(0x4F)
_IRMS2 = const(0x68)
_PMEAN2 = const(0x6A)
_QMEAN2 = const(0x6B)
_POWER_F2 = const(0x6D)
_PANGLE2 = const(0x6E)
_SMEAN2 = const(0x6F)

_RESET_KEY = const(0x789A)
_OPEN_KEY = const(0x5678)
_RUN_KEY = const(0x8765)
_FUNC_EN_PROBE = const(0x0030)
_FUNC_EN_RUN = const(0x003C)  # SagEn, SagWo, RevQEn, RevPEn
_L_LINE_BIT = const(0x0800)
_STATUS_ERRORS = const(0xF000)  # CalErr, AdjErr

_START_MS = const(6)  # DS: usable 5 ms after power or reset

# Events that read() and start() report, or-ed together.
BUS_RETRIED = const(1)
"""A disturbed read-to-clear was recovered by LastData."""
RELOADED = const(2)
"""The chip had lost its configuration and was given it again."""
SAG = const(4)
LINE_CHANGED = const(8)
REVERSED = const(16)
"""The direction of active or reactive power changed."""


class Atm90e26:
    def __init__(
        self, spi: object, cs: object, calibration: Calibration, sleep_ms: object,
        strap: int = L_LINE,
    ) -> None:
        """spi: SPI in mode 3; cs: its chip select, a Pin; sleep_ms: a function that waits.

        strap: how MMD1:MMD0 are wired on the board. With ANTI_TAMPER the chip meters the line
        of the larger power, and power in a reading is of that line.
        """
        self._bus = Atm90e26Bus(spi, cs)
        self._sleep_ms = sleep_ms
        self.calibration = calibration
        self.strap = strap
        self.reloads = 0
        self._second = 0
        """What to add to an address of line L to have that of the line metered now."""
        self._line_known = False
        self._pending = array("I", [0] * QUANTITIES)
        self._energies = bytes((_AP_ENERGY, _AN_ENERGY, _RP_ENERGY, _RN_ENERGY))
        # The register read before each energy register, and what it must hold.
        self._guards = bytes((_CS1, _MMODE, _CS2, _PL_CONST_L))
        self._expected = _expected(calibration)

    @property
    def bus_errors(self) -> int:
        """Disturbed reads since the start."""
        return self._bus.errors

    def start(self) -> int:
        """Bring the chip up; return the events. Atm90e26Error if it cannot meter.

        A chip that already runs with our calibration (only the controller was reset) is left
        alone: its energy registers hold what has been used meanwhile.
        """
        rate = self._bus.rate_Hz
        if rate > RATE_MAX_HZ:
            raise Atm90e26Error(
                "ATM90E26: SPI runs at %d Hz, the chip takes %d Hz at most" % (rate, RATE_MAX_HZ))
        self._sleep_ms(_START_MS)
        self._probe()
        self._check_strap()
        if self._configured():
            return 0
        self._write(_SOFT_RESET, _RESET_KEY)
        self._sleep_ms(_START_MS)
        self._probe()
        self._load()
        for register in self._energies:
            self._read(register)  # calibration may have left counts that nobody used
        return RELOADED

    def read(self, reading: Reading) -> int:
        """Fill a reading and return the events; allocates nothing unless something is wrong.

        Atm90e26Error if the chip does not answer; energy read before the error is kept and
        handed over with the next reading.
        """
        events = 0
        try:
            events = self._read_energy()
        except Lost:
            self._probe()
            self._check_strap()
            self._load()
            self.reloads += 1
            self._line_known = False
            events = RELOADED
        if not self._line_known:
            self._find_line()
        second = self._second
        scale = self.calibration.scale
        reading.voltage_cV = self._read(_URMS)
        reading.current_mA = self._read(_IRMS) * scale
        reading.neutral_mA = self._read(_IRMS2) * scale
        reading.active_W = _signed(self._read(_PMEAN + second)) * scale
        reading.reactive_var = _signed(self._read(_QMEAN + second)) * scale
        reading.power_factor_milli = _sign_magnitude(self._read(_POWER_F + second))
        reading.frequency_cHz = self._read(_FREQ)
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

        Atm90e26Error if the chip does not take them: it is given those before again.
        """
        before = self.calibration
        try:
            self._read_energy()
        except Lost:
            pass  # it is given all of it below
        self._use(calibration)
        try:
            self._load()
        except Atm90e26Error:
            self._use(before)
            raise

    def _use(self, calibration: Calibration) -> None:
        self.calibration = calibration
        self._expected = _expected(calibration)

    def adjuster(self) -> object:
        """Return what works out constants of this chip against a reference, see
        drivers.adjusting."""
        # Only here: a meter is calibrated once or twice in its life.
        from joulegate.drivers.atm90e26_adjust import Adjuster
        return Adjuster(self, self._bus)

    def check(self) -> None:
        """Raise Atm90e26Error unless the chip answers and runs with our calibration."""
        if self._bus.unsettled:
            raise Atm90e26Error("ATM90E26: a disturbed read is not settled yet")
        self._check_strap()
        if not self._configured():
            raise Atm90e26Error("ATM90E26: does not hold its calibration")

    def details(self) -> dict:
        """Return what a reading leaves out, for a person: the phase angle and apparent power of
        the L line, all of the N line, and which line is metered now."""
        scale = self.calibration.scale
        return {
            "angle_ddeg": _sign_magnitude(self._read(_PANGLE)),
            "apparent_VA": self._read(_SMEAN) * scale,
            "neutral_active_W": _signed(self._read(_PMEAN2)) * scale,
            "neutral_reactive_var": _signed(self._read(_QMEAN2)) * scale,
            "neutral_power_factor_milli": _sign_magnitude(self._read(_POWER_F2)),
            "neutral_angle_ddeg": _sign_magnitude(self._read(_PANGLE2)),
            "neutral_apparent_VA": self._read(_SMEAN2) * scale,
            "metered_line": "L" if self._read(_EN_STATUS) & _L_LINE_BIT else "N",
        }

    @property
    def second(self) -> int:
        """What to add to an address of line L to have that of the line metered now."""
        return self._second

    def _read_energy(self) -> int:
        bus = self._bus
        events = 0
        if bus.unsettled:
            self._settle()
            events = BUS_RETRIED
        before = bus.errors
        for i in range(QUANTITIES):
            self._pending[i] += bus.read_clear(
                self._energies[i], self._guards[i], self._expected[i])
        status = bus.read_clear(_SYS_STATUS, _FUNC_EN, _FUNC_EN_RUN)
        if status & _STATUS_ERRORS:
            raise Lost
        if status & 0x0002:
            events |= SAG
        if status & 0x0080:
            events |= LINE_CHANGED
            self._line_known = False
        if status & 0x0060:
            events |= REVERSED
        if bus.errors != before:
            events |= BUS_RETRIED
        return events

    def _find_line(self) -> None:
        """Find which line is metered, on a board where the chip chooses."""
        if self.strap == ANTI_TAMPER and not self._read(_EN_STATUS) & _L_LINE_BIT:
            self._second = _PMEAN2 - _PMEAN
        else:
            self._second = 0
        self._line_known = True

    def _settle(self) -> None:
        """Take in the energy of a read that an error cut short, if the chip gave it out."""
        register = self._bus.unsettled
        last = self._bus.settle()
        for i in range(QUANTITIES):
            if self._energies[i] == register and last != self._expected[i]:
                self._pending[i] += last

    def _probe(self) -> None:
        """Write two values and find each in LastData; the chip has no identity register."""
        self._bus.unsettled = 0
        for value in (_FUNC_EN_PROBE, _FUNC_EN_RUN):
            self._write(_FUNC_EN, value)
            last = self._bus.last_data()
            if last != value:
                self._write(_FUNC_EN, _FUNC_EN_RUN)  # it may only be the answer that is lost
                hint = "bus disturbed, or USEL not low"
                if last == 0xFFFF:
                    hint = "MISO stuck high, or no chip"
                elif last == 0:
                    hint = "MISO stuck low, or chip without power"
                raise Atm90e26Error(
                    "ATM90E26: LastData read 0x%04X, expected 0x%04X: %s" % (last, value, hint))

    def _check_strap(self) -> None:
        mode = self._read(_EN_STATUS) & 3
        if mode != self.strap:
            raise Atm90e26Error("ATM90E26: strap MMD reads %s, expected %s"
                                % (_STRAPS[mode], _STRAPS[self.strap]))

    def _configured(self) -> bool:
        """Return whether the chip runs with our calibration; a disturbed read is tried again."""
        c = self.calibration
        try:
            self._bus.guard(_CS1, c.cs1)
            self._bus.guard(_CS2, c.cs2)
            self._bus.guard(_CAL_START, _RUN_KEY)
            self._bus.guard(_ADJ_START, _RUN_KEY)
        except Lost:
            return False
        return True

    def _load(self) -> None:
        """Write both calibration blocks and start; the chip's checksums must equal ours."""
        c = self.calibration
        self._write(_FUNC_EN, _FUNC_EN_RUN)
        self._write(_SAG_TH, c.sag_threshold)
        self._load_block(_CAL_START, METERING, c.metering, _CS1, c.cs1)
        self._load_block(_ADJ_START, MEASUREMENT, c.measurement, _CS2, c.cs2)
        self._write(_CAL_START, _RUN_KEY)
        self._write(_ADJ_START, _RUN_KEY)
        status = self._read(_SYS_STATUS)
        if status & _STATUS_ERRORS:
            raise Atm90e26Error(
                "ATM90E26: SysStatus read 0x%04X after start, expected bits 15..12 clear" % status)

    def _load_block(
        self, start: int, first: int, values: array, cs_register: int, cs: int
    ) -> None:
        self._write(start, _OPEN_KEY)
        for i in range(len(values)):
            self._write(first + i, values[i])
        self._write(cs_register, cs)
        got = self._read(cs_register)
        if got != cs:
            raise Atm90e26Error(
                "ATM90E26: checksum register 0x%02X read 0x%04X, expected 0x%04X"
                % (cs_register, got, cs))

    def _read(self, register: int) -> int:
        return self._bus.read(register)

    def _write(self, register: int, value: int) -> None:
        self._bus.write(register, value)


def _expected(calibration: Calibration) -> array:
    """Return what the guards hold."""
    return array("H", (
        calibration.cs1, calibration.metering[_MMODE - METERING], calibration.cs2,
        calibration.metering[_PL_CONST_L - METERING]))


def _signed(value: int) -> int:
    return value - 0x10000 if value & 0x8000 else value


def _sign_magnitude(value: int) -> int:
    return -(value & 0x7FFF) if value & 0x8000 else value
