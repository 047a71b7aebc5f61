# heapsize: 16M
"""A wrong board is made right by measuring it against a reference, on each metering IC."""

import unittest

from calibration_rig import IB_A, Rig

CLASS_0_5 = ((IB_A / 20, 0, 5000), (IB_A / 20, 60, 10000), (IB_A / 20, -36.87, 10000),
             (IB_A / 10, 0, 5000), (IB_A / 10, 60, 6000), (IB_A / 10, -36.87, 6000),
             (IB_A, 0, 5000), (IB_A, 60, 6000), (IB_A, -36.87, 6000),
             (60, 0, 5000), (60, 60, 6000), (60, -36.87, 6000))
"""Amperes, degrees lagging and what class 0.5S allows in millionths."""


class Case(unittest.TestCase):

    def begin(self, ic, errors=None):
        self.rig = Rig(ic, errors)
        return self.rig

    def tearDown(self):
        self.rig.close()

    def calibrate(self, rig):
        async def work():
            answers = []
            for name, amperes, degrees in (
                    ("gain", IB_A, 0), ("offset", IB_A / 20, 0), ("phase", IB_A, 60)):
                rig.source(amperes, degrees)
                answers.append(await rig.step(name))
            answers.append(rig.ask("calibrate", action="store"))
            return answers

        return rig.run(work)

    def verified(self, rig, points=CLASS_0_5):
        async def work():
            found = []
            for amperes, degrees, limit in points:
                rig.source(amperes, degrees)
                errors = await rig.errors(40 if amperes < 1 else 20)
                found.append((amperes, degrees, errors["energy_ppm"], limit))
            return found

        return rig.run(work)


class MadeRight(Case):

    def whole_way(self, ic):
        rig = self.begin(ic)
        before = self.verified(rig, CLASS_0_5[6:9])
        self.assertTrue(max([abs(e) for _, _, e, _ in before]) > 25000, before)
        for answer in self.calibrate(rig):
            self.assertTrue(isinstance(answer, dict), answer)
        for amperes, degrees, error, limit in self.verified(rig):
            self.assertTrue(abs(error) < limit // 2, (amperes, degrees, error))

    def test_atm90e26(self):
        self.whole_way("atm90e26")

    def test_ade7953(self):
        self.whole_way("ade7953")

    def test_atm90e32(self):
        self.whole_way("atm90e32")


if __name__ == "__main__":
    unittest.main()
