"""Displays as tests have them: driver and view over the model of the chip."""

from joulegate.drivers.ht1621 import Ht1621
from joulegate.drivers.ssd1306 import Ssd1306
from joulegate.panel import glass
from joulegate.panel.page import Page
from joulegate.panel.pixel_view import PixelView
from joulegate.panel.segment_view import SegmentView
from world.ht1621_model import Ht1621Model
from world.ssd1306_model import Ssd1306Model


class Wires:
    """An HT1621 and its driver; time passes only while the driver waits."""

    def __init__(self, fill=0x5):
        self.now_us = 0
        self.model = Ht1621Model(lambda: self.now_us, fill)
        self.driver = self.new_driver()

    def new_driver(self):
        model = self.model
        return Ht1621(model.cs, model.wr, model.data, self._wait)

    def _wait(self, us):
        self.now_us += us


class Bus:
    """An I2C bus with an SSD1306 alone on it."""

    def __init__(self):
        self.model = Ssd1306Model()
        self.driver = Ssd1306(self)

    def writeto(self, address, data):
        if address != 0x3C:
            raise OSError(19)
        self.model.write(data)


def finish(what, most=400):
    """Step until nothing is left to do; return how many steps that took."""
    steps = 1
    while what.step():
        steps += 1
        if steps > most:
            raise AssertionError(f"no end after {most} steps")
    return steps


def segments(fill=0x5):
    """Return wires and a view of the reference glass, started."""
    wires = Wires(fill)
    wires.driver.start()
    return wires, SegmentView(wires.driver, glass)


def pixels():
    """Return a bus and a view of an OLED."""
    bus = Bus()
    return bus, PixelView(bus.driver)


def page(code=0, title="", value="", unit="", unit_text="", line_1="", line_2="", signs=0):
    """Return a page that has these things on it."""
    made = Page()
    made.code = code
    made.title = title
    made.value = value
    made.unit = unit
    made.unit_text = unit_text
    made.detail[0] = line_1
    made.detail[1] = line_2
    made.signs = signs
    return made
