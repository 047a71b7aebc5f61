"""What an image of METER_RP2040 has frozen. Read by MicroPython's build."""
# ruff: noqa: F821 - its names are those of the build

include("../common/manifest.py", port="rp2")
module("board.py")
module("pins.py")
