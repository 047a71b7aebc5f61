"""Exception codes of Modbus: MODBUS Application Protocol V1.1b3, section 7."""

from micropython import const

ILLEGAL_FUNCTION = const(1)
ILLEGAL_ADDRESS = const(2)
ILLEGAL_VALUE = const(3)
DEVICE_FAILURE = const(4)
DEVICE_BUSY = const(6)
