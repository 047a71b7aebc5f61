"""The configuration of an ADE7953: given to it, protected, and watched over.

Source: Analog Devices data sheet ADE7953 Rev. B ("DS") and application note AN-1118.
"""

from micropython import const

from joulegate.drivers.ade7953_bus import Ade7953Bus, Ade7953Error, Lost
from joulegate.drivers.ade7953_calibration import Calibration

_DISNOLOAD = const(0x001)
_SAGCYC = const(0x000)
_LCYCMODE = const(0x004)
_PGA_IA = const(0x008)
_PGA_IB = const(0x009)
_WRITE_PROTECT = const(0x040)
_UNLOCK = const(0x0FE)
_CONFIG = const(0x102)
_PHCALA = const(0x108)
_OPTIMUM = const(0x120)
_SAGLVL = const(0x200)
_ACCMODE = const(0x201)
_AP_NOLOAD = const(0x203)
_VAR_NOLOAD = const(0x204)
_OILVL = const(0x225)
_IRQENA = const(0x22C)
_RSTIRQSTATA = const(0x22E)
_AWGAIN = const(0x282)
_AVARGAIN = const(0x283)
_AWATTOS = const(0x289)
_AVAROS = const(0x28A)
_CRC = const(0x37F)
_VERSION = const(0x702)

_COMM_LOCK = const(0x8000)  # the bus is not locked yet
_CONFIG_RUN = const(0x0004)  # HPF on; COMM_LOCK 0 locks
_CRC_ENABLE = const(0x0100)
_UNLOCK_KEY = const(0xAD)
_OPTIMUM_VALUE = const(0x0030)
_PROTECT_ALL = const(7)
_LCYCMODE_RUN = const(0x40)  # RSTREAD: energy registers are cleared by reading
_NO_LOAD_OFF = const(7)
_SAG_HALF_CYCLES = const(2)
_OVERCURRENT_OFF = const(0xFFFFFF)
_IRQ_NONE = const(0x100000)  # the reset that cannot be masked
_IRQ_OI = const(0x102000)  # OI, and that reset

_CRC_MS = const(1)  # DS: two readings of the checksum at least 143 us apart
_TRIES = const(3)


class Configuration:
    def __init__(self, bus: Ade7953Bus, calibration: Calibration, sleep_ms: object,
                 overcurrent_mA: int) -> None:
        """sleep_ms: a function that waits. overcurrent_mA: as of set_overcurrent()."""
        self._bus = bus
        self._sleep_ms = sleep_ms
        self.calibration = calibration
        """What `load` gives to the chip."""
        self._overcurrent_level = self._level(overcurrent_mA)
        self._crc: bytes | None = None
        """The checksum that the chip made of our configuration."""

    def probe(self) -> None:
        """See that an ADE7953 answers: it has a version, and CONFIG bits that nobody clears."""
        bus = self._bus
        for _ in range(_TRIES):
            version = bus.read(_VERSION)
            config = bus.read(_CONFIG)
            if version not in (0, 0xFF) and not (
                    config ^ _CONFIG_RUN) & ~(_COMM_LOCK | _CRC_ENABLE):
                return
        hint = "another chip, or bus disturbed"
        if config == 0xFFFF:
            hint = "MISO stuck high, no chip, or locked to another bus: only its RESET frees it"
        elif config == 0:
            hint = "MISO stuck low, or chip without power"
        elif config in (0x4002, 0x0002, 0x0082):
            hint = "read one clock late: wrong SPI mode"
        raise Ade7953Error(
            "ADE7953: Version read 0x%02X, CONFIG 0x%04X, expected 0x%04X: %s" % (
                version, config, _CONFIG_RUN, hint))

    def adopt(self) -> bool:
        """Return whether the chip runs with our calibration already; then it is left alone."""
        if not self._held():
            return False
        self._crc = self._checksum()
        return True

    def load(self) -> None:
        """Lock the bus, write the configuration, protect it; Ade7953Error if it is not taken."""
        bus = self._bus
        bus.write(_CONFIG, _CONFIG_RUN, hold=True)
        self._open()
        for _ in range(_TRIES):
            # Nothing may come between the two, nor a disturbed frame.
            bus.write(_UNLOCK, _UNLOCK_KEY)
            bus.write(_OPTIMUM, _OPTIMUM_VALUE)
            if bus.read(_OPTIMUM) == _OPTIMUM_VALUE:
                break
        # DS: thresholds are taken while they are off; SAGLVL is 0 while SAGCYC changes.
        bus.write(_DISNOLOAD, _NO_LOAD_OFF)
        bus.write(_SAGLVL, 0)
        bus.write(_ACCMODE, 0)  # signed; read back it has flags
        self._write_all(self._registers())
        self._close()
        if not self._held():
            raise Ade7953Error("ADE7953: does not take its calibration")

    def check(self) -> None:
        """Raise Ade7953Error unless the chip answers and runs with our calibration."""
        self.probe()
        if not self._held():
            raise Ade7953Error("ADE7953: does not hold its calibration")
        crc = self._checksum()
        if crc != self._crc:
            raise Ade7953Error("ADE7953: CRC read %s, expected %s" % (
                crc.hex(), "none" if self._crc is None else self._crc.hex()))

    def set_overcurrent(self, peak_mA: int) -> None:
        """Have the chip compare with an instantaneous current; ValueError for more than the
        input takes."""
        self._overcurrent_level = self._level(peak_mA)
        self._open()
        self._write_all((_OILVL, self._overcurrent_level, _IRQENA, self._irq_enable()))
        self._close()

    def _level(self, peak_mA: int) -> int:
        return self.calibration.overcurrent_level(peak_mA) if peak_mA else _OVERCURRENT_OFF

    def _irq_enable(self) -> int:
        return _IRQ_NONE if self._overcurrent_level == _OVERCURRENT_OFF else _IRQ_OI

    def _registers(self) -> tuple:
        """Return what is written, register and value in turn, in the order of DS."""
        c = self.calibration
        return (
            _AP_NOLOAD, c.no_load, _VAR_NOLOAD, c.no_load,
            _DISNOLOAD, 0, _PGA_IA, c.gain_code, _PGA_IB, c.neutral_gain_code,
            _PHCALA, c.phase if c.phase >= 0 else 0x200 | -c.phase,
            _AWGAIN, c.watt_gain, _AVARGAIN, c.var_gain, _AWATTOS, c.watt_offset & 0xFFFFFF,
            _AVAROS, c.var_offset & 0xFFFFFF, _LCYCMODE, _LCYCMODE_RUN,
            _SAGCYC, _SAG_HALF_CYCLES, _SAGLVL, c.sag_level,
            _OILVL, self._overcurrent_level, _IRQENA, self._irq_enable())

    def _held(self) -> bool:
        """Return whether the chip runs with our calibration; a disturbed read is tried again."""
        guard = self._bus.guard
        registers = self._registers()
        try:
            guard(_CONFIG, _CONFIG_RUN | _CRC_ENABLE)
            guard(_WRITE_PROTECT, _PROTECT_ALL)
            guard(_OPTIMUM, _OPTIMUM_VALUE)
            for i in range(0, len(registers), 2):
                guard(registers[i], registers[i + 1])
        except Lost:
            return False
        return True

    def _open(self) -> None:
        self._bus.write(_WRITE_PROTECT, 0)
        self._bus.write(_CONFIG, _CONFIG_RUN, hold=True)

    def _write_all(self, registers: tuple) -> None:
        for i in range(0, len(registers), 2):
            self._bus.write(registers[i], registers[i + 1])

    def _close(self) -> None:
        """Protect the registers, and have the chip watch over them from now on."""
        bus = self._bus
        bus.write(_CONFIG, _CONFIG_RUN | _CRC_ENABLE)
        bus.write(_WRITE_PROTECT, _PROTECT_ALL)
        self._sleep_ms(_CRC_MS)
        self._crc = self._checksum()
        bus.read(_RSTIRQSTATA)

    def _checksum(self) -> bytes:
        """Return the checksum once two readings agree; Ade7953Error if they do not."""
        before = self._bus.read_long(_CRC)
        for _ in range(_TRIES):
            self._sleep_ms(_CRC_MS)
            crc = self._bus.read_long(_CRC)
            if crc == before:
                return crc
            before = crc
        raise Ade7953Error("ADE7953: CRC read %s, expected alike twice" % before.hex())
