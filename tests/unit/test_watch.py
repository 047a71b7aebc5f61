"""The watch: what its detectors hold comes to the supply, and goes when they let go."""

import unittest

from joulegate import watch
from joulegate.core.supply import Supply
from joulegate.core.supply_reasons import OVERLOAD, TAMPER, VOLTAGE
from joulegate.watch import Watch

NO_BANDS = {"band_above_percent": 0, "band_below_percent": 0}


class Detector:
    """Holds what it is told to, and tells the number of times it looked."""

    def __init__(self):
        self.alarm = 0
        self.hold = 0
        self.looks = 0
        self.values = None

    def configure(self, values, sight):
        self.values = values

    def step(self, sight, tell):
        self.looks += 1
        sight.alarms |= self.alarm
        tell(self.looks, sight.up)
        return self.hold


class Part:
    def __init__(self, **parts):
        for name in parts:
            setattr(self, name, parts[name])


class Log:
    def __init__(self):
        self.entries = []

    def add(self, code, now, value=0):
        self.entries.append((code, now, value))


class Case(unittest.TestCase):

    def setUp(self):
        self.detectors = [Detector(), Detector()]
        self.found = watch._DETECTORS, watch._SERVICES
        watch._SERVICES = ()
        watch._DETECTORS = (
            (("a", "b"), lambda: self.detectors[0]), (("c",), lambda: self.detectors[1]))
        self.supply = Supply()
        self.log = Log()
        self.commits = []
        self.charged = []
        app = Part(
            board=Part(sensors=lambda: {}, cover=lambda: None), log=self.log,
            metering=Part(reading=Part(), measured=True, sagged=False,
                          commit=self.commit, charge=self.charged.append),
            clock=Part(now=lambda: 1000, up=60),
            switch=Part(closed=1, busy=False), relay=Part(load_voltage=lambda: True),
            power_fail=Part(failing=False),
            state=Part(supply=self.supply, provisioned=True, counts_per_kWh=32000))
        self.watch = Watch(app)

    def commit(self):
        self.commits.append(self.supply.reasons)

    def tearDown(self):
        watch._DETECTORS, watch._SERVICES = self.found

    def test_only_what_a_setting_asks_for_looks(self):
        self.watch.configure({"a": 0, "b": 5, "c": 0})
        self.watch.step()
        self.assertEqual([d.looks for d in self.detectors], [1, 0])
        self.assertEqual(self.detectors[0].values["b"], 5)
        self.assertEqual(self.log.entries, [(1, 1000, 60)])

    def test_alarms_are_those_of_the_last_step(self):
        self.watch.configure({"a": 1, "b": 0, "c": 1})
        first, second = self.detectors
        first.alarm = 4
        second.alarm = 64
        self.watch.step()
        self.assertEqual(self.watch.sight.alarms, 68)
        second.alarm = 0
        self.watch.step()
        self.assertEqual(self.watch.sight.alarms, 4)
        self.watch.configure({"a": 0, "b": 0, "c": 0})
        self.watch.step()
        self.assertEqual(self.watch.sight.alarms, 0)

    def test_reasons_come_and_go_with_their_detectors(self):
        self.watch.configure({"a": 1, "b": 0, "c": 1})
        first, second = self.detectors
        first.hold = VOLTAGE
        second.hold = VOLTAGE | OVERLOAD
        self.assertTrue(self.watch.step())
        self.assertFalse(self.watch.step())
        self.assertEqual(self.supply.reasons, VOLTAGE | OVERLOAD)
        second.hold = 0
        self.assertTrue(self.watch.step())
        self.assertEqual(self.supply.reasons, VOLTAGE)
        first.hold = 0
        self.assertTrue(self.watch.step())
        self.assertEqual(self.supply.reasons, 0)

    def test_tamper_outlasts_its_detector_and_is_not_set_again_once_lifted(self):
        self.watch.configure({"a": 1, "b": 0, "c": 0})
        self.detectors[0].hold = TAMPER
        self.watch.step()
        self.supply.lift(TAMPER)
        self.watch.step()
        self.assertEqual(self.supply.reasons, 0)
        self.detectors[0].hold = 0
        self.watch.step()
        self.detectors[0].hold = TAMPER
        self.watch.step()
        self.detectors[0].hold = 0
        self.watch.step()
        self.assertEqual(self.supply.reasons, TAMPER)

    def test_tamper_is_committed_at_once(self):
        self.watch.configure({"a": 1, "b": 0, "c": 0})
        self.detectors[0].hold = VOLTAGE
        self.watch.step()
        self.assertEqual(self.commits, [])
        self.detectors[0].hold = VOLTAGE | TAMPER
        self.watch.step()
        self.watch.step()
        self.assertEqual(self.commits, [VOLTAGE | TAMPER])

    def test_what_is_estimated_is_charged_once(self):
        self.watch.configure({"a": 1, "b": 0, "c": 0})
        self.assertEqual(self.watch.sight.counts_per_kWh, 32000)
        self.watch.sight.estimated_counts = 17
        self.watch.step()
        self.watch.step()
        self.assertEqual(self.charged, [17])

    def test_a_detector_that_is_switched_off_lets_go(self):
        self.watch.configure({"a": 1, "b": 0, "c": 0})
        self.detectors[0].hold = OVERLOAD
        self.watch.step()
        self.watch.configure({"a": 0, "b": 0, "c": 0})
        self.assertTrue(self.watch.step())
        self.assertEqual(self.supply.reasons, 0)


class Services(unittest.TestCase):

    def test_outputs_stop_with_the_last_rule(self):
        stopped = []
        outputs = Detector()
        outputs.stop = lambda: stopped.append(True)
        app = Part(board=Part(sensors=lambda: {}, cover=lambda: None),
                   state=Part(counts_per_kWh=32000, supply=Supply()), load_control=lambda: outputs)
        found = watch._DETECTORS
        watch._DETECTORS = ()
        try:
            looked = Watch(app)
            looked.configure(dict(NO_BANDS, outputs=["1 on"]))
            self.assertTrue(looked.outputs is outputs)
            looked.configure(dict(NO_BANDS, outputs=[]))
        finally:
            watch._DETECTORS = found
        self.assertEqual(stopped, [True])
        self.assertTrue(looked.outputs is None)


if __name__ == "__main__":
    unittest.main()
