"""A meter for the tests of meterctl: MicroPython's own REPL on a pty, and `meter` from a table.

The raw REPL is the genuine one of the unix port, so the tool meets the protocol as MicroPython
speaks it; only the answers are made up. `listener` is a line on which something else answers.
"""

import contextlib
import json
import os
import pty
import select
import socket
import subprocess
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.harness.execution import micropython

# A board without main.py is bare; with it, it is a meter. Its `sys` is that of a Pico, and
# machine.reset() ends the process, which the board starts again.
_PROGRAM = """
import binascii, builtins, hashlib, json, os, sys

class Implementation:
    version = (1, 28, 0, '')
    _machine = 'Raspberry Pi Pico with RP2040'
    _mpy = 6 | 3 << 8

class Sys:
    implementation = Implementation
    platform = 'rp2'

leave = sys.exit

class Machine:
    def reset():
        leave()

def fake_import(name, *rest):
    return {'sys': Sys, 'machine': Machine}.get(name) or real_import(name, *rest)

real_import = builtins.__import__
builtins.__import__ = fake_import

class Meter:
    document = b''
    turns = {}

    def call(self, text):
        request = json.loads(text)
        with open('requests.txt', 'a') as f:
            f.write(text + '\\n')
        do = request['do']
        with open('answers.json') as f:
            answer = json.load(f).get(do)
        if isinstance(answer, list):
            turn = self.turns.get(do, 0)
            self.turns[do] = turn + 1
            answer = answer[min(turn, len(answer) - 1)]
        if answer is None and do == 'upload':
            if request['at'] == 0:
                self.document = b''
            self.document += binascii.unhexlify(request['hex'])
            answer = {'ok': {'size': len(self.document)}}
        if answer is None and do in ('tariff_check', 'tariff_load'):
            digest = binascii.hexlify(hashlib.sha256(self.document).digest()[:8]).decode()
            answer = {'ok': dict(json.loads(self.document), digest=digest)}
            if do == 'tariff_load':
                answer['ok']['start'] = request['start']
        if answer is None and do == 'reset':
            leave()
        if answer is None:
            answer = {'error': 'request %r: there is none of this name' % do}
        print(answer if isinstance(answer, str) else json.dumps(answer))

if 'main.py' in os.listdir():
    meter = Meter()
"""

SETTINGS = [
    {"name": "commit_Wh", "value": 100, "default": 100, "low": 100, "high": 1000, "unit": "Wh"},
    {"name": "warnings", "value": [500, 100], "default": [], "low": None, "high": None,
     "unit": "credit units, falling"},
    {"name": "friendly_hours", "value": [], "default": [], "low": None, "high": None,
     "unit": "DAYS HOURS", "texts": True},
    {"name": "zone", "value": "UTC0", "default": "UTC0", "low": None, "high": None,
     "unit": "POSIX TZ, from the next start"},
]

IDENTITY = {
    "firmware": "1.2.3", "profile": "development", "board": "METER_RP2040",
    "meter_id": "47110815", "provisioned": True, "locked": False, "counts_per_kWh": 32000,
    "micropython": "1.28.0", "platform": "rp2", "unique_id": "e6614103e72f",
    "capabilities": {"wifi": False, "rs485": True}}

STATUS = {
    "time": "2026-07-01T12:00:00", "uptime_s": 93784, "starts": 3,
    "safe_mode": False, "failure": "", "provisioned": True, "error": "",
    "supply": "off", "reasons": "credit", "relay": "open", "relay_fault": False,
    "V": "230.10", "A": "1.250", "W": "287", "pf": "0.998", "Hz": "50.01",
    "balance": "-0.05000", "currency": "EUR", "period": "day", "season": "all", "tier": 1,
    "tiers": 2, "price": "0.30000", "ticks": 93000, "commits": 412, "bus_errors": 0,
    "heap_free": 90112, "heap_used": 70000, "gate": "",
    "tick_us": {"last": 900, "longest": 2100}}

ANSWERS: dict[str, Any] = {
    "identity": IDENTITY,
    "status": STATUS,
    "registers": {
        "import_kWh": "1234.567", "export_kWh": "0.000", "reactive_import_kvarh": "12.000",
        "reactive_export_kvarh": "0.000"},
    "balance": {
        "balance": "-0.05000", "credits": "20.00000", "charges": "20.05000", "currency": "EUR",
        "month_kWh": "66.833", "month_cost": "20.05", "audit": ""},
    "tariff": {
        "id": "flat", "name": "Flat", "currency": "EUR", "digest": "0011223344556677",
        "periods": ["day"], "seasons": ["all"], "tiers": 2, "price": "0.30000", "next": None},
    "relay": {"relay": "open", "commanded": "open", "load_voltage": False, "intent": "none",
              "fault": False},
    "events": {
        "events": [[7, "2026-07-01T11:59:58", "credit_exhausted", 0],
                   [8, "2026-07-01T11:59:59", "credited", "20.00000"]],
        "count": 9, "discarded": 7},
    "settings": {"settings": SETTINGS},
    "set": {"settings": SETTINGS},
    "self_test": {"passed": True, "tests": [
        {"name": "metering IC", "passed": True, "text": "answers"}]},
    "clock": {"time": "2026-07-01T12:00:01"},
    "credit": {"accepted": True, "reason": "", "balance": "19.95000"},
    "token": {"accepted": True, "reason": "", "text": "", "waiting": 0, "amount": "1.00000",
              "balance": "20.95000"},
    "message": {"accepted": True, "status": 3, "reason": 0, "text": "credit", "receipt": "d083"},
    "challenge": {"challenge": "00" * 16}, "login": {}, "logout": {},
    "token_key": {}, "message_keys": {"keys": 4},
}
"""What the meter of the tests answers; what concerns a document it works out."""


class Board:
    """MicroPython on a pty, in a folder that is its file system; a meter unless `bare`."""

    def __init__(self, folder: Path, bare: bool = False) -> None:
        self.folder = folder
        self._answers: dict[str, Any] = {}
        self.answer(**{do: {"ok": answer} for do, answer in ANSWERS.items()})
        (folder / "program.py").write_text(_PROGRAM)
        (folder / "requests.txt").touch()
        if not bare:
            (folder / "main.py").touch()
        self._outer, self._slave = _pair()
        self.port = os.ttyname(self._slave)
        self._closing = False
        # Here and not in the thread: a fork beside running threads may fail.
        self._start()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def answer(self, **answers: Any) -> None:
        """Change answers: {"ok"} or {"error"}, a text that is printed as it is, or a list of
        these to be given one after the other."""
        self._answers |= answers
        (self.folder / "answers.json").write_text(json.dumps(self._answers))

    def requests(self, do: str | None = None) -> list[dict[str, Any]]:
        """Return the requests so far, all or those of one kind."""
        lines = (self.folder / "requests.txt").read_text().splitlines()
        return [r for r in map(json.loads, lines) if do in (None, r["do"])]

    def close(self) -> None:
        self._closing = True
        self._thread.join()
        os.close(self._outer)
        os.close(self._slave)

    def _start(self) -> None:
        self._inner, slave = _pair()
        self._process = subprocess.Popen(
            [micropython(), "-i", "program.py"], cwd=self.folder, stdin=slave, stdout=slave,
            stderr=slave)
        self._inner_slave = slave

    def _stop(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._inner)
        os.close(self._inner_slave)

    def _run(self) -> None:
        """Carry bytes between the tool and MicroPython; start it again when it ends."""
        while not self._closing:
            if self._process.poll() is not None:
                self._stop()
                self._start()
            for end in select.select([self._outer, self._inner], [], [], 0.05)[0]:
                to = self._inner if end == self._outer else self._outer
                os.write(to, os.read(end, 4096))
        self._stop()


def _pair() -> tuple[int, int]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    return master, slave


@contextlib.contextmanager
def listener(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """Yield the URL of a TCP port where `serve` has each connection, in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=_served, args=(serve, connection),
                                     daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"socket://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def _served(serve: Callable[[socket.socket], None], connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        serve(connection)
