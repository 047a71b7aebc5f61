# heapsize: 16M
"""A wrong board is made right by measuring it against a reference, on each metering IC."""

import asyncio
import unittest

from calibration_rig import IB_A, Rig

import board
from joulegate.console.commands import Commands
from joulegate.core import events as event
from joulegate.core.event_classes import CONFIGURATION, class_of
from joulegate.vending.keys import ADMINISTRATOR
from joulegate.vending.login import MAY

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

    def test_again_changes_next_to_nothing(self):
        rig = self.begin("ade7953")
        self.calibrate(rig)
        first = rig.ask("calibration")["stored"]
        self.calibrate(rig)
        again = rig.ask("calibration")["stored"]
        for name in first:
            self.assertTrue(abs(again[name] - first[name]) <= abs(first[name]) // 200 + 1, name)

    def test_bl0942_within_its_limits(self):
        rig = self.begin("bl0942", {"voltage_ppm": 10000, "current_ppm": -40000, "lag_mdeg": 100})

        async def gain():
            rig.source(IB_A)
            return await rig.step("gain", 60)

        self.assertTrue("constants" in rig.run(gain))
        for amperes, degrees, error, limit in self.verified(rig):
            self.assertTrue(abs(error) < limit, (amperes, degrees, error))

        async def phase():
            rig.source(IB_A, 60)
            return await rig.step("phase", 60)

        self.assertEqual(rig.run(phase), "step phase: the BL0942 has no constants for it")

    def test_three_phases_that_differ(self):
        rig = self.begin("atm90e32", {})
        for line, (current, lag, leak) in enumerate(
                ((30000, 500, 1000), (-20000, -400, -500), (5000, 100, 0))):
            for name, value in (("current_ppm", current), ("lag_mdeg", lag), ("leak_mW", leak)):
                rig.bed.premises.set_error(name, value, line)
        self.calibrate(rig)

        async def each():
            rig.source(IB_A, 60)
            return (await rig.errors())["power_ppm"]

        for error in rig.run(each):
            self.assertTrue(abs(error) < 1000, error)

    def test_the_neutral_and_the_energy_of_an_hour(self):
        """What is counted over a known load is right, and not only what is shown."""
        rig = self.begin("atm90e26")
        self.calibrate(rig)

        async def hour():
            rig.source(10, 60)
            rig.app.task.step()
            before = rig.app.metering.meter.registers.counts(0)
            await asyncio.sleep_ms(3600000)
            rig.app.task.step()
            return rig.app.metering.meter.registers.counts(0) - before

        # 1.1 kWh.
        counts = rig.run(hour)
        self.assertTrue(abs(counts - 35200) < 35200 * 6 // 10000, counts)


class Asked(Case):
    """What is refused, what a trial is, and what is stored."""

    def gained(self, **options):
        rig = self.begin("atm90e26", **options)

        async def work():
            rig.source(IB_A)
            return await rig.step("gain")

        return rig, rig.run(work)

    def step_at(self, rig, name, amperes, degrees=0, **changed):
        async def work():
            rig.source(amperes, degrees)
            await rig.measured(5)
            return rig.ask("calibrate", action="step", step=name,
                           reference=dict(rig.true, **changed))

        return rig.run(work)

    def constants(self):
        c = self.rig.app.ic.calibration
        return list(c.measurement) + list(c.metering)

    def test_sealed_nothing_changes(self):
        rig, answer = self.gained()
        rig.unsealed(False)
        before = self.constants()
        for request in (
                {"action": "step", "step": "gain", "reference": rig.true},
                {"action": "try", "constants": {"u_gain": 24000}}, {"action": "store"},
                {"action": "back"}):
            self.assertEqual(rig.ask("calibrate", **request),
                             "calibration: is sealed, its switch is closed")
        self.assertEqual(self.constants(), before)
        self.assertEqual(rig.app.calibration_store.load(), {})

        async def look():
            return await rig.errors(5)

        # To look is no change.
        self.assertTrue(isinstance(rig.run(look), dict))

    def test_a_closed_seal_ends_a_trial(self):
        rig = self.begin("atm90e26")
        nominal = self.constants()

        async def work():
            rig.ask("calibrate", action="try", constants={"u_gain": 24111})
            tried = self.constants()
            rig.unsealed(False)
            await asyncio.sleep_ms(1500)
            return tried

        self.assertNotEqual(rig.run(work), nominal)
        self.assertEqual(self.constants(), nominal)
        self.assertEqual(rig.ask("calibration")["trial"], None)

    def test_a_trial_lapses_and_is_not_stored(self):
        rig = self.begin("atm90e26")
        nominal = self.constants()

        async def work():
            rig.ask("calibrate", action="try", constants={"u_gain": 24111})
            await asyncio.sleep_ms(1790000)
            tried = self.constants()
            await asyncio.sleep_ms(20000)
            return tried

        self.assertNotEqual(rig.run(work), nominal)
        self.assertEqual(self.constants(), nominal)
        self.assertEqual(rig.ask("calibrate", action="store"),
                         "calibration: nothing is on trial")

    def test_stored_over_a_restart_and_back_again(self):
        rig, answer = self.gained()
        found = answer["constants"]
        rig.ask("calibrate", action="store")
        self.assertEqual(rig.app.calibration_store.load(), found)
        code, _, value = rig.app.log.entry(rig.app.log.count - 1)
        self.assertEqual((code, value), (event.CALIBRATION_STORED, 0))
        self.assertEqual(class_of(code), CONFIGURATION)
        rig.restart()
        self.assertEqual(rig.app.ic.calibration.measurement[0], found["u_gain"])
        rig.ask("calibrate", action="try", constants={"u_gain": 24222})
        rig.ask("calibrate", action="store")
        self.assertEqual(rig.app.calibration_store.load()["u_gain"], 24222)
        for expected in (found["u_gain"], 24222, found["u_gain"]):
            answer = rig.ask("calibrate", action="back")
            self.assertEqual(answer["stored"]["u_gain"], expected)
            self.assertEqual(rig.app.ic.calibration.measurement[0], expected)
        rig.restart()
        self.assertEqual(rig.app.ic.calibration.measurement[0], found["u_gain"])

    def test_nothing_to_go_back_to(self):
        rig = self.begin("atm90e26")
        self.assertEqual(rig.ask("calibrate", action="back"),
                         "calibration: there are no constants to go back to")

    def test_a_trial_is_over_with_the_power(self):
        rig, _ = self.gained()
        rig.restart()
        self.assertEqual(rig.app.ic.calibration.measurement[0], 24000)

    def test_constants_of_another_chip_and_of_the_meter(self):
        rig = self.begin("atm90e26")
        before = self.constants()
        for name, value, rule in (
                ("watt_gain", 4194304, "constant watt_gain: must be one of u_gain"),
                ("meter_constant", 1600, "constant meter_constant: must be one of"),
                ("voltage_uV", 275000, "constant voltage_uV: must be one of"),
                ("u_gain", 40000, "calibration: u_gain 40000: must be 1 to 32767"),
                ("u_gain", "24000", "calibration: u_gain")):
            answer = rig.ask("calibrate", action="try", constants={name: value})
            self.assertTrue(answer.startswith(rule), answer)
        for constants in (None, {}, [], 3):
            self.assertTrue("must be an object" in rig.ask(
                "calibrate", action="try", constants=constants))
        self.assertEqual(self.constants(), before)

    def test_what_is_not_plausible(self):
        rig = self.begin("atm90e26")
        before = self.constants()
        for name, amperes, degrees, changed, rule in (
                ("gain", IB_A, 60, {}, "power factor 500"),
                ("gain", 1, 0, {}, "reference: current 1000000 uA: must be 2500000 to"),
                ("gain", IB_A, 0, {"voltage_mV": 110000, "power_mW": 550000}, "voltage 110000"),
                ("gain", IB_A, 0, {"current_uA": 3000000, "power_mW": 660000},
                 "current is 70.00 % off the reference: must be within 25.00 %"),
                ("gain", IB_A, 180, {"power_mW": 1100000}, "is exported"),
                ("phase", IB_A, 0, {}, "power factor 1000"),
                ("phase", IB_A, -60, {}, "capacitive load: must be inductive"),
                ("offset", IB_A, 0, {}, "reference: current 5000000 uA: must be 50000"),
                ("gain", IB_A, 0, {"voltage_mV": None}, "must be 1 whole number"),
                ("gain", IB_A, 0, {"voltage_mV": [220000, 220000]}, "must be 1 whole number"),
                ("gain", IB_A, 0, {"voltage_mV": [1 << 41]}, "must be -10995"),
                ("gain", IB_A, 0, {"frequency_cHz": 100}, "frequency_cHz 100"),
                ("swing", IB_A, 0, {}, "step 'swing': must be one of gain, offset, phase")):
            answer = self.step_at(rig, name, amperes, degrees, **changed)
            self.assertTrue(isinstance(answer, str) and rule in answer, (rule, answer))
        self.assertEqual(self.constants(), before)

    def test_a_source_that_moves(self):
        rig = self.begin("atm90e26")

        async def work():
            rig.source(IB_A)
            rig.ask("measure", duration_s=10)
            await asyncio.sleep_ms(5000)
            rig.source(IB_A * 1.02)
            await asyncio.sleep_ms(10000)
            return rig.ask("calibrate", action="step", step="gain", reference=rig.true)

        self.assertTrue("moved by" in rig.run(work))

    def test_measurements_too_old_too_early_and_none(self):
        rig = self.begin("atm90e26")
        rig.source(IB_A)
        step = {"action": "step", "step": "gain", "reference": rig.true}
        self.assertTrue("measure first" in rig.ask("calibrate", **step))
        for seconds in (1, 3601, "5", None):
            self.assertTrue("must be 2 to 3600" in rig.ask("measure", duration_s=seconds))

        async def work():
            rig.ask("measure", duration_s=5)
            found = [rig.ask("calibrate", **step), rig.ask("measure", duration_s=5),
                     rig.ask("calibrate", action="try", constants={"u_gain": 24000})]
            await asyncio.sleep_ms(606000)
            found.append(rig.ask("calibrate", **step))
            return found

        for answer, rule in zip(rig.run(work), (
                "is under way", "is under way", "is under way", "older than 600 s")):
            self.assertTrue(rule in answer, answer)

    def test_an_ic_that_falls_silent(self):
        rig = self.begin("atm90e26")

        async def work():
            rig.source(IB_A)
            rig.ask("measure", duration_s=10)
            rig.bed.ic.stuck_miso = 1
            await asyncio.sleep_ms(40000)
            found = rig.ask("calibration")["measurement"]
            rig.bed.ic.stuck_miso = None
            return found

        found = rig.run(work)
        self.assertEqual((found["state"], found["problem"]),
                         ("failed", "the metering IC did not answer"))
        self.assertTrue(rig.app.metering.ic is rig.app.ic)

    def test_an_ic_that_takes_no_constants(self):
        rig = self.begin("atm90e26")
        before = rig.app.ic.calibration
        rig.bed.ic.stuck_miso = 1
        self.assertTrue("ATM90E26" in rig.ask(
            "calibrate", action="try", constants={"u_gain": 24111}))
        self.assertTrue(rig.app.ic.calibration is before)

        async def work():
            await asyncio.sleep_ms(2500)
            rig.bed.ic.stuck_miso = None
            await asyncio.sleep_ms(2500)

        rig.run(work)
        self.assertTrue(rig.app.ic.calibration is before)
        rig.app.ic.check()

    def test_locked_it_takes_an_administrator(self):
        rig = self.begin("atm90e26")
        rig.provision()
        rig.app.profile = "production"
        rig.source(IB_A)
        self.assertTrue("locked" in rig.ask(
            "calibrate", action="try", constants={"u_gain": 24111}))
        self.assertTrue(isinstance(rig.ask("measure", duration_s=5), dict))
        self.assertEqual([role for role in MAY if "calibrate" in MAY[role]], [ADMINISTRATOR])

    def test_without_a_switch_the_lock_alone_decides(self):
        rig = self.begin("atm90e26")
        rig.unsealed(False)
        switch = board.calibration_switch
        board.calibration_switch = lambda: None
        try:
            answer = rig.ask("calibrate", action="try", constants={"u_gain": 24111})
            self.assertEqual(answer["trial"], {"u_gain": 24111})
            self.assertEqual((answer["switch"], answer["unsealed"]), (False, True))
        finally:
            board.calibration_switch = switch

    def test_storage_that_fails_keeps_what_holds(self):
        rig, answer = self.gained()
        store = rig.app.calibration_store
        path = store.path
        store.path = "/nowhere/calibration.json"
        self.assertTrue(isinstance(rig.ask("calibrate", action="store"), str))
        store.path = path
        self.assertEqual(store.load(), {})
        self.assertEqual(rig.ask("calibration")["trial"], answer["constants"])

    def test_another_driver_begins_anew(self):
        rig, _ = self.gained()
        rig.app.build()
        rig.app.start_ic()
        found = rig.ask("calibration")
        self.assertEqual((found["trial"], found["measurement"]), (None, None))

    def test_typed_words(self):
        rig = self.begin("atm90e26")
        said = []
        commands = Commands(rig.app, said.append)

        async def work():
            rig.source(IB_A)
            commands.obey("calibrate measure 10")
            await asyncio.sleep_ms(12000)
            commands.obey("calibrate")
            commands.obey("calibrate check 220.00 5 1100.0")
            commands.obey("calibrate gain 220.00 5 1100.0")
            commands.obey("calibrate store")
            commands.obey("calibrate try u_gain 24000")
            commands.obey("calibrate drop")
            commands.obey("calibrate back")
            commands.obey("calibrate help")
            commands.obey("calibrate gain 220 5")
            commands.obey("calibrate gain 220 5 x")

        rig.run(work)
        text = "\n".join(said)
        for part in ("metering IC          ATM90E26, lines L", "seal                 unsealed",
                     "measured on L        222.20", "voltage error        1.00",
                     "on trial             i_gain_L 30638", "on trial; calibrate store keeps it",
                     "stored               nominal ones", "calibrate phase V A W",
                     "error: calibrate: takes other words", "error: W 'x': must be a decimal"):
            self.assertTrue(part in text, (part, text))
        self.assertTrue(max([len(line) for line in said]) <= 80, said)


if __name__ == "__main__":
    unittest.main()
