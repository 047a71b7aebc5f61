# heapsize: 16M
"""A customer at the meter: warned, cut off, a token typed, power back; on the models, in virtual
time, with metering and panel running.
"""

import asyncio
import gc
import time
import unittest
from binascii import hexlify

import vfs
from flat_tariff import TARIFF
from parts import event_names
from token_maker import KEY, credit

import board
import pins
from joulegate.panel.build import build
from joulegate.vending.sts_time import tid_of
from meter.bed import METER_ID, Bed
from world import bench_clock, wiring

LOAD = "data/load/household-1min.csv"
POWER_MW = 6000000
"""At 0.3 a kWh 0.0005 a second."""
UNIT = 100000
KEY_MS = 80


class Still:
    """A keypad that nobody touches, and what lights and sounds."""

    looks = 0

    def scan(self):
        self.looks += 1
        return 0

    def lamp(self, on):
        """Nobody sees it."""


class Customer(unittest.TestCase):

    def setUp(self):
        wiring.reset_cause = wiring.PWRON_RESET
        for net in wiring.nets.values():
            net.listener = None  # the world of the test before
        asyncio.new_event_loop()

    def tearDown(self):
        wiring.reset_cause = wiring.PWRON_RESET
        vfs.umount(board.FOLDER)

    def meter(self, display, **settings):
        self.bed = Bed(LOAD, display=display, panel=True)
        self.app = self.bed.power_up()
        values = {"warnings": [UNIT * 2 // 100], "buzzer_quiet_from": 0, "buzzer_quiet_until": 0,
                  "commit_Wh": 100}
        values.update(settings)
        self.app.provision(METER_ID, TARIFF, 5, **values)
        self.app.entrance.install_token_key(
            {"key": hexlify(KEY).decode(), "base": 1993})
        bench_clock.advance_us(12000000)  # into the load file
        self.app.credit(1, UNIT * 3 // 100)
        self.bed.disturb("active_mW", POWER_MW)
        self.bed.disturb("current_mA", POWER_MW // 220)

    def live(self, life):
        """Run metering and panel and, beside them, what the customer does.

        Not the console: with a stream to poll, each wait of the panel takes real time.
        """
        self.app.find_panel()

        async def run():
            tasks = [asyncio.create_task(self.app.task.run(self)),
                     asyncio.create_task(self.app.panel.run())]
            try:
                await life()
            finally:
                for task in tasks:
                    task.cancel()
        asyncio.run(run())

    def feed(self):
        """The watchdog of the metering task."""

    async def type(self, keys):
        for key in keys:
            self.bed.keys.press(key)
            await asyncio.sleep_ms(KEY_MS)
            self.bed.keys.release(key)
            await asyncio.sleep_ms(KEY_MS)

    async def until(self, holds, seconds=120):
        for _ in range(seconds * 10):
            if holds():
                return
            await asyncio.sleep_ms(100)
        raise AssertionError("nothing of it in %d s" % seconds)

    def token(self):
        return credit(tid_of(self.app.clock.now() // 60, 1993), 100)

    def case(self, display):
        self.meter(display)
        app = self.app
        bed = self.bed
        levels = []

        async def life():
            await asyncio.sleep_ms(2000)
            self.assertEqual(bed.lamps["credit"], 1)
            await self.until(lambda: "low_credit" in event_names(app.log))
            await self.until(lambda: bed.lamps["credit"] == 0, 3)
            await self.until(lambda: bed.lamps["credit"] == 1, 3)
            await self.until(lambda: not bed.relay.closed)
            await asyncio.sleep_ms(1500)
            self.assertEqual(bed.lamps["credit"], 0)
            levels.append(app.state.account.balance)
            await self.until(lambda: app.panel.page.value == "OFF", 40)
            self.assertEqual(app.panel.page.detail[0], "No credit:")
            token = self.token()
            await self.type(token[:7])
            self.assertEqual(app.panel.page.value, token[:7])
            await self.type(token[7:] + "#")
            await self.until(lambda: bed.relay.closed, 3)
            self.assertEqual(app.panel.page.title, "Token accepted")
            await asyncio.sleep_ms(1500)
            self.assertEqual(bed.lamps["credit"], 1)
            self.assertEqual(app.panel.failed, 0)

        self.live(life)
        self.assertTrue(levels[0] <= 0)
        self.assertTrue(app.state.account.balance > 2 * UNIT)
        self.assertEqual(app.state.billing.audit(), "")

    def test_with_a_glass(self):
        self.case("ht1621")

    def test_with_an_oled(self):
        self.case("ssd1306")

    def test_without_display(self):
        self.meter(None)

        async def life():
            await asyncio.sleep_ms(1000)
            await self.type(self.token() + "#")
            await asyncio.sleep_ms(500)

        self.live(life)
        self.assertTrue(self.app.state.account.balance > 2 * UNIT)

    def test_three_fingers_type_nothing(self):
        self.meter(None)
        keys = self.bed.keys

        async def life():
            await asyncio.sleep_ms(1000)
            for key in "124":
                keys.press(key)
                await asyncio.sleep_ms(KEY_MS)
            for key in "421":
                keys.release(key)
                await asyncio.sleep_ms(KEY_MS)

        self.live(life)
        # Two of them came down one after the other; the third made a fourth of them.
        self.assertEqual(self.app.panel._typing.text(), "12")

    def test_a_keypad_that_is_pulled_out_does_not_stop_the_meter(self):
        self.meter("ssd1306")
        app = self.app

        async def life():
            await asyncio.sleep_ms(3000)
            for address in (0x20, 0x3C):
                wiring.wire_i2c(pins.I2C_BUS, address, None)
            ticks = app.metering.ticks
            await asyncio.sleep_ms(30000)
            self.assertTrue(app.metering.ticks - ticks >= 29)

        self.live(life)
        self.assertEqual(app.panel.failed, 3)
        self.assertTrue(1 <= event_names(app.log).count("panel_failed") <= 2)

    def test_no_tick_waits_for_the_panel(self):
        self.meter("ht1621")
        app = self.app
        app.find_panel()
        ticks = []
        steps = []

        def noted(times, function):
            def call():
                times.append(time.ticks_ms())
                return function()
            return call

        app.metering.step = noted(ticks, app.metering.step)
        app.panel.step = noted(steps, app.panel.step)
        app.find_panel = lambda: None

        async def life():
            await asyncio.sleep_ms(20000)

        self.live(life)
        self.assertTrue(len(ticks) >= 20 and len(steps) > 1000)
        for tick in ticks[1:]:
            near = [time.ticks_diff(step, tick) for step in steps
                    if abs(time.ticks_diff(step, tick)) < 8]
            self.assertEqual(near, [])

    def test_looking_at_the_keys_allocates_nothing(self):
        """It is done a hundred times a second."""
        keypad = Still()
        lamps = {"credit": keypad.lamp, "alarm": keypad.lamp}
        self.meter(None)
        panel = build(self.app, None, keypad, lamps, keypad.lamp)
        for _ in range(50):
            panel.step()
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        for _ in range(100):
            panel.step()
        allocated = gc.mem_alloc() - before
        gc.enable()
        self.assertEqual(keypad.looks, 150)
        self.assertEqual(allocated, 0)

    def test_a_tick_comes_in_time_whatever_is_typed(self):
        self.meter("ht1621")
        app = self.app

        async def life():
            await asyncio.sleep_ms(1000)
            ticks = app.metering.ticks
            began = bench_clock.now_us()
            await self.type("4012#**##" * 8)
            passed = (bench_clock.now_us() - began) // 1000000
            self.assertTrue(abs(app.metering.ticks - ticks - passed) <= 1)

        self.live(life)


if __name__ == "__main__":
    unittest.main()
