"""Driver of the ATM90E32AS / M90E32AS three-phase metering IC on SPI.

Source: datasheet 46003B ("DS") and application note 46103A ("AN").

What is billed are the chip's totals, the signed sum of the three phases: what one phase gives back
while another takes is netted as it flows. Energy registers are cleared by reading; atm90e32_bus
sees to it that a disturbed frame loses none of it. Nothing read is handed on before all of it is
safe (`_pending`).
"""

from array import array

from micropython import const

from joulegate.core.reading import QUANTITIES, Reading
from joulegate.drivers.atm90e32_bus import RATE_MAX_HZ, Atm90e32Bus, Atm90e32Error, Lost
from joulegate.drivers.atm90e32_calibration import ADDRESSES, LSB_PER_W, Calibration

_METER_EN = const(0x00)
_PL_CONST_H = const(0x31)
_PL_CONST_L = const(0x32)
_SOFT_RESET = const(0x70)
_STATE0 = const(0x71)
_STATE1 = const(0x72)
_INT_STATE1 = const(0x74)
_INT_EN0 = const(0x75)
_CRC_ERR = const(0x79)
_CFG_ACCESS = const(0x7F)
_ENERGIES = b"\x80\x84\x88\x8c"  # total: import, export, forward and reverse reactive
_P_TOTAL = const(0xB0)
_Q_TOTAL = const(0xB4)
_S_TOTAL = const(0xB8)
_LOW_WORD = const(0x10)  # what to add to the address of a power's high word
_PF_TOTAL = const(0xBC)
_URMS = const(0xD9)
_IRMS_N = const(0xDC)
_IRMS = const(0xDD)
_FREQ = const(0xF8)
_ANGLE = const(0xF9)
_TEMPERATURE = const(0xFC)

_RESET_KEY = const(0x789A)
_OPEN_KEY = const(0x55AA)
_PL_H_RESET = const(0x0861)
_PL_L_RESET = const(0xC468)
_PROBES = (0x0100, 0x0200)
_SAGS = const(0x7000)
_REVERSALS = const(0x0088)
_SEQUENCE_ERROR = const(0x0200)

_PHASES = const(3)
_TRIES = const(3)
_START_MS = const(42)  # DS: 40 ms at the worst
_CRC_MS = const(16)  # DS: 112 words, 125 us each

# Events that read() and start() report, or-ed together.
BUS_RETRIED = const(1)
"""A disturbed read was recovered."""
RELOADED = const(2)
"""The chip had lost its configuration and was given it again."""
SAG = const(4)
REVERSED = const(16)
"""The direction of the total of active or reactive power changed."""


class Atm90e32:
    phases = _PHASES

    def __init__(
        self, spi: object, cs: object, calibration: Calibration, sleep_ms: object
    ) -> None:
        """spi: SPI in mode 3; cs: its chip select, a Pin; sleep_ms: a function that waits.

        The board holds PM1:PM0 in normal mode, 11.
        """
        self._bus = Atm90e32Bus(spi, cs)
        self._sleep_ms = sleep_ms
        self.calibration = calibration
        self.reloads = 0
        self._guard = calibration.guard
        self._low = 0
        """Which phases sag, as bits of EMMState1."""
        self._pending = array("I", [0] * QUANTITIES)

    @property
    def bus_errors(self) -> int:
        """Disturbed reads since the start."""
        return self._bus.errors

    def start(self) -> int:
        """Bring the chip up; return the events. Atm90e32Error if it cannot meter.

        A chip that already runs with our calibration (only the controller was reset) is left
        alone: its energy registers hold what has been used meanwhile.
        """
        rate = self._bus.rate_Hz
        if rate > RATE_MAX_HZ:
            raise Atm90e32Error(
                "ATM90E32: SPI runs at %d Hz, the chip takes %d Hz at most" % (rate, RATE_MAX_HZ))
        self._sleep_ms(_START_MS)
        self._probe()
        if self._configured():
            return 0
        self._load()
        return RELOADED

    def read(self, reading: Reading) -> int:
        """Fill a reading of three phases and return the events; allocates nothing unless
        something is wrong.

        Voltage and current are those of the highest phase. The chip renews what it measures
        three times a second: a power may be of two such moments, up to 21 W beside the older.
        It measures neither the neutral's current, which is given as that of the line, nor
        distortion. Atm90e32Error if it does not answer; energy read before the error is kept
        and handed over with the next reading.
        """
        try:
            events = self._read_energy()
        except Lost:
            self._restore()
            events = RELOADED
        bus = self._bus
        scale = self.calibration.scale
        volts = reading.phase_voltage_cV
        amperes = reading.phase_current_mA
        watts = reading.phase_active_W
        voltage = current = total = 0
        for i in range(_PHASES):
            value = volts[i] = bus.read(_URMS + i)
            if value > voltage:
                voltage = value
            value = amperes[i] = bus.read(_IRMS + i) * scale
            if value > current:
                current = value
            value = self._power(_P_TOTAL + 1 + i)
            total += value
            watts[i] = _watts(value)
        reading.voltage_cV = voltage
        reading.current_mA = current
        reading.neutral_mA = current
        reading.active_W = _watts(total)
        reading.reactive_var = _watts(self._power(_Q_TOTAL))
        reading.power_factor_milli = _signed(bus.read(_PF_TOTAL))
        reading.frequency_cHz = bus.read(_FREQ)
        pending = self._pending
        reading.import_counts = pending[0]
        reading.export_counts = pending[1]
        reading.reactive_import_counts = pending[2]
        reading.reactive_export_counts = pending[3]
        for i in range(QUANTITIES):
            pending[i] = 0
        return events

    def recalibrate(self, calibration: Calibration) -> None:
        """Run by other constants from now on; what was counted by those before is kept, but for
        the 60 ms of loading them.

        Atm90e32Error if the chip does not take them: it is given those before again.
        """
        before = self.calibration
        try:
            self._read_energy()
        except Lost:
            pass  # it is given all of it below
        self._use(calibration)
        try:
            self._load()
        except Atm90e32Error:
            self._use(before)
            raise

    def _use(self, calibration: Calibration) -> None:
        self.calibration = calibration
        self._guard = calibration.guard

    def adjuster(self) -> object:
        """Return what works out constants of this chip against a reference, see
        drivers.adjusting."""
        # Only here: a meter is calibrated once or twice in its life.
        from joulegate.drivers.atm90e32_adjust import Adjuster
        return Adjuster(self, self._bus)

    def check(self) -> None:
        """Raise Atm90e32Error unless the chip answers and runs with our calibration."""
        if self._bus.unsettled:
            raise Atm90e32Error("ATM90E32: a disturbed read is not settled yet")
        if not self._configured():
            raise Atm90e32Error("ATM90E32: does not hold its calibration")

    def details(self) -> dict:
        """Return what a reading leaves out, for a person: by phase, and of the whole."""
        read = self._bus.read
        found: dict = {
            "sequence": "wrong" if read(_STATE0) & _SEQUENCE_ERROR else "right",
            "calculated_neutral_mA": read(_IRMS_N) * self.calibration.scale,
            "apparent_VA": _watts(self._power(_S_TOTAL)),
            "temperature_C": _signed(read(_TEMPERATURE)),
        }
        for i in range(_PHASES):
            phase = "_" + "ABC"[i]
            found["reactive_var" + phase] = _watts(self._power(_Q_TOTAL + 1 + i))
            found["apparent_VA" + phase] = _watts(self._power(_S_TOTAL + 1 + i))
            found["power_factor_milli" + phase] = _signed(read(_PF_TOTAL + 1 + i))
            found["angle_ddeg" + phase] = read(_ANGLE + i)
        return found

    def _power(self, register: int) -> int:
        """Return a power in 0.00032 W; below 343 kW it is a small integer on 32 bits."""
        high = self._bus.read(register)
        if high & 0x8000:
            high -= 0x10000
        return (high << 16 | self._bus.read(register + _LOW_WORD)) * self.calibration.scale

    def _read_energy(self) -> int:
        bus = self._bus
        events = 0
        if bus.unsettled:
            self._settle()
            events = BUS_RETRIED
        before = bus.errors
        guard = self._guard
        for i in range(QUANTITIES):
            self._pending[i] += bus.read_clear(_ENERGIES[i], _PL_CONST_H, guard)
        bus.guard(_METER_EN, 1)
        bus.guard(_CRC_ERR, 0)
        changes = bus.read(_INT_STATE1)
        if changes:
            changes &= bus.read(_INT_STATE1)  # a bit that the bus has spoilt is no event
            bus.write(_INT_STATE1, changes)
            if changes & _SAGS & ~self._low:
                events |= SAG
            self._low = bus.read(_STATE1) & _SAGS
            if changes & _REVERSALS:
                events |= REVERSED
        if bus.errors != before:
            events |= BUS_RETRIED
        return events

    def _settle(self) -> None:
        """Take in the energy of a read that an error cut short, if the chip gave it out."""
        register = self._bus.unsettled
        last = self._bus.settle(_PL_CONST_H, self._guard)
        if last != self._guard:
            self._pending[_ENERGIES.find(bytes((register,)))] += last

    def _restore(self) -> None:
        """Give a chip that was reset, or whose configuration is damaged, its calibration."""
        self._probe()
        if self._configured():
            raise Atm90e32Error("ATM90E32: bus disturbed")
        self._load()
        self.reloads += 1

    def _probe(self) -> None:
        """Write two values and find each in LastSPIData; the chip has no identity register."""
        bus = self._bus
        bus.unsettled = 0
        for value in _PROBES:
            bus.write(_INT_EN0, value)
            last = bus.last_data()
            if last != value:
                bus.write(_INT_EN0, 0)  # it may only be the answer that is lost
                hint = "bus disturbed, or another chip"
                if last == 0xFFFF:
                    hint = "MISO stuck high, or no chip"
                elif last == 0:
                    hint = "MISO stuck low, or chip without power"
                raise Atm90e32Error(
                    "ATM90E32: LastSPIData read 0x%04X, expected 0x%04X: %s" % (last, value, hint))
        bus.write(_INT_EN0, 0)

    def _configured(self) -> bool:
        """Return whether the chip runs with our calibration; a disturbed read is tried again."""
        bus = self._bus
        words = self.calibration.words
        try:
            bus.guard(_METER_EN, 1)
            bus.guard(_CFG_ACCESS, 0)
            bus.guard(_CRC_ERR, 0)
            for i in range(len(ADDRESSES)):
                bus.guard(ADDRESSES[i], words[i])
        except Lost:
            return False
        return True

    def _load(self) -> None:
        """Reset the chip, give it the calibration, start it and lock: leaving the lock makes what
        stands then right for ever, so every word is read back before."""
        bus = self._bus
        words = self.calibration.words
        bus.write(_SOFT_RESET, _RESET_KEY)
        self._sleep_ms(_START_MS)
        for register, value in ((_PL_CONST_H, _PL_H_RESET), (_PL_CONST_L, _PL_L_RESET)):
            got = bus.read(register)
            if got != value:
                raise Atm90e32Error(
                    "ATM90E32: register 0x%02X read 0x%04X after reset, expected 0x%04X: "
                    "another chip" % (register, got, value))
        bus.write(_CFG_ACCESS, _OPEN_KEY)
        for i in range(len(ADDRESSES)):
            self._put(ADDRESSES[i], words[i])
        self._put(_METER_EN, 1)
        self._put(_CFG_ACCESS, 0)
        self._sleep_ms(_CRC_MS)
        errors = bus.read(_CRC_ERR)
        if errors:
            raise Atm90e32Error(
                "ATM90E32: CRCErrStatus read 0x%04X after start, expected 0" % errors)
        bus.write(_INT_STATE1, bus.read(_INT_STATE1))  # what was before it metered is no event
        self._low = bus.read(_STATE1) & _SAGS

    def _put(self, register: int, value: int) -> None:
        """Write a word until it is read back."""
        got = 0
        for _ in range(_TRIES):
            self._bus.write(register, value)
            got = self._bus.read(register)
            if got == value:
                return
        raise Atm90e32Error("ATM90E32: register 0x%02X read 0x%04X, expected 0x%04X"
                            % (register, got, value))


def _signed(value: int) -> int:
    return value - 0x10000 if value & 0x8000 else value


def _watts(raw: int) -> int:
    """Return whole W, var or VA of a power in 0.00032 of one, rounded."""
    return (raw + LSB_PER_W // 2) // LSB_PER_W
