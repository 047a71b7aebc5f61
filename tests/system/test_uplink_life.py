"""A meter, a broker that forgets what it has acknowledged, and a head-end: nothing is lost.

The meter is the firmware's uplink in MicroPython; the head-end is tools/uplink. Whatever the
broker does, every event, freeze and receipt arrives, in the order of their numbers, once after
repeats are dropped.
"""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.system.message_meter import KEYS, METER
from tests.system.uplink_meter import ALL_KEYS, HEAD_END, UplinkMeter
from tools.uplink.receiver import PATIENCE_S, Received, Receiver
from tools.vend import envelope, instructions

SAG, COVER_OPENED, SUPPLY_DISCONNECTED, CLOCK_SLEWED = 4, 12, 9, 32
CLASS_OF = {SAG: 4, COVER_OPENED: 3, SUPPLY_DISCONNECTED: 1, CLOCK_SLEWED: 5}
CREDITED, CREDIT_CLASS = 7, 2


class World:
    """All of them. `seed` decides what goes wrong; `wrong`: how much of it, 0 to 1."""

    def __init__(self, meter: UplinkMeter, seed: int, wrong: float) -> None:
        self.meter = meter
        self.chance = random.Random(seed)
        self.wrong = wrong
        self.numbers = {"head_end": 0, "vending": 0}
        self.receiver = Receiver(METER, ALL_KEYS, self.seal_head_end)
        self.now = 0.0
        self.down: list[bytes] = []
        self.broker: list[tuple[str, bytes]] = []
        self.got: list[Received] = []
        self.connected = False
        # What happened, to be compared with what came.
        self.events: dict[int, list[int]] = {}
        self.days: list[int] = []
        self.months = 0
        self.credits: list[int] = []
        self.value = 0

    def seal_head_end(self, body: dict[int, Any]) -> bytes:
        self.numbers["head_end"] += 1
        return envelope.seal(HEAD_END, self.numbers["head_end"], body)

    def happens(self, share: float) -> bool:
        return self.chance.random() < share

    # --- what happens -------------------------------------------------------------------------

    def live(self, steps: int) -> None:
        for _ in range(steps):
            self.something()
            self.step()

    def something(self) -> None:
        chance = self.chance
        if self.happens(0.25):
            code = chance.choice(list(CLASS_OF))
            self.value += 1
            self.events.setdefault(CLASS_OF[code], []).append(self.value)
            self.meter("event", code, self.value)
        if self.happens(0.06):
            self.days.append(self.days[-1] + 1 if self.days else 5)
            self.meter("day", self.days[-1])
        if self.happens(0.01):
            self.months += 1
            self.meter("month")
        if self.happens(0.05):
            self.numbers["vending"] += 1
            number = self.numbers["vending"]
            message = envelope.seal(KEYS["vending"], number, instructions.body(
                "credit", 1000 + number, 5))
            self.down += [message] * chance.choice((1, 1, 2))
            self.credits.append(number)
            # The credit itself is an event, too.
        if self.happens(0.02 * self.wrong):
            # Beyond what acknowledgements may wait for; a cut may come at any time.
            self.meter("reboot")
            self.connected = False

    def step(self) -> None:
        seconds = self.chance.choice((1, 10, 60, 400))
        self.meter("pass", seconds, max(1, seconds // 10))
        self.now += seconds
        if not self.connected:
            if self.happens(0.7):
                self.meter("connect")
                self.connected = True
        elif self.happens(0.1 * self.wrong):
            self.meter("lose")
            self.connected = False
        if self.connected:
            self.up()
            self.downlink()
        self.deliver()
        self.down += self.receiver.due(self.now)

    def up(self) -> None:
        while (offered := self.meter("next")) is not None:
            token, suffix, message = offered
            if self.happens(0.05 * self.wrong):
                self.meter("lose")  # before the broker said anything; it may have it or not
                self.connected = False
                if self.happens(0.5):
                    self.broker.append((suffix, bytes.fromhex(message)))
                return
            self.meter("handed", token)
            if not self.happens(0.3 * self.wrong):
                self.broker.append((suffix, bytes.fromhex(message)))
                if self.happens(0.1 * self.wrong):
                    self.broker.append((suffix, bytes.fromhex(message)))

    def downlink(self) -> None:
        down, self.down = self.down, []
        for message in down:
            if self.happens(0.2 * self.wrong) and message not in self.down:
                if self.happens(0.5):
                    self.down.append(message)  # later
                elif envelope.open_message(ALL_KEYS, message, 0)[0].role == "vending":
                    self.down.append(message)  # the station asks again
                continue
            status, has_receipt, text = self.meter("down", message.hex())
            assert status == 3, text

    def deliver(self) -> None:
        for suffix, message in self.broker:
            received = self.receiver.take(f"joulegate/1/{METER}/up/{suffix}", message)
            if received is not None:
                assert not received.again
                self.got.append(received)
        self.broker = []

    def settle(self) -> None:
        """Let nothing go wrong any more, until all is acknowledged."""
        self.wrong = 0
        for _ in range(60):
            self.step()
            self.now += PATIENCE_S
        first, following, discarded = self.meter("held")
        assert (first, discarded) == (following, 0)

    def check(self) -> None:
        held = sorted((r for r in self.got if r.held is not None), key=lambda r: r.held or 0)
        first, following, _ = self.meter("held")
        assert [r.held for r in held] == list(range(1, following))
        assert not self.receiver.missing() and not self.receiver.lost
        rows: dict[int, list[dict[str, Any]]] = {}
        for received in held:
            said = received.shown()
            if said["kind"] == "event":
                number = instructions.EVENT_CLASSES.index(said["class"])
                rows.setdefault(number, []).extend(said["events"])
        for number, found in rows.items():
            sequences = [row["sequence"] for row in found]
            assert sequences == list(range(len(sequences)))
            if number in self.events:
                assert [row["value"] for row in found] == self.events[number]
        assert rows.keys() >= self.events.keys()
        freezes = [r.shown() for r in held if r.body[0] == 4]
        assert [f["freeze"]["day"] for f in freezes if f["of"] == "day"] == self.days
        assert sum(f["of"] == "month" for f in freezes) <= self.months
        receipts = [r.body[3] for r in held if r.body[0] == 1]
        assert sorted(set(receipts)) == self.credits[:len(set(receipts))] == self.credits


@pytest.mark.parametrize("seed", range(3))
def test_a_life_with_a_broker_that_forgets(tmp_path: Path, seed: int) -> None:
    with UplinkMeter(tmp_path / "meter") as meter:
        world = World(meter, seed, 1.0)
        world.live(400)
        world.settle()
        world.check()


def test_a_quiet_life_sends_everything_once(tmp_path: Path) -> None:
    with UplinkMeter(tmp_path / "meter") as meter:
        world = World(meter, 9, 0)
        world.live(150)
        world.settle()
        world.check()


def test_the_receiver_goes_on_where_it_was(tmp_path: Path) -> None:
    with UplinkMeter(tmp_path / "meter") as meter:
        world = World(meter, 4, 1.0)
        for _ in range(10):
            world.live(20)
            state = json.loads(json.dumps(world.receiver.state()))
            world.receiver = Receiver(METER, ALL_KEYS, world.seal_head_end)
            world.receiver.restore(state)
        world.settle()
        world.check()
