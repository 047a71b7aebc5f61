"""Masters of other hands, each answering alike: registers, or the number of an exception.

micropython-modbus is GPL-3 and speaks to the meter as a process of its own, in tests alone.
"""

import json
import re
import subprocess

from pymodbus.client import ModbusSerialClient

from tests.system import peers
from tests.system.bus_peer import UNIT, micropython
from tools.bench.process import ROOT

UMODBUS = ROOT / "build" / "peers"
EXCEPTIONS = {"Illegal function": 1, "Illegal data address": 2, "Illegal data value": 3,
              "Slave device or server failure": 4, "Slave device or server is busy": 6}
"""What libmodbus, on which mbpoll stands, calls them."""

Answer = list[int] | int


class Pymodbus:
    """pymodbus 3, by its synchronous client."""

    def __init__(self, path: str) -> None:
        self.client = ModbusSerialClient(path, baudrate=115200, parity="N", timeout=2, retries=0)
        assert self.client.connect()

    def read(self, holding: bool, address: int, count: int) -> Answer:
        read = (self.client.read_holding_registers if holding
                else self.client.read_input_registers)
        said = read(address, count=count, device_id=UNIT)
        return int(said.exception_code) if said.isError() else list(said.registers)

    def write(self, address: int, values: list[int]) -> int:
        said = self.client.write_registers(address, values, device_id=UNIT)
        return int(said.exception_code) if said.isError() else 0

    def close(self) -> None:
        self.client.close()


class Mbpoll:
    """Debian's mbpoll, a program that asks once and ends."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.program = peers.program("mbpoll")

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [self.program, "-m", "rtu", "-a", str(UNIT), "-b", "115200", "-P", "none", "-0",
             "-1", "-o", "2", *arguments], capture_output=True, text=True, timeout=60,
            check=False)
        return done.stdout + done.stderr

    def read(self, holding: bool, address: int, count: int) -> Answer:
        said = self._run("-t", "4:hex" if holding else "3:hex", "-r", str(address), "-c",
                         str(count), self.path)
        found = re.findall(r"^\[(\d+)\]:\s+0x([0-9A-F]{4})$", said, re.MULTILINE)
        if found:
            assert [int(at) for at, _ in found] == list(range(address, address + count)), said
            return [int(value, 16) for _, value in found]
        return _exception(said)

    def write(self, address: int, values: list[int]) -> int:
        said = self._run("-t", "4", "-r", str(address), self.path, "--", *map(str, values))
        return 0 if f"Written {len(values)} references" in said else _exception(said)

    def close(self) -> None:
        """It is closed after each request."""


def _exception(said: str) -> int:
    for text, code in EXCEPTIONS.items():
        if text in said:
            return code
    raise AssertionError(said)


class MicropythonModbus:
    """micropython-modbus on MicroPython's unix port."""

    def __init__(self, path: str) -> None:
        self.path = path
        if not (UMODBUS / "umodbus").is_dir():
            peers.missing("micropython-modbus", "make setup")

    def ask(self, *requests: list[object]) -> list[Answer]:
        tests = ROOT / "tests"
        said = micropython(
            tests / "modbus_master.py", self.path, str(UNIT), said=json.dumps(requests),
            folders=(UMODBUS, tests / "peer_board", tests))
        return [self._answer(answer) for answer in json.loads(said)]

    def _answer(self, said: object) -> Answer:
        if said is True:
            return 0
        if isinstance(said, list):
            return said
        found = re.search(r"slave returned exception code: (\d+)", str(said))
        assert found, said
        return int(found[1])

    def read(self, holding: bool, address: int, count: int) -> Answer:
        return self.ask(["holding" if holding else "input", address, count])[0]

    def write(self, address: int, values: list[int]) -> int:
        answer = self.ask(["write", address, values])[0]
        assert isinstance(answer, int)
        return answer

    def close(self) -> None:
        """It is closed after each request."""


MASTERS = {"pymodbus": Pymodbus, "mbpoll": Mbpoll, "micropython-modbus": MicropythonModbus}

