"""The meter of tests/message_server.py, in a MicroPython of its own."""

from pathlib import Path
from typing import Any

from tests.system.meter_process import MeterProcess
from tools.vend.key_file import Key

METER = "01234567890"
NOON = 1577836800 + 12 * 3600

KEYS = {
    role: Key(METER, role, kid, bytes(range(first, first + 16)))
    for role, kid, first in (
        ("vending", b"V1", 0x10), ("administrator", b"A1", 0x20), ("technician", b"T1", 0x30),
        ("meter", b"M1", 0x40))
}


class Answer:
    """What became of a message."""

    def __init__(self, said: list[Any]) -> None:
        (self.status, self.reason, self.text, receipt, self.changed, self.number_used,
         self.files, self.took_us) = said
        self.receipt = bytes.fromhex(receipt)


class Meter(MeterProcess):
    """Use it with `with`."""

    PROGRAM = "message_server.py"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder)

    def ask(self, line: str) -> list[Any]:
        """Say a line; AssertionError with what the meter printed when it has fallen over."""
        said = self.answer(line)
        assert isinstance(said, list), (line, said)
        return said

    def send(self, message: bytes) -> Answer:
        """Give the meter a message."""
        return Answer(self.ask(message.hex() or "00"))
