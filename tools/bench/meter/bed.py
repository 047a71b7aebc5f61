"""The test bed: a BENCH board wired to its world, and the firmware on it.

The flash image and the clock outlive the firmware: `power_up` makes a new meter from what is on
flash, as a start after a power cut does.
"""

import json
import os

import vfs

import board
import pins
from joulegate.app import App
from meter import display_models, ic_models, part_faults
from world import bench_clock, pulse_meter, wiring
from world.comparator import Comparator
from world.ds3231_model import Ds3231Model
from world.flash import PAGE, Flash
from world.key_matrix import KeyMatrix
from world.load_file import LoadFile
from world.pcf8574_model import Pcf8574Model
from world.premises import DISTURBANCES, Premises
from world.relay_model import RelayModel
from world.tamper_latch import COVER, TERMINAL_COVER, TamperLatch

RTC_ADDRESS = 0x68
FRAM_ADDRESS = 0x50
ELEMENT_ADDRESS = 0x60
KEYPAD_ADDRESS = 0x20
METER_ID = "01234567890"
ROOM_DC = 250
"""25 degrees at the terminals, where nothing else is said."""
_PULSES = {"pulses_1": pins.PULSE_1, "pulses_2": pins.PULSE_2, "pulses_3": pins.PULSE_3,
           "pulses_4": pins.PULSE_4}
"""Pulses on an input, each of 0.2 s, one after the other."""
LEAD_IN_S = 10
"""Seconds that the meter has power before the load file begins."""


class Bed:
    def __init__(self, load: str, image: str | None = None, place: str | None = None,
                 fram: object = None, element: object = None,
                 strap: int = board.METER_STRAP, ic: str = board.METERING_IC,
                 spread: str = "thirds", display: "str | None" = None,
                 panel: bool = False) -> None:
        """load: a load file. image: flash image file, kept; place: file with the world's state.
        fram, element: models of a FRAM and of a secure element to fit. strap: an ATM90E26's
        MMD1:MMD0. ic: the metering IC, one of ic_models.NAMES. spread: how the load lies on
        three phases, if it has them. display: the one to fit, of display_models.NAMES. panel:
        whether keypad and lamps are fitted."""
        self.load = LoadFile(load)
        self._image = image
        self._place = place
        state = self._read_place()
        start = state.get("second", self.load.start - LEAD_IN_S)
        bench_clock.set_mode(bench_clock.VIRTUAL)
        bench_clock.start(start)
        board.METER_STRAP = strap
        self.fitted = ic_models.fit(ic, strap, spread)
        board.METERING_IC = ic
        self.ic = self.fitted.model
        self.relay = RelayModel(bench_clock.now_us, closed=state.get("relay_closed", True))
        self.rtc = Ds3231Model(bench_clock.now_us, start)
        self.latch = TamperLatch(self._drive_latch)
        board.DISPLAY = display
        self.display = display_models.wire(display)
        """The model of the display, or None."""
        board.PANEL = panel
        self.keys = KeyMatrix() if panel else None
        self.lamps = {}
        """Levels by name, those of a panel."""
        self.comparator = Comparator(lambda level: wiring.drive_pin(pins.OVERCURRENT, level))
        self.premises = Premises(self.ic, self.relay, self.load, self.comparator)
        if state:
            self.premises.skip_to(start)
        self.flash = Flash(path=image)
        self.fram = fram
        self.element = element
        self._copy = None
        self.app = None
        self.starts = 0
        """How often the firmware was started: each time the part of a count it held is gone."""
        self._wire()
        self.premises.apply()

    @property
    def second(self) -> int:
        """The true civil second since 1970."""
        return bench_clock.civil_us() // 1000000

    def _wire(self) -> None:
        wiring.wire_spi(pins.METER_SPI, self.ic)
        wiring.wire_i2c(pins.I2C_BUS, RTC_ADDRESS, self.rtc)
        wiring.wire_i2c(pins.I2C_BUS, FRAM_ADDRESS, self.fram)
        wiring.wire_i2c(pins.I2C_BUS, ELEMENT_ADDRESS, self.element)
        wiring.wire_i2c(
            pins.I2C_BUS, KEYPAD_ADDRESS, Pcf8574Model(self.keys) if self.keys else None)
        wiring.wire_pin(pins.LAMP_CREDIT, self._lamp("credit"))
        wiring.wire_pin(pins.LAMP_ALARM, self._lamp("alarm"))
        if self.element is not None:
            wiring.wire_pin(pins.I2C_SDA, self.element.sda, 1)  # the bus has a pull-up
        wiring.wire_pin(pins.METER_CS, self._select)
        wiring.wire_pin(pins.RELAY_CLOSE, self._close_coil)
        wiring.wire_pin(pins.RELAY_OPEN, self._open_coil)
        self.relay.on_change(self._contact_changed)
        wiring.drive_pin(pins.COVER, 1)
        wiring.drive_pin(pins.TERMINAL_COVER, 1)
        wiring.wire_pin(pins.LATCH_CLEAR, self.latch.clear, 1)
        self._drive_latch(0)
        wiring.drive_pin(pins.MAGNET, 0)
        wiring.drive_pin(pins.OVERCURRENT, 0)
        self.disturb("temperature_dC", ROOM_DC)
        wiring.drive_pin(pins.BUTTON, 1)
        wiring.drive_pin(pins.CALIBRATION, 1)
        wiring.drive_pin(pins.POWER_GOOD, 1)
        self._drive_load_side()

    def _lamp(self, name: str) -> object:
        def light(level: int) -> None:
            self.lamps[name] = level
        return light

    def _select(self, level: int) -> None:
        self.premises.catch_up()
        self.ic.cs(level)

    def _close_coil(self, level: int) -> None:
        self.relay.set_coil(level)
        self._await_contact()

    def _open_coil(self, level: int) -> None:
        self.relay.reset_coil(level)
        self._await_contact()

    def _await_contact(self) -> None:
        """See that the contact moves at its own instant, whoever looks when."""
        due = self.relay.next_change_us
        if due is not None:
            bench_clock.at_us(due, self.relay.settle)

    def _contact_changed(self, closed: bool, at_us: int) -> None:
        self.premises.contact_changed()
        self._drive_load_side()

    def _drive_latch(self, outputs: int) -> None:
        wiring.drive_pin(pins.LATCH_COVER, int(bool(outputs & COVER)))
        wiring.drive_pin(pins.LATCH_TERMINAL_COVER, int(bool(outputs & TERMINAL_COVER)))

    def _drive_load_side(self) -> None:
        wiring.drive_pin(
            pins.LOAD_SIDE, int(self.premises.delivering or self.relay.back_feed))

    def mount(self) -> None:
        """Mount the flash, formatted first if it is blank, as a factory would."""
        if self.flash.blank:
            vfs.VfsLfs2.mkfs(self.flash, progsize=PAGE)
        try:
            system = vfs.VfsLfs2(self.flash, progsize=PAGE)
        except OSError as e:
            raise ValueError("flash image %s: holds no file system that can be mounted: %s" % (
                self._image, e)) from None
        vfs.mount(system, board.FOLDER)

    def power_up(self) -> App:
        """Start the meter on what its flash holds."""
        self.mount()
        self.starts += 1
        self.app = App(board)
        self.app.start()
        return self.app

    def power_down(self) -> None:
        """Take the supply away at once: RAM, chip registers and mount are gone."""
        self.premises.catch_up()
        self.app = None
        vfs.umount(board.FOLDER)
        self.ic.power_off()
        self.rtc.supply_off()
        if self.display is not None:
            self.display.power_on()

    def reset(self, cause: int) -> None:
        """Reset the controller alone: RAM and mount are gone, the metering IC goes on."""
        self.app = None
        vfs.umount(board.FOLDER)
        wiring.restart(cause)

    def mains(self, on: bool) -> None:
        """Switch the mains; the power-fail line follows."""
        self.premises.set_mains(on)
        self.relay.mains_on = on
        wiring.drive_pin(pins.POWER_GOOD, int(on))
        self._drive_load_side()
        if on:
            self.ic.power_on()
            self.premises.apply()

    def button(self, pressed: bool) -> None:
        wiring.drive_pin(pins.BUTTON, int(not pressed))

    def unseal(self, unsealed: bool) -> None:
        """Close the calibration switch behind its seal, or open it again."""
        wiring.drive_pin(pins.CALIBRATION, int(not unsealed))

    def cover(self, closed: bool) -> None:
        wiring.drive_pin(pins.COVER, int(closed))
        self.latch.switch(COVER, closed)

    def disturb(self, name: str, value: object) -> None:
        """Change something about the world, for good: see docs/bench.md. ValueError for a name
        or a value that it does not know."""
        premises = self.premises
        if name == "cover":
            self.cover(bool(value))
        elif name == "terminal_cover":
            wiring.drive_pin(pins.TERMINAL_COVER, int(value))
            self.latch.switch(TERMINAL_COVER, bool(value))
        elif name == "magnet":
            wiring.drive_pin(pins.MAGNET, int(value))
        elif name == "clock_shift_s":
            self.rtc.shift(value)
        elif name == "storage" and value == "copied":
            self._copy = self.flash.snapshot()
        elif name == "storage" and value == "restored" and self._copy and self.app is None:
            self.flash.restore(self._copy)
        elif name == "temperature_dC":
            wiring.wire_adc(pins.TEMPERATURE, (value + 500) * 65535 // 3300 + 1)
        elif self._owner(name) is not None:
            premises.catch_up()
            setattr(self._owner(name), name, value)
            premises.apply()
        elif name == "relay":
            self.relay.inject(value)
        elif name == "back_feed":
            self.relay.back_feed = bool(value)
        else:
            self._disturb_premises(name, value)
        self._drive_load_side()

    def _disturb_premises(self, name: str, value: object) -> None:
        if name in _PULSES:
            pulse_meter.give(_PULSES[name], value)
        elif name in DISTURBANCES:
            self.premises.disturb(name, value)
        elif not part_faults.disturb(self, name, value):
            raise ValueError("disturbance %r: there is no such thing in this world" % (name,))

    def _owner(self, name: str) -> object:
        """Return who has a disturbance as an attribute, or None for another."""
        if name in ("bypassed", "reversed"):
            return self.premises
        if name in ("lost_phase", "wrong_sequence") and hasattr(self.ic, name):
            return self.ic
        return None

    def save_place(self) -> None:
        """Keep where the world stands beside the flash image, for the next start."""
        self.premises.catch_up()
        with open(self._place + ".new", "w") as f:
            json.dump({"second": self.second, "relay_closed": self.relay.closed}, f)
        os.rename(self._place + ".new", self._place)

    def _read_place(self) -> dict:
        if self._place is None:
            return {}
        try:
            with open(self._place) as f:
                place = json.load(f)
        except OSError:
            return {}
        except ValueError:
            place = None
        if (not isinstance(place, dict) or not isinstance(place.get("second"), int)
                or not isinstance(place.get("relay_closed"), bool)
                or place["second"] < self.load.start - LEAD_IN_S):
            raise ValueError("place %s: must be what a stopped bench left for this load file"
                             % self._place)
        return place
