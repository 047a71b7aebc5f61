"""What the setting tamper_trips may name, a bit each: the attacks that cut the supply off."""

from micropython import const

COVER = const(1)
TERMINAL_COVER = const(2)
OPENED_WHILE_OFF = const(4)
MAGNET = const(8)
REVERSE = const(16)
MISMATCH = const(32)
NEUTRAL_MISSING = const(64)
NEUTRAL_DISTURBED = const(128)
BACK_FEED = const(256)
BYPASS = const(512)
CLOCK = const(1024)
STORAGE = const(2048)
TRIPS = (
    "cover", "terminal_cover", "opened_while_off", "magnet", "reverse", "mismatch",
    "neutral_missing", "neutral_disturbed", "back_feed", "bypass", "clock", "storage",
)
ALL_TRIPS = const(4095)
