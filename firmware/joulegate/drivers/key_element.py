"""The secure element of the keys, on boards that carry one: found by its address on the I2C bus.

The driver is imported only where the chip is there: it takes memory.
"""

from micropython import const

ELEMENT_ADDRESS = const(0x60)
_WAKE_MS = const(2)
_TRIES = const(3)


def find(i2c: object, wake: object, sleep_ms: object) -> "object | None":
    """Return the driver of the secure element that answers on a bus, or None.

    wake: a function that holds SDA low for 60 to 200 us. RuntimeError for an element that was
    not set up for a meter or answers wrongly, OSError from the bus.
    """
    for _ in range(_TRIES):
        wake()
        sleep_ms(_WAKE_MS)
        try:
            i2c.readfrom(ELEMENT_ADDRESS, 4)
            break
        except OSError:
            continue
    else:
        return None
    from joulegate.drivers.atecc608 import Atecc608
    element = Atecc608(i2c, wake, sleep_ms, ELEMENT_ADDRESS)
    element.start()
    return element
