"""The METER_RP2040 board: a Raspberry Pi Pico. See docs/boards/rp2040.md."""

from meter_parts import *  # noqa: F403 - every real board has these alike
from meter_parts import secure_element as key_storage  # noqa: F401 - a part of the board
from relay_pio import relay  # noqa: F401 - a part of the board

NAME = "METER_RP2040"
FOLDER = "/flash"
"""Where `_boot.py` mounts the file system."""
CAPABILITIES = {
    "battery_rtc": True,
    "button": False,
    "cover": True,
    "display": True,
    "fram": True,
    "keypad": True,
    "load_side": True,
    "modem": True,
    "ota": False,
    "romfs": True,
    "rs485": True,
    "wifi": False,
}
"""What the board carries, whether or not the firmware has a driver for it yet."""
