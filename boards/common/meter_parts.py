"""The parts that every real board has alike, built on the pins of its `pins.py`.

The three inputs have no pull inside the chip: the board carries 4.7 kilohm to ground on each,
since GPIO34 to 39 of the ESP32 have none and the RP2350's own pull-down does not hold a line
(RP2350 data sheet, erratum E9). A wire that breaks reads low: mains failing, cover open.
"""

import sys
import time

import machine

import pins
from joulegate.core.reset_cause import reset_cause as cause_of
from joulegate.drivers import battery_clock, key_element, ledger_memory
from joulegate.drivers.atm90e26 import L_LINE, Atm90e26
from joulegate.drivers.atm90e26_calibration import Calibration

_SPI_HZ = 125000
"""The ATM90E26 wants its clock high for 3.67 us: 136 kHz at the most with a duty of a half."""

METER_STRAP = L_LINE
"""How MMD1:MMD0 of the metering IC are wired. ANTI_TAMPER on a board with a transformer in the
neutral: the chip then meters the line of the larger power."""

_I2C_HZ = 400000
"""Battery clocks and FRAM all take it, and a commit to FRAM has no time to lose."""

_WAKE_US = 80
"""The secure element wakes by 60 us or more."""

_MODEM_RXBUF = 4096
"""What comes while a flash sector is erased, 45 ms and more, has to wait here."""
_MODEM_TXBUF = 2048
"""A packet of PPP, which is written without waiting."""

_RS485_BUF = 512
"""What comes while a sector is erased, and a whole answer, which is written without waiting."""

MODEM_FLOW_CONTROL = True
"""RTS and CTS are wired: they keep the modem back while a sector is erased."""

SEGMENT_GLASS = True
"""Whether an HT1621 with its glass is on the pins DISPLAY_*: it cannot be detected. False on a
board without leaves its driver unloaded."""

_WATCHDOG_MS = 8000
"""The longest watchdog of an RP2040 is 8388 ms."""

_power_good = machine.Pin(pins.POWER_GOOD, machine.Pin.IN)
_segments = None


def i2c() -> machine.I2C:
    """Return the bus of the battery clock, the FRAM, the secure element and the keypad."""
    return machine.I2C(
        pins.I2C_BUS, scl=machine.Pin(pins.I2C_SCL), sda=machine.Pin(pins.I2C_SDA), freq=_I2C_HZ)


def rtc() -> object:
    """Return the battery clock, or the one inside the chip, which stops with the supply."""
    return battery_clock.find(i2c()) or machine.RTC()


def fram() -> object:
    """Return the driver of the FRAM, the ledger's home, or None where none is fitted."""
    return ledger_memory.find(i2c())


def secure_element() -> object:
    """Return the driver of the keys' secure element, or None where none is fitted.

    RuntimeError or OSError for one that does not work.
    """
    return key_element.find(i2c(), wake_element, time.sleep_ms)


def wake_element() -> None:
    """Hold SDA low: no transfer at the bus's own speed does that long enough."""
    sda = machine.Pin(pins.I2C_SDA, machine.Pin.OPEN_DRAIN, value=0)
    time.sleep_us(_WAKE_US)
    sda.value(1)
    i2c()  # has the pin back


def metering_ic(constants: Calibration) -> Atm90e26:
    """Return the driver of the metering IC, to run by these constants."""
    spi = machine.SPI(
        pins.METER_SPI, baudrate=_SPI_HZ, polarity=1, phase=1,
        sck=machine.Pin(pins.METER_SCK), mosi=machine.Pin(pins.METER_MOSI),
        miso=machine.Pin(pins.METER_MISO))
    cs = machine.Pin(pins.METER_CS, machine.Pin.OUT, value=1)
    return Atm90e26(spi, cs, constants, time.sleep_ms, METER_STRAP)


def calibration(**found: int) -> Calibration:
    """Return the constants, the nominal ones with `found` in their place.

    Nominal are 3200 imp/kWh, 200 microohm shunt, 1.25 mV a volt, 5 A, 220 V. They hold within
    the tolerance of shunt and divider, some per cent, until the meter is adjusted against a
    reference.
    """
    values = dict(
        meter_constant=3200, voltage_V=220, current_A=5, voltage_uV=275000, current_uV=1000,
        gain=24, u_gain=24000, i_gain_L=31251)
    values.update(found)
    return Calibration(**values)


def load_side() -> machine.Pin:
    """Return the detector that is high while the load side of the relay has voltage."""
    return machine.Pin(pins.LOAD_SIDE, machine.Pin.IN)


def mains_good() -> bool:
    """Return False once mains is failing and only the hold-up capacitor is left."""
    return bool(_power_good())


def on_power_fail(handler: object) -> None:
    """Have handler(pin) called, from an interrupt, when mains begins to fail."""
    _power_good.irq(handler, machine.Pin.IRQ_FALLING)


def cover() -> machine.Pin:
    """Return the cover switch, high while the cover is closed."""
    return machine.Pin(pins.COVER, machine.Pin.IN)


def on_overcurrent(handler: object) -> None:
    """No comparator is fitted."""


def sensors() -> dict:
    """Return what the board carries beyond that, as core.sight has it: nothing yet."""
    return {}


def outputs() -> list:
    """Return the pins of auxiliary outputs: none is led out yet."""
    return []


def pulse_inputs() -> list:
    """Return the pins of pulse contacts, high while they are open; none where no pin is left."""
    names = ("PULSE_1", "PULSE_2", "PULSE_3")
    return [machine.Pin(getattr(pins, name), machine.Pin.IN, machine.Pin.PULL_UP)
            for name in names if hasattr(pins, name)]


def button() -> None:
    """Return the function that tells of the customer's button: none is led out yet."""


def rs485(baudrate: int, parity: "int | None", stop: int) -> tuple:
    """Return the UART of the RS485 port and the pin that has its driver on."""
    de = machine.Pin(pins.RS485_DE, machine.Pin.OUT, value=0)
    uart = machine.UART(
        pins.RS485_UART, baudrate, bits=8, parity=parity, stop=stop,
        tx=machine.Pin(pins.RS485_TX), rx=machine.Pin(pins.RS485_RX),
        rxbuf=_RS485_BUF, txbuf=_RS485_BUF, timeout=0)
    return uart, de


def display() -> object:
    """Return the view of the display: an OLED that answers on the I2C bus, else the glass."""
    from joulegate.panel import displays
    view = displays.on_bus(i2c())
    if view is None and SEGMENT_GLASS:
        view = displays.on_glass(_start_segments())
    return view


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
    """Return what scans the keypad, on an I2C expander, or None where none is fitted. The alarm
    lamp is on its eighth pin."""
    from joulegate.drivers import pcf8574_keypad
    return pcf8574_keypad.find(i2c())


def lamps() -> dict:
    """Return the pins of lamps by name, high is on: no pin of the chip is left for one."""
    return {}


def buzzer() -> object:
    """Return the function that switches the buzzer, the one on the HT1621, or None."""
    return (_segments or _start_segments()).tone if SEGMENT_GLASS else None


def calibration_switch() -> object:
    """Return the function that tells whether calibration is unsealed; None without a pin.

    A contact to ground behind the seal, so that a wire that breaks seals.
    """
    if not hasattr(pins, "CALIBRATION"):
        return None
    pin = machine.Pin(pins.CALIBRATION, machine.Pin.IN, machine.Pin.PULL_UP)
    return lambda: not pin()


SOCKETS = False
"""Whether there is a network without joining one."""


def wlan() -> object:
    """Return the network.WLAN of a station, or None on a chip without Wi-Fi."""
    try:
        import network
        return network.WLAN(network.STA_IF)
    except (ImportError, AttributeError):
        return None


def ppp() -> object:
    """Return the class network.PPP, or None where MicroPython was built without."""
    try:
        import network
        return getattr(network, "PPP", None)
    except ImportError:
        return None


def modem(baudrate: int) -> tuple:
    """Return the modem's UART, PWRKEY, RESET, supply switch, and what holds TX low.

    PWRKEY goes by a transistor, so high presses it; RESET and the supply are not led out.
    """
    uart = machine.UART(
        pins.MODEM_UART, baudrate, tx=machine.Pin(pins.MODEM_TX), rx=machine.Pin(pins.MODEM_RX),
        rts=machine.Pin(pins.MODEM_RTS), cts=machine.Pin(pins.MODEM_CTS),
        flow=machine.UART.RTS | machine.UART.CTS, rxbuf=_MODEM_RXBUF, txbuf=_MODEM_TXBUF,
        timeout=0)
    return uart, machine.Pin(pins.MODEM_PWRKEY, machine.Pin.OUT, value=0), None, None, None


def system_clock() -> machine.RTC:
    """Return the chip's own clock, by which certificates are judged."""
    return machine.RTC()


def console() -> tuple:
    """Return the streams of the console: the serial line that MicroPython's own REPL has."""
    return sys.stdin.buffer, sys.stdout.buffer


def watchdog() -> machine.WDT:
    """Start the watchdog, which nothing stops any more, and return it."""
    return machine.WDT(timeout=_WATCHDOG_MS)


def unique_id() -> bytes:
    return machine.unique_id()


def reset() -> None:
    machine.reset()


def reset_cause() -> int:
    """Return how this start came about, a number of joulegate.core.reset_cause."""
    return cause_of(machine)
