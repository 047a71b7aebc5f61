"""Register-level model of the BL0942 single-phase metering IC, as its SPI master sees it.

Source: Shanghai Belling BL0942 data sheet V1.1. The model shares nothing with any driver. It
takes bytes in SPI mode 1, keeps the registers, meters the applied load in whole numbers and lets
faults be put on the bus. Time passes in `advance` alone.

Choices where the data sheet is silent:
- With algebraic accumulation CF_CNT goes down, below 0 to FFFFFF, as energy goes out.
- SOFT_RESET takes everything back to how it is after power, CF_CNT and the write protection too.
- CF_CNT begins at `first_count`: a bare board was seen to begin at 800000.
- What is measured follows the load at once, not after the 400 or 800 ms of the averages, nor the
  over-current after its cycle.
- A frame whose check sum is wrong writes nothing. A register that is not there reads 0.
- Beyond 30 mV at the current input (gain 16) the wave is clipped, and power with it.
"""

from micropython import const

from world.atm90e26_load import FrontEnd, Load
from world.atm90e26_registers import reduced
from world.bl0942_frames import FrameReceiver
from world.powered_chip import PoweredChip

I_RMS = const(0x03)
V_RMS = const(0x04)
I_FAST_RMS = const(0x05)
WATT = const(0x06)
CF_CNT = const(0x07)
FREQ = const(0x08)
STATUS = const(0x09)
I_RMSOS = const(0x12)
WA_CREEP = const(0x14)
I_FAST_RMS_TH = const(0x15)
OT_FUNX = const(0x18)
MODE = const(0x19)
GAIN_CR = const(0x1A)
SOFT_RESET = const(0x1C)
USR_WRPROT = const(0x1D)

_DEFAULTS = ((FREQ, 0x4E20), (WA_CREEP, 0x0B), (I_FAST_RMS_TH, 0xFFFF), (0x16, 1), (0x17, 3),
             (OT_FUNX, 0x24), (MODE, 0x87), (GAIN_CR, 2))
_WIDTHS = {I_RMSOS: 0xFF, 0x13: 0xFF, WA_CREEP: 0xFF, I_FAST_RMS_TH: 0xFFFF, 0x16: 7, 0x17: 3,
           OT_FUNX: 0x3F, MODE: 0x3FF, GAIN_CR: 3}
_GAINS = (1, 4, 16, 24)

_RESET_KEY = const(0x5A5A5A)
_OPEN_KEY = const(0x55)
_CLEAR_BY_READING = const(0x40)
_ABSOLUTE = const(0x80)
_CREEPING = const(0x02)
_REVERSED = const(0x01)
_V_LOW = const(0x200)
_I_LOW = const(0x100)
_READY_MS = const(5)
_MASK = const(0xFFFFFF)

_VREF_SQUARED = 1_483_524  # 1.218 V squared, in uV^2 / 10^6
_FULL_SCALE_UV = 480_000  # at gain 1; 30 mV at gain 16
_PPM = 1_000_000


class Bl0942Model(PoweredChip):
    """One chip on its board, powered at construction and ready 5 ms later.

    The front end is microvolts at the current input for an ampere and at the voltage input for a
    volt, each an int or a pair (microvolts, amperes or volts); `turn` is the (cosine, sine) in
    millionths of the angle that the board adds between them. `selectable`: it has an NCS pin
    (TSSOP14L); without (SSOP10L) it hears everything, and only six bytes FF put it straight.

    `cs`, `exchange`, `bus_format`, `lose_next_read`, `swallow`, `spike` and `flip_next_read` are
    those of `FrameReceiver`. `emitted` is the pulses ever counted of import and of export.
    """

    def __init__(self, shunt_uV_per_A: int | tuple = 1000,
                 divider_uV_per_V: int | tuple = (510_000_000, 1_950_510),
                 turn: tuple = (_PPM, 0), selectable: bool = True, first_count: int = 0) -> None:
        self._end = FrontEnd(shunt_uV_per_A, 1, divider_uV_per_V)
        self._turn = turn
        self._first_count = first_count
        self._load = Load()
        self._offered = Load()
        self.emitted = [0, 0]
        self._foreign = False
        self._follower = None
        self._over = 0
        frames = FrameReceiver(self._awake, self._read, self._write, selectable)
        self._frames = frames
        self.cs = frames.cs
        self.exchange = frames.exchange
        self.bus_format = frames.bus_format
        self.lose_next_read = frames.lose_next_read
        self.swallow = frames.swallow
        self.spike = frames.spike
        self.flip_next_read = frames.flip_next_read
        self.power_on()

    # Supply, reset and time

    def _reset(self) -> None:
        self._registers = [0] * 0x20
        for address, value in _DEFAULTS:
            self._registers[address] = value
        self._registers[CF_CNT] = self._first_count
        self._left = 0
        self._denominator = 1
        self._unready_ms = _READY_MS
        self._frames.begin()
        self._configure()

    def apply(self, voltage_cV: int, current_mA: int, active_mW: int, reactive_mvar: int,
              neutral_mA: int | None = None, neutral_mW: int | None = None,
              neutral_mvar: int | None = None, frequency_cHz: int = 5000) -> None:
        """Set the primary-side load from now on; the chip does not see the neutral.

        Active power is signed (negative: export), reactive too (positive: inductive).
        ValueError: a value is out of range.
        """
        offered = self._offered
        offered.voltage = voltage_cV
        offered.frequency = frequency_cHz
        offered.l_current = current_mA
        offered.l_active = active_mW
        offered.l_reactive = reactive_mvar
        offered.settle()
        self._load, self._offered = offered, self._load
        self._follow()

    def advance(self, ms: int) -> None:
        """Let `ms` milliseconds (not negative) pass with the load applied."""
        if ms < 0:
            raise ValueError("ms is %r: time must not go back" % (ms,))
        if not self._powered:
            return
        if self._unready_ms:
            ms = self._wait(ms)
        if self._rate:
            self._accumulate(self._rate * ms)

    def _awake(self) -> bool:
        return self.ready

    # What is metered

    def _configure(self) -> None:
        """Work out what a change of gain or creep changes."""
        end = self._end
        gain = _GAINS[self._registers[GAIN_CR]]
        self._gain = gain
        # WATT = 3537 * I * V * cos / Vref^2 with I and V in mV at gain 16.
        weight = 3537 * gain * end.shunt[0] * end.divider[0]
        parts = 16 * end.shunt[1] * end.divider[1] * 1000 * _VREF_SQUARED * _PPM
        self._weight, self._parts = reduced(weight, parts)
        # A pulse is 1638.4 * 256 seconds of WATT = 1.
        parts = self._parts * 4_194_304 * 100
        self._left = self._left * parts // self._denominator
        self._denominator = parts
        self._follow()

    def _follow(self) -> None:
        """Take the load as the inputs have it."""
        load = self._load
        shunt = self._end.shunt
        cosine, sine = self._turn
        active = load.l_active * cosine + load.l_reactive * sine
        current = load.l_current
        limit = _FULL_SCALE_UV * 1000 * shunt[1] // (self._gain * shunt[0])
        if current > limit:
            active = active * limit // current
            current = limit
        doubled = 2 * active * self._weight
        watt = (abs(doubled) + self._parts) // (2 * self._parts)
        self._creeping = watt * 256 < self._registers[WA_CREEP] * 3125
        self._watt = 0 if self._creeping else watt if doubled >= 0 else -watt
        self._current_mA = current
        self._rate = 0
        if not self._creeping and self._powered:
            self._rate = active * self._weight
        over = self.over_current
        if over != self._over:
            self._over = over
            if self._follower is not None:
                self._follower(over)

    def _accumulate(self, amount: int) -> None:
        """Integrate; a pulse is complete at a whole of the denominator."""
        whole = self._denominator
        backwards = amount < 0
        if self._registers[MODE] & _ABSOLUTE:
            left = abs(self._left) + abs(amount)
            pulses = left // whole
            self._left = left - pulses * whole
            change = pulses
        else:
            left = self._left + amount
            pulses = abs(left) // whole
            change = -pulses if left < 0 else pulses
            self._left = left - change * whole
            backwards = change < 0
        if pulses:
            words = self._registers
            words[CF_CNT] = (words[CF_CNT] + change) & _MASK
            words[STATUS] = _REVERSED if backwards else 0
            self.emitted[backwards] += pulses

    def _rms(self, address: int) -> int:
        end = self._end
        if address == V_RMS:
            # 73989 * V / Vref, V in mV: a volt is 100 cV, a mV 1000 uV.
            return min(73989 * self._load.voltage * end.divider[0]
                       // (100 * 1218 * end.divider[1]), _MASK)
        if self._creeping:
            return 0
        # 305978 * I / Vref at gain 16, I in mV.
        found = (305_978 * self._gain * self._current_mA * end.shunt[0]
                 // (16 * 1000 * 1218 * end.shunt[1]))
        if address == I_FAST_RMS:
            found = found * 363 // 1000
        return min(found, _MASK)

    @property
    def over_current(self) -> int:
        """Level of the pin that OT_FUNX gives to the over-current comparator, CF2 by default."""
        words = self._registers
        if words[I_FAST_RMS_TH] == 0xFFFF:
            return 0
        assigned = [words[OT_FUNX] >> shift & 3 for shift in (0, 2, 4)]
        return int(1 in assigned and self._rms(I_FAST_RMS) >> 8 > words[I_FAST_RMS_TH])

    def lead_out(self, follower: object) -> None:
        """Have follower(level) called when that pin changes: what is wired to it."""
        self._follower = follower

    def peek(self, address: int) -> int:
        """Return what a read of `address` (0 to 1F) would give, without any effect on it."""
        words = self._registers
        if I_RMS <= address <= I_FAST_RMS:
            return self._rms(address)
        if address == WATT:
            return self._watt & _MASK
        if address == FREQ:
            frequency = self._load.frequency
            if not frequency or not self._load.voltage:
                return words[FREQ]
            return (100_000_000 + frequency // 2) // frequency
        if address == STATUS:
            found = words[STATUS]
            if self._creeping:
                found |= _CREEPING | _I_LOW
            return found if self._load.voltage else found | _V_LOW
        return words[address]

    # What a frame does

    def impersonate(self, foreign: bool = True) -> None:
        """Fault: another chip answers, in whose reset MODE is 0."""
        self._foreign = foreign

    def _read(self, address: int) -> int:
        value = self.peek(address) if address < 0x20 else 0
        if address == CF_CNT and self._registers[MODE] & _CLEAR_BY_READING:
            self._registers[CF_CNT] = 0
        return value

    def _write(self, address: int, value: int) -> None:
        words = self._registers
        if address == USR_WRPROT:
            words[USR_WRPROT] = value & 0xFF
        elif words[USR_WRPROT] != _OPEN_KEY:
            return
        elif address == SOFT_RESET:
            if value == _RESET_KEY:
                self._reset()
                if self._foreign:
                    self._registers[MODE] = 0
        elif address in _WIDTHS:
            words[address] = value & _WIDTHS[address]
            self._configure()
