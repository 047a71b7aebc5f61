"""Meters behind a broker, for the tests of `python -m tools.vend --broker`."""

import io
import threading
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tests.system.message_meter import Meter
from tools.vend import envelope
from tools.vend.__main__ import main
from tools.vend.envelope import DOWN, UP
from tools.vend.key_file import Key

MAXIMUM = 10 ** 9
EXECUTED, VALIDATION_FAILURE = 3, 6
REASONS = {"used": 4, "balance": 6}


@dataclass
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str


def vend(*arguments: str) -> Done:
    """Run a command in this process."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            return Done(int(end.code or 0), out.getvalue(), err.getvalue())
    raise AssertionError("a command ends the program")


def keys_of(meter: str) -> list[Key]:
    """Keys that anybody would guess."""
    return [Key(meter, role, kid, bytes(range(first, first + 16))) for role, kid, first in (
        ("vending", b"V1", 0x10), ("administrator", b"A1", 0x20), ("technician", b"T1", 0x30),
        ("meter", b"M1", 0x40))]


@dataclass
class FakeMeter:
    """Takes credit as docs/messages.md says, with receipts made by pycose."""

    meter: str
    balance: int = 0
    taken: dict[int, int] = field(default_factory=dict)
    """Units by TID."""
    messages: list[bytes] = field(default_factory=list)
    number: int = 0

    def answer(self, message: bytes) -> bytes:
        """The receipt for a message."""
        self.messages.append(message)
        key, number, body = envelope.open_message(keys_of(self.meter), message, DOWN)
        tid, units = body.get(2, 0), body.get(3, 0)
        status, reason = EXECUTED, 0
        if body[0] == 1 and tid not in self.taken:
            if self.balance + units > MAXIMUM:
                status, reason = VALIDATION_FAILURE, REASONS["balance"]
            else:
                self.taken[tid] = units
                self.balance += units
        return self.receipt(key.kid, number, status, reason)

    def receipt(self, kid: bytes, number: int, status: int = EXECUTED, reason: int = 0) -> bytes:
        """A receipt for that message, whatever became of it."""
        self.number += 1
        return envelope.seal(keys_of(self.meter)[-1], self.number, {
            0: 1, 2: kid, 3: number, 4: status, 5: reason, 6: self.balance, 7: self.meter}, UP)


Answer = Callable[[str, bytes], list[bytes]]
"""Meter, message -> what is published on its receipt topic."""


class Peer:
    """Answers for meters on a broker, as any number of them; use it with `with`."""

    def __init__(self, port: int, answer: Answer) -> None:
        self.answer = answer
        self._ready = threading.Event()
        client = Client(CallbackAPIVersion.VERSION2, "meters", clean_session=False)
        client.reconnect_delay_set(1, 1)
        client.on_connect = self._on_connect
        client.on_subscribe = lambda *_: self._ready.set()
        client.on_message = self._on_message
        client.connect("127.0.0.1", port, 30)
        self.client = client

    def _on_connect(self, client: Client, *_: Any) -> None:
        client.subscribe("joulegate/1/+/down", 1)

    def _on_message(self, client: Client, _data: Any, message: MQTTMessage) -> None:
        meter = message.topic.split("/")[2]
        for receipt in self.answer(meter, bytes(message.payload)):
            client.publish(f"joulegate/1/{meter}/up/receipt", receipt, 1)

    def __enter__(self) -> "Peer":
        self.client.loop_start()
        assert self._ready.wait(10), "the broker takes no subscription"
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def of_firmware(meter: Meter) -> Answer:
    """The firmware's own message service, in a MicroPython of its own."""
    def answer(_number: str, message: bytes) -> list[bytes]:
        receipt = meter.send(message).receipt
        return [receipt] if receipt else []

    return answer


def write_orders(path: Path, rows: list[tuple[str, ...]]) -> Path:
    """A CSV file of orders."""
    path.write_text("\n".join(",".join(row) for row in [("order", "meter", "amount"), *rows]))
    return path
