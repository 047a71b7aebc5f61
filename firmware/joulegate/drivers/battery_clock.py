"""Which battery clock a board carries: found by its address on the I2C bus.

Only the driver of the chip that is there is imported: each takes memory.
"""

from micropython import const

DS3231_ADDRESS = const(0x68)
PCF8563_ADDRESS = const(0x51)


def find(i2c: object) -> "object | None":
    """Return the driver of the clock chip that answers on a bus, or None."""
    if _answers(i2c, DS3231_ADDRESS):
        from joulegate.drivers.ds3231 import Ds3231
        return Ds3231(i2c, DS3231_ADDRESS)
    if _answers(i2c, PCF8563_ADDRESS):
        from joulegate.drivers.pcf8563 import Pcf8563
        return Pcf8563(i2c, PCF8563_ADDRESS)
    return None


def _answers(i2c: object, address: int) -> bool:
    try:
        i2c.readfrom_mem(address, 0, 1)
    except OSError:
        return False
    return True
