"""`display_pages.py PAGES.json`: what both displays show of some pages, as one JSON value.

PAGES.json is a list of pages, each an object of the fields of panel.page.Page that are not empty.
Printed is a list of pairs: the states of an HT1621 with the reference glass, and of an SSD1306,
each after that page alone was shown. tools/display draws them.
"""

import json
import sys

from joulegate.drivers.ht1621 import Ht1621
from joulegate.drivers.ssd1306 import ADDRESS, Ssd1306
from joulegate.panel import glass
from joulegate.panel.page import Page
from joulegate.panel.pixel_view import PixelView
from joulegate.panel.segment_view import SegmentView
from world.ht1621_model import Ht1621Model
from world.ssd1306_model import Ssd1306Model

_STEPS_MAX = 1000


class Oled:
    """An I2C bus with an SSD1306 alone on it."""

    def __init__(self) -> None:
        self.model = Ssd1306Model()
        self.view = PixelView(Ssd1306(self, ADDRESS))

    def writeto(self, address: int, data: bytes) -> None:
        self.model.write(data)


class Segments:
    """An HT1621 on its wires, whose time passes only while the driver waits."""

    def __init__(self) -> None:
        self._now_us = 0
        self.model = Ht1621Model(lambda: self._now_us)
        chip = Ht1621(self.model.cs, self.model.wr, self.model.data, self._wait)
        chip.start()
        self.view = SegmentView(chip, glass)

    def _wait(self, us: int) -> None:
        self._now_us += us


def page_of(fields: dict) -> Page:
    """Return a page with these fields. ValueError for one that pages do not have."""
    page = Page()
    for name, value in fields.items():
        if not hasattr(page, name):
            raise ValueError("page: has no field %r" % name)
        setattr(page, name, value)
    return page


def shown(display: object, page: Page) -> dict:
    """Show a page and return the state of the display. RuntimeError for what the model found
    wrong."""
    display.view.show(page)
    steps = 0
    while display.view.step():
        steps += 1
        if steps > _STEPS_MAX:
            raise RuntimeError("page %r: not shown after %d steps" % (page.title, steps))
    if display.model.faults:
        raise RuntimeError("page %r: %r" % (page.title, display.model.faults))
    return display.model.state()


def main() -> int:
    """Print the states; return the exit code."""
    with open(sys.argv[1]) as f:
        pages = json.load(f)
    displays = Segments(), Oled()
    print(json.dumps([[shown(display, page_of(fields)) for display in displays]
                      for fields in pages]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
