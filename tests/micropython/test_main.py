# heapsize: 8M
"""boot.py and main.py as they are flashed, on the bench: the meter comes up and meters."""

import unittest

import vfs

import board
from meter.bed import Bed
from world import bench_clock, wiring

LOAD = "data/load/household-1min.csv"
CS1 = 0x2C
AP_ENERGY = 0x40
RUN_S = 300


def power_cut():
    raise wiring.Reset(wiring.PWRON_RESET)


class Main(unittest.TestCase):

    def setUp(self):
        self.bed = Bed(LOAD)
        self.bed.mount()

    def tearDown(self):
        vfs.umount(board.FOLDER)

    def test_runs_until_the_power_goes(self):
        bench_clock.after_us(RUN_S * 1000000, power_cut)
        with self.assertRaises(wiring.Reset):
            import boot  # noqa: F401 - imported for what it does
            import main  # noqa: F401 - the same
        self.assertTrue(bench_clock.now_us() >= RUN_S * 1000000)
        self.assertEqual(self.bed.ic.peek(CS1), board.calibration().cs1)
        # Five minutes of about 300 W are 25 Wh, 800 counts: read every second, not left there.
        self.assertTrue(self.bed.ic.emitted[AP_ENERGY] > 500)
        self.assertTrue(self.bed.ic.peek(AP_ENERGY) < 10)
