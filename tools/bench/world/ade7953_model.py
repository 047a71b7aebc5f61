"""Register-level model of the ADE7953 metering IC, as its SPI master sees it.

Source: Analog Devices data sheet ADE7953 Rev. B. The model shares nothing with any driver. It
meters the applied load in whole numbers and lets faults be put on the bus. Time passes in
`advance` alone.

Choices where the sheet is silent or was not at hand:
- a threshold of no load holds power, after its gain and offset, below full scale / Y;
- an energy register that overflows goes on from its other end;
- what the sheet wants in an order is dropped out of it: thresholds of no load while they are in
  force, SAGCYC while there is a SAGLVL, register 0x120 without its key right before;
- bits of IRQSTATA come whether or not IRQENA has them; the pin goes low for those it has;
- VPEAK and IAPEAK are 6500000 at full scale; PERIOD keeps its value 0 without voltage;
- PHCAL delays the current by 1.117 us a step, and bit 9 advances it instead;
- the checksum is the model's own, over the registers that can be written.
"""

import math

from micropython import const

from world.ade7953_channel import Channel
from world.ade7953_frames import FrameReceiver
from world.ade7953_registers import (
    ACCMODE,
    ACTIVE_SIGN,
    AENERGYA,
    ANGLE_A,
    AP_NOLOAD,
    AVGAIN,
    AWATT,
    CHECKSUM_CHANGED,
    COMM_LOCK,
    CONFIG,
    CRC,
    CRC_ENABLE,
    DISNOLOAD,
    IAPEAK,
    IRQENA,
    IRQSTATA,
    IRQSTATB,
    LCYCMODE,
    OILVL,
    OVERCURRENT,
    PERIOD,
    PFA,
    REACTIVE_SIGN,
    RENERGYA,
    RESERVED,
    RESET,
    RSTIAPEAK,
    RSTIBPEAK,
    RSTIRQSTATA,
    RSTIRQSTATB,
    RSTREAD,
    RSTVPEAK,
    SAG,
    SAGCYC,
    SAGLVL,
    SOFT_RESET,
    UNLOCK,
    VA_NOLOAD,
    VPEAK,
    VRMS,
    WATCHED,
    WRITE_PROTECT,
    location,
    reset_values,
    width_of,
    writable,
)
from world.powered_chip import PoweredChip

_READY_MS = const(66)
"""Of the supply, 26 ms, and of the start after it, 40 ms."""
_RMS_FULL = const(9032007)
_PEAK_FULL = const(6500000)
_CLOCK_CHZ = const(22375000)
"""CLKIN / 16 in 0.01 Hz: what PERIOD and ANGLE count by."""
_UNLOCK_KEY = const(0xAD)
# 500 mV of peak, in uV rms: 500000 * 10^6 / 1414214.
_FULL_uV = const(500000)
_ROOT_2 = const(1414214)
_MAX_CENTIVOLTS = const(100000)
_MAX_MILLIAMPERES = const(2000000)
_MAX_MILLIWATTS = const(2000000000)


class Ade7953Model(PoweredChip):
    """One chip on its board, powered at construction and ready 66 ms later.

    The front end is microvolts rms at the voltage input for a volt and at the current inputs
    for an ampere, each an int or a pair (microvolts, volts or amperes). `phase_urad` is by how
    much the current of A comes late. `version` is what register 0x702 holds.

    `cs`, `exchange`, `glitch`, `lose_next_read` and `flip_next_read` are those of `FrameReceiver`.
    """

    def __init__(self, shunt_uV_per_A: int | tuple = 200, neutral_uV_per_A: int | tuple = 4800,
                 divider_uV_per_V: int | tuple = 1250, phase_urad: int = 0,
                 version: int = 0x51) -> None:
        self._divider = _ratio(divider_uV_per_V)
        self._version = version
        self._registers = reset_values(version)
        self._a = Channel(self._registers, 0, self._divider, _ratio(shunt_uV_per_A), phase_urad)
        self._b = Channel(self._registers, 1, self._divider, _ratio(neutral_uV_per_A), 0)
        self._channels = (self._a, self._b)
        frames = FrameReceiver(self._registers, self._fetch, self._taken, self._write)
        self._frames = frames
        self.cs = frames.cs
        self.exchange = frames.exchange
        self.glitch = frames.glitch
        self.lose_next_read = frames.lose_next_read
        self.flip_next_read = frames.flip_next_read
        self._voltage = 0
        self._frequency = 5000
        self._given = [0, 0, 0, 0]
        self._follower = None
        self._irq = 1
        self.power_on()

    # Supply, reset and time

    def reset_pin(self) -> None:
        """Pulse RESET low."""
        self._reset()

    def _reset(self) -> None:
        self._registers.clear()
        self._registers.update(reset_values(self._version))
        self._unready_ms = _READY_MS
        self._unlocked = False
        self._golden = None
        self._crc = None
        self._sag_ms = 0
        self._sagging = False
        self._reversed = [None, None]
        for channel in self._channels:
            channel.reset()
        self._stale = True
        self._frames.deafen()

    @property
    def locked(self) -> bool:
        """Whether the bus is SPI for good, until the next reset."""
        return self._frames.locked

    @property
    def irq(self) -> int:
        """Level of the IRQ pin: low while a bit that IRQENA has is set."""
        words = self._registers
        return 0 if self.ready and words[IRQSTATA] & (words[IRQENA] | RESET) else 1

    def apply(self, voltage_cV: int, current_mA: int, active_mW: int, reactive_mvar: int,
              neutral_mA: int | None = None, neutral_mW: int | None = None,
              neutral_mvar: int | None = None, frequency_cHz: int = 5000) -> None:
        """Set the primary-side load from now on.

        Active power is signed (negative: export), reactive too (positive: inductive). The
        neutral line defaults to the same as the line. ValueError: a value is out of range.
        """
        _check("voltage_cV", voltage_cV, 0, _MAX_CENTIVOLTS)
        _check("frequency_cHz", frequency_cHz, 0, 10000)
        self._voltage = voltage_cV
        self._frequency = frequency_cHz
        live = 1 if voltage_cV else 0
        neutral = (current_mA if neutral_mA is None else neutral_mA,
                   active_mW if neutral_mW is None else neutral_mW,
                   reactive_mvar if neutral_mvar is None else neutral_mvar)
        for channel, load in zip(
                self._channels, ((current_mA, active_mW, reactive_mvar), neutral)):
            _check("current_mA", load[0], 0, _MAX_MILLIAMPERES)
            _check("active_mW", load[1], -_MAX_MILLIWATTS, _MAX_MILLIWATTS)
            _check("reactive_mvar", load[2], -_MAX_MILLIWATTS, _MAX_MILLIWATTS)
            channel.load = (load[0], load[1] * live, load[2] * live)
        self._stale = True
        if self.ready:
            self._compare()
            self._settle_irq()

    def advance(self, ms: int) -> None:
        """Let `ms` milliseconds (not negative) pass with the load applied."""
        if ms < 0:
            raise ValueError("ms is %r: time must not go back" % (ms,))
        if not self._powered or not ms:
            return
        self._frames.held = True
        if self._unready_ms:
            ms = self._wait(ms)
            if self._unready_ms:
                return
            self._frames.listening = True
            self._registers[IRQSTATA] |= RESET
        self._follow()
        words = self._registers
        for n, channel in enumerate(self._channels):
            status = IRQSTATB if n else IRQSTATA
            words[status] |= channel.advance(ms)
        self._compare()
        self._watch_sign(0, ACTIVE_SIGN, self._a.active_code)
        self._watch_sign(1, REACTIVE_SIGN, self._a.reactive_code)
        self._watch_sag(ms)
        if words[CONFIG] & CRC_ENABLE:
            if self._golden is None:
                self._golden = self._checksum()
            elif self._golden != self._checksum():
                words[IRQSTATA] |= CHECKSUM_CHANGED
        self._settle_irq()

    def _compare(self) -> None:
        """Compare the currents' peaks with OILVL; the first sample after a change has them."""
        words = self._registers
        for n, channel in enumerate(self._channels):
            if self._peak(channel) > words[OILVL]:
                words[IRQSTATB if n else IRQSTATA] |= OVERCURRENT

    def lead_out(self, follower: object) -> None:
        """Have follower(level) called when the level of the IRQ pin changes."""
        self._follower = follower

    def _settle_irq(self) -> None:
        level = self.irq
        if level != self._irq:
            self._irq = level
            if self._follower is not None:
                self._follower(level)

    def _follow(self) -> None:
        if self._stale:
            self._stale = False
            for channel in self._channels:
                channel.follow(self._voltage, self._frequency)
            words = self._registers
            words[VPEAK] = max(words[VPEAK], self._volts(AVGAIN, _PEAK_FULL))
            for n, channel in enumerate(self._channels):
                words[IAPEAK + 2 * n] = max(words[IAPEAK + 2 * n], self._peak(channel))

    def _watch_sign(self, which: int, bit: int, code: int) -> None:
        if code:
            if self._reversed[which] not in (None, code < 0):
                self._registers[IRQSTATA] |= bit
            self._reversed[which] = code < 0

    def _watch_sag(self, ms: int) -> None:
        words = self._registers
        if not words[SAGCYC] or self._volts(AVGAIN, _PEAK_FULL) >= words[SAGLVL]:
            self._sagging = False
            self._sag_ms = 0
            return
        self._sag_ms += ms
        if self._sag_ms * (self._frequency or 5000) >= words[SAGCYC] * 50000 and not self._sagging:
            self._sagging = True
            words[IRQSTATA] |= SAG

    def _volts(self, gain: int, full: int) -> int:
        return (full * self._voltage * self._divider[0] * _ROOT_2 * self._registers[gain]
                // (100 * self._divider[1] * _FULL_uV * 1000000 << 22))

    def _peak(self, channel: Channel) -> int:
        return channel.amperes(_PEAK_FULL)

    # What was given out

    def given_out(self) -> list:
        """Return the counts of import, export, inductive and capacitive reactive energy of
        channel A: each content of a register that was read, by its sign, and what is there now."""
        given = list(self._given)
        for n, held in enumerate(self._a.unread):
            given[2 * n + (held < 0)] += abs(held)
        return given

    @property
    def emitted(self) -> dict:
        """All that ever came into the signed energy registers of A, by address."""
        return {AENERGYA: self._a.emitted[0], RENERGYA: self._a.emitted[1]}

    # Registers

    def peek(self, address: int) -> int:
        """Return what a read of `address` would give, without any effect on it."""
        return self._fetch(location(address))

    def _fetch(self, address: int) -> int:
        words = self._registers
        self._follow()
        if address == CRC:
            return self._checksum()
        if address == VRMS:
            return self._volts(AVGAIN, _RMS_FULL)
        if address in (RSTVPEAK, RSTIAPEAK, RSTIBPEAK, RSTIRQSTATA, RSTIRQSTATB):
            return words[address - 1]
        if address == PERIOD:
            voltage = self._voltage and self._frequency
            return _CLOCK_CHZ // self._frequency - 1 if voltage else 0
        if address == ACCMODE:
            return words[ACCMODE] | (self._a.active_code < 0) << 10 | (
                self._a.reactive_code < 0) << 12
        if PFA <= address < ANGLE_A + 2:
            channel = self._channels[address & 1]
            return channel.factor() if address < ANGLE_A else self._angle(channel)
        if AWATT - 2 <= address < AENERGYA + 6:
            return self._channels[address & 1].fetch(address)
        return words.get(address, 0)

    def _angle(self, channel: Channel) -> int:
        current, active, reactive = channel.load
        if not current or not self._voltage or not self._frequency:
            return 0
        turn = math.atan2(reactive, active) / (2 * math.pi)
        return int(turn * _CLOCK_CHZ / self._frequency) & 0xFFFF

    def _taken(self, address: int, word: int) -> None:
        """A read of `address` has reached its end: it may clear."""
        words = self._registers
        self._unlocked = False
        if address in (RSTVPEAK, RSTIAPEAK, RSTIBPEAK):
            words[address - 1] = 0
            self._stale = True
        elif address in (RSTIRQSTATA, RSTIRQSTATB):
            words[address - 1] &= ~word
            self._settle_irq()
        elif AENERGYA <= address < AENERGYA + 6 and words[LCYCMODE] & RSTREAD:
            gone = self._channels[address & 1].clear(address)
            if address in (AENERGYA, RENERGYA):
                self._given[(address - AENERGYA) + (gone < 0)] += abs(gone)

    def _write(self, address: int, word: int, held: bool) -> None:
        words = self._registers
        unlocked, self._unlocked = self._unlocked, False
        if address == UNLOCK:
            self._unlocked = word == _UNLOCK_KEY
            return
        protected = words[WRITE_PROTECT] & (1, 2, 4, 4)[width_of(address) - 1]
        if address != WRITE_PROTECT and (
                protected or address not in words or not writable(address)):
            return
        if address == RESERVED and not unlocked or self._out_of_order(address):
            return
        words[address] = word
        self._crc = None
        self._stale = True
        if address == CONFIG:
            if not word & COMM_LOCK and held:
                self._frames.locked = True
            if not word & CRC_ENABLE:
                self._golden = None
            if word & SOFT_RESET:
                self._reset()

    def _out_of_order(self, address: int) -> bool:
        words = self._registers
        if AP_NOLOAD <= address <= VA_NOLOAD:
            return not words[DISNOLOAD] >> (address - AP_NOLOAD) & 1
        return address == SAGCYC and words[SAGLVL] != 0

    def _checksum(self) -> int:
        """Return the remainder of IEEE 802.3 over the registers, as this model orders them."""
        if self._crc is not None:
            return self._crc
        crc = 0xFFFFFFFF
        words = self._registers
        for address in WATCHED:
            crc ^= words[address]
            for _ in range(24):
                crc = (crc >> 1) ^ (0xEDB88320 if crc & 1 else 0)
        self._crc = crc
        return crc

    def corrupt(self, address: int, word: int) -> None:
        """Fault: a register changes by itself."""
        self._registers[address] = word
        self._crc = None
        self._stale = True


def _ratio(value: int | tuple) -> tuple:
    pair = value if isinstance(value, tuple) else (value, 1)
    if len(pair) != 2 or not all(isinstance(part, int) and part > 0 for part in pair):
        raise ValueError("front end is %r: a positive int or a pair of them is needed" % (value,))
    return pair


def _check(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError("%s is %r: must be %d to %d" % (name, value, low, high))


