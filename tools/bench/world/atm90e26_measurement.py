"""Measurement path of the modelled ATM90E26: registers 48 to 4F and 68 to 6F, and LSB.

Source: Microchip 46002B and 46102B. Every value is worked out as a fixed-point number with 16
fractional bits, rounded down; the register is its whole part and LSB the upper byte of its
fraction. There is no published absolute law for the gains, so the model assumes that the power-on
gains are those of the example in 46102B: Ugain 26400 reads 220.00 V for 250 mV, IgainL 31251
reads 5.000 A for 24 mV behind the amplifier (1 mV at gain 24), IgainN 30000 likewise, and all
are in proportion. P, Q and S carry both gains.

Offsets are plain additions: Ioffset by the formula of 46102B (256/Igain mA a count), Uoffset
likewise (256/Ugain of 0.01 V, an assumption), P and Q offsets in the unit of small-power mode,
Igain*Ugain/(100000*2^22) W. A power offset acts on energy too, being of the same product of
samples (46102B has it for accuracy at small currents); the others act on their register only.
Power factor and angle come from the load itself: P/(V*I) limited to one, and its arc cosine with
the sign of Q; without voltage or current both are 0, and without voltage so is the frequency.
"""

from micropython import const

from world.atm90e26_load import FrontEnd, Load
from world.atm90e26_registers import (
    FREQ,
    I_GAIN_L,
    I_GAIN_N,
    I_OFFSET_L,
    I_OFFSET_N,
    I_RMS,
    M_MODE,
    N_LINE,
    P_ANGLE,
    P_MEAN,
    P_OFFSET_L,
    P_OFFSET_N,
    POWER_F,
    Q_MEAN,
    Q_OFFSET_L,
    Q_OFFSET_N,
    S_MEAN,
    SMALL_P_MOD,
    U_GAIN,
    U_OFFSET,
    U_RMS,
    l_amplifier,
    n_amplifier,
    reduced,
    sign_magnitude,
    signed,
    square_root,
)

_SMALL_POWER = const(0xA987)
# 100000 * 2^22: Igain * Ugain over this is the small-power unit in W.
_SMALL_POWER_SCALE = const(100_000 << 22)
# Arc tangents of 1, 1/2, 1/4 ... in 0.0001 degree.
_TURNS = (450000, 265651, 140362, 71250, 35763, 17899, 8952, 4476, 2238, 1119, 560, 280, 140,
          70, 35, 17)


def _tenths_of_degree(x: int, y: int) -> int:
    """Return the angle of (x, y), of length 2^28, in 0.1 degree (0 to 900), by CORDIC."""
    angle = 0
    step = 0
    while step < 16:
        if y >= 0:
            x, y = x + (y >> step), y - (x >> step)
            angle += _TURNS[step]
        else:
            x, y = x - (y >> step), y + (x >> step)
            angle -= _TURNS[step]
        step += 1
    return (angle + 500) // 1000


class _Line:
    """Scales of one current input: a fraction for each quantity, and its offsets."""

    def __init__(self, current: tuple, power: tuple, apparent: tuple, offsets: tuple) -> None:
        self.load_offsets = (0, 0)
        """Those of power as a load on the line would show them, in mW and mvar."""
        self.current = current
        self.power = power
        self.apparent = apparent
        self.current_offset, self.active_offset, self.reactive_offset = offsets


class MeasurementPath:
    """RMS, power, power factor, angle and frequency registers of both lines."""

    def __init__(self, registers: list, front_end: FrontEnd) -> None:
        self._registers = registers
        self._front_end = front_end
        self.fractions = [0] * 128
        self.reset()

    def reset(self) -> None:
        """Stop measuring; all fractions return to zero (the registers are reset by the chip)."""
        self.fractions[:] = [0] * 128
        self.live = False
        self.stale = True
        self._l_angle_stale = False
        self._n_angle_stale = False
        self.configure()

    def configure(self) -> None:
        """Work out the scales again after a change of 31 to 3A, of MMode or of SmallPMod."""
        words = self._registers
        divider = self._front_end.divider
        mode = words[M_MODE]
        u_gain = words[U_GAIN]
        # 22000 / (250000 uV * 26400) is 1 / 300000.
        self._voltage = reduced(divider[0] * u_gain, 100 * divider[1] * 300_000)
        self._voltage_offset = (signed(words[U_OFFSET]) << 24) // (u_gain or 1)
        self._l_line = self._line(self._front_end.shunt, l_amplifier(mode), words[I_GAIN_L],
                                  31251, (I_OFFSET_L, P_OFFSET_L, Q_OFFSET_L))
        self._n_line = self._line(self._front_end.ct, n_amplifier(mode), words[I_GAIN_N],
                                  30000, (I_OFFSET_N, P_OFFSET_N, Q_OFFSET_N))

    def _line(self, input_ratio: tuple, amplifier: int, gain: int, example_gain: int,
              offsets: tuple) -> _Line:
        words = self._registers
        volts, per_volt = self._voltage
        amperes, per_ampere = reduced(input_ratio[0] * amplifier * gain * 5,
                                      1000 * input_ratio[1] * 24 * example_gain)
        current_offset, active_offset, reactive_offset = [signed(words[at]) for at in offsets]
        unit = gain * words[U_GAIN]
        top, bottom = volts * amperes << 16, per_volt * per_ampere
        whole = _SMALL_POWER_SCALE * top
        load_offsets = (0, 0)
        if (active_offset or reactive_offset) and whole:
            load_offsets = tuple([
                (2 * count * unit * 65_536_000 * bottom + whole) // (2 * whole)
                for count in (active_offset, reactive_offset)])
        if words[SMALL_P_MOD] == _SMALL_POWER:
            power = reduced(top * _SMALL_POWER_SCALE, bottom * 1000 * (unit or 1))
            active_offset <<= 16
            reactive_offset <<= 16
        else:
            power = reduced(top, bottom * 1000)
            active_offset = (active_offset * unit << 16) // _SMALL_POWER_SCALE
            reactive_offset = (reactive_offset * unit << 16) // _SMALL_POWER_SCALE
        line = _Line((amperes, per_ampere), power, reduced(top, bottom * 100_000),
                     ((current_offset << 24) // (gain or 1), active_offset, reactive_offset))
        line.load_offsets = load_offsets
        return line

    def load_offsets(self) -> tuple:
        """Return those of power of L and of N, as a load on the line would show them, a pair of
        mW and mvar each."""
        return self._l_line.load_offsets, self._n_line.load_offsets

    def update(self, load: Load) -> None:
        """Bring all registers but the angles up to the load."""
        self.stale = False
        volts = load.voltage
        self._put_unsigned(U_RMS, (volts * self._voltage[0] << 16) // self._voltage[1]
                           + self._voltage_offset)
        self._registers[FREQ] = load.frequency if volts else 0
        self._put_line(0, self._l_line, load.l_current, load.l_active, load.l_reactive)
        self._put_line(N_LINE, self._n_line, load.n_current, load.n_active, load.n_reactive)
        self._put_apparent(0, self._l_line.apparent, volts * load.l_current, load.l_active)
        self._put_apparent(N_LINE, self._n_line.apparent, volts * load.n_current, load.n_active)
        self._l_angle_stale = True
        self._n_angle_stale = True

    def _put_line(self, shift: int, line: _Line, current: int, active: int,
                  reactive: int) -> None:
        current = (current * line.current[0] << 16) // line.current[1] + line.current_offset
        self._put_unsigned(I_RMS + shift, current)
        active = active * line.power[0] // line.power[1] + line.active_offset
        self._put_signed(P_MEAN + shift, active)
        reactive = reactive * line.power[0] // line.power[1] + line.reactive_offset
        self._put_signed(Q_MEAN + shift, reactive)

    def _put_apparent(self, shift: int, scale: tuple, product: int, active: int) -> None:
        apparent = product * scale[0] // scale[1]
        self._put_unsigned(S_MEAN + shift, apparent if apparent < 0x7FFFFFFF else 0x7FFFFFFF)
        factor = 0
        if product:
            # mW * 1e5 over cV * mA is thousandths.
            factor = (abs(active) * 200_000 + product) // (2 * product)
        self._registers[POWER_F + shift] = sign_magnitude(
            factor if factor < 1000 else 1000, active < 0)

    def update_angle(self, address: int, load: Load) -> None:
        """Bring the angle at `address` up to the load, after `update` (it costs most)."""
        if address == P_ANGLE:
            if self._l_angle_stale:
                self._l_angle_stale = False
                self._put_angle(P_ANGLE, load.voltage * load.l_current, load.l_active,
                                load.l_reactive)
        elif self._n_angle_stale:
            self._n_angle_stale = False
            self._put_angle(P_ANGLE + N_LINE, load.voltage * load.n_current, load.n_active,
                            load.n_reactive)

    def _put_angle(self, address: int, product: int, active: int, reactive: int) -> None:
        angle = 0
        if product:
            # A cosine in 2^-28 keeps its square in 62 bits.
            cosine = min((abs(active) * 100 << 28) // product, 1 << 28)
            angle = _tenths_of_degree(cosine, square_root((1 << 56) - cosine * cosine))
            if active < 0:
                angle = 1800 - angle
        self._registers[address] = sign_magnitude(angle, reactive < 0)

    def freeze(self, load: Load) -> None:
        """Stop measuring: the registers keep what they show now (AdjErr)."""
        if self.live:
            if self.stale:
                self.update(load)
            self.update_angle(P_ANGLE, load)
            self.update_angle(P_ANGLE + N_LINE, load)
            self.live = False

    def _put_unsigned(self, address: int, value: int) -> None:
        if value < 0:
            value = 0
        elif value > 0xFFFFFFFF:
            value = 0xFFFFFFFF
        self._registers[address] = value >> 16
        self.fractions[address] = value & 0xFF00

    def _put_signed(self, address: int, value: int) -> None:
        if value < -0x80000000:
            value = -0x80000000
        elif value > 0x7FFFFFFF:
            value = 0x7FFFFFFF
        self._registers[address] = (value >> 16) & 0xFFFF
        self.fractions[address] = value & 0xFF00
