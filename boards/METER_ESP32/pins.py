"""Pin numbers of the METER_ESP32 board, an ESP32-WROOM-32E. See docs/boards/esp32.md."""

METER_SPI = 1
METER_SCK = 18
METER_MISO = 19
METER_MOSI = 23
METER_CS = 5

RELAY_CLOSE = 25
RELAY_OPEN = 26
LOAD_SIDE = 34
"""High when the load side of the relay has voltage."""
POWER_GOOD = 35
"""High while mains holds the supply up; low when it is failing."""
COVER = 36
"""High while the cover is closed."""

I2C_BUS = 0
I2C_SDA = 21
I2C_SCL = 22

RS485_UART = 2
RS485_TX = 17
RS485_RX = 16
RS485_DE = 4

MODEM_UART = 1
MODEM_TX = 32
MODEM_RX = 39
MODEM_RTS = 33
MODEM_CTS = 27
MODEM_PWRKEY = 2

DISPLAY_CS = 15
DISPLAY_WR = 14
DISPLAY_DATA = 13
