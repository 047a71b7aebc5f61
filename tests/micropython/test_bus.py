# heapsize: 16M
"""The bus of a whole meter: off until it is wanted, its driver, its settings, its mailbox."""

import asyncio
import gc
import sys
import unittest

import vfs
from flat_tariff import TARIFF
from line_rig import crc, frame, read, words

import board
import pins
from joulegate.bus.modbus import mailbox
from meter.bed import METER_ID, Bed
from world import bench_clock, wiring

LOAD = "data/load/household-1min.csv"
UNIT = 5
TASK = "joulegate.bus.modbus.bus_task"


class Wire:
    """The other end of the RS485 port."""

    def __init__(self):
        self.to_meter = b""
        self.heard = b""
        self.writes = []
        self.levels = []

    def any(self):
        return len(self.to_meter)

    def read(self, nbytes):
        found = self.to_meter[:nbytes]
        self.to_meter = self.to_meter[nbytes:]
        return found

    def write(self, data):
        self.heard += bytes(data)
        self.writes.append((bench_clock.now_us(), len(data)))

    def level(self, level):
        self.levels.append((bench_clock.now_us(), level))


class Case(unittest.TestCase):

    def setUp(self):
        self.wire = Wire()
        wiring.wire_uart(pins.RS485_UART, self.wire)
        wiring.wire_pin(pins.RS485_DE, self.wire.level)
        self.bed = Bed(LOAD)
        self.app = self.bed.power_up()
        self.app.provision(METER_ID, TARIFF, 5)
        self.app.credit(1, 1000000)

    def tearDown(self):
        vfs.umount(board.FOLDER)
        wiring.clear()

    def run_with(self, script):
        """Run the firmware's tasks beside a script; return what the script does."""
        async def both():
            task = asyncio.create_task(self.app.run())
            try:
                return await script
            finally:
                task.cancel()
                try:
                    await task
                except asyncio.CancelledError:
                    pass
        result = asyncio.run(both())
        asyncio.new_event_loop()
        return result

    def set(self, **changes):
        self.app.commissioning.change_settings(changes)

    async def ask(self, data, ms=500):
        self.wire.heard = b""
        self.wire.to_meter += data
        await asyncio.sleep_ms(ms)
        return self.wire.heard


class Off(Case):

    def test_1_a_meter_without_a_bus_loads_none_of_it(self):
        self.run_with(asyncio.sleep_ms(3000))
        self.assertEqual(self.app.bus, None)
        self.assertFalse(TASK in sys.modules)
        self.assertEqual(self.wire.levels, [])

    def test_2_a_board_without_a_port_has_no_bus_whatever_is_set(self):
        board.CAPABILITIES["rs485"] = False
        try:
            self.set(bus_baud=9600)
        finally:
            board.CAPABILITIES["rs485"] = True
        self.assertEqual(self.app.bus, None)
        self.assertFalse(TASK in sys.modules)


class On(Case):

    def test_from_the_start(self):
        self.set(bus_baud=9600, bus_address=UNIT)
        self.bed.power_down()
        self.bed.mains(False)
        self.bed.mains(True)
        self.app = self.bed.power_up()

        async def script():
            await asyncio.sleep_ms(2000)
            return await self.ask(read(0, 1, unit=UNIT, function=4))

        self.assertEqual(self.run_with(script()), frame(4, 2, words(1), unit=UNIT))

    def test_switched_on_and_off_while_it_runs(self):
        question = read(0, 1, unit=UNIT, function=4)
        answer = frame(4, 2, words(1), unit=UNIT)

        async def script():
            found = [await self.ask(question)]
            self.set(bus_baud=19200, bus_address=UNIT)
            await asyncio.sleep_ms(100)
            found.append(await self.ask(question))
            self.set(bus_parity=2)
            await asyncio.sleep_ms(100)
            found.append(await self.ask(question))
            frames = repr(self.app.bus.port._uart)
            self.set(bus_baud=0)
            await asyncio.sleep_ms(100)
            found.append(await self.ask(question))
            self.set(bus_baud=9600)
            await asyncio.sleep_ms(1500)
            self.wire.to_meter = b""
            found.append(await self.ask(question))
            return found, frames

        found, frames = self.run_with(script())
        self.assertEqual(found, [b"", answer, answer, b"", answer])
        self.assertEqual(
            frames, "UART(2, baudrate=19200, bits=8, parity=None, stop=2)")
        self.assertEqual(self.app.bus.failures, 0)

    def test_the_driver_is_on_just_while_it_sends(self):
        self.set(bus_baud=9600, bus_address=UNIT)

        async def script():
            await asyncio.sleep_ms(50)
            return await self.ask(read(0, 25, unit=UNIT, function=4))

        self.assertEqual(len(self.run_with(script())), 55)
        (on, high), (off, low) = self.wire.levels[-2:]
        began, size = self.wire.writes[-1]
        end = began + size * 11 * 1000000 // 9600
        self.assertEqual((high, low, size), (1, 0, 55))
        self.assertTrue(10 <= began - on <= 100)
        self.assertTrue(0 <= off - end <= 1500, off - end)

    def test_other_settings_leave_the_port_alone(self):
        self.set(bus_baud=9600, bus_address=UNIT)

        async def script():
            await asyncio.sleep_ms(50)
            before = self.app.bus.port
            self.set(tick_ms=2000)
            await asyncio.sleep_ms(100)
            return before is self.app.bus.port

        self.assertTrue(self.run_with(script()))

    def test_a_mistake_of_ours_does_not_end_the_bus(self):
        self.set(bus_baud=9600, bus_address=UNIT)

        def fall(*asked):
            raise ValueError("a mistake")

        async def script():
            await asyncio.sleep_ms(50)
            self.wire.to_meter += read(0, 25, unit=UNIT, function=4)
            await asyncio.sleep_ms(40)
            driving = self.wire.levels[-1][1]
            self.app.bus.port.step = fall
            await asyncio.sleep_ms(2500)
            return driving, await self.ask(read(0, 1, unit=UNIT, function=4))

        driving, answer = self.run_with(script())
        self.assertEqual((driving, self.wire.levels[-1][1], len(answer)), (1, 0, 7))
        self.assertEqual(self.app.bus.failures, 1)
        names = [name for _, _, name, _ in self.app.log.since(0)]
        self.assertEqual(names.count("software_failed"), 1)

    def test_a_line_that_can_not_be_had_is_told_once_an_hour(self):
        self.set(bus_baud=9600, bus_address=UNIT)

        def fall(*asked):
            raise ValueError("no such line")

        rs485 = board.rs485
        board.rs485 = fall
        try:
            self.run_with(asyncio.sleep_ms(20000))
        finally:
            board.rs485 = rs485
        self.assertTrue(15 <= self.app.bus.failures <= 21)
        names = [name for _, _, name, _ in self.app.log.since(0)]
        self.assertEqual(names.count("software_failed"), 1)

    def test_waiting_for_requests_allocates_nothing(self):
        self.set(bus_baud=9600, bus_address=UNIT)
        bus = self.app.bus

        class Silent:
            """The shim's own reading makes bytes; a board's does not."""
            def any(self):
                return 0

        async def script():
            task = asyncio.create_task(bus.run())
            await asyncio.sleep_ms(100)
            bus.port._uart = Silent()
            await asyncio.sleep_ms(100)
            gc.collect()
            gc.disable()
            before = gc.mem_alloc()
            await asyncio.sleep_ms(0)
            base = gc.mem_alloc() - before
            before = gc.mem_alloc()
            await asyncio.sleep_ms(2000)
            spent = gc.mem_alloc() - before
            gc.enable()
            task.cancel()
            return base, spent

        bench_clock.set_mode(bench_clock.VIRTUAL)
        base, spent = asyncio.run(script())
        asyncio.new_event_loop()
        # 200 looks: what the bench's clock takes for each is not the meter's.
        cost = self.bench_cost()
        self.assertTrue(spent / 200 <= cost, (base, spent, cost))

    def bench_cost(self):
        """Return the bytes that the bench takes for a wait of 10 ms and two looks at the time."""
        import time

        async def script():
            gc.collect()
            gc.disable()
            before = gc.mem_alloc()
            for _ in range(200):
                time.ticks_us()
                time.ticks_us()
                time.ticks_us()
                await asyncio.sleep_ms(10)
            spent = gc.mem_alloc() - before
            gc.enable()
            return spent

        spent = asyncio.run(script())
        asyncio.new_event_loop()
        return spent / 200


class TheMailbox(Case):

    def test_a_meter_without_keys_says_so(self):
        self.set(bus_baud=9600, bus_address=UNIT)
        digits = b"12345678901234567890"
        write = bytes((UNIT, 16)) + words(mailbox.TOKEN, 11) + b"\x16" + digits + words(1)

        async def script():
            await asyncio.sleep_ms(50)
            said = await self.ask(write + crc(write))
            return said, await self.ask(read(mailbox.RESULT, 11, unit=UNIT))

        said, result = self.run_with(script())
        self.assertEqual(said, frame(16, words(mailbox.TOKEN, 11), unit=UNIT))
        self.assertEqual(result[3:15], words(2, 1, 2, 7, 33, 0))


if __name__ == "__main__":
    unittest.main()
