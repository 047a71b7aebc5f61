"""Driver of the BL0942 single-phase metering IC on SPI: one current, active energy alone.

Source: Shanghai Belling BL0942 data sheet V1.1. See docs/metering-ics.md for what it cannot tell.

Energy is one counter of 24 bits, used by differences: no read can lose any of it. The chip runs
with algebraic accumulation, in which the counter goes up by what is taken and down by what is
given; by default both go up. As that default is what a reset goes back to, MODE read after the
counter tells whether its value still belongs to the one before: a counter that wrapped is a
difference like any other, one that began anew is none.
"""

from array import array

from micropython import const

from joulegate.core.reading import Reading
from joulegate.drivers.bl0942_bus import Bl0942Bus, Bl0942Error
from joulegate.drivers.bl0942_calibration import Calibration

_I_RMS = const(0x03)
_V_RMS = const(0x04)
_I_FAST_RMS = const(0x05)
_WATT = const(0x06)
_CF_CNT = const(0x07)
_FREQ = const(0x08)
_STATUS = const(0x09)
_WA_CREEP = const(0x14)
_I_FAST_RMS_TH = const(0x15)
_OT_FUNX = const(0x18)
_MODE = const(0x19)
_GAIN_CR = const(0x1A)
_SOFT_RESET = const(0x1C)
_USR_WRPROT = const(0x1D)

_MODE_RESET = const(0x87)
_MODE_RUN = const(0x07)  # CF_EN, 400 ms, algebraic
_MODE_60_HZ = const(0x20)
_OT_RUN = const(0x24)  # CF1: pulses, CF2: over-current, ZX: voltage; as after a reset
_OPEN_KEY = const(0x55)
_RESET_KEY = const(0x5A5A5A)
_NEVER = const(0xFFFF)
_CREEP_FLAG = const(0x02)

_COUNTER = const(0xFFFFFF)
_HALF = const(0x800000)
_LIKELY = const(64)
"""Pulses of one second: 45 are 30 kW. More are read a second time."""
_CHUNK = const(256)
_READING_MAX = const(65535)
_VOLTAGE_MIN_CV = const(1000)
_START_MS = const(10)

_UNKNOWN = const(-1)
_KEPT = const(0x2A)
"""Marks a word that was kept, in its bits 29 to 24."""

# Events that read() and start() report, or-ed together: see IC_EVENTS of metering.py.
BUS_RETRIED = const(1)
RELOADED = const(2)
"""The chip had been reset: what it counted since the last reading is not known."""
REVERSED = const(16)
"""The direction of active energy changed."""


class Bl0942:
    def __init__(
        self, spi: object, cs: object, calibration: Calibration, sleep_ms: object,
        keep: object = None, over_current_mA: int = 0,
    ) -> None:
        """spi: SPI in mode 1; cs: its chip select, a Pin; sleep_ms: a function that waits.

        keep: two words of the controller that a reset leaves alone and a power loss need not, by
        index, of 30 bits: what was counted during a reset is then metered. None: it is lost.
        over_current_mA: pin CF2 is high while the rms current of one cycle is above it, 0 for
        never. ValueError beyond what the chip can tell.
        """
        self._bus = Bl0942Bus(spi, cs)
        self._sleep_ms = sleep_ms
        self._keep = keep
        self.calibration = calibration
        self.reloads = 0
        self._last = _UNKNOWN
        """CF_CNT as it was read last."""
        self._turn = 0
        self._exports = False
        self._pending = array("I", (0, 0))
        self._parts = array("I", (0, 0))
        # In the order in which they are written: with MODE right, all are.
        self._registers = bytes((_WA_CREEP, _I_FAST_RMS_TH, _OT_FUNX, _GAIN_CR, _MODE))
        self._mode = _MODE_RUN | (_MODE_60_HZ if calibration.mode_60_Hz else 0)
        self._over_current_mA = over_current_mA
        self._values = self._registered()

    @property
    def bus_errors(self) -> int:
        """Disturbed reads since the start."""
        return self._bus.errors

    def start(self) -> int:
        """Bring the chip up; return the events. Bl0942Error if it cannot meter.

        A chip that already runs as ours (only the controller was reset) is left alone, and counts
        on from what was kept. The first count of any other is no energy.
        """
        self._sleep_ms(_START_MS)
        self._bus.resynchronise()
        if self._configured():
            return 0
        self._load()
        return RELOADED

    def read(self, reading: Reading) -> int:
        """Fill a reading and return the events; allocates nothing unless something is wrong.

        Bl0942Error if the chip does not answer; energy read before the error is kept and handed
        over with the next reading.
        """
        bus = self._bus
        before = bus.errors
        events = self._read_energy()
        c = self.calibration
        voltage = bus.read(_V_RMS) * 64 // c.per_cV
        current = bus.read(_I_RMS) * 64 // c.per_mA
        watt = bus.read(_WATT)
        period = bus.read(_FREQ)
        negative = watt >= _HALF
        if negative:
            watt = _COUNTER + 1 - watt
        active = watt * 64 // c.per_W
        # In tenths: half a watt would be much of the power of a small load.
        apparent = voltage // 10 * current // 1000
        factor = 0
        if apparent:
            factor = min((watt >> 4) * 1024 // c.per_dW * 1000 // apparent, 1000)
        reading.voltage_cV = voltage
        reading.current_mA = current
        reading.neutral_mA = 0
        reading.active_W = -active if negative else active
        reading.reactive_var = 0
        reading.power_factor_milli = -factor if negative else factor
        # Without voltage the register keeps what it held.
        reading.frequency_cHz = (
            100000000 // period if period and voltage >= _VOLTAGE_MIN_CV else 0)
        reading.import_counts = self._hand_over(0)
        reading.export_counts = self._hand_over(1)
        reading.reactive_import_counts = 0
        reading.reactive_export_counts = 0
        if bus.errors != before:
            events |= BUS_RETRIED
        return events

    @property
    def held(self) -> int:
        """What is held of the next count, in 65536ths, export negative."""
        return self._parts[0] - self._parts[1]

    def _registered(self) -> array:
        """Return what the registers are given, in the order of `_registers`."""
        c = self.calibration
        return array("H", (
            c.creep,
            c.over_current(self._over_current_mA) if self._over_current_mA else _NEVER,
            _OT_RUN, c.gain_bits, self._mode))

    def recalibrate(self, calibration: Calibration) -> None:
        """Run by other constants from now on; what was counted by those before is kept.

        Bl0942Error if the chip does not take them: it is given those before again.
        """
        self._read_energy()
        before = self.calibration
        self.calibration = calibration
        if self._registered() != self._values:
            self._values = self._registered()
            try:
                self._load()
            except Bl0942Error:
                self.calibration = before
                self._values = self._registered()
                raise

    def adjuster(self) -> object:
        """Return what works out constants of this chip against a reference, see
        drivers.adjusting."""
        # Only here: a meter is calibrated once or twice in its life.
        from joulegate.drivers.bl0942_adjust import Adjuster
        return Adjuster(self, self._bus)

    def check(self) -> None:
        """Raise Bl0942Error unless the chip answers, runs as ours and is write protected."""
        for i in range(len(self._registers)):
            self._expect(self._registers[i], self._values[i])
        self._expect(_USR_WRPROT, 0)

    def details(self) -> dict:
        """Return what a reading leaves out, for a person."""
        return {
            "pulses": self._read(_CF_CNT),
            "fast_current_mA": self._read(_I_FAST_RMS) * 64 // self.calibration.per_mA
            * 1000 // 363,
            "creeping": bool(self._read(_STATUS) & _CREEP_FLAG),
        }

    def _read_energy(self) -> int:
        bus = self._bus
        count = bus.read(_CF_CNT)
        # MODE each time and the others in turn: a chip may lose one of them alone.
        turn = self._turn
        self._turn = (turn + 1) % len(self._registers)
        if (bus.read(_MODE) != self._mode
                or bus.read(self._registers[turn]) != self._values[turn]):
            self._load()
            self.reloads += 1
            return RELOADED
        if self._last == _UNKNOWN:
            self._last = self._kept(count)
        pulses = self._since_last(count)
        if not pulses:
            return 0
        if not -_LIKELY <= pulses <= _LIKELY:
            # The check sum is of 8 bits only, and this would be much money.
            again = bus.read(_CF_CNT)
            if not -_LIKELY <= self._since_last(again) - pulses <= _LIKELY:
                raise Bl0942Error("BL0942: CF_CNT read 0x%06X, then 0x%06X, expected to agree"
                                  % (count, again))
            count = again
            pulses = self._since_last(again)
        self._last = count
        self._save()
        exports = pulses < 0
        self._take(1 if exports else 0, -pulses if exports else pulses)
        if exports == self._exports:
            return 0
        self._exports = exports
        return REVERSED

    def _since_last(self, count: int) -> int:
        """Return the pulses since the last reading, negative when energy was given."""
        return ((count - self._last + _HALF) & _COUNTER) - _HALF

    def _take(self, direction: int, pulses: int) -> None:
        """Turn pulses into counts; the part of a count that is left waits for the next."""
        each = self.calibration.parts_per_pulse
        while pulses:
            n = min(pulses, _CHUNK)  # a product stays below 2^30
            parts = n * each + self._parts[direction]
            self._pending[direction] += parts >> 16
            self._parts[direction] = parts & 0xFFFF
            pulses -= n

    def _hand_over(self, direction: int) -> int:
        counts = min(self._pending[direction], _READING_MAX)
        self._pending[direction] -= counts
        return counts

    def _save(self) -> None:
        keep = self._keep
        if keep is not None:
            keep[0] = _KEPT << 24 | self._last
            keep[1] = _KEPT << 24 | self._last ^ _COUNTER

    def _kept(self, count: int) -> int:
        """Return the counter as it was read last before a reset, or `count`."""
        keep = self._keep
        if keep is None or keep[0] >> 24 != _KEPT or keep[0] ^ keep[1] != _COUNTER:
            return count
        return keep[0] & _COUNTER

    def _configured(self) -> bool:
        for i in range(len(self._registers)):
            if self._read(self._registers[i]) != self._values[i]:
                return False
        return True

    def _load(self) -> None:
        """Reset the chip, prove that it is one, and have it meter as ours; no energy is known of
        before its count after that."""
        bus = self._bus
        self._last = _UNKNOWN
        if self._keep is not None:
            self._keep[0] = 0
        bus.write(_USR_WRPROT, _OPEN_KEY)
        bus.write(_SOFT_RESET, _RESET_KEY)
        self._sleep_ms(_START_MS)
        self._expect(_MODE, _MODE_RESET)
        bus.write(_USR_WRPROT, _OPEN_KEY)  # the reset has locked it again
        for i in range(len(self._registers)):
            bus.write(self._registers[i], self._values[i])
        bus.write(_USR_WRPROT, 0)
        self.check()
        self._last = self._read(_CF_CNT)
        self._save()

    def _expect(self, register: int, value: int) -> None:
        got = self._read(register)
        if got != value:
            raise Bl0942Error("BL0942: register 0x%02X read 0x%06X, expected 0x%06X"
                              % (register, got, value))

    def _read(self, register: int) -> int:
        return self._bus.read(register)
