"""Energy path of the modelled ATM90E26: from the load to the counts of registers 40 to 45.

Source: Microchip 46002B, and 46102B for the formulas. A count is 0.1 pulse. Turned round, the
PL_Constant formula gives

    counts an hour = 2^23 * amplifier gain * U[mV] * I[mV] * cos(phi) / PL_Constant

times (1 + Lgain/2^15). The rate is kept as a whole number of 1/`denominator` counts a
millisecond, so nothing is ever rounded away; forward, reverse and absolute each have their own
remainder, as three integrators would. A change of the calibration rescales the remainders.
Usual values fit 62 bits (20 kW for a minute is near 2^54); above that the integers only grow
slower, they stay exact.

Choices where the data sheet gives no law:
- Lphi and Nphi turn P and Q by the small angle that the calibration formula of 46102B
  corrects (3763.74 counts at power factor 0.5 and 50 Hz, in proportion to the frequency), the
  result rounded to 1 mW; they and Lgain and Ngain act on energy only.
- Start-up, no-load and tamper thresholds compare the power after Lgain or Ngain.
- A no-load bit stands while the power, in units of its threshold register, is not above it; both
  stand while metering is off. This is what makes EnStatus C800 with thresholds of zero.
- L+N (strap 10) meters the signed sum of both lines.
- A PL_Constant of zero gives no energy.
"""

from micropython import const

from world.atm90e26_load import FrontEnd, Load
from world.atm90e26_registers import (
    ACTIVE_ABSOLUTE,
    AP_ENERGY,
    FUNC_EN,
    L_GAIN,
    L_PHI,
    LN_CHANGE,
    LN_SEL,
    M_MODE,
    N_GAIN,
    N_PHI,
    P_NOL_TH,
    P_START_TH,
    PL_CONST_H,
    PL_CONST_L,
    Q_NOL_TH,
    Q_START_TH,
    REACTIVE_ABSOLUTE,
    REV_P_CHG,
    REV_P_EN,
    REV_Q_CHG,
    REV_Q_EN,
    SYS_STATUS,
    l_amplifier,
    n_amplifier,
    reduced,
    signed,
    signed_phase,
    tamper_threshold_ppm,
)

TAMPER = const(0)
L_ONLY = const(1)
L_PLUS_N = const(2)
FLEXIBLE = const(3)

_MS_AN_HOUR = const(3_600_000)
# 93.2067556 of the threshold formula, in units of 1e-7.
_THRESHOLD_SCALE = const(932_067_556)
# Phase counts a radian times 0.01 Hz: 3763.74 * sqrt(3) * 5000.
_PHASE_SCALE = const(32_594_944)


def _turned(active: int, reactive: int, phase: int, frequency: int) -> tuple:
    """Return (active, reactive) turned by `phase` counts; a positive count lowers import."""
    turn = phase * frequency
    half = _PHASE_SCALE // 2
    return (active - (reactive * turn + half) // _PHASE_SCALE,
            reactive + (active * turn + half) // _PHASE_SCALE)


class EnergyPath:
    """Integrators, thresholds and the choice of the metered line."""

    def __init__(self, registers: list, strap: int, front_end: FrontEnd) -> None:
        self._registers = registers
        self._strap = strap
        self._front_end = front_end
        self.emitted = [0] * 0x46
        self.offsets = ((0, 0), (0, 0))
        """Offsets of power of L and of N, in mW and mvar of load."""
        self._denominator = 1
        self.reset()

    def reset(self) -> None:
        """Forget the remainders, meter line L, and stop (power-on value of CalStart)."""
        self._left = [0] * 6
        self._tenths = [0] * 6
        self._line_is_l = True
        self._active_reversed = False
        self._reactive_reversed = False
        self.running = False
        self.take_constant()
        self.configure()
        self._stop()

    def take_constant(self) -> None:
        """Put PLconstH and L into effect together, as writing PLconstL does."""
        self._constant = (self._registers[PL_CONST_H] << 16) | self._registers[PL_CONST_L]

    def configure(self) -> None:
        """Work out rates and thresholds again after a change of 21 to 2B."""
        words = self._registers
        mode = words[M_MODE]
        end = self._front_end
        self._l_phase = signed_phase(words[L_PHI])
        self._n_phase = signed_phase(words[N_PHI])
        self._tamper_ppm = tamper_threshold_ppm(mode)
        if self._strap == FLEXIBLE:
            self._line_is_l = bool(mode & LN_SEL)
        l_weight, l_part = self._weight(l_amplifier(mode), end.shunt, words[L_GAIN])
        n_weight, n_part = self._weight(n_amplifier(mode), end.ct, words[N_GAIN])
        if self._strap == L_ONLY:
            n_weight, n_part = 0, 1
        # Least common multiple: line L and line N count into the same remainders.
        whole = l_part * reduced(n_part, l_part)[0]
        self._l_weight = l_weight * (whole // l_part)
        self._n_weight = n_weight * (whole // n_part)
        if whole != self._denominator:
            before = self._denominator
            self._left = [left * whole // before for left in self._left]
            self._denominator = whole
        self._active_start = self._rate_from(2 * words[P_START_TH] - 1)
        self._active_idle = self._rate_from(2 * words[P_NOL_TH] + 1)
        self._reactive_start = self._rate_from(2 * words[Q_START_TH] - 1)
        self._reactive_idle = self._rate_from(2 * words[Q_NOL_TH] + 1)

    def _weight(self, amplifier: int, current: tuple, gain: int) -> tuple:
        """Return counts a millisecond for 1 mW as a reduced fraction."""
        volts = self._front_end.divider
        if not self._constant:
            return 0, 1
        # mW to W and uV^2 to mV^2 make 1e9; 2^23 / 2^15 leaves 256.
        return reduced(
            256 * amplifier * volts[0] * current[0] * (0x8000 + signed(gain)),
            1_000_000_000 * _MS_AN_HOUR * volts[1] * current[1] * self._constant)

    def _rate_from(self, doubled: int) -> int:
        """Return the least rate whose power, in threshold units, reaches `doubled` / 2.

        Comparing at half a unit is the rounding that the example of 46102B needs (2236.96: 08BD).
        """
        if not self._constant:
            return 0
        return -(-doubled * (10_000_000 << 23) * self._denominator
                 // (2 * _THRESHOLD_SCALE * _MS_AN_HOUR * self._constant))

    def follow(self, load: Load) -> None:
        """Take the load, choose the line, and set the rates for the time to come."""
        if not self.running:
            self._stop()
            return
        active, reactive = load.l_active, load.l_reactive
        if self._l_phase:
            active, reactive = _turned(active, reactive, self._l_phase, load.frequency)
        active += self.offsets[0][0]
        reactive += self.offsets[0][1]
        active *= self._l_weight
        reactive *= self._l_weight
        if self._strap != L_ONLY:
            n_active, n_reactive = load.n_active, load.n_reactive
            if self._n_phase:
                n_active, n_reactive = _turned(n_active, n_reactive, self._n_phase,
                                               load.frequency)
            n_active += self.offsets[1][0]
            n_reactive += self.offsets[1][1]
            n_active *= self._n_weight
            n_reactive *= self._n_weight
            if self._strap == L_PLUS_N:
                active += n_active
                reactive += n_reactive
            else:
                if self._strap == TAMPER:
                    self._choose_line(abs(active), abs(n_active))
                if not self._line_is_l:
                    active, reactive = n_active, n_reactive
        self._active_cell = 1 if active < 0 else 0
        self._reactive_cell = 4 if reactive < 0 else 3
        active = abs(active)
        reactive = abs(reactive)
        self._active_no_load = active < self._active_idle
        self._reactive_no_load = reactive < self._reactive_idle
        self._active_rate = active if active >= self._active_start else 0
        self._reactive_rate = reactive if reactive >= self._reactive_start else 0

    def _stop(self) -> None:
        self._active_rate = 0
        self._reactive_rate = 0
        self._active_cell = 0
        self._reactive_cell = 3
        self._active_no_load = True
        self._reactive_no_load = True

    def _choose_line(self, l_power: int, n_power: int) -> None:
        """Anti-tamper: the larger line takes over, by a margin unless both are small."""
        start = self._active_start
        present, other = (l_power, n_power) if self._line_is_l else (n_power, l_power)
        if start <= l_power <= 8 * start and start <= n_power <= 8 * start:
            margin = 0
        else:
            margin = present * self._tamper_ppm
        if (other - present) * 1_000_000 > margin:
            self._line_is_l = not self._line_is_l
            self._registers[SYS_STATUS] |= LN_CHANGE

    def advance(self, ms: int) -> None:
        """Let `ms` milliseconds of the followed load pass into the registers."""
        rate = self._active_rate
        if rate:
            amount = rate * ms
            if self._count(self._active_cell, amount):
                self._turn_active(self._active_cell == 1)
            self._count(2, amount)
        rate = self._reactive_rate
        if rate:
            amount = rate * ms
            if self._count(self._reactive_cell, amount):
                self._turn_reactive(self._reactive_cell == 4)
            self._count(5, amount)

    def _count(self, cell: int, amount: int) -> bool:
        """Integrate; return whether a whole pulse (ten counts) was completed."""
        amount += self._left[cell]
        counts = amount // self._denominator
        if not counts:
            self._left[cell] = amount
            return False
        self._left[cell] = amount - counts * self._denominator
        address = AP_ENERGY + cell
        self.emitted[address] += counts
        self._registers[address] = (self._registers[address] + counts) & 0xFFFF
        counts += self._tenths[cell]
        self._tenths[cell] = counts % 10
        return counts >= 10

    def _turn_active(self, is_reversed: bool) -> None:
        words = self._registers
        if is_reversed != self._active_reversed and not words[M_MODE] & ACTIVE_ABSOLUTE:
            self._active_reversed = is_reversed
            if words[FUNC_EN] & REV_P_EN:
                words[SYS_STATUS] |= REV_P_CHG

    def _turn_reactive(self, is_reversed: bool) -> None:
        words = self._registers
        if is_reversed != self._reactive_reversed and not words[M_MODE] & REACTIVE_ABSOLUTE:
            self._reactive_reversed = is_reversed
            if words[FUNC_EN] & REV_Q_EN:
                words[SYS_STATUS] |= REV_Q_CHG

    def status(self) -> int:
        """Return EnStatus as of now."""
        mode = self._registers[M_MODE]
        word = self._strap
        if self._reactive_no_load:
            word |= 0x8000
        if self._active_no_load:
            word |= 0x4000
        if self._reactive_reversed and not mode & REACTIVE_ABSOLUTE:
            word |= 0x2000
        if self._active_reversed and not mode & ACTIVE_ABSOLUTE:
            word |= 0x1000
        if self._line_is_l:
            word |= 0x0800
        return word
