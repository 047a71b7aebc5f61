"""The firmware's modem task on a pty, in a MicroPython of its own, asked by lines of JSON.

    modem_server.py PTY

Each line is a list, the name of a method of Server and what it takes; the answer is one line,
["ok", value] or ["error", text]. It ends with its standard input.
"""

import asyncio
import gc
import json
import sys
import time

import uselect
from fake_ppp import FakePpp

from joulegate.link.errors import LinkError
from joulegate.link.modem.dialler import Dialler
from joulegate.link.modem.modem import Modem
from joulegate.link.modem.modem_transport import ModemTransport
from joulegate.link.modem.power_lines import PowerLines
from joulegate.link.modem.sms import Sms
from joulegate.link.modem.sms_tokens import SmsTokens
from joulegate.link.modem.timing import Timing
from joulegate.link.ppp import PppTransport

GOOD = "12345678901234567890"


class Pty:
    def __init__(self, path):
        self._file = open(path, "r+b")  # noqa: SIM115 - for the life of the process
        self._poller = uselect.poll()
        self._poller.register(self._file, uselect.POLLIN)
        self._byte = bytearray(1)

    def any(self):
        for _, event in self._poller.poll(0):
            if event & uselect.POLLIN:
                return 1
        return 0

    def readinto(self, buffer):
        count = 0
        while count < len(buffer) and self.any():
            if not self._file.readinto(self._byte):
                break
            buffer[count] = self._byte[0]
            count += 1
        return count or None

    def write(self, data):
        return self._file.write(data)


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

    def __init__(self, pty, settings):
        timing = Timing()
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
        return time.time()

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
        """Send bytes to a host that sends them back; return the milliseconds it took."""
        began = time.ticks_ms()
        sent = received = 0
        buffer = bytearray(200)
        piece = bytearray(300)
        while received < size:
            if time.ticks_diff(time.ticks_ms(), began) > limit_ms:
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
        return time.ticks_diff(time.ticks_ms(), began)

    async def over(self, limit_ms):
        """Wait until the stream is over; return why."""
        began = time.ticks_ms()
        buffer = bytearray(200)
        while time.ticks_diff(time.ticks_ms(), began) < limit_ms:
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


async def main(pty, settings):
    server = Server(pty, settings)
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


asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
