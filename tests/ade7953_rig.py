"""An ADE7953 driver wired to the register model of the chip, for tests of either interpreter."""

import ic_rig
from ic_rig import LOAD as LOAD

from joulegate.drivers.ade7953 import Ade7953, Ade7953Error
from joulegate.drivers.ade7953_calibration import Calibration
from world.ade7953_model import Ade7953Model


def calibration(**found):
    values = dict(meter_constant=3200, voltage_V=220, current_A=5, divider_uV_per_V=1250,
                  shunt_uV_per_A=200, gain=16)
    values.update(found)
    return Calibration(**values)


class Bus(ic_rig.Bus):
    """Calls `before` for reads alone, and keeps the writes."""

    def __init__(self, chip):
        super().__init__(chip)
        self.writes = []

    def write_readinto(self, tx, rx):
        if not tx[2] & 0x80:
            self.writes.append(bytes(tx).hex())
            self.chip.exchange(tx, rx)
        else:
            super().write_readinto(tx, rx)


class Case(ic_rig.Case):

    error = Ade7953Error

    def setUp(self):
        self.wire(Bus(Ade7953Model()))

    def new_driver(self, **found):
        return Ade7953(self.bus, self.bus.cs, calibration(**found), self.chip.advance)

    def all_counted(self):
        """Everything that the chip gave out is counted, but what makes no whole count yet."""
        each = self.ic.calibration.chip_counts
        self.assertEqual(self.total, [given // each for given in self.chip.given_out()])

    def at_read(self, address, act, times=1, skip=0):
        """Do something as a read of `address` is about to go out."""
        self.at_frame(address, act, times, skip)
