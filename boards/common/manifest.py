"""What every image has frozen: the firmware, its packages, and the files of the chip family.

Options: port, the folder of MicroPython's port ("rp2", "esp32", "unix"); wifi, whether the
board has it. Nothing else of the port's own modules is taken: its `_boot.py` and `inisetup.py`
format storage that they cannot read, and a meter never does.
"""
# ruff: noqa: F821 - its names are those of the build

options.defaults(wifi=False)

package("joulegate", base_path="../../firmware")
module("boot.py", base_path="../../firmware")
module("main.py", base_path="../../firmware")

include("$(MPY_DIR)/extmod/asyncio")
require("umqtt.simple")
if options.wifi:
    require("ssl")

if options.port == "rp2":
    module("image_profile.py")
    freeze("$(PORT_DIR)/modules", "rp2.py")
    module("_boot.py", base_path="boot_rp2")
    module("meter_parts.py")
    module("pins_rp2.py")
    module("relay_pio.py")
elif options.port == "esp32":
    module("image_profile.py")
    module("_boot.py", base_path="boot_esp32")
    module("meter_parts.py")
    module("relay_rmt.py")
    module("key_storage_esp32.py")
