"""The displays that the world can have, by the names that the BENCH board knows them by."""

import pins
from world import bench_clock, wiring

NAMES = ("ht1621", "ssd1306")
OLED_ADDRESS = 0x3C


def wire(name: "str | None") -> object:
    """Wire a display to the board and return its model, None without one.

    ValueError for a name that is not known.
    """
    wiring.wire_i2c(pins.I2C_BUS, OLED_ADDRESS, None)
    if name is None:
        return None
    if name not in NAMES:
        raise ValueError("display %r: must be one of %s" % (name, ", ".join(NAMES)))
    if name == "ssd1306":
        from world.ssd1306_model import Ssd1306Model
        oled = Ssd1306Model()
        wiring.wire_i2c(pins.I2C_BUS, OLED_ADDRESS, oled)
        return oled
    from world.ht1621_model import Ht1621Model
    chip = Ht1621Model(bench_clock.now_us)
    # Each has a pull-up in the chip.
    wiring.wire_pin(pins.DISPLAY_CS, chip.cs, 1)
    wiring.wire_pin(pins.DISPLAY_WR, chip.wr, 1)
    wiring.wire_pin(pins.DISPLAY_DATA, chip.data, 1)
    return chip
