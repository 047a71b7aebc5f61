"""Which display a board carries: one on the I2C bus is found, one on three wires answers nothing.

Only the view and the driver of the display that is there are imported: they take memory.
"""

_OLED_ADDRESSES = b"\x3c\x3d"
_NOTHING = b"\x00\xe3"
"""To an SSD1306: a command that does nothing."""


def on_bus(i2c: object) -> "object | None":
    """Return the view of the SSD1306 that answers on a bus, or None."""
    for address in _OLED_ADDRESSES:
        try:
            i2c.writeto(address, _NOTHING)
        except OSError:
            continue
        from joulegate.drivers.ssd1306 import Ssd1306
        from joulegate.panel.pixel_view import PixelView
        return PixelView(Ssd1306(i2c, address))
    return None


def on_glass(chip: object) -> object:
    """Return the view of the reference glass on a started HT1621."""
    from joulegate.panel import glass
    from joulegate.panel.segment_view import SegmentView
    return SegmentView(chip, glass)
