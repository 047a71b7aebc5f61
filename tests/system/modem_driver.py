"""The firmware's modem task in a MicroPython of its own, on the pty of a modem model."""

import json
import time
from typing import Any

from tests.system.meter_process import MeterProcess
from tests.system.modem_process import ModemProcess

HEAP = "192wK"
SPEED = 2
"""Driver and model wait for each other most of the time, so both go by a time that is faster."""
SETTINGS = {
    "apn": "internet", "sim_pin": "", "ppp_number": "*99#", "apn_user": "", "apn_password": ""}


class DriverError(Exception):
    """The transport's LinkError, by its text."""


def fast_model(
    *options: str, family: str = "quectel", part: str = "", speed: int = SPEED
) -> ModemProcess:
    """A model of the driver's speed."""
    return ModemProcess(*options, family=family, part=part, speed=speed)


def pause(seconds: float) -> None:
    """Wait in the time of driver and model."""
    time.sleep(seconds / SPEED)


class ModemDriver(MeterProcess):
    """Use it with `with`, on a fast_model()."""

    PROGRAM = "modem_server.py"
    HEAP = HEAP

    def __init__(self, pty: str, speed: int = SPEED, **settings: str) -> None:
        super().__init__(pty, json.dumps({**SETTINGS, **settings}), speed)

    def ask(self, name: str, *values: Any, timeout_s: float = 60) -> Any:
        """Call a method of the server; DriverError for a LinkError of the transport."""
        kind, value = self(name, values, seconds=timeout_s)
        if kind == "error":
            raise DriverError(value)
        return value
