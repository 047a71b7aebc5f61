"""What an image of METER_RP2040_W has frozen. Read by MicroPython's build."""
# ruff: noqa: F821 - its names are those of the build

include("../common/manifest.py", port="rp2", wifi=True)
module("board.py")
module("pins.py")
