"""What an image of METER_ESP32 has frozen. Read by MicroPython's build."""
# ruff: noqa: F821 - its names are those of the build

include("../common/manifest.py", port="esp32", wifi=True)
module("board.py")
module("pins.py")
