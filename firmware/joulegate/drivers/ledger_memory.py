"""The memory chip of the ledger, on boards that carry one: found by its address on the I2C bus.

The driver is imported only where the chip is there: it takes memory.
"""

from micropython import const

FRAM_ADDRESS = const(0x50)


def find(i2c: object) -> "object | None":
    """Return the driver of the FRAM that answers on a bus, or None.

    FramError when what answers is no FRAM; an EEPROM, which has the same address, is busy after
    a write.
    """
    try:
        i2c.readfrom_mem(FRAM_ADDRESS, 0, 1, addrsize=16)
    except OSError:
        return None
    from joulegate.drivers.fram import Fram
    fram = Fram(i2c, FRAM_ADDRESS)
    fram.start()
    return fram
