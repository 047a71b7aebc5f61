"""What a unix build of the BENCH board has frozen; `shim` and the world stay on the search path.

Read by MicroPython's build.
"""
# ruff: noqa: F821 - its names are those of the build

include("../common/manifest.py", port="unix")
module("board.py")
module("image_profile.py")
module("pins.py")
