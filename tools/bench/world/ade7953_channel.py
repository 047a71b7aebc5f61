"""A current channel of the modelled ADE7953: its powers, its energy registers and rms.

Source: Analog Devices data sheet ADE7953 Rev. B. At full scale (500 mV of peak at both inputs,
behind the amplifier) a power register reads 4862401, an energy register counts 206900 a second,
and rms reads 9032007. Gains are in 2^-22; xWATTOS is in 1/512 of the power code, and acts on
energy too.
"""

import math

from micropython import const

from world.ade7953_registers import (
    AENERGYA,
    AIGAIN,
    AP_NOLOAD,
    AVA,
    AVARGAIN,
    AVAROS,
    AVGAIN,
    AWATT,
    AWATTOS,
    AWGAIN,
    BIGAIN,
    BVARGAIN,
    BVAROS,
    BVGAIN,
    BWATTOS,
    BWGAIN,
    DISNOLOAD,
    GAINS,
    HALF_FULL,
    IRMSA,
    OVERFLOW,
    PGA_IA,
    PHCALA,
    RENERGYA,
    VAR_NOLOAD,
    phase_steps,
    signed,
)

_POWER_FULL = const(4862401)
_ENERGY_HZ = const(206900)
_RMS_FULL = const(9032007)
_FULL_uV = const(500000)
_ROOT_2 = const(1414214)
# Full scale of the product of both rms, in uV^2, times the 1000 mW of a watt.
_PRODUCT = const(125000000000000)
_STEP_S = 1.117e-6
_HALF = const(0x400000)
_END = const(0x800000)
_MASK = const(0xFFFFFF)
# Powers are kept as this part of a code, so that the least gain step shows in the energy.
_FINE = const(1 << 24)
_FIELDS = (
    (AIGAIN, AVGAIN, AWGAIN, AVARGAIN, AWATTOS, AVAROS),
    (BIGAIN, BVGAIN, BWGAIN, BVARGAIN, BWATTOS, BVAROS),
)


class Channel:
    """`unread` is what active and reactive energy register hold, signed and without an end."""

    def __init__(self, registers: dict, number: int, divider: tuple, shunt: tuple,
                 phase_urad: int) -> None:
        """number: 0 for A, 1 for B. divider, shunt: microvolts for a volt, for an ampere."""
        self._registers = registers
        self._number = number
        self._divider = divider
        self._shunt = shunt
        self._phase_urad = phase_urad
        self.load = (0, 0, 0)
        self.emitted = [0, 0]
        self.reset()

    def reset(self) -> None:
        """Empty the registers."""
        self.unread = [0, 0]
        self._part = [0, 0]
        self._fine = [0, 0]
        self.active_code = 0
        self.reactive_code = 0
        self._apparent = 0

    def follow(self, voltage_cV: int, frequency_cHz: int) -> None:
        """Take the load and the registers: work out the powers from now on."""
        words = self._registers
        current_gain, voltage_gain, watt, var, watt_offset, var_offset = _FIELDS[self._number]
        current, active, reactive = self.load
        late = self._phase_urad * 1e-6 + (
            phase_steps(words[PHCALA + self._number]) * _STEP_S * 2 * math.pi
            * frequency_cHz / 100)
        if late:
            cosine = int(math.cos(late) * (1 << 30))
            sine = int(math.sin(late) * (1 << 30))
            active, reactive = (active * cosine - reactive * sine >> 30,
                                reactive * cosine + active * sine >> 30)
        amplifier = GAINS[words[PGA_IA + self._number] & 7]
        # Of a code a _FINE, at gains of one: mW times uV a volt times uV an ampere.
        top = (_POWER_FULL * _FINE * self._divider[0] * self._shunt[0] * amplifier
               * words[current_gain] * words[voltage_gain] >> 44)
        bottom = _PRODUCT * self._divider[1] * self._shunt[1]
        off = words[DISNOLOAD]
        fine = []
        for power, gain, offset, threshold, bit in (
                (active, watt, watt_offset, AP_NOLOAD, 1), (reactive, var, var_offset,
                                                            VAR_NOLOAD, 2)):
            code = power * top * words[gain] // (bottom << 22)
            code += signed(words[offset]) * _FINE // 512
            if not off & bit:
                # Full scale / threshold is 1.4 times what is missing to 65536.
                missing = 65536 - words[threshold]
                if abs(code) * missing * 14 < _POWER_FULL * _FINE * 10:
                    code = 0
            fine.append(code)
        self._fine = fine
        self.active_code = _towards_zero(fine[0])
        self.reactive_code = _towards_zero(fine[1])
        # cV and mA make 10^-5 VA.
        self._apparent = voltage_cV * current * top // (bottom * 100 * _FINE)

    def advance(self, ms: int) -> int:
        """Let time pass; return the bits of the interrupt status that it sets."""
        bits = 0
        whole = _POWER_FULL * _FINE * 1000
        for n in range(2):
            amount = self._fine[n] * _ENERGY_HZ * ms + self._part[n]
            # Both stages are signed: what is left over has the sign of the power.
            counts = abs(amount) // whole
            if amount < 0:
                counts = -counts
            self._part[n] = amount - counts * whole
            self.emitted[n] += counts
            before = self.unread[n]
            after = self.unread[n] = before + counts
            if abs(after) >= _HALF > abs(before):
                bits |= HALF_FULL << n
            if (after + _END) // (2 * _END) != (before + _END) // (2 * _END):
                bits |= OVERFLOW << n
        return bits

    def clear(self, address: int) -> int:
        """Empty an energy register; return what had come into it."""
        n = address - AENERGYA >> 1
        if n > 1:
            return 0
        gone, self.unread[n] = self.unread[n], 0
        return gone

    def fetch(self, address: int) -> int:
        """Return a power, rms or energy register of 24 bits."""
        address -= self._number
        if address == AVA:
            return self._apparent & _MASK
        if address == AWATT:
            return self.active_code & _MASK
        if address == AWATT + 2:
            return self.reactive_code & _MASK
        if address == IRMSA:
            return self.amperes(_RMS_FULL)
        if address in (AENERGYA, RENERGYA):
            return self.unread[address - AENERGYA >> 1] & _MASK
        return 0

    def amperes(self, full: int) -> int:
        """Return the code of the current's rms where full scale is `full`."""
        words = self._registers
        amplifier = GAINS[words[PGA_IA + self._number] & 7]
        return (full * self.load[0] * self._shunt[0] * amplifier * _ROOT_2
                * words[_FIELDS[self._number][0]]
                // (1000 * self._shunt[1] * _FULL_uV * 1000000 << 22))

    def factor(self) -> int:
        """Return the power factor register: the sign is that of reactive power."""
        if not self._apparent:
            return 0
        value = min(0x7FFF, abs(self.active_code) * 0x7FFF // self._apparent)
        return -value & 0xFFFF if self.load[2] < 0 else value


def _towards_zero(fine: int) -> int:
    return -(-fine // _FINE) if fine < 0 else fine // _FINE
