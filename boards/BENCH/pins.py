"""Pin numbers of the BENCH board, for its board file and for the world's wiring alike."""

CONSOLE_UART = 0
I2C_BUS = 0
I2C_SDA = 8
I2C_SCL = 9
METER_SPI = 0
METER_SCK = 2
METER_MOSI = 3
METER_MISO = 4
METER_CS = 5
RELAY_CLOSE = 12
RELAY_OPEN = 13
LOAD_SIDE = 14
"""High when the load side of the relay has voltage."""
POWER_GOOD = 15
"""High while mains holds the supply up; low when it is failing."""
CALIBRATION = 35
"""Low while the calibration switch, behind its seal, is closed to ground: unsealed."""
BUTTON = 17
"""Low while the customer presses."""
COVER = 16
"""High while the cover is closed."""
TERMINAL_COVER = 19
"""High while the cover over the terminals is closed."""
MAGNET = 20
"""High while a magnet is near."""
LATCH_COVER = 21
"""High when the cover was opened since the latch was cleared, with or without supply."""
LATCH_TERMINAL_COVER = 22
"""The same of the cover over the terminals."""
LATCH_CLEAR = 23
"""Low clears both; the board holds it high."""
OVERCURRENT = 29
"""High while the comparator on the shunt reports overcurrent."""
PULSE_1 = 30
"""Contact of a water or gas meter to ground: low while closed."""
PULSE_2 = 31
PULSE_3 = 32
PULSE_4 = 33
TEMPERATURE = 26
"""Analogue: the terminals' temperature."""
OUTPUTS = (24, 25, 27, 28)
"""Auxiliary outputs 1 to 4, high is on."""
DISPLAY_CS = 36
"""Low while a frame goes to the HT1621."""
DISPLAY_WR = 37
DISPLAY_DATA = 38
LAMP_CREDIT = 40
"""High lights it."""
LAMP_ALARM = 41
RS485_UART = 2
RS485_DE = 34
"""High while the meter drives the bus."""
MODEM_UART = 1
MODEM_PWRKEY = 18
