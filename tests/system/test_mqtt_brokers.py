"""The link of the meter with brokers of two other makes, written by other hands."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.brokers import Aedes, Amqtt, Broker, Subscriber, wait_until
from tests.system.link_peer import DOWN, LINK, LinkPeer


@pytest.fixture(params=[Amqtt, Aedes], ids=["amqtt", "aedes"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    with request.param(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Broker]:
    """A broker that keeps messages for one who is away. amqtt 0.12.1 does not, nor does it send
    again what was not acknowledged: mosquitto's own client misses them there, too."""
    with Aedes(tmp_path / "broker") as running:
        yield running


def test_up_and_down(broker: Broker, tmp_path: Path) -> None:
    with Subscriber(broker.port, "joulegate/#") as heard, LinkPeer(
        tmp_path / "meter", broker.port
    ) as meter:
        meter.wait_for("connected 1")
        meter.say("send 50")
        broker.publish(DOWN, *(f"token{n}" for n in range(20)))
        heard.wait_for(lambda it: len(set(it.payloads("/up/event"))) == 50)
        heard.wait_for(lambda it: len(set(it.payloads("/up/receipt"))) == 20)
        assert meter.said("down") == [f"token{n}" for n in range(20)]
        told = meter.tell()
        assert (told["handed"], told["losses"]) == (50, 0)


def test_sent_while_the_meter_was_away(keeping: Broker, tmp_path: Path) -> None:
    with LinkPeer(tmp_path / "meter", keeping.port) as meter:
        meter.wait_for("connected 1")
        meter.kill()
    keeping.publish(DOWN, "one", "two")
    with LinkPeer(tmp_path / "meter", keeping.port) as meter:
        meter.wait_for("down two")
        assert list(dict.fromkeys(meter.said("down"))) == ["one", "two"]


def test_acknowledged_only_after_the_commit(keeping: Broker, tmp_path: Path) -> None:
    with LinkPeer(tmp_path / "meter", keeping.port) as meter:
        meter.wait_for("connected 1")
        meter.say("fail 1")
        keeping.publish(DOWN, "credit")
        meter.wait_for("failed credit", 2)
        meter.say("fail 0")
        meter.wait_for("down credit")


def test_broker_restarts_without_memory(broker: Broker, tmp_path: Path) -> None:
    with LinkPeer(tmp_path / "meter", broker.port) as meter:
        meter.wait_for("connected 1")
        broker.kill()
        meter.say("send 20")
        meter.wait_for("connected 0")
        broker.start()
        meter.wait_for("connected 1", 2)
        wait_until(lambda: meter.tell()["handed"] == 20)
        broker.publish(DOWN, "again")
        meter.wait_for("down again")


def test_last_will(broker: Broker, tmp_path: Path) -> None:
    with Subscriber(broker.port, LINK) as heard:
        with LinkPeer(tmp_path / "meter", broker.port) as meter:
            heard.wait_for(lambda it: "online" in it.payloads("/link"))
            meter.kill()
        heard.wait_for(lambda it: "offline" in it.payloads("/link"))
