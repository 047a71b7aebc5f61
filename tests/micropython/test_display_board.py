# heapsize: 8M
"""Displays on the BENCH board: through its pins and its bus, missing, and without allocation."""

import gc
import sys
import unittest

from display_rig import finish, page, pixels, segments

import board
import pins
from joulegate.drivers.ht1621 import Ht1621
from joulegate.panel import glass
from joulegate.panel.segment_view import SegmentView
from meter.bed import Bed
from world import bench_clock, wiring

LOAD = "data/load/household-1min.csv"
SHOWN = page(code=12, title="Balance", value="12.34", unit="money", unit_text="$", signs=3,
             line_1="x", line_2="y")


class Fitted(unittest.TestCase):
    def tearDown(self):
        board.DISPLAY = None

    def test_none_unless_the_world_has_one(self):
        Bed(LOAD)
        self.assertTrue(board.display() is None)
        self.assertTrue(board.buzzer() is None)

    def test_glass_by_its_wires_in_bench_time(self):
        bed = Bed(LOAD, display="ht1621")
        view = board.display()
        view.show(SHOWN)
        finish(view)
        self.assertTrue(bed.display.visible)
        self.assertTrue(bed.display.lit(25, 1))
        self.assertEqual(bed.display.faults, {})

    def test_a_step_on_the_wires_is_below_a_millisecond(self):
        Bed(LOAD, display="ht1621")
        view = board.display()
        view.show(SHOWN)
        view.refresh()
        more = True
        while more:
            before = bench_clock.now_us()
            more = view.step()
            self.assertTrue(bench_clock.now_us() - before < 600)

    def test_the_buzzer_is_by_the_glass(self):
        bed = Bed(LOAD, display="ht1621")
        view = board.display()
        buzzer = board.buzzer()
        view.show(SHOWN)
        view.step()
        buzzer(True)
        self.assertEqual(bed.display.sound_hz, 4000)
        finish(view)
        buzzer(False)
        self.assertEqual(bed.display.sound_hz, 0)
        self.assertEqual(bed.display.faults, {})

    def test_oled_on_the_bus(self):
        bed = Bed(LOAD, display="ssd1306")
        view = board.display()
        view.show(SHOWN)
        finish(view)
        self.assertTrue(bed.display.on)
        self.assertTrue(any(bed.display.ram))
        self.assertTrue(board.buzzer() is None)

    def test_oled_with_its_other_address(self):
        bed = Bed(LOAD, display="ssd1306")
        wiring.wire_i2c(pins.I2C_BUS, 0x3C, None)
        wiring.wire_i2c(pins.I2C_BUS, 0x3D, bed.display)
        view = board.display()
        view.show(SHOWN)
        finish(view)
        self.assertTrue(bed.display.on)
        wiring.wire_i2c(pins.I2C_BUS, 0x3D, None)

    def test_a_missing_oled_is_none(self):
        bed = Bed(LOAD, display="ssd1306")
        bed.display.answering = False
        self.assertTrue(board.display() is None)

    def test_a_name_that_the_world_does_not_know(self):
        with self.assertRaises(ValueError):
            Bed(LOAD, display="st7735")


class RealBoards(unittest.TestCase):
    """What all real boards have alike, on the bench's chip."""

    def setUp(self):
        sys.path.append("boards/common")
        import meter_parts
        self.parts = meter_parts

    def tearDown(self):
        self.parts.SEGMENT_GLASS = True
        sys.path.remove("boards/common")
        del sys.modules["meter_parts"]

    def show(self):
        view = self.parts.display()
        view.show(SHOWN)
        finish(view)

    def test_glass_and_buzzer(self):
        bed = Bed(LOAD, display="ht1621")
        self.show()
        self.assertTrue(bed.display.visible and bed.display.lit(25, 1))
        self.parts.buzzer()(True)
        self.assertEqual(bed.display.sound_hz, 4000)
        self.assertEqual(bed.display.faults, {})

    def test_the_buzzer_without_the_view(self):
        bed = Bed(LOAD, display="ht1621")
        self.parts.buzzer()(True)
        self.assertEqual(bed.display.sound_hz, 4000)

    def test_an_oled_comes_first(self):
        bed = Bed(LOAD, display="ssd1306")
        self.show()
        self.assertTrue(bed.display.on)

    def test_a_board_without_either(self):
        Bed(LOAD)
        self.parts.SEGMENT_GLASS = False
        self.assertTrue(self.parts.display() is None)
        self.assertTrue(self.parts.buzzer() is None)


class Heap(unittest.TestCase):
    def allocated(self, view, shown):
        view.show(shown)
        finish(view)
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        for _ in range(10):
            view.show(shown)
            view.step()
        used = gc.mem_alloc() - before
        gc.enable()
        return used

    def test_a_page_that_stays_allocates_nothing(self):
        _, view = segments()
        self.assertEqual(self.allocated(view, SHOWN), 0)
        _, oled = pixels()
        self.assertEqual(self.allocated(oled, SHOWN), 0)

    def test_renewing_allocates_nothing(self):
        # Pins that do nothing: the model's bookkeeping is none of the driver's.
        view = SegmentView(Ht1621(abs, abs, abs, abs), glass)
        view.show(SHOWN)
        finish(view)
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        view.refresh()
        while view.step():
            pass
        used = gc.mem_alloc() - before
        gc.enable()
        self.assertEqual(used, 0)


if __name__ == "__main__":
    unittest.main()
