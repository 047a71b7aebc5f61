"""The meter of tests/uplink_server.py, in a MicroPython of its own."""

from pathlib import Path

from tests.system.message_meter import KEYS, METER
from tests.system.meter_process import MeterProcess
from tools.vend.key_file import Key

HEAD_END = Key(METER, "head_end", b"H1", bytes(range(0x50, 0x60)))
ALL_KEYS = [*KEYS.values(), HEAD_END]


class UplinkMeter(MeterProcess):
    """Use it with `with`."""

    PROGRAM = "uplink_server.py"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder)
