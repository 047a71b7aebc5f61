"""A secure element on a small I2C bus, on a clock of its own; and what stands in for NVS."""

from joulegate.drivers.atecc608 import ADDRESS, Atecc608
from joulegate.drivers.atecc608_setup import CONSENT, set_up
from world.atecc608_model import Atecc608Model

US_A_BYTE = 90
"""Nine bits at 100 kHz."""
WAKE_US = 80
NOT_FOUND = -0x1102
"""ESP_ERR_NVS_NOT_FOUND."""


class Clock:
    def __init__(self):
        self.us = 0

    def now(self):
        return self.us

    def sleep_ms(self, ms):
        self.us += 1000 * ms


class ElementBus:
    """An I2C bus with one element on it."""

    def __init__(self, chip, clock):
        self.chip = chip
        self.clock = clock
        self.wake_us = WAKE_US

    def wake(self):
        self.chip.sda(0)
        self.clock.us += self.wake_us
        self.chip.sda(1)

    def readfrom(self, address, size):
        assert address == ADDRESS
        buffer = bytearray(size)
        self.clock.us += US_A_BYTE * (size + 1)
        self.chip.readinto(buffer)
        return bytes(buffer)

    def writeto(self, address, data):
        assert address == ADDRESS
        self.clock.us += US_A_BYTE * (len(data) + 1)
        return self.chip.write(data)


def driver(chip, clock=None):
    """Return a driver that has not been started; its bus is in `bus`."""
    clock = clock or chip.clock
    bus = ElementBus(chip, clock)
    element = Atecc608(bus, bus.wake, clock.sleep_ms)
    element.bus = bus
    return element


def blank_chip(serial=1):
    clock = Clock()
    chip = Atecc608Model(clock.now, serial)
    chip.clock = clock
    return chip


def counting(size):
    """Return bytes that are no secret, in place of random ones."""
    return bytes(range(1, size + 1))


def new_chip(serial=1):
    """Return an element that has been set up."""
    chip = blank_chip(serial)
    set_up(driver(chip), counting, CONSENT)
    return chip


def twin(chip):
    """Return an element of the same content and clock."""
    copy = chip.snapshot()
    copy.clock = chip.clock
    return copy


def started(chip):
    """Return a driver that has been started."""
    element = driver(chip)
    element.start()
    return element


class Nvs:
    """esp32.NVS on a dict that outlives it. `fails` maps the number of a call, from 1 on, to
    "before" or "after": the call raises before or after it has done its work; with "cut" among the
    keys power is gone from then on, and `on_cut` is called."""

    def __init__(self, content=None):
        self.content = {} if content is None else content
        self.calls = 0
        self.fails = {}
        self.dead = False
        self.on_cut = None
        self.supplied = None

    def _do(self, act):
        self.calls += 1
        way = self.fails.get(self.calls)
        if self.supplied is not None and not self.supplied():
            self.dead = True
        if self.dead or way == "before":
            self._fail()
        act()
        if way == "after":
            self._fail()

    def _fail(self):
        if "cut" in self.fails and not self.dead:
            self.dead = True
            if self.on_cut is not None:
                self.on_cut()
        raise OSError(-0x1101, "ESP_ERR_NVS_BASE")

    def set_blob(self, key, value):
        assert len(key) <= 15
        self._do(lambda: self.content.update({key: bytes(value)}))

    def commit(self):
        self._do(lambda: None)

    def get_blob(self, key, buffer):
        if self.dead:
            raise OSError(-0x1101, "ESP_ERR_NVS_BASE")
        if key not in self.content:
            raise OSError(NOT_FOUND, "ESP_ERR_NVS_NOT_FOUND")
        value = self.content[key]
        if len(value) > len(buffer):
            raise OSError(-0x110C, "ESP_ERR_NVS_INVALID_LENGTH")
        buffer[:len(value)] = value
        return len(value)
