"""An ADE7953 driver wired to the register model of the chip, for tests of either interpreter."""

from joulegate.core.reading import Reading
from joulegate.drivers.ade7953 import Ade7953, Ade7953Error
from joulegate.drivers.ade7953_calibration import Calibration
from world.ade7953_model import Ade7953Model

LOAD = (23000, 13749, 3000000, 1000000)
"""3 kW and 1 kvar, the first quadrant."""


def calibration(**found):
    values = dict(meter_constant=3200, voltage_V=220, current_A=5, divider_uV_per_V=1250,
                  shunt_uV_per_A=200, gain=16)
    values.update(found)
    return Calibration(**values)


class Bus:
    """The wires to the model; `before` is called with the address of every read."""

    def __init__(self, chip):
        self.chip = chip
        self.before = None
        self.writes = []

    def cs(self, level):
        self.chip.cs(level)

    def write_readinto(self, tx, rx):
        address = tx[0] << 8 | tx[1]
        if not tx[2] & 0x80:
            self.writes.append(bytes(tx).hex())
        elif self.before is not None:
            self.before(address)
        self.chip.exchange(tx, rx)


class Case:

    def setUp(self):
        self.chip = Ade7953Model()
        self.bus = Bus(self.chip)
        self.ic = self.new_driver()
        self.reading = Reading()
        self.total = [0] * 4

    def new_driver(self, **found):
        return Ade7953(self.bus, self.bus.cs, calibration(**found), self.chip.advance)

    def running(self, load=LOAD):
        self.ic.start()
        self.chip.apply(*load)
        self.read_seconds(3)

    def read(self):
        """Read and add to the total; return the events, None if the reading failed."""
        r = self.reading
        try:
            events = self.ic.read(r)
        except Ade7953Error:
            return None
        for i, counts in enumerate((r.import_counts, r.export_counts,
                                    r.reactive_import_counts, r.reactive_export_counts)):
            self.total[i] += counts
        return events

    def read_seconds(self, n):
        events = 0
        for _ in range(n):
            self.chip.advance(1000)
            events |= self.read() or 0
        return events

    def all_counted(self):
        """Everything that the chip gave out is counted, but what makes no whole count yet."""
        each = self.ic.calibration.chip_counts
        self.assertEqual(self.total, [given // each for given in self.chip.given_out()])

    def at_read(self, address, act, times=1, skip=0):
        """Do something as a read of `address` is about to go out."""
        left = [skip, times]

        def before(found):
            if found == address:
                if left[0]:
                    left[0] -= 1
                elif left[1]:
                    left[1] -= 1
                    act()

        self.bus.before = before
