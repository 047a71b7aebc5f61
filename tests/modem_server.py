"""The firmware's modem task on a pty, in a MicroPython of its own, asked by lines of JSON.

    modem_server.py PTY SETTINGS SPEED

Each line is a list, the name of a method of Server and what it takes; the answer is one line,
["ok", value] or ["error", text]. It ends with its standard input. All waits of the task are SPEED
times as short as they are in the field.
"""

import asyncio
import gc
import json
import sys
import time

import uselect
from fake_ppp import FakePpp
from pty_uart import Pty

from joulegate.link.errors import LinkError
from joulegate.link.modem.dialler import Dialler
from joulegate.link.modem.modem import Modem
from joulegate.link.modem.modem_transport import ModemTransport
from joulegate.link.modem.power_lines import PowerLines
from joulegate.link.modem.sms import Sms
from joulegate.link.modem.sms_tokens import SmsTokens
from joulegate.link.ppp import PppTransport

GOOD = "12345678901234567890"


class FastTiming:
    """A Timing whose milliseconds are shorter."""

    def __init__(self, speed):
        self._speed = speed

    def ticks_ms(self):
        return time.ticks_us() * self._speed // 1000

    def ticks_diff(self, end, start):
        return end - start

    def sleep_ms(self, ms):
        return asyncio.sleep_ms(-(-ms // self._speed))


class Entered:
    waiting = 0
    reply = True
    balance = 4200

    def __init__(self, digits):
        self.accepted = digits == GOOD
        self.reason = "" if self.accepted else "crc"


class Tls:
    certificate = None
    key = None

    def __init__(self, name, ca):
        self.name = name
        self.ca = ca


class Settings:
    def __init__(self, values):
        self.values = values


class Server:
    valid = True

    def __init__(self, pty, settings, speed):
        self.timing = timing = FastTiming(speed)
        self.entered = []
        self.offered = []
        self.notes = {}
        self.transport = ModemTransport(timing)
        self.sms = Sms(timing, SmsTokens(self._enter, str).handle)
        uart = Pty(pty)
        self.dialler = Dialler(uart, timing)
        self.ppp = PppTransport(self.dialler, FakePpp, Settings(settings), timing)
        self.transport.release = self.ppp.release
        self.modem = Modem(uart, timing, settings, PowerLines(timing), self.transport,
                           self.sms, self, self, self.dialler)

    # As clock and notes.

    def uptime(self):
        return self.timing.ticks_ms() // 1000

    def now(self):
        return 194500000

    def adjust(self, second):
        self.offered.append(second)
        return True

    def get(self, name):
        return self.notes.get(name, 0)

    def put(self, name, value):
        self.notes[name] = value

    def _enter(self, digits, carrier):
        self.entered.append(digits)
        return Entered(digits)

    # What is asked for.

    async def attach(self):
        await self.transport.attach()

    async def open(self, host, port, ca=""):
        tls = None
        if ca:
            tls = Tls(host, bytes(int(ca[at:at + 2], 16) for at in range(0, len(ca), 2)))
        await self.transport.open(host, port, tls)

    async def echo(self, size, limit_ms):
        """Send bytes to a host that sends them back; return the milliseconds it took.

        All times are the task's.
        """
        began = self.timing.ticks_ms()
        sent = received = 0
        buffer = bytearray(200)
        piece = bytearray(300)
        while received < size:
            if self.timing.ticks_diff(self.timing.ticks_ms(), began) > limit_ms:
                raise LinkError(f"sent {sent}, received {received}")
            length = min(len(piece), size - sent)
            for place in range(length):
                piece[place] = pattern(sent + place)
            if length:
                sent += self.transport.send(memoryview(piece)[:length])
            count = self.transport.receive_into(buffer)
            for place in range(count):
                if buffer[place] != pattern(received + place):
                    raise LinkError(f"byte {received + place} is wrong")
            received += count
            await asyncio.sleep_ms(0 if count else 5)
        return self.timing.ticks_diff(self.timing.ticks_ms(), began)

    async def over(self, limit_ms):
        """Wait until the stream is over; return why."""
        began = self.timing.ticks_ms()
        buffer = bytearray(200)
        while self.timing.ticks_diff(self.timing.ticks_ms(), began) < limit_ms:
            try:
                self.transport.receive_into(buffer)
            except LinkError as e:
                return str(e)
            await asyncio.sleep_ms(10)
        raise LinkError("not over")

    async def ppp_attach(self):
        await self.ppp.attach()

    async def ppp_release(self, polite):
        """Take PPP down; polite: by asking the other side."""
        FakePpp.polite = polite
        await self.ppp.release()

    async def ppp_state(self):
        return {
            "status": self.ppp._ppp.status() if self.ppp._ppp else 0, "ready": self.dialler.ready,
            "calls": self.dialler.calls, "problem": self.dialler.problem,
            "failures": self.modem.ladder.failures, "sessions": self.modem.sessions}

    async def close(self):
        self.transport.close()

    async def text(self, number, text):
        return self.sms.send(number, text)

    async def state(self):
        modem = self.modem
        gc.collect()
        return {
            "attached": self.transport.attached, "problem": self.transport.problem,
            "signal": self.transport.signal(), "sessions": modem.sessions,
            "restarts": modem.restarts, "model": modem.model, "entered": self.entered,
            "offered": self.offered, "sms": self.sms.capable, "notes": self.notes,
            "strays": modem.engine.strays, "heap": gc.mem_alloc(),
            "overflows": modem.engine.reader.overflows, "noise": modem.engine.reader.noise}


def pattern(place):
    """Bytes with every line the modem might fall for, and all values."""
    return TEXT[place % len(TEXT)]


TEXT = b'\r\nOK\r\n> \r\nERROR\r\n+QIURC: "closed",0\r\nRDY\r\nSEND OK\r\n' + bytes(range(256))


async def main(pty, settings, speed):
    server = Server(pty, settings, speed)
    task = asyncio.create_task(server.modem.run())
    poller = uselect.poll()
    poller.register(sys.stdin, uselect.POLLIN)
    while True:
        if not poller.poll(0):
            if task.done():
                await task
            await asyncio.sleep_ms(5)
            continue
        line = sys.stdin.readline()
        if not line:
            return
        name, values = json.loads(line)
        try:
            answer = ["ok", await getattr(server, name)(*values)]
        except LinkError as e:
            answer = ["error", str(e)]
        print(json.dumps(answer))


asyncio.run(main(sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])))
