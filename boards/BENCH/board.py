"""The BENCH board: a meter whose chips, relay and mains are models. See docs/bench.md.

A board file gives the firmware its parts, ready made, and its facts; nothing else in the
firmware knows a pin number.
"""

import time

import esp32
import machine

import pins
from joulegate.core.reset_cause import reset_cause as cause_of
from joulegate.drivers import battery_clock, key_element, ledger_memory, pcf8574_keypad
from joulegate.drivers.pulse_rmt import CLOCK_DIV, RmtPulse

NAME = "BENCH"
FOLDER = "/flash"
"""Where the file system is mounted."""
FIRST_YEAR = 2007
"""Its world begins with the recorded loads, long before the firmware was made."""
COLLECT_MS = 60000
"""Garbage is collected no more often: its heap is large, and virtual seconds are short."""
WATCHDOG_MS = 8000
WAKE_US = 80
"""The secure element wakes by SDA low for 60 us or more."""
METERING_IC = "atm90e26"
"""The metering IC that the world has wired: a module ic_NAME beside this file makes its driver."""
PANEL = False
"""Whether the world has fitted keypad and lamps."""
METER_STRAP = 1
"""How an ATM90E26 is strapped, its MMD1:MMD0; the world may put another chip there."""
DISPLAY = None
"""The display that the world has wired: "ht1621", "ssd1306" or None."""
CAPABILITIES = {
    "battery_rtc": True,
    "button": True,
    "cover": True,
    "display": True,
    "fram": True,
    "keypad": True,
    "load_side": True,
    "modem": True,
    "ota": False,
    "romfs": False,
    "rs485": True,
    "wifi": False,
}
"""What the board carries."""

_power_good = machine.Pin(pins.POWER_GOOD, machine.Pin.IN, machine.Pin.PULL_DOWN)
_segments = None
_overcurrent = machine.Pin(pins.OVERCURRENT, machine.Pin.IN, machine.Pin.PULL_DOWN)


def i2c() -> machine.I2C:
    """Return the bus of the battery clock, the FRAM, the secure element and the keypad."""
    return machine.I2C(
        pins.I2C_BUS, scl=machine.Pin(pins.I2C_SCL), sda=machine.Pin(pins.I2C_SDA))


def rtc() -> object:
    """Return the battery clock if the world has wired one, or the one inside the chip."""
    return battery_clock.find(i2c()) or machine.RTC()


def fram() -> object:
    """Return the driver of the FRAM if the world has wired one, or None."""
    return ledger_memory.find(i2c())


def key_storage() -> object:
    """Return the driver of the secure element if the world has wired one, or None."""
    return key_element.find(i2c(), wake_element, time.sleep_ms)


def wake_element() -> None:
    """Hold SDA low for long enough to wake the secure element."""
    sda = machine.Pin(pins.I2C_SDA, machine.Pin.OPEN_DRAIN, value=0)
    time.sleep_us(WAKE_US)
    sda.value(1)


def metering_ic(constants: object) -> object:
    """Return the driver of the metering IC, to run by these constants."""
    return _ic().driver(constants, METER_STRAP)


def calibration(**found: int) -> object:
    """Return the constants of the metering IC, the nominal ones with `found` in their place."""
    return _ic().calibration(**found)


def _ic() -> object:
    return __import__("ic_" + METERING_IC)


def relay() -> tuple:
    """Return the closing coil, the opening coil and the load-side detector."""
    load_side = machine.Pin(pins.LOAD_SIDE, machine.Pin.IN, machine.Pin.PULL_DOWN)
    return _coil(0, pins.RELAY_CLOSE), _coil(1, pins.RELAY_OPEN), load_side


def _coil(channel: int, pin: int) -> RmtPulse:
    line = machine.Pin(pin, machine.Pin.OUT, value=0)
    return RmtPulse(esp32.RMT(channel, pin=line, clock_div=CLOCK_DIV, idle_level=0), line)


def mains_good() -> bool:
    """Return False once mains is failing and only the hold-up capacitor is left."""
    return bool(_power_good())


def on_power_fail(handler: object) -> None:
    """Have handler(pin) called, from an interrupt, when mains begins to fail."""
    _power_good.irq(handler, machine.Pin.IRQ_FALLING)


def on_overcurrent(handler: object) -> None:
    """Have handler(pin) called, from an interrupt, when the comparator begins to report
    overcurrent; nothing with None."""
    _overcurrent.irq(handler, machine.Pin.IRQ_RISING)


def cover() -> machine.Pin:
    """Return the cover switch, high while the cover is closed."""
    return machine.Pin(pins.COVER, machine.Pin.IN, machine.Pin.PULL_UP)


def sensors() -> dict:
    """Return the other sensors: terminal cover, its latch and the cover's, magnet, comparator and
    the terminals' temperature."""
    thermometer = machine.ADC(machine.Pin(pins.TEMPERATURE))
    return {
        "terminal_cover": machine.Pin(pins.TERMINAL_COVER, machine.Pin.IN, machine.Pin.PULL_UP),
        "tamper_latch": tamper_latch,
        "magnet": machine.Pin(pins.MAGNET, machine.Pin.IN, machine.Pin.PULL_DOWN),
        "overcurrent": _overcurrent,
        # 0.5 V at 0 degrees and 10 mV a degree, of 3.3 V.
        "temperature_dC": lambda: thermometer.read_u16() * 3300 // 65535 - 500,
    }


def tamper_latch(forget: bool = False) -> int:
    """Return which covers were opened since it was told to forget, supply or not: bits 1 cover
    and 2 terminal cover."""
    if forget:
        clear = machine.Pin(pins.LATCH_CLEAR, machine.Pin.OPEN_DRAIN, value=0)
        clear.value(1)
    cover = machine.Pin(pins.LATCH_COVER, machine.Pin.IN)
    terminal_cover = machine.Pin(pins.LATCH_TERMINAL_COVER, machine.Pin.IN)
    return cover() | terminal_cover() << 1


def outputs() -> list:
    """Return the auxiliary outputs, off; high is on."""
    return [machine.Pin(pin, machine.Pin.OUT, value=0) for pin in pins.OUTPUTS]


def pulse_inputs() -> list:
    """Return the pins of pulse contacts, high while they are open."""
    return [machine.Pin(pin, machine.Pin.IN, machine.Pin.PULL_UP)
            for pin in (pins.PULSE_1, pins.PULSE_2, pins.PULSE_3, pins.PULSE_4)]


def button() -> object:
    """Return the function that tells whether the customer's button is pressed; to ground."""
    pin = machine.Pin(pins.BUTTON, machine.Pin.IN, machine.Pin.PULL_UP)
    return lambda: not pin()


def rs485(baudrate: int, parity: "int | None", stop: int) -> tuple:
    """Return the UART of the RS485 port and the pin that has its driver on."""
    de = machine.Pin(pins.RS485_DE, machine.Pin.OUT, value=0)
    uart = machine.UART(
        pins.RS485_UART, baudrate, bits=8, parity=parity, stop=stop, rxbuf=512, txbuf=512,
        timeout=0)
    return uart, de


def display() -> object:
    """Return the view of the display that the world has wired, or None."""
    if DISPLAY is None:
        return None
    from joulegate.panel import displays
    if DISPLAY == "ht1621":
        return displays.on_glass(_start_segments())
    return displays.on_bus(i2c())


def _start_segments() -> object:
    """Return the driver of the HT1621, started; the sounder is by it, too."""
    global _segments
    from joulegate.drivers.ht1621 import Ht1621
    cs, wr, data = (machine.Pin(pin, machine.Pin.OUT, value=1) for pin in (
        pins.DISPLAY_CS, pins.DISPLAY_WR, pins.DISPLAY_DATA))
    _segments = Ht1621(cs, wr, data, time.sleep_us)
    _segments.start()
    return _segments


def keypad() -> object:
    """Return what scans the keypad if the world has wired one, or None."""
    return pcf8574_keypad.find(i2c()) if PANEL else None


def lamps() -> dict:
    """Return the pins of lamps by name, high is on, if the world has fitted any."""
    if not PANEL:
        return {}
    return {"credit": machine.Pin(pins.LAMP_CREDIT, machine.Pin.OUT, value=0),
            "alarm": machine.Pin(pins.LAMP_ALARM, machine.Pin.OUT, value=0)}


def buzzer() -> object:
    """Return the function that switches the buzzer, which is by the glass, or None."""
    return (_segments or _start_segments()).tone if DISPLAY == "ht1621" else None


def calibration_switch() -> object:
    """Return the function that tells whether calibration is unsealed; to ground."""
    pin = machine.Pin(pins.CALIBRATION, machine.Pin.IN, machine.Pin.PULL_UP)
    return lambda: not pin()


SOCKETS = True
"""The sockets of the computer are there without joining a network."""


def wlan() -> None:
    """Return None: the bench has no Wi-Fi."""


def ppp() -> None:
    """Return None: the unix port has no PPP."""


def modem(baudrate: int) -> tuple:
    """Return the UART, PWRKEY, and neither RESET, supply switch nor a hold on TX."""
    uart = machine.UART(pins.MODEM_UART, baudrate, rxbuf=4096, timeout=0)
    return uart, machine.Pin(pins.MODEM_PWRKEY, machine.Pin.OUT, value=0), None, None, None


def system_clock() -> machine.RTC:
    """Return the chip's own clock."""
    return machine.RTC()


def console() -> tuple:
    """Return the streams of the console: what the world has wired to UART 0."""
    uart = machine.UART(pins.CONSOLE_UART)
    return uart, uart


def watchdog() -> machine.WDT:
    """Start the watchdog and return it."""
    return machine.WDT(timeout=WATCHDOG_MS)


def unique_id() -> bytes:
    return machine.unique_id()


def reset() -> None:
    machine.reset()


def reset_cause() -> int:
    """Return how this start came about, a number of joulegate.core.reset_cause."""
    return cause_of(machine)
