"""Register-level model of the ATM90E26 single-phase metering IC, as its SPI master sees it.

Source: Microchip 46002B (data sheet) and 46102B (application note). The model shares nothing
with any driver. It answers 24-clock frames, keeps the registers, meters the applied load in whole
numbers and lets faults be put on the bus. Time passes in `advance` alone.

Choices where the data sheet is silent:
- The power-on state (CalStart and AdjStart 6886) neither meters nor measures and is no error;
  an opened block (5678) does both with whatever it holds, as calibration needs. 6886 written by
  the master is a value like any other: stopped, with the error bits.
- CS1 and CS2 belong to their blocks: written only while open. Opening keeps what was written.
- LastData follows every whole frame, even a write the register then refuses.
- What comes into a read-to-clear register between sampling and the end of the frame stays there.
- WarnOut is high while a bad CS1 stops metering, or (SagWo) while a sag lasts. IRQ is high while
  SysStatus is not zero.
- A sudden brown-out or disturbance resets like the RESET pin does.
"""

from micropython import const

from world.atm90e26_energy import EnergyPath
from world.atm90e26_frames import FrameReceiver
from world.atm90e26_load import FrontEnd, Load
from world.atm90e26_measurement import MeasurementPath
from world.atm90e26_registers import (
    ADJ_ERR,
    ADJ_START,
    ANGLE,
    CAL_ERR,
    CAL_START,
    CHECKSUM,
    COMMAND,
    CS1,
    CS2,
    FINE,
    KINDS,
    MEASURED,
    OPEN_ADJUSTMENT,
    OPEN_METERING,
    PL_CONST_H,
    PL_CONST_L,
    READ_WRITE,
    SAG_TH,
    SMALL_P_MOD,
    SOFT_RESET,
    STATE,
    STATUS,
    SYS_STATUS,
    U_GAIN,
    checksum,
    reset_values,
)
from world.atm90e26_sag import SagDetector
from world.powered_chip import PoweredChip

_RESET_KEY = const(0x789A)
_OPEN_KEY = const(0x5678)
_CHECK_KEY = const(0x8765)
_READY_MS = const(5)


class Atm90e26Model(PoweredChip):
    """One chip on its board, powered at construction and ready 5 ms later.

    `strap` is MMD1:MMD0 (0 anti-tamper, 1 L, 2 L+N, 3 flexible). The front end is microvolts at
    the L input for an ampere, at the N input for an ampere and at the voltage input for a volt,
    each a positive int or a pair (microvolts, amperes or volts). By default it is the data
    sheet's example: 1 mV at 5 A, 250 mV at 220 V, and on N the 24 mV that equal L at gain 24.

    `cs`, `exchange`, `clock_bits`, `pause`, `lose_next_read` and `flip_next_read` are those of
    `FrameReceiver`. `emitted` holds, by address, the total counts ever put into each energy
    register, whatever was read, lost or reset.
    """

    def __init__(self, strap: int = 0b01, shunt_uV_per_A: int | tuple = 200,
                 ct_uV_per_A: int | tuple = 4800,
                 divider_uV_per_V: int | tuple = (250_000, 220)) -> None:
        if not 0 <= strap <= 3:
            raise ValueError("strap is %r: must be 0 to 3" % (strap,))
        front_end = FrontEnd(shunt_uV_per_A, ct_uV_per_A, divider_uV_per_V)
        self._load = Load()
        self._offered = Load()
        self._registers = reset_values()
        self._energy = EnergyPath(self._registers, strap, front_end)
        self._measurement = MeasurementPath(self._registers, front_end)
        self._sag = SagDetector(self._registers, front_end)
        frames = FrameReceiver(self._registers, self._measurement.fractions, self._fetch,
                               self._write)
        self._frames = frames
        self.cs = frames.cs
        self.exchange = frames.exchange
        self.clock_bits = frames.clock_bits
        self.pause = frames.pause
        self.lose_next_read = frames.lose_next_read
        self.flip_next_read = frames.flip_next_read
        self.emitted = self._energy.emitted
        self.power_on()

    # Supply, reset and time

    def reset_pin(self) -> None:
        """Pulse RESET low."""
        self._reset()

    def _reset(self) -> None:
        self._registers[:] = reset_values()
        self._written_checksums = [0, 0]
        self._calibration_bad = False
        self._energy.reset()
        self._measurement.reset()
        self._energy.offsets = self._measurement.load_offsets()
        self._sag.reset()
        self._stale = True
        self._unready_ms = _READY_MS
        self._frames.deafen()

    def apply(self, voltage_cV: int, current_mA: int, active_mW: int, reactive_mvar: int,
              neutral_mA: int | None = None, neutral_mW: int | None = None,
              neutral_mvar: int | None = None, frequency_cHz: int = 5000) -> None:
        """Set the primary-side load from now on.

        Active power is signed (negative: export), reactive too (positive: inductive). The
        neutral line defaults to the same as line L. ValueError: a value is out of range.
        """
        # Straight into a spare load, and few names: MicroPython then needs no heap here.
        self._offered.voltage = voltage_cV
        self._offered.frequency = frequency_cHz
        self._offered.l_current = current_mA
        self._offered.l_active = active_mW
        self._offered.l_reactive = reactive_mvar
        self._offered.n_current = current_mA if neutral_mA is None else neutral_mA
        self._offered.n_active = active_mW if neutral_mW is None else neutral_mW
        self._offered.n_reactive = reactive_mvar if neutral_mvar is None else neutral_mvar
        self._take_offered()

    def _take_offered(self) -> None:
        self._offered.settle()
        self._load, self._offered = self._offered, self._load
        self._stale = True
        self._measurement.stale = True

    def advance(self, ms: int) -> None:
        """Let `ms` milliseconds (not negative) pass with the load applied."""
        if ms < 0:
            raise ValueError("ms is %r: time must not go back" % (ms,))
        if not self._powered:
            return
        if self._unready_ms:
            ms = self._wait(ms)
            if not self._unready_ms:
                self._frames.listen()
        self._follow()
        if self._sag.low and not self._unready_ms:
            self._sag.advance(ms)
        self._energy.advance(ms)

    def _follow(self) -> None:
        if self._stale:
            self._stale = False
            self._energy.follow(self._load)
            self._sag.follow(self._load)

    # Pins and registers seen from outside

    @property
    def irq(self) -> int:
        """Level of the IRQ pin."""
        return 1 if self.ready and self.peek(SYS_STATUS) else 0

    @property
    def warnout(self) -> int:
        """Level of the WarnOut pin."""
        self._follow()
        return 1 if self.ready and (self._calibration_bad or self._sag.warns()) else 0

    def peek(self, address: int) -> int:
        """Return what a read of `address` (0 to 127) would give, without any effect on it."""
        return self._fetch(address, KINDS[address])

    def _fetch(self, address: int, kind: int) -> int:
        words = self._registers
        if kind == STATUS:
            self._follow()
        elif kind == STATE:
            self._follow()
            return self._energy.status()
        elif MEASURED <= kind <= FINE:
            measurement = self._measurement
            if measurement.live:
                if measurement.stale:
                    measurement.update(self._load)
                if kind == ANGLE:
                    measurement.update_angle(address, self._load)
        elif kind == CHECKSUM:
            if address == CS1:
                return checksum(words, PL_CONST_H, CS1)
            return checksum(words, U_GAIN, CS2)
        return words[address]

    # Writes and the calibration blocks

    def _write(self, address: int, word: int) -> None:
        words = self._registers
        kind = KINDS[address]
        if kind == READ_WRITE:
            words[address] = word
            if address == SAG_TH:
                self._sag.configure()
            elif address == SMALL_P_MOD:
                self._measurement.configure()
                self._measurement.stale = True
            self._stale = True
        elif kind == OPEN_METERING:
            if words[CAL_START] == _OPEN_KEY:
                words[address] = word
                self._metering_changed(address == PL_CONST_L)
        elif kind == OPEN_ADJUSTMENT:
            if words[ADJ_START] == _OPEN_KEY:
                words[address] = word
                self._adjustment_changed()
        elif kind == CHECKSUM:
            block = address == CS2
            if words[ADJ_START if block else CAL_START] == _OPEN_KEY:
                self._written_checksums[block] = word
        elif kind == COMMAND:
            self._command(address, word)

    def _command(self, address: int, word: int) -> None:
        if address == CAL_START:
            self._start_metering(word)
        elif address == ADJ_START:
            self._start_measuring(word)
        elif address == SOFT_RESET and word == _RESET_KEY:
            self._reset()

    def _metering_changed(self, constant_too: bool) -> None:
        if constant_too:
            self._energy.take_constant()
        self._energy.configure()
        self._stale = True
        # MMode holds the amplifier gains.
        self._adjustment_changed()

    def _adjustment_changed(self) -> None:
        self._measurement.configure()
        self._measurement.stale = True
        self._energy.offsets = self._measurement.load_offsets()
        self._stale = True

    def _start_metering(self, word: int) -> None:
        words = self._registers
        words[CAL_START] = word
        if word == _OPEN_KEY:
            words[PL_CONST_H:CS1] = reset_values()[PL_CONST_H:CS1]
            self._metering_changed(True)
            good = True
        else:
            good = word == _CHECK_KEY and self._written_checksums[0] == self.peek(CS1)
        self._energy.running = good
        self._calibration_bad = not good
        self._stale = True
        if not good:
            words[SYS_STATUS] |= CAL_ERR

    def _start_measuring(self, word: int) -> None:
        words = self._registers
        words[ADJ_START] = word
        if word == _OPEN_KEY:
            words[U_GAIN:CS2] = reset_values()[U_GAIN:CS2]
            self._adjustment_changed()
            good = True
        else:
            good = word == _CHECK_KEY and self._written_checksums[1] == self.peek(CS2)
        if good:
            self._measurement.live = True
            self._measurement.stale = True
        else:
            self._measurement.freeze(self._load)
            words[SYS_STATUS] |= ADJ_ERR
