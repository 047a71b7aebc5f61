"""No request on the bus allocates: on 32 bits, measured call by call; on 64, a whole exchange."""

import json
from pathlib import Path

from tests.system.bus_peer import micropython
from tools.bench.process import ROOT
from tools.measure32 import Call, measure

_SETUP = """
from line_rig import Registers, Box, frame, read, write, words
from joulegate.bus.modbus.server import RtuServer
from joulegate.bus.modbus.mailbox import Mailbox
from joulegate.drivers.rs485_port import Rs485Port
class Line:
    def __init__(self):
        self.data = b''
        self.at = self.size = self.now = self.sent = self.level = 0
    def ticks_us(self):
        return self.now
    def ticks_diff(self, end, start):
        return end - start
    def sleep_us(self, us):
        self.now += us
    def any(self):
        return self.size - self.at
    def readinto(self, buffer, size):
        for i in range(size):
            buffer[i] = self.data[self.at + i]
        self.at += size
        return size
    def write(self, data, size):
        self.sent += 1
        return size
    def txdone(self):
        return True
    def pin(self, level):
        self.level = level
registers = Registers()
registers.identification = lambda i: b'M-1'
line = Line()
server = RtuServer(registers, Mailbox(None), line)
server.serve(Rs485Port(line, line.pin, 9600, 11, line), 17)
frames = {
    'read': read(0, 125), 'input': read(3, 2, function=4), 'single': frame(6, words(1, 2)),
    'multiple': write(0, 1, 2, 3), 'both': frame(23, words(0, 2, 1, 1), 2, words(5)),
    'hole': read(500, 1), 'value': write(9, 101), 'unknown': frame(99),
    'echo': frame(8, words(0, 5)),
    'count': frame(8, words(11, 0)), 'server id': frame(17), 'identity': frame(43, 14, 4, 0),
    'broadcast': write(0, 1, unit=0), 'others': read(0, 2, unit=5), 'box': read(0x1000, 125),
    'result': read(0x1120, 11), 'box write': write(0x1000, *range(100)), 'damage': b'x' * 30,
    'noise before': b'\\x11\\x03' * 9 + read(0, 2), 'many': write(0, 1, unit=0) + read(0, 1),
}
def exchange(name):
    line.data = frames[name]
    line.size = len(line.data)
    line.at = 0
    for _ in range(40):
        line.now += 1000 + 1000 * server.step()
"""
NAMES = (
    "read", "input", "single", "multiple", "both", "hole", "value", "unknown", "echo", "count",
    "server id", "identity", "broadcast", "others", "box", "result", "box write", "damage",
    "noise before", "many",
)
_PROGRAM = """
import gc
for name in sorted(frames):
    exchange(name)
gc.collect()
gc.disable()
found = {}
for name in sorted(frames):
    before = gc.mem_alloc()
    for _ in range(10):
        exchange(name)
    found[name] = gc.mem_alloc() - before
import json
print(json.dumps([found, line.sent]))
"""


def test_no_request_allocates_on_32_bits() -> None:
    calls: list[Call] = [{"name": name, "setup": _SETUP, "stmt": f"exchange({name!r})", "n": 20}
             for name in NAMES]
    result = measure({"calls": calls}, [ROOT / "firmware", ROOT / "tests"])
    assert result["calls"] == dict.fromkeys(NAMES, 0)


def test_the_measurement_can_fail() -> None:
    setup = _SETUP + "\nregisters.read = lambda *asked: bytes(300) and 0\n"
    result = measure({"calls": [{
        "name": "read", "setup": setup, "stmt": "exchange('read')", "n": 20}]},
        [ROOT / "firmware", ROOT / "tests"])
    assert result["calls"]["read"] > 300


def test_no_request_allocates_on_64_bits(tmp_path: Path) -> None:
    program = tmp_path / "exchange.py"
    program.write_text(_SETUP + _PROGRAM)
    found, sent = json.loads(micropython(
        program, said="", folders=(ROOT / "firmware", ROOT / "tests")))
    assert found == dict.fromkeys(NAMES, 0)
    assert sent > 100
