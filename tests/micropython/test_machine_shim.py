"""The bench's `machine` and `esp32`: pins, buses, timers and resets as firmware sees them."""

import asyncio
import select
import time
import unittest
from errno import ENODEV

import esp32
import machine
from machine import ADC, I2C, RTC, SPI, UART, WDT, Pin, Signal, Timer

from world import bench_clock, wiring

START = 1767225600  # 2026-01-01 00:00:00, a Thursday


class ShimCase(unittest.TestCase):
    def setUp(self) -> None:
        bench_clock.set_mode(bench_clock.VIRTUAL)
        bench_clock.start(START)
        wiring.clear()
        asyncio.new_event_loop()


class TestPin(ShimCase):
    def test_output_tells_the_wired_part_of_changes_alone(self) -> None:
        seen = []
        wiring.wire_pin(5, seen.append)
        pin = Pin(5, Pin.OUT, value=0)
        pin(1)
        pin(True)
        pin.off()
        pin.on()
        pin.value(0)
        pin.toggle()
        self.assertEqual(seen, [1, 0, 1, 0, 1])
        self.assertEqual((pin(), pin.value()), (1, 1))

    def test_several_parts_may_listen(self) -> None:
        first, second = [], []
        wiring.wire_pin(5, first.append)
        wiring.wire_pin(5, second.append)
        Pin(5, Pin.OUT, value=1)
        self.assertEqual((first, second), ([1], [1]))

    def test_input_follows_the_world_and_its_pull_when_nobody_drives(self) -> None:
        pin = Pin(7, Pin.IN, Pin.PULL_UP)
        self.assertEqual(pin(), 1)
        wiring.drive_pin(7, 0)
        self.assertEqual(pin(), 0)
        wiring.drive_pin(7, None)
        self.assertEqual(pin(), 1)
        pin.init(Pin.IN, Pin.PULL_DOWN)
        self.assertEqual(pin(), 0)
        wiring.wire_pin(8, open_level=1)
        self.assertEqual(Pin(8, Pin.IN)(), 1)
        self.assertEqual(Pin(8, Pin.IN, Pin.PULL_DOWN)(), 0)

    def test_initial_value_makes_no_glitch(self) -> None:
        seen = []
        wiring.wire_pin(9, seen.append, open_level=1)
        Pin(9, Pin.OUT, value=1)
        self.assertEqual(seen, [])

    def test_open_drain_pulls_low_only(self) -> None:
        pin = Pin(4, Pin.OPEN_DRAIN, Pin.PULL_UP)
        self.assertEqual(pin(), 1)
        wiring.drive_pin(4, 0)
        self.assertEqual(pin(), 0)
        wiring.drive_pin(4, 1)
        pin(0)
        self.assertEqual(pin(), 0)

    def test_interrupts_by_edge(self) -> None:
        seen = []
        pin = Pin(3, Pin.IN)
        request = pin.irq(lambda p: seen.append((p is pin, p())), Pin.IRQ_RISING)
        wiring.drive_pin(3, 1)
        wiring.drive_pin(3, 0)
        self.assertEqual(seen, [(True, 1)])
        self.assertEqual(request.flags(), Pin.IRQ_RISING)
        pin.irq(lambda p: seen.append("fall"), Pin.IRQ_FALLING, hard=True)
        wiring.drive_pin(3, 1)
        wiring.drive_pin(3, 0)
        self.assertEqual(seen[1:], ["fall"])
        pin.irq(None)
        wiring.drive_pin(3, 1)
        wiring.drive_pin(3, 0)
        self.assertEqual(len(seen), 2)

    def test_disabled_interrupts_are_held_back_once(self) -> None:
        seen = []
        Pin(3, Pin.IN).irq(lambda p: seen.append(p()))
        outer = machine.disable_irq()
        inner = machine.disable_irq()
        wiring.drive_pin(3, 1)
        wiring.drive_pin(3, 0)
        machine.enable_irq(inner)
        self.assertEqual(seen, [])
        machine.enable_irq(outer)
        self.assertEqual(seen, [0])

    def test_handles_of_one_pin_share_it(self) -> None:
        Pin(6, Pin.OUT, value=1)
        self.assertEqual(Pin(6)(), 1)
        Pin(Pin(6))(0)
        self.assertEqual(Pin(6)(), 0)
        self.assertEqual(repr(Pin(6)), "Pin(GPIO6, mode=OUT)")
        self.assertEqual(repr(Pin(7, Pin.IN, Pin.PULL_UP)), "Pin(GPIO7, mode=IN, pull=PULL_UP)")

    def test_signal_inverts(self) -> None:
        signal = Signal(Pin(6, Pin.OUT, value=1), invert=True)
        signal.on()
        self.assertEqual(Pin(6)(), 0)
        self.assertEqual(signal.value(), 1)

    def test_wrong_arguments(self) -> None:
        for pin_id in (-1, 48, "GP1", None):
            with self.assertRaises(ValueError):
                Pin(pin_id, Pin.OUT)
        with self.assertRaises(ValueError):
            Pin(1, 77)
        with self.assertRaises(ValueError):
            Pin(1, Pin.IN, 4)
        with self.assertRaises(ValueError):
            Pin(1, Pin.IN).irq(print, 64)
        with self.assertRaises(ValueError):
            wiring.drive_pin(1, 2)


class Echo:
    """An SPI part that answers each byte inverted."""

    def __init__(self) -> None:
        self.seen = []
        self.format = None

    def exchange(self, tx: bytes, rx: bytearray) -> None:
        self.seen.append(bytes(tx))
        for i in range(len(rx)):
            rx[i] = tx[i] ^ 0xFF

    def bus_format(self, baudrate: int, polarity: int, phase: int) -> None:
        self.format = (baudrate, polarity, phase)


class TestSPI(ShimCase):
    def test_every_way_to_exchange(self) -> None:
        part = Echo()
        wiring.wire_spi(0, part)
        spi = SPI(0, 1_000_000)
        rx = bytearray(3)
        spi.write_readinto(b"\x01\x02\x03", rx)
        self.assertEqual(rx, b"\xfe\xfd\xfc")
        spi.write_readinto(rx, rx)
        self.assertEqual(rx, b"\x01\x02\x03")
        spi.write(b"ab")
        self.assertEqual(spi.read(2, 0x0F), b"\xf0\xf0")
        spi.readinto(rx)
        self.assertEqual(rx, b"\xff\xff\xff")
        self.assertEqual(part.seen[2:], [b"ab", b"\x0f\x0f", b"\0\0\0"])

    def test_open_bus_reads_ones(self) -> None:
        self.assertEqual(SPI(1).read(2), b"\xff\xff")

    def test_baudrate_is_what_the_dividers_give_never_more(self) -> None:
        # Worked out by hand: 125 MHz / (prescale * postdiv).
        for wanted, given in ((200_000, 199_044), (160_000, 159_438), (1_000_000, 992_063),
                              (10_000_000, 8_928_571), (62_500_000, 62_500_000),
                              (244_141, 244_140), (244_139, 242_248), (1_953, 1_952)):
            text = repr(SPI(0, wanted, polarity=1, phase=1, sck=Pin(2), mosi=Pin(3),
                            miso=Pin(4)))
            self.assertEqual(text, "SPI(0, baudrate=%d, polarity=1, phase=1, bits=8, sck=2, "
                             "mosi=3, miso=4)" % given)

    def test_part_is_told_the_format(self) -> None:
        part = Echo()
        wiring.wire_spi(0, part)
        spi = SPI(0, 200_000, polarity=1, phase=1)
        self.assertEqual(part.format, (199_044, 1, 1))
        spi.init(phase=0)
        self.assertEqual(part.format, (199_044, 1, 0))

    def test_wrong_arguments(self) -> None:
        spi = SPI(0)
        with self.assertRaises(ValueError):
            spi.write_readinto(b"ab", bytearray(3))
        with self.assertRaises(ValueError):
            SPI(2)
        with self.assertRaises(ValueError):
            SPI(0, 100)
        with self.assertRaises(ValueError):
            SPI(0, polarity=2)
        with self.assertRaises(ValueError):
            SPI(0, bits=16)
        with self.assertRaises(NotImplementedError):
            SPI(0, firstbit=SPI.LSB)
        with self.assertRaises(TypeError):
            SPI(0, speed=3)


class Memory:
    """An I2C memory with one address byte."""

    def __init__(self) -> None:
        self.cells = bytearray(256)
        self.at = 0

    def write(self, data: bytes) -> None:
        if data:
            self.at = data[0]
            self.cells[self.at:self.at + len(data) - 1] = data[1:]

    def readinto(self, buf: bytearray) -> None:
        buf[:] = self.cells[self.at:self.at + len(buf)]


class TestI2C(ShimCase):
    def test_memory(self) -> None:
        wiring.wire_i2c(0, 0x50, Memory())
        i2c = I2C(0, scl=Pin(1), sda=Pin(2), freq=400_000)
        i2c.writeto_mem(0x50, 16, b"abc")
        self.assertEqual(i2c.readfrom_mem(0x50, 16, 3), b"abc")
        self.assertEqual(i2c.writeto(0x50, b"\x11"), 1)
        self.assertEqual(i2c.readfrom(0x50, 2), b"bc")
        self.assertEqual(i2c.scan(), [0x50])
        self.assertEqual(I2C(1).scan(), [])

    def test_nobody_answers(self) -> None:
        try:
            I2C(0).readfrom(0x51, 1)
            self.fail("nobody answered, and nothing was raised")
        except OSError as error:
            self.assertEqual(error.errno, ENODEV)
        with self.assertRaises(OSError):
            I2C(0).writeto_mem(0x51, 0, b"x")
        with self.assertRaises(ValueError):
            I2C(2)
        with self.assertRaises(ValueError):
            I2C(0).readfrom_mem(0x50, 0, 1, addrsize=12)


class Loopback:
    """A UART's other end that sends everything back."""

    def __init__(self) -> None:
        self.waiting = bytearray()

    def any(self) -> int:
        return len(self.waiting)

    def read(self, nbytes: int) -> bytes:
        taken = bytes(self.waiting[:nbytes])
        self.waiting = self.waiting[nbytes:]
        return taken

    def write(self, data: bytes) -> None:
        self.waiting.extend(data)


class TestUART(ShimCase):
    def test_reads_never_wait(self) -> None:
        uart = UART(1, 9600)
        self.assertEqual((uart.any(), uart.read(), uart.readline()), (0, None, None))
        wiring.wire_uart(1, Loopback())
        uart = UART(1, 9600, tx=Pin(4), rx=Pin(5), timeout=0, rxbuf=512)
        self.assertEqual(uart.write(b"one\ntwo"), 7)
        self.assertEqual(uart.any(), 7)
        self.assertEqual(uart.readline(), b"one\n")
        buf = bytearray(8)
        self.assertEqual(uart.readinto(buf), 3)
        self.assertEqual(buf[:3], b"two")
        self.assertTrue(uart.readinto(buf) is None)

    def test_sending_takes_the_time_of_its_bits(self) -> None:
        wiring.wire_uart(0, Loopback())
        uart = UART(0, 9600, 8, 0, 1)  # 8E1: 11 bits a character
        uart.write(bytes(96))
        time.sleep_ms(109)
        self.assertFalse(uart.txdone())
        uart.flush()
        self.assertTrue(uart.txdone())
        self.assertEqual(bench_clock.now_us(), 110_000)

    def test_asyncio_stream_over_a_model(self) -> None:
        end = Loopback()
        wiring.wire_uart(1, end)
        bench_clock.after_us(70_000, lambda: end.write(b"late\n"))

        async def main() -> tuple:
            line = await asyncio.StreamReader(UART(1)).readline()
            return line, bench_clock.now_us()

        self.assertEqual(asyncio.run(main()), (b"late\n", 70_000))

    def test_polled_by_select(self) -> None:
        wiring.wire_uart(1, Loopback())
        uart = UART(1)
        poller = select.poll()
        poller.register(uart, select.POLLIN)
        self.assertEqual(poller.poll(5), [])
        uart.write(b"x")
        self.assertEqual(poller.poll(5), [(uart, select.POLLIN)])

    def test_wrong_arguments(self) -> None:
        for args in ((9,), (0, 0), (0, 9600, 9), (0, 9600, 8, 5), (0, 9600, 8, None, 3)):
            with self.assertRaises(ValueError):
                UART(*args)
        with self.assertRaises(TypeError):
            UART(0, speed=9600)


class TestTimeParts(ShimCase):
    def test_rtc(self) -> None:
        rtc = RTC()
        self.assertEqual(rtc.datetime(), (2026, 1, 1, 3, 0, 0, 0, 0))
        rtc.datetime((2028, 2, 28, 0, 23, 59, 58, 0))
        time.sleep(3)
        self.assertEqual(rtc.datetime(), (2028, 2, 29, 1, 0, 0, 1, 0))
        self.assertEqual(bench_clock.civil_us(), (START + 3) * 1_000_000)
        with self.assertRaises(ValueError):
            rtc.datetime((2028, 2, 28))

    def test_watchdog_fed_and_starved(self) -> None:
        causes = []
        wiring.on_reset(causes.append)
        dog = WDT(timeout=8000)
        for _ in range(10):
            time.sleep_ms(7999)
            dog.feed()
        with self.assertRaises(wiring.Reset):
            time.sleep_ms(8000)
        self.assertEqual(causes, [machine.WDT_RESET])
        self.assertEqual(machine.reset_cause(), machine.WDT_RESET)
        self.assertEqual(bench_clock.now_us(), 10 * 7_999_000 + 8_000_000)
        wiring.restart()
        time.sleep_ms(20_000)

    def test_watchdog_limits(self) -> None:
        for timeout in (0, 8389):
            with self.assertRaises(ValueError):
                WDT(0, timeout)
        with self.assertRaises(ValueError):
            WDT(1)

    def test_reset_passes_every_except_exception(self) -> None:
        async def guarded() -> None:
            try:
                machine.reset()
            except Exception:
                pass

        with self.assertRaises(wiring.Reset):
            asyncio.run(guarded())
        self.assertEqual(machine.reset_cause(), machine.HARD_RESET)
        with self.assertRaises(wiring.Reset):
            machine.deepsleep(100)
        self.assertEqual(bench_clock.now_us(), 100_000)
        self.assertEqual(machine.reset_cause(), machine.DEEPSLEEP_RESET)

    def test_restart_lets_go_of_pins_but_not_of_wires(self) -> None:
        seen = []
        wiring.wire_pin(5, seen.append)
        Pin(5, Pin.OUT, value=1)
        Timer(period=10, callback=lambda t: seen.append("timer"))
        wiring.restart(machine.PWRON_RESET)
        self.assertEqual(seen, [1, 0])
        time.sleep_ms(100)
        Pin(5, Pin.OUT, value=1)
        self.assertEqual(seen, [1, 0, 1])

    def test_timers(self) -> None:
        seen = []
        once = Timer(mode=Timer.ONE_SHOT, period=30, callback=lambda t: seen.append(30))
        often = Timer(-1)
        often.init(freq=100, callback=lambda t: seen.append(time.ticks_ms()))
        time.sleep_ms(45)
        often.deinit()
        once.deinit()
        time.sleep_ms(100)
        self.assertEqual(seen, [10, 20, 30, 30, 40])
        with self.assertRaises(ValueError):
            Timer(0)
        with self.assertRaises(ValueError):
            Timer(period=-5)

    def test_small_things(self) -> None:
        self.assertEqual(len(machine.unique_id()), 8)
        self.assertEqual(machine.freq(), 125_000_000)
        wiring.wire_adc(26, lambda: 70_000)
        self.assertEqual(ADC(26).read_u16(), 65535)
        self.assertEqual(ADC(Pin(27)).read_u16(), 0)
        machine.idle()
        machine.lightsleep(5)
        self.assertEqual(bench_clock.now_us(), 6000)


class TestRMT(ShimCase):
    def setUp(self) -> None:
        super().setUp()
        self.edges = []
        wiring.wire_pin(12, self.note)

    def note(self, level: int) -> None:
        self.edges.append((bench_clock.now_us(), level))

    def test_pulse_ends_by_itself(self) -> None:
        rmt = esp32.RMT(0, pin=Pin(12), clock_div=255)
        rmt.write_pulses((31373,), 1)
        self.assertEqual(self.edges, [(0, 1)])
        self.assertTrue(rmt.active())
        self.assertFalse(rmt.wait_done())
        time.sleep(3)
        # 31373 units of 255 / 80 MHz (the port rounds the resolution down to whole hertz)
        self.assertEqual(self.edges, [(0, 1), (100_001, 0)])
        self.assertTrue(rmt.wait_done())

    def test_pulse_has_its_length_while_the_interpreter_is_busy(self) -> None:
        rmt = esp32.RMT(pin=Pin(12), resolution_hz=1_000_000)
        bench_clock.set_mode(100)
        rmt.write_pulses((20_000,))
        start = self.edges[0][0]
        self.assertEqual(len(self.edges), 1)
        for _ in range(20_000):
            pass
        bench_clock.sleep_us(400_000)
        self.assertEqual(self.edges[1], (start + 20_000, 0))

    def test_three_ways_to_give_pulses(self) -> None:
        rmt = esp32.RMT(pin=Pin(12), resolution_hz=1_000_000)
        rmt.write_pulses([10, 20, 30], 1)
        rmt.wait_done(timeout=1000)
        rmt.write_pulses(5, (1, 1, 0, 1))
        rmt.wait_done(timeout=1000)
        rmt.write_pulses((7, 8), (True, True))
        rmt.wait_done(timeout=-1)
        at = [us for us, _ in self.edges]
        self.assertEqual([level for _, level in self.edges], [1, 0] * 5)
        self.assertEqual([at[i + 1] - at[i] for i in (0, 2, 4, 6, 8)], [10, 30, 10, 5, 15])
        self.assertEqual(at[2] - at[1], 20)

    def test_a_second_sequence_waits_for_the_first(self) -> None:
        rmt = esp32.RMT(pin=Pin(12), resolution_hz=1_000_000)
        rmt.write_pulses((100,))
        rmt.write_pulses((50,))
        rmt.wait_done(timeout=1)
        self.assertEqual(self.edges, [(0, 1), (100, 0), (100, 1), (150, 0)])

    def test_idle_level_loops_and_breaking_off(self) -> None:
        rmt = esp32.RMT(pin=Pin(12), resolution_hz=1_000_000, idle_level=True)
        rmt.loop_count(2)
        rmt.write_pulses((10, 10), 0)
        time.sleep_us(100)
        self.assertEqual([e[1] for e in self.edges], [1, 0, 1, 0, 1])
        rmt.loop(True)
        rmt.write_pulses((10, 10), 0)
        time.sleep_us(105)
        self.assertTrue(rmt.active())
        rmt.loop(False)
        self.assertFalse(rmt.active())
        self.assertEqual(Pin(12)(), 1)

    def test_pin_belongs_to_the_rmt_until_taken_back(self) -> None:
        pin = Pin(12, Pin.OUT, value=1)
        rmt = esp32.RMT(pin=pin)
        self.assertEqual(pin(), 0)
        pin(0)
        pin(1)
        self.assertEqual(pin(), 0)
        pin.init(Pin.OUT, value=1)
        self.assertEqual(pin(), 1)
        rmt.deinit()
        self.assertEqual(pin(), 1)

    def test_reset_ends_a_pulse(self) -> None:
        rmt = esp32.RMT(pin=Pin(12), resolution_hz=1_000_000)
        rmt.write_pulses((20_000,))
        time.sleep_ms(5)
        wiring.restart(machine.WDT_RESET)
        self.assertEqual(self.edges, [(0, 1), (5000, 0)])
        with self.assertRaises(OSError):
            rmt.write_pulses((1,))

    def test_limits(self) -> None:
        for options in ({"clock_div": 0}, {"clock_div": 256}, {"resolution_hz": 1000},
                        {"resolution_hz": 1_000_000, "clock_div": 80}, {"num_symbols": 63}):
            with self.assertRaises(ValueError):
                esp32.RMT(pin=Pin(12), **options)
        with self.assertRaises(TypeError):
            esp32.RMT(0)
        rmt = esp32.RMT(pin=Pin(12))
        self.assertEqual((rmt.clock_div(), rmt.source_freq()), (8, 80_000_000))
        for duration in ((0,), (32768,), (1, -1), ()):
            with self.assertRaises(ValueError):
                rmt.write_pulses(duration)
        with self.assertRaises(ValueError):
            rmt.write_pulses((1, 2), (1,))
        self.assertEqual(self.edges, [])
