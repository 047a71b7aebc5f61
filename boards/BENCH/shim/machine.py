"""`machine` of the BENCH board: the boards' own API over the simulated world.

Names and rules follow the rp2 port (MicroPython 1.28) where a test could tell the difference.
What is at the other end of pins and buses is in `world.wiring`; time is `world.bench_clock`.
"""

from umachine import Signal, mem8, mem16, mem32, time_pulse_us

from machine_i2c import I2C
from machine_pin import Pin, disable_irq, enable_irq
from machine_spi import SPI
from machine_time import RTC, WDT, Timer
from machine_uart import UART
from world import bench_clock, wiring
from world.wiring import (
    DEEPSLEEP_RESET,
    HARD_RESET,
    PWRON_RESET,
    SOFT_RESET,
    WDT_RESET,
)

__all__ = (
    "ADC", "I2C", "Pin", "RTC", "SPI", "Signal", "Timer", "UART", "WDT", "deepsleep",
    "disable_irq", "enable_irq", "freq", "idle", "lightsleep", "mem8", "mem16", "mem32",
    "reset", "reset_cause", "soft_reset", "time_pulse_us", "unique_id", "DEEPSLEEP_RESET",
    "HARD_RESET", "PWRON_RESET", "SOFT_RESET", "WDT_RESET",
)

_IDLE_US = 1000
_freq = 125_000_000


class ADC:
    """ADC(pin): 16-bit readings of what is wired there."""

    def __init__(self, pin: object) -> None:
        self._net = pin._net if isinstance(pin, Pin) else wiring.net(pin)

    def read_u16(self) -> int:
        return wiring.adc_level(self._net.id)


def unique_id() -> bytes:
    """Return the chip's eight bytes."""
    return wiring.unique_id


def reset() -> None:
    """Reset the chip as the watchdog would. Raises wiring.Reset for the launcher."""
    wiring.reset(HARD_RESET)


def soft_reset() -> None:
    wiring.reset(SOFT_RESET)


def reset_cause() -> int:
    return wiring.reset_cause


def freq(hz: int | None = None) -> int | None:
    """Get or set the processor frequency; it changes nothing but its own reading."""
    global _freq
    if hz is None:
        return _freq
    if not 18_000_000 <= hz <= 280_000_000:
        raise ValueError("cannot change frequency to %r Hz" % (hz,))
    _freq = hz


def idle() -> None:
    """Wait for an interrupt, at most until the next system tick of 1 ms."""
    bench_clock.sleep_us(_IDLE_US)


def lightsleep(time_ms: int | None = None) -> None:
    """Sleep for `time_ms`, or with None until the world does something."""
    if time_ms is not None:
        bench_clock.sleep_us(time_ms * 1000)
    elif not bench_clock.rate():
        bench_clock.jump_to_next(None)
    else:
        bench_clock.sleep_us(_IDLE_US)


def deepsleep(time_ms: int | None = None) -> None:
    """Sleep, then start again from reset."""
    lightsleep(time_ms)
    wiring.reset(DEEPSLEEP_RESET)
