"""The ways an instruction comes in. A number once given stays: the purchase log keeps it."""

from micropython import const

CONSOLE = const(1)
KEYPAD = const(2)
SMS = const(3)
NETWORK = const(4)
BUS = const(5)

CARRIERS = const(6)
"""How many numbers there are, 0 with them, which is nobody's."""

NAMES = ("", "console", "keypad", "sms", "network", "bus")
