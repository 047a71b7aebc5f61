"""Register-level model of the ATM90E32AS three-phase metering IC, as its SPI master sees it.

Source: Microchip 46003B (data sheet) and 46103A (application note). The model shares nothing with
any driver. It answers frames of 32 clocks, keeps the registers, meters the three applied loads in
whole numbers and lets faults be put on the bus. Time passes in `advance` alone; what is measured
follows the load at once, where the chip takes a third of a second.

Choices where the data sheet is silent:
- Configuration is locked after a reset; what is written to it while locked is ignored. The CRC is
  compared from the first lock on, 14 ms after it and after each change.
- A sag or lost phase is judged by the peak of a sine of the phase's voltage, a sag once it has
  lasted for the window of SagPeakDetCfg. EMMIntState latches changes of sag, phase loss, sequence
  and direction whatever EMMIntEn says.
- Voltages are in sequence unless `wrong_sequence` is set and all three are there.
- SoftReset, a brown-out and the RESET pin all do the same.
"""

from micropython import const

from world.atm90e32_energy import EnergyPath
from world.atm90e32_frames import FrameReceiver
from world.atm90e32_load import Phase
from world.atm90e32_measurement import MeasurementPath
from world.atm90e32_registers import (
    ACCESS,
    CONFIG,
    CRC_DIGEST,
    CRC_STATUS,
    KINDS,
    LATCH_0,
    LATCHED,
    MEASURED,
    PHASE_LOSS_TH,
    PLAIN,
    RMS,
    SAG_PEAK,
    SAG_TH,
    SOFT_RESET,
    STATE_0,
    STATE_1,
    digest,
    reset_words,
)
from world.atm90e32_signal import Signal
from world.powered_chip import PoweredChip

_RESET_KEY = const(0x789A)
_OPEN_KEY = const(0x55AA)
_CRC_MS = const(14)
_ROOT_2 = const(1_414_214)
_PHASES = const(3)
_SEQUENCE = const(0x0200)
_MAX_CENTIHERTZ = const(10_000)


class Atm90e32Model(PoweredChip):
    """One chip on its board, powered at construction and ready after `ready_ms`.

    The front end is microvolts at an input for a volt and for an ampere, and thousandths of a
    degree by which the board's current lags; each one value, or three.

    `cs`, `exchange`, `clock_bits`, `lose_next_read`, `cut_next_read`, `lose_next_write` and
    `flip_next_read` are those of `FrameReceiver`, `emitted` that of `EnergyPath`.
    """

    def __init__(
        self, divider_uV_per_V: int | tuple = 1000, sensor_uV_per_A: int | tuple = 5000,
        lag_mdeg: int | tuple = 0, ready_ms: int = 16,
    ) -> None:
        self._ready_ms = ready_ms
        self._phases = [
            Phase(_of(divider_uV_per_V, n), _of(sensor_uV_per_A, n), _of(lag_mdeg, n))
            for n in range(_PHASES)]
        self._frequency = 5000
        self.wrong_sequence = False
        self._words = reset_words()
        self._signals = [Signal(self._words, n, self._phases[n]) for n in range(_PHASES)]
        self._energy = EnergyPath(self._words, self._signals)
        self._measurement = MeasurementPath(self._words, self._signals, self._phases)
        frames = FrameReceiver(self._words, self._fetch, self._write)
        self._frames = frames
        self.cs = frames.cs
        self.exchange = frames.exchange
        self.clock_bits = frames.clock_bits
        self.lose_next_read = frames.lose_next_read
        self.cut_next_read = frames.cut_next_read
        self.lose_next_write = frames.lose_next_write
        self.flip_next_read = frames.flip_next_read
        self.emitted = self._energy.emitted
        self.power_on()

    # Supply, reset and time

    def corrupt(self, address: int, mask: int) -> None:
        """Fault: bits of a configuration register change by themselves."""
        self._words[address] ^= mask
        self._config_changed()

    def _reset(self) -> None:
        self._words[:] = reset_words()
        self._energy.reset()
        self._golden = None
        self._crc_ms = 0
        self._crc_bad = False
        self._states = [0, 0]
        self._low_ms = [0] * _PHASES
        self._unready_ms = self._ready_ms
        self._stale = self._unmeasured = True
        self._frames.listening = False
        self._frames.abort()

    def apply_phase(
        self, number: int, voltage_cV: int, current_mA: int, active_mW: int, reactive_mvar: int
    ) -> None:
        """Set the load of phase 0 to 2 from now on; signed, positive is import and inductive."""
        self._phases[number].take(voltage_cV, current_mA, active_mW, reactive_mvar)
        self._stale = self._unmeasured = True

    def set_frequency(self, frequency_cHz: int) -> None:
        """Set the frequency of all three phases."""
        if not 0 <= frequency_cHz <= _MAX_CENTIHERTZ:
            raise ValueError("frequency_cHz is %r: must be 0 to %d" % (
                frequency_cHz, _MAX_CENTIHERTZ))
        if frequency_cHz != self._frequency:
            self._frequency = frequency_cHz
            self._stale = self._unmeasured = True

    def advance(self, ms: int) -> None:
        """Let `ms` milliseconds (not negative) pass with the load applied."""
        if ms < 0:
            raise ValueError("ms is %r: time must not go back" % (ms,))
        if not self._powered:
            return
        if self._unready_ms:
            ms = self._wait(ms)
            if self._unready_ms:
                return
            self._frames.listening = True
        self._follow()
        self._watch(ms)
        self._energy.advance(ms)
        if self._crc_ms:
            self._crc_ms = max(0, self._crc_ms - ms)
            if not self._crc_ms:
                self._crc_bad = digest(self._words) != self._golden

    def _follow(self) -> None:
        if self._stale:
            self._stale = False
            for signal in self._signals:
                signal.follow(self._frequency)
            self._energy.follow()

    # States

    def _watch(self, ms: int) -> None:
        """Work out the live states after `ms`, and latch what has changed."""
        words = self._words
        window = words[SAG_PEAK] & 0xFF
        sags = losses = 0
        for number in range(_PHASES):
            if self._below(number, SAG_TH):
                self._low_ms[number] += ms
                if self._low_ms[number] > window:
                    sags |= 0x4000 >> number
            else:
                self._low_ms[number] = 0
            if self._below(number, PHASE_LOSS_TH):
                losses |= 0x0400 >> number
        back = 0
        for which in range(4):
            bit = 3 if not which else which - 1
            if self._energy.reversed_active[which]:
                back |= 1 << bit
            if self._energy.reversed_reactive[which]:
                back |= 16 << bit
        first = 0
        if self.wrong_sequence and not losses:
            first = _SEQUENCE
        for place, state in enumerate((first, sags | losses | back)):
            if not words[0]:
                state = 0
            words[LATCH_0 + place] |= self._states[place] ^ state
            self._states[place] = state

    def _below(self, number: int, register: int) -> bool:
        """Whether a phase's peak is below a threshold: U * sqrt(2) * 2^14 / Ugain."""
        gain = self._words[RMS + 4 * number]
        voltage = self._phases[number].voltage * self._signals[number].volts
        peak = voltage * _ROOT_2 * 16384 // (25_456_000 * 1_000_000)
        return peak < self._words[register] * gain

    def peek(self, address: int) -> int:
        """Return what a read of `address` (0 to 255) would give, without any effect on it."""
        return self._words[address] if KINDS[address] < MEASURED else self._fetch(address)

    def _fetch(self, address: int) -> int:
        self._follow()
        if STATE_0 <= address <= STATE_1:
            return self._states[address - STATE_0]
        if address == CRC_STATUS:
            return 1 if self._crc_bad else 0
        if address == CRC_DIGEST:
            return digest(self._words)
        if self._unmeasured:
            self._unmeasured = False
            self._measurement.update(
                self._frequency, self.wrong_sequence,
                [self._below(n, PHASE_LOSS_TH) for n in range(_PHASES)])
        return self._words[address]

    # Writes

    def _write(self, address: int, word: int) -> None:
        words = self._words
        kind = KINDS[address]
        if kind == CONFIG:
            if words[ACCESS] == _OPEN_KEY:
                words[address] = word
                self._config_changed()
        elif kind == LATCHED:
            words[address] &= ~word & 0xFFFF
        elif address == SOFT_RESET:
            if word == _RESET_KEY:
                self._reset()
        elif address == ACCESS:
            words[ACCESS] = word
            if word != _OPEN_KEY:
                self._golden = digest(words)
                self._crc_ms = _CRC_MS
        elif kind == PLAIN:
            words[address] = word

    def _config_changed(self) -> None:
        self._stale = self._unmeasured = True
        if self._golden is not None:
            self._crc_ms = _CRC_MS


def _of(value: int | tuple, number: int) -> int:
    return value[number] if isinstance(value, tuple) else value
