"""Pin numbers of every board on a Raspberry Pi Pico, Pico W or Pico 2. See docs/boards/rp2040.md.

All three lead out the same pins; 23, 24, 25 and 29 are the module's own. None is free.
"""

MODEM_UART = 0
MODEM_TX = 0
MODEM_RX = 1
MODEM_CTS = 2
MODEM_RTS = 3
MODEM_PWRKEY = 15

RS485_UART = 1
RS485_TX = 4
RS485_RX = 5
RS485_DE = 6

I2C_BUS = 0
I2C_SDA = 8
I2C_SCL = 9

RELAY_CLOSE = 10
RELAY_OPEN = 11
LOAD_SIDE = 12
"""High when the load side of the relay has voltage."""
POWER_GOOD = 13
"""High while mains holds the supply up; low when it is failing."""
COVER = 14
"""High while the cover is closed."""

METER_SPI = 0
METER_MISO = 16
METER_CS = 17
METER_SCK = 18
METER_MOSI = 19
CALIBRATION = 7
"""Low while the calibration switch, behind its seal, is closed to ground: unsealed."""

DISPLAY_CS = 21
DISPLAY_WR = 22
DISPLAY_DATA = 26

PULSE_1 = 20
"""Contact of a water or gas meter to ground, low while closed."""
PULSE_2 = 27
PULSE_3 = 28
