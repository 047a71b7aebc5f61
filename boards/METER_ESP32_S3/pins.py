"""Pin numbers of the METER_ESP32_S3 board, an ESP32-S3-WROOM-1-N8. See docs/boards/esp32.md."""

METER_SPI = 1
METER_SCK = 12
METER_MISO = 13
METER_MOSI = 11
METER_CS = 10
CALIBRATION = 14
"""Low while the calibration switch, behind its seal, is closed to ground: unsealed."""

RELAY_CLOSE = 4
RELAY_OPEN = 5
LOAD_SIDE = 6
"""High when the load side of the relay has voltage."""
POWER_GOOD = 7
"""High while mains holds the supply up; low when it is failing."""
COVER = 15
"""High while the cover is closed."""

I2C_BUS = 0
I2C_SDA = 8
I2C_SCL = 9

RS485_UART = 2
RS485_TX = 17
RS485_RX = 18
RS485_DE = 16

MODEM_UART = 1
MODEM_TX = 47
MODEM_RX = 48
MODEM_RTS = 21
MODEM_CTS = 38
MODEM_PWRKEY = 2

DISPLAY_CS = 40
DISPLAY_WR = 41
DISPLAY_DATA = 42
