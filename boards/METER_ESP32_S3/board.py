"""The METER_ESP32_S3 board: an ESP32-S3-WROOM-1 with 8 MiB of flash. See docs/boards/esp32.md."""

from key_storage_esp32 import key_storage  # noqa: F401 - a part of the board
from meter_parts import *  # noqa: F403 - every real board has these alike
from relay_rmt import relay  # noqa: F401 - a part of the board

NAME = "METER_ESP32_S3"
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
    "ota": True,
    "romfs": True,
    "rs485": True,
    "wifi": True,
}
"""What the board carries, whether or not the firmware has a driver for it yet."""
