"""A meter in a world of the fewest parts, for thousands of starts: whole firmware, real littlefs.

The metering IC is a register file that answers frames and counts what it is told; the relay
moves at once; the battery clock shows what the world says. Flash is the model whose power can
be cut. Time is the bench's virtual time: see world/bench_clock.py.
"""

import time

import vfs

from joulegate.app import App
from joulegate.core.reset_cause import POWER_ON
from joulegate.drivers.atm90e26 import Atm90e26
from joulegate.drivers.atm90e26_calibration import Calibration
from meter.lean_fram import fram_beside
from world import bench_clock
from world.calendar import seconds_of, tuple_of
from world.flash import PAGE, Flash
from world.fram import FramModel

FOLDER = "/lean"
SECTORS = 256
"""1 MiB, the smallest file system of a board."""

_LAST_DATA = 0x06
_ENERGIES = (0x40, 0x41, 0x43, 0x44)
_CLEARED_BY_READ = (0x01, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45)
_STATUS = 0x46
_L_LINE = 0x0801
_URMS = 0x49
_IRMS = 0x48
_FREQ = 0x4C


class Chip:
    """SPI and chip select in one; calibration check sums are taken as written."""

    def __init__(self) -> None:
        self.registers = [0] * 128
        self.power_on()

    def power_on(self) -> None:
        """Begin as after a power-on reset: no calibration, no energy, mains on the line."""
        for i in range(len(self.registers)):
            self.registers[i] = 0
        self.registers[_STATUS] = _L_LINE
        self.registers[_URMS] = 22000
        self.registers[_FREQ] = 5000

    def count(self, counts: list, flowing: bool) -> None:
        """Add energy by quadrant, in tenths of a pulse; flowing: whether there is a current."""
        for register, n in zip(_ENERGIES, counts):
            self.registers[register] += n
        self.registers[_IRMS] = 1000 if flowing else 0

    def draw(self, current_mA: int) -> None:
        """Have a current flow, without any energy."""
        self.registers[_IRMS] = current_mA

    def __call__(self, level: int) -> None:
        """Chip select; a frame here is whole by construction."""

    def write_readinto(self, tx: bytearray, rx: bytearray) -> None:
        address = tx[0] & 0x7F
        if tx[0] & 0x80:
            value = self.registers[address]
            rx[0] = 0xFF  # MISO has a pull-up
            rx[1] = value >> 8
            rx[2] = value & 0xFF
            if address in _CLEARED_BY_READ:
                self.registers[address] = 0
        else:
            value = tx[1] << 8 | tx[2]
            self.registers[address] = value
        self.registers[_LAST_DATA] = value


class Relay:
    """Both coils' contact; `closed` outlives the firmware, as a latching relay does."""

    def __init__(self, flash: Flash) -> None:
        """flash: has power as long as the coils have; the program runs on a little without."""
        self.closed = True
        self._flash = flash

    def pulse(self, closes: bool) -> None:
        if self._flash.powered:
            self.closed = closes

    def __call__(self) -> bool:
        return self.closed


class Coil:
    def __init__(self, relay: Relay, closes: bool) -> None:
        self._relay = relay
        self._closes = closes

    def pulse(self, ms: int) -> None:
        self._relay.pulse(self._closes)

    def busy(self) -> bool:
        return False


class Rtc:
    """A battery clock with an oscillator-stop flag."""

    def __init__(self) -> None:
        self.trusted = True

    def datetime(self, civil: "tuple | None" = None) -> "tuple | None":
        if civil is None:
            if not self.trusted:
                return None
            t = tuple_of(bench_clock.rtc_us() // 1000000)
            return t[0], t[1], t[2], t[6], t[3], t[4], t[5], 0
        self.trusted = True
        bench_clock.set_rtc_us(
            seconds_of(civil[0], civil[1], civil[2], civil[4], civil[5], civil[6]) * 1000000)
        return None


class LeanBoard:
    """What a board module answers, with parts that outlive the firmware."""

    NAME = "LEAN"
    FOLDER = FOLDER
    FIRST_YEAR = 2020
    WATCHDOG_MS = 8000
    CAPABILITIES = {"load_side": True, "cover": True, "battery_rtc": True}
    SOCKETS = True

    def __init__(self, flash: Flash, meter_constant: int, fram: object = None) -> None:
        """fram: a driver on a chip, where the ledger is to stand in FRAM."""
        self.chip = Chip()
        self.contact = Relay(flash)
        self.clock = Rtc()
        self.mains = True
        self.cover_closed = True
        self.cause = POWER_ON
        self.pulses: list = []
        """Pins of pulse contacts."""
        self._meter_constant = meter_constant
        self._fram = fram
        self.protected: object = None
        """The driver of what protects keys, where there is one."""

    def rtc(self) -> Rtc:
        return self.clock

    def metering_ic(self, constants: Calibration) -> Atm90e26:
        return Atm90e26(self.chip, self.chip, constants, time.sleep_ms)

    def calibration(self, **found: int) -> Calibration:
        values = dict(
            meter_constant=self._meter_constant, voltage_V=220, current_A=5, voltage_uV=250000,
            current_uV=1000, gain=24, u_gain=26400, i_gain_L=31251)
        values.update(found)
        return Calibration(**values)

    def relay(self) -> tuple:
        return Coil(self.contact, True), Coil(self.contact, False), self.contact

    def mains_good(self) -> bool:
        return self.mains

    def on_overcurrent(self, handler: object) -> None:
        """No comparator is fitted."""

    def sensors(self) -> dict:
        return {}

    def outputs(self) -> list:
        return []

    def cover(self) -> object:
        return lambda: self.cover_closed

    def pulse_inputs(self) -> list:
        return self.pulses

    def rs485(self, baudrate: int, parity: "int | None", stop: int) -> None:
        """No RS485."""

    def display(self) -> None:
        """No display."""

    def keypad(self) -> None:
        """No keypad."""

    def lamps(self) -> dict:
        return {}

    def buzzer(self) -> None:
        """No buzzer."""

    def calibration_switch(self) -> None:
        """No switch."""

    def button(self) -> None:
        return None

    def wlan(self) -> None:
        return None

    def ppp(self) -> None:
        return None

    def modem(self, baudrate: int) -> None:
        return None

    def system_clock(self) -> Rtc:
        return self.clock

    def fram(self) -> object:
        return self._fram

    def key_storage(self) -> object:
        return self.protected

    def reset_cause(self) -> int:
        return self.cause

    def unique_id(self) -> bytes:
        return b"LEAN"


class LeanMeter:
    """Flash, board and the firmware on them; `app` is None without power."""

    def __init__(self, flash: "Flash | None" = None, meter_constant: int = 3200,
                 memory: "FramModel | None" = None) -> None:
        """flash: of an earlier life; a blank one is made and formatted. memory: a FRAM chip for
        the ledger, that loses power with the flash; None for a board without one."""
        if flash is None:
            flash = Flash(SECTORS)
            vfs.VfsLfs2.mkfs(flash, progsize=PAGE)
        self.flash = flash
        self.memory = memory
        self.board = LeanBoard(
            flash, meter_constant, fram_beside(flash, memory) if memory else None)
        self.app = None

    def power_up(self) -> App:
        """Start the meter on what its flash holds. OSError when it cannot be mounted."""
        # Reading whole pages halves the reads, and changes nothing of what is written.
        vfs.mount(vfs.VfsLfs2(self.flash, progsize=PAGE, readsize=PAGE), FOLDER)
        self.app = App(self.board)
        self.app.start()
        return self.app

    def power_down(self) -> None:
        """Take the supply away at once: RAM, chip registers and mount are gone."""
        self.reset()
        self.board.chip.power_on()
        self.board.mains = True

    def reset(self) -> None:
        """Reset the controller alone: the metering IC goes on."""
        self.app = None
        try:
            vfs.umount(FOLDER)
        except OSError:
            pass  # the flash is dead already

    def steps(self) -> list:
        """Tick until the switch rests; return the clock's second at each tick."""
        looks = []
        for _ in range(100):
            looks.append(self.app.clock.now())
            wait = self.app.task.turn()
            if not self.app.switch.busy:
                return looks
            bench_clock.advance_us(wait * 1000)
        raise RuntimeError("switch: does not come to rest in 100 ticks")
