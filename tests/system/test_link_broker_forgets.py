"""A meter, a real mosquitto that forgets what it has acknowledged, and a head-end.

The broker queues at most ten messages for one who is away, and is killed without having saved
anything, round after round. The meter is the firmware's link and uplink on real sockets, the
head-end tools/uplink with paho. Measured elsewhere: such a broker loses every message it had.
"""

import threading
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from tests.system.brokers import Mosquitto, wait_until
from tests.system.message_meter import KEYS, METER
from tests.system.meter_process import MeterProcess
from tests.system.uplink_meter import ALL_KEYS, HEAD_END
from tools.uplink import bodies
from tools.uplink.receiver import Receiver
from tools.vend import envelope, instructions

DOWN = f"joulegate/1/{METER}/down"
ROUNDS = 12
EVENTS = 14
"""In a round: more than the broker's queue takes."""
COVER_OPENED, TAMPER = 12, 3
RECEIPT, EVENTS_CODE, EXECUTION_OK = 1, 3, 3
UNITS = 1000


class LinkMeter(MeterProcess):
    """The meter of tests/uplink_link_meter.py; use it with `with`."""

    PROGRAM = "uplink_link_meter.py"

    def __init__(self, folder: Path, port: int) -> None:
        folder.mkdir()
        super().__init__(folder, port)


class HeadEnd:
    """tools/uplink over paho: what it was told it keeps, whatever the broker does."""

    def __init__(self, port: int) -> None:
        self._number = 0
        self._lock = threading.Lock()
        self.receiver = Receiver(METER, ALL_KEYS, self._seal)
        self.events: list[int] = []
        self.statuses: dict[int, int] = {}
        self.messages = self.repeats = 0
        self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id="head-end", clean_session=False)
        self._client.on_connect = self._connected
        self._client.on_message = self._take
        self._client.reconnect_delay_set(1, 1)
        self._port = port

    def _seal(self, body: dict[int, Any]) -> bytes:
        self._number += 1
        return envelope.seal(HEAD_END, self._number, body)

    def connect(self) -> None:
        self._client.connect("127.0.0.1", self._port, keepalive=30)
        self._client.loop_start()

    def disconnect(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: paho.Client, *_: object) -> None:
        client.subscribe(f"joulegate/1/{METER}/up/#", qos=1)

    def _take(self, client: paho.Client, _: object, message: paho.MQTTMessage) -> None:
        with self._lock:
            self.messages += 1
            received = self.receiver.take(message.topic, message.payload)
            if received is None:
                self.repeats += 1
                return
            body = received.body
            if body[bodies.CODE] == EVENTS_CODE and body[bodies.WHAT] == TAMPER:
                self.events += [row[3] for row in body[bodies.ROWS]]
            elif body[bodies.CODE] == RECEIPT:
                self.statuses[body[3]] = body[4]

    def step(self) -> None:
        """Acknowledge and ask for what is due, and for a reading, which tells what there is."""
        with self._lock:
            due = self.receiver.due(time.monotonic() * 100)
        for payload in [*due, self._seal(instructions.body("send_reading"))]:
            self.publish(payload)

    def publish(self, payload: bytes) -> None:
        self._client.publish(DOWN, payload, qos=1)


@pytest.mark.timeout(300)
def test_nothing_is_lost_by_a_broker_that_forgets(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker", options=(
        "max_queued_messages 10", "autosave_interval 0"))
    expected = []
    sold = []
    with broker, LinkMeter(tmp_path / "meter", broker.port) as meter:
        head_end = HeadEnd(broker.port)
        value = 0
        for number in range(1, ROUNDS + 1):
            wait_until(lambda: meter("told")["connected"], 20, lambda: str(meter("told")))
            meter("day")  # the records take so many events of a class in a day
            away = number % 3 != 0
            head_end.connect()
            # Sold to the broker, which may forget it: the station says it again until the end.
            sold.append(envelope.seal(KEYS["vending"], number, instructions.body(
                "credit", 1000 + number, UNITS)))
            head_end.publish(sold[-1])
            time.sleep(0.1)
            if away:
                head_end.disconnect()
            before = meter("told")["published"]
            for _ in range(EVENTS):
                value += 1
                expected.append(value)
                meter("event", COVER_OPENED, value)
            wait_until(lambda: meter("told")["published"] >= before + EVENTS,  # noqa: B023
                       20, lambda: f"round {number}, {before}, {meter('told')}")  # noqa: B023
            broker.kill()
            broker.start()
            if away:
                head_end.connect()

            def all_arrived() -> bool:
                head_end.step()
                for message in sold:
                    if len(head_end.statuses) < len(sold):
                        head_end.publish(message)
                time.sleep(0.2)
                return (len(set(head_end.events)) >= len(expected)
                        and not head_end.receiver.missing() and not meter("told")["held"])

            wait_until(all_arrived, 40, lambda: f"{len(head_end.events)} of {len(expected)}, "
                       f"missing {head_end.receiver.missing()}, {meter('told')}")
            head_end.disconnect()
        told = meter("told")
    # One that the broker forgot comes after those that it did not: in order of its number only.
    assert sorted(head_end.events) == expected
    assert head_end.receiver.lost == []
    assert told["discarded"] == 0
    assert head_end.statuses == dict.fromkeys(range(1, ROUNDS + 1), EXECUTION_OK)
    assert told["credits"] == ROUNDS * UNITS
    assert head_end.repeats > 0
