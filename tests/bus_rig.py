"""A meter with all that its Modbus registers speak of, and a reader of them of its own.

The reader knows the table's words and nothing of the code that answers.
"""

import struct

from uplink_rig import UplinkRig

from joulegate.bus.modbus import register_table
from joulegate.bus.modbus.register_map import RegisterMap

WIDTHS = {"u16": 1, "i16": 1, "bits": 1, "u32": 2, "i32": 2, "time": 2, "u64": 4, "i64": 4}
FORMS = {"u16": ">H", "i16": ">h", "bits": ">H", "u32": ">I", "i32": ">i", "time": ">I",
         "u64": ">Q", "i64": ">q"}
UNKNOWN = {"u16": 0xFFFF, "i16": -0x8000, "bits": 0xFFFF, "u32": 0xFFFFFFFF, "i32": -0x80000000,
           "time": 0xFFFFFFFF, "u64": (1 << 64) - 1, "i64": -(1 << 63)}
UNIX_2020 = 1577836800
GUARD = 0xA5


class Row:
    def __init__(self, holding, address, line):
        kind, self.name, scale, self.unit = line.split(" ")[:4]
        self.kind, _, registers = kind.partition("*")
        self.width = int(registers) if registers else WIDTHS[self.kind]
        self.scale = int(scale)
        self.holding = holding
        self.address = address

    def value(self, body):
        """Return the value in an answer, None for one that is not known."""
        if self.kind == "ascii":
            return body.rstrip(b"\x00").decode()
        if self.kind == "bytes":
            return bytes(body)
        number = struct.unpack(FORMS[self.kind], body)[0]
        return None if number == UNKNOWN[self.kind] else number


def table():
    """Return {(holding, address of the block): [Row, ...]}."""
    found = {}
    rows = None
    for line in register_table.TABLE.split("\n"):
        if line[:1] == "@":
            _, space, at = line.split(" ")[:3]
            holding, address = space == "holding", int(at, 16)
            rows = found[holding, address] = []
        elif line and line[0] != " ":
            row = Row(holding, address, line)
            rows.append(row)
            address += row.width
    return found


BLOCKS = table()
ROWS = [row for rows in BLOCKS.values() for row in rows]
NAMED = {row.name: row for row in ROWS}


class Board:
    NAME = "BENCH"

    def unique_id(self):
        return b"\x01\xab"


class Ic:
    bus_errors = 3


class PowerFail:
    failing = False


class BusTask:
    longest_tick_us = 4700


class BusRig(UplinkRig):
    profile = "development"
    board = Board()

    def build(self):
        self.ic = Ic()
        self.power_fail = PowerFail()
        self.task = BusTask()
        self.clock.source = 1
        self.relay = self.switch._relay
        self.restarts.starts = 5
        self.restarts.safe_mode = self.safe
        super().build()
        if self.records is not None:
            self.records.freezes.load(self.state.registers)
            self.state.billing.listener = self.records.freezes
        self.metering.ticks = 1
        self.map = RegisterMap(self)
        self.reader = Reader(self.map)


class Reader:
    """Asks a RegisterMap, with guards about the answer."""

    def __init__(self, registers):
        self.map = registers

    def ask(self, holding, address, count):
        """Return (exception code, bytes or None); no byte beyond the answer is touched."""
        room = 2 * min(count, 130)
        out = bytearray([GUARD] * (room + 8))
        code = self.map.read(holding, address, count, out, 4)
        guards = bytes([GUARD] * 4)
        if out[:4] != guards or out[-4:] != guards:
            raise AssertionError("beyond the answer")
        if code:
            if out != bytes([GUARD] * len(out)):
                raise AssertionError("an answer in part")
            return code, None
        return 0, bytes(out[4:-4])

    def get(self, name):
        """Return the value of a register by its name, None for one that is not known."""
        row = NAMED[name]
        code, body = self.ask(row.holding, row.address, row.width)
        if code:
            raise AssertionError(name + ": exception " + str(code))
        return row.value(body)

    def all(self):
        """Return {name: value} of every register, block by block."""
        found = {}
        for (holding, address), rows in BLOCKS.items():
            code, body = self.ask(holding, address, sum([row.width for row in rows]))
            if code:
                raise AssertionError(rows[0].name + ": exception " + str(code))
            for row in rows:
                at = 2 * (row.address - address)
                found[row.name] = row.value(body[at:at + 2 * row.width])
        return found

    def put(self, name, *values):
        """Write words from a register on; return the exception code."""
        data = b"\x00" + struct.pack(">" + "H" * len(values), *values)
        return self.map.write(NAMED[name].address, len(values), data, 1)
