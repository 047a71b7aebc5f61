"""Requests of the production test on a board of small fakes: what they do and what they refuse."""

import asyncio
import os
import unittest

from parts import FakeClock
from scratch import empty_folder, scratch_folder

from joulegate.console import production_lines, production_parts
from joulegate.console.production_requests import carry_out
from joulegate.console.production_session import INTERVAL_MS, PULSES_MAX, REST_MS


class Pin:
    def __init__(self, level=0):
        self.level = level
        self.told = []

    def __call__(self, level=None):
        if level is None:
            return self.level
        self.level = level
        self.told.append(level)

    def value(self, level):
        self(level)


class Uart:
    def __init__(self, de=None):
        self.sent = []
        self.coming = b""
        self.closed = False
        self.de = de

    def write(self, data):
        self.sent.append((data, self.de.level if self.de else None))

    def flush(self):
        self.sent.append(("flush", self.de.level))

    def any(self):
        return len(self.coming)

    def read(self, size):
        taken = self.coming[:size]
        self.coming = self.coming[size:]
        return taken

    def deinit(self):
        self.closed = True


class Relay:
    def __init__(self, board):
        self.board = board
        self.told = []

    def pulse(self, close):
        self.told.append(close)
        self.board.live = close

    def load_voltage(self):
        return self.board.live


class Keypad:
    keys = 0

    def scan(self):
        return self.keys


class View:
    def __init__(self):
        self.told = []

    def everything(self):
        self.told.append("all")

    def blank(self):
        self.told.append("blank")

    def step(self):
        return False


class Wlan:
    def __init__(self):
        self.on = False
        self.told = []

    def active(self, on=None):
        if on is None:
            return self.on
        self.on = on
        self.told.append(on)

    def scan(self):
        return [(b"weak", b"", 1, -88, 0, False), (b"li\xffne", b"", 6, -51, 0, False)]


class Chip:
    """A FRAM whose last byte some patterns do not stick to."""

    size = 8192

    def __init__(self):
        self.written = []
        self.bad = None
        self.gone = False

    def write(self, at, data):
        if data[0] == self.bad:
            raise OSError(5, "FRAM: what is read back at %d differs" % at)
        self.written.append((at, data[0]))

    def read_into(self, at, buffer):
        if self.gone:
            raise OSError(19)


class Rtc:
    civil = (2026, 11, 22, 6, 1, 2, 3, 0)

    def datetime(self):
        if isinstance(self.civil, Exception):
            raise self.civil
        return self.civil


class Board:
    CAPABILITIES = {}

    def __init__(self, folder):
        self.FOLDER = folder
        self.live = False
        self.good = True
        self.pressed = Pin()
        self.pad = Keypad()
        self.view = View()
        self.lit = {"credit": Pin(), "alarm": Pin()}
        self.sound = Pin()
        self.de = Pin(1)
        self.port = Uart(self.de)
        self.modem_uart = Uart()
        self.pwrkey = Pin()
        self.station = Wlan()
        self.keys = None

    def mains_good(self):
        return self.good

    def button(self):
        return self.pressed

    def calibration_switch(self):
        return None

    def pulse_inputs(self):
        return [Pin(1)]

    def keypad(self):
        return self.pad

    def display(self):
        return self.view

    def lamps(self):
        return self.lit

    def buzzer(self):
        return self.sound

    def rs485(self, baud, parity, stop):
        return self.port, self.de

    def modem(self, baud):
        return self.modem_uart, self.pwrkey, None, None, None

    def wlan(self):
        return self.station

    def key_storage(self):
        if isinstance(self.keys, Exception):
            raise self.keys
        return self.keys


class Part:
    """Stands for what has only attributes."""

    def __init__(self, **values):
        for name, value in values.items():
            setattr(self, name, value)


def nothing():
    """A switch that need not find anything."""


class Case(unittest.TestCase):

    def setUp(self):
        self.folder = scratch_folder("production")
        self.clock = FakeClock()
        self.board = Board(self.folder)
        self.cover = Pin(1)
        self.exists = False
        self.reading = Part(voltage_cV=23000, current_mA=0)
        ledger = Part(exists=lambda: self.exists)
        self.app = Part(
            board=self.board, clock=self.clock, relay=Relay(self.board), rtc=Rtc(), fram=Chip(),
            watch=Part(sight=Part(sensors={"cover": self.cover, "tamper_latch": lambda: 2})),
            switch=Part(find_position=nothing), network=Part(modem=None),
            metering=Part(reading=self.reading), restarts=Part(expect=nothing),
            state=Part(ledger=ledger, provisioned=False, error="", settings=Part(values={})))
        self.requests = Part(production=None)

    def tearDown(self):
        empty_folder(self.folder)

    def run_all(self, *asked, wait_ms=0):
        """Carry out requests as (part, arguments), with the task beside them for a time; return
        the answers."""
        real = getattr(asyncio, "sleep_ms", None)

        async def sleep_ms(ms):
            self.clock.pass_ms(ms)
            await asyncio.sleep(0)

        async def main():
            answers = []
            for part, arguments in asked:
                answers.append(carry_out(self.app, self.requests, part, arguments))
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            end = self.clock.ms + wait_ms
            while self.clock.ms < end:
                before = self.clock.ms
                await asyncio.sleep(0)
                if self.clock.ms == before:
                    self.clock.pass_ms(20)
            task = self.requests.production and self.requests.production._task
            if task is not None and not task.done():
                task.cancel()
            await asyncio.sleep(0)
            return answers

        asyncio.sleep_ms = sleep_ms
        try:
            return asyncio.run(main())
        finally:
            if real is None:
                del asyncio.sleep_ms
            else:
                asyncio.sleep_ms = real

    def ask(self, part, **arguments):
        return self.run_all((part, arguments))[0]

    def refused(self, part, **arguments):
        try:
            self.ask(part, **arguments)
        except (ValueError, RuntimeError) as e:
            return str(e)
        raise AssertionError("%s %r: was taken" % (part, arguments))


class Provisioned(Case):
    """A meter in use is looked at, and nothing else."""

    def test_nothing_is_changed(self):
        self.exists = True
        for part, arguments in (
                ("relay", {"close": False}), ("display", {"on": True}), ("lamps", {}),
                ("buzzer", {"on": True}), ("flash", {}), ("fram", {}), ("element", {}),
                ("modem", {"send": "AT"}), ("rs485", {"send": "00"}), ("wifi", {}),
                ("watchdog", {})):
            self.assertEqual(
                self.refused(part, **arguments),
                "production %s: the meter is provisioned: its inputs are looked at, no more"
                % part)
        self.assertEqual(self.app.relay.told, [])
        self.assertEqual(self.board.view.told, [])
        self.assertEqual(self.app.fram.written, [])
        self.assertEqual(os.listdir(self.folder), [])

    def test_an_account_that_cannot_be_read_is_one(self):
        self.app.state.error = "ledger: is damaged"
        self.refused("relay", close=False)
        self.app.state.error = ""
        self.app.state.provisioned = True
        self.refused("relay", close=False)

    def test_a_memory_that_has_gone_holds_no_account(self):
        self.exists = self.app.fram.gone = True  # nobody can tell that there is none
        self.assertEqual(self.ask("relay", close=True)["pulses"], 1)
        self.app.state.provisioned = True
        self.refused("relay", close=False)

    def test_inputs_are_told(self):
        self.exists = True
        self.assertEqual(self.ask("inputs")["inputs"]["cover"][0], True)
        self.assertEqual(self.ask("keypad")["keys"], 0)
        self.assertEqual(self.ask("clock")["time"], "2026-11-22T01:02:03")

    def test_what_is_held_is_let_go_of_once_it_is_provisioned(self):
        self.run_all(("lamps", {"on": ["credit"]}), ("rs485", {}))
        self.app.state.provisioned = True
        self.run_all(("inputs", {}), wait_ms=100)
        self.assertEqual(self.board.lit["credit"].level, 0)
        self.assertTrue(self.board.port.closed)


class Inputs(Case):

    def test_what_was_seen_between_two_questions(self):
        found = self.ask("inputs")
        self.assertEqual(sorted(found["inputs"]), ["button", "cover", "pulse_1", "supply_good"])
        self.assertEqual(found["tamper_latch"], 2)
        session = self.requests.production
        self.cover(0)
        session.look()
        self.cover(1)
        self.assertEqual(self.ask("inputs")["inputs"]["cover"], [True, True, True])
        self.assertEqual(self.ask("inputs")["inputs"]["cover"], [True, False, True])

    def test_a_key_counts_in_two_looks_that_agree(self):
        self.ask("keypad")
        session = self.requests.production
        self.board.pad.keys = 1 << 4
        session.look()
        self.board.pad.keys = 0
        self.assertEqual(self.ask("keypad")["pressed"], 0)
        self.board.pad.keys = 1 << 4
        session.look()
        session.look()
        self.board.pad.keys = 0
        self.assertEqual(self.ask("keypad"), {"fitted": True, "keys": 0, "pressed": 16})
        self.assertEqual(self.ask("keypad")["pressed"], 0)

    def test_without_a_keypad(self):
        self.board.pad = None
        self.assertEqual(self.ask("keypad"), {"fitted": False})

    def test_the_task_ends_by_itself(self):
        self.run_all(("lamps", {"on": ["alarm"]}), wait_ms=REST_MS + 100)
        self.assertEqual(self.board.lit["alarm"].level, 0)
        self.assertTrue(self.requests.production._task is None)


class Moves(Case):

    def test_relay(self):
        self.assertEqual(self.ask("relay", close=True)["pulses"], 1)
        self.assertEqual(self.ask("relay")["load_voltage"], True)
        self.assertTrue("must rest for 1000 ms" in self.refused("relay", close=False))
        self.clock.pass_ms(INTERVAL_MS)
        self.ask("relay", close=False)
        self.assertEqual(self.app.relay.told, [True, False])

    def test_relay_is_not_pulsed_without_end(self):
        for i in range(PULSES_MAX):
            self.clock.pass_ms(INTERVAL_MS)
            self.ask("relay", close=bool(i % 2))
        self.clock.pass_ms(INTERVAL_MS)
        self.assertEqual(self.refused("relay", close=True),
                         "relay: 24 pulses since the start: must be at most 24")
        self.assertEqual(len(self.app.relay.told), PULSES_MAX)
        self.assertEqual(self.ask("relay")["pulses_left"], 0)

    def test_relay_is_not_pulsed_in_a_brown_out(self):
        self.reading.voltage_cV = 16099
        self.assertEqual(self.refused("relay", close=True),
                         "relay: 160.99 V: must be 161 V or more, and the supply good")
        self.reading.voltage_cV = 23000
        self.board.good = False
        self.refused("relay", close=True)
        self.assertTrue("must be true or false" in self.refused("relay", close=1))
        self.assertEqual(self.app.relay.told, [])

    def test_display(self):
        self.run_all(("display", {"on": True}), ("display", {"on": False}), ("display", {}))
        self.assertEqual(self.board.view.told, ["all", "blank", "blank"])

    def test_a_panel_is_held_meanwhile(self):
        told = []
        self.app.panel = Part(hold=told.append)
        self.run_all(("display", {"on": True}), ("end", {}))
        self.assertEqual((self.board.view.told, told), (["all"], [True, False]))
        self.run_all(("lamps", {"on": ["credit"]}), wait_ms=REST_MS + 100)
        self.assertEqual(told, [True, False, True, False])

    def test_lamps_and_buzzer(self):
        self.run_all(("lamps", {"on": ["credit"]}), ("buzzer", {"on": True}), ("end", {}))
        self.assertEqual(self.board.lit["credit"].told, [1, 0])
        self.assertEqual(self.board.sound.told, [True, False])
        self.assertEqual(self.refused("lamps", on=["red"]),
                         "lamp 'red': must be one of alarm, credit")


class Parts(Case):

    def test_flash(self):
        found = self.ask("flash", kib=2)
        self.assertEqual((found["tested_KiB"], found["wrong_at"]), (2, None))
        self.assertEqual(os.listdir(self.folder), [])
        for kib in (0, 33, True, "1"):
            self.assertTrue("must be 1 to 32" in self.refused("flash", kib=kib))

    def test_flash_that_does_not_keep_what_is_written(self):
        fill = production_parts._fill
        turns = []

        def fill_otherwise(block, number):
            turns.append(number)
            fill(block, number + (1 if len(turns) == 7 else 0))

        production_parts._fill = fill_otherwise
        try:
            self.assertEqual(self.ask("flash", kib=2)["wrong_at"], 1024)
        finally:
            production_parts._fill = fill

    def test_fram(self):
        self.assertEqual(self.ask("fram"), {"fitted": True, "size": 8192, "problem": ""})
        self.assertEqual(self.app.fram.written,
                         [(8191, 0x55), (8191, 0xAA), (8191, 0), (8191, 0xFF)])
        self.app.fram.bad = 0xAA
        self.assertTrue("differs" in self.ask("fram")["problem"])
        self.app.fram = None
        self.assertEqual(self.ask("fram")["fitted"], False)

    def test_element(self):
        self.assertEqual(self.ask("element"), {"fitted": False, "problem": ""})
        self.board.keys = RuntimeError("was not set up")
        self.assertEqual(self.ask("element"), {"fitted": True, "problem": "was not set up"})

    def test_clock(self):
        self.assertEqual(self.ask("clock")["chip"], "Rtc")
        self.app.rtc.civil = None
        self.assertTrue("stopped" in self.ask("clock")["problem"])
        self.app.rtc.civil = OSError(19)
        self.assertTrue(self.ask("clock")["problem"])

    def test_wifi(self):
        self.assertEqual(self.ask("wifi"), {
            "fitted": True, "networks": [["li?ne", -51, 6], ["weak", -88, 1]]})
        self.assertEqual(self.board.station.told, [True, False])


class Lines(Case):

    def test_modem(self):
        self.board.modem_uart.coming = b"\r\nRDY\r\n\xff"
        self.assertEqual(self.ask("modem", send="AT\r")["received"], "\nRDY\n?")
        self.assertEqual(self.board.modem_uart.sent, [(b"AT\r", None)])
        for arguments, rule in (
                ({"send": "x" * 65}, "at most 64"), ({"send": "\x03"}, "printable"),
                ({"press_ms": 5001}, "0 to 5000"), ({"baud": 300}, "9600 or 115200")):
            self.assertTrue(rule in self.refused("modem", **arguments))
        self.app.network.modem = self
        self.assertTrue("the link has it" in self.refused("modem"))

    def test_pwrkey_is_let_go_of(self):
        let_go = []
        self.board.pwrkey.value = lambda level: let_go.append((level, self.clock.ms))
        self.run_all(("modem", {"press_ms": 600}), wait_ms=2000)
        (on, began), (off, ended) = let_go
        self.assertEqual((on, off), (1, 0))
        self.assertTrue(600 <= ended - began <= 660)

    def test_rs485(self):
        self.board.port.coming = b"\x01\xfe"
        self.assertEqual(self.ask("rs485", send="a55a"), {"fitted": True, "received": "01fe"})
        self.assertEqual(self.board.port.sent, [(b"\xa5\x5a", 1), ("flush", 1)])
        self.assertEqual(self.board.de.level, 0)
        for arguments, rule in (
                ({"send": "a"}, "hexadecimal"), ({"send": "00" * 65}, "at most 64"),
                ({"baud": 300}, "1200 to 115200"), ({"parity": 2}, "null, 0 or 1")):
            self.assertTrue(rule in self.refused("rs485", **arguments))
        self.app.state.settings.values["bus_baud"] = 9600
        self.assertTrue("the bus has the port" in self.refused("rs485"))

    def test_an_answer_is_bounded(self):
        self.board.modem_uart.coming = b"x" * 600
        self.assertEqual(len(self.ask("modem")["received"]), production_lines.KEEP_MAX)

    def test_unknown_part(self):
        self.assertTrue("must be one of" in self.refused("money"))


if __name__ == "__main__":
    unittest.main()
