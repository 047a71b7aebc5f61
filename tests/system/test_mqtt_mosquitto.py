"""The link of the meter against a real mosquitto, over real sockets that break."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.brokers import Mosquitto, Subscriber, wait_until
from tests.system.link_peer import DOWN, LINK, LinkPeer
from tests.system.tcp_proxy import TcpProxy


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path / "broker") as running:
        yield running


def numbers(payloads: list[str]) -> list[int]:
    """What a receiver takes: each number once, in the order of their first coming."""
    return list(dict.fromkeys(int(payload.strip(".")) for payload in payloads))


def test_up_and_down(broker: Mosquitto, tmp_path: Path) -> None:
    with Subscriber(broker.port, "joulegate/#") as heard, LinkPeer(
        tmp_path / "meter", broker.port
    ) as meter:
        meter.wait_for("connected 1")
        meter.say("send 200")
        broker.publish(DOWN, *(f"token{n}" for n in range(50)))
        heard.wait_for(lambda it: len(it.payloads("/up/event")) == 200)
        heard.wait_for(lambda it: len(it.payloads("/up/receipt")) == 50)
        assert heard.payloads("/up/event") == [str(n) for n in range(1, 201)]
        assert meter.said("down") == [f"token{n}" for n in range(50)]
        assert heard.payloads("/up/receipt") == [f"receipt token{n}" for n in range(50)]
        told = meter.tell()
        assert (told["handed"], told["losses"], told["resent"]) == (200, 0, 0)
        assert heard.payloads("/link") == ["online"]


def test_longest_and_too_long(broker: Mosquitto, tmp_path: Path) -> None:
    with LinkPeer(tmp_path / "meter", broker.port) as meter:
        meter.wait_for("connected 1")
        broker.publish(DOWN, "a" * 512, "b" * 5000, "c" * 100000, "d")
        meter.wait_for("down d")
        assert [text[0] for text in meter.said("down")] == ["a", "d"]
        assert meter.tell()["losses"] == 0


def test_last_will(broker: Mosquitto, tmp_path: Path) -> None:
    with Subscriber(broker.port, LINK) as heard:
        with LinkPeer(tmp_path / "meter", broker.port) as meter:
            heard.wait_for(lambda it: it.payloads("/link") == ["online"])
            meter.kill()
        heard.wait_for(lambda it: it.payloads("/link") == ["online", "offline"])


def test_sent_while_the_meter_was_away(broker: Mosquitto, tmp_path: Path) -> None:
    with LinkPeer(tmp_path / "meter", broker.port) as meter:
        meter.wait_for("connected 1")
        meter.kill()
    broker.publish(DOWN, "one", "two")
    with LinkPeer(tmp_path / "meter", broker.port) as meter:
        meter.wait_for("down two")
        assert meter.said("down") == ["one", "two"]


def test_acknowledged_only_after_the_commit(broker: Mosquitto, tmp_path: Path) -> None:
    with LinkPeer(tmp_path / "meter", broker.port) as meter:
        meter.wait_for("connected 1")
        meter.say("fail 1")
        broker.publish(DOWN, "credit")
        meter.wait_for("failed credit", 3)
        meter.kill()
    with LinkPeer(tmp_path / "meter", broker.port) as meter:
        meter.wait_for("down credit")
        meter.wait_for("connected 1")
        meter.say("reconnect")
        meter.wait_for("connected 1", 2)
        assert meter.said("down") == ["credit"]


def test_broker_restarts(tmp_path: Path) -> None:
    """Saved or not: the meter comes back, subscribes again if need be, and loses nothing."""
    broker = Mosquitto(tmp_path / "broker")
    with broker, LinkPeer(tmp_path / "meter", broker.port) as meter:
        for ending in ("stop", "kill"):
            meter.wait_for("connected 1", 1 if ending == "stop" else 2)
            getattr(broker, ending)()
            meter.wait_for("connected 0", 1 if ending == "stop" else 2)
            meter.say("send 50")
            broker.start()
            wait_until(lambda: meter.tell()["handed"] == meter.tell()["made"] > 0)
            broker.publish(DOWN, ending)
            meter.wait_for(f"down {ending}")
        assert meter.tell()["losses"] == 2


def test_keepalive_notices_silence(broker: Mosquitto, tmp_path: Path) -> None:
    with TcpProxy(broker.port) as proxy, LinkPeer(tmp_path / "meter", proxy.port) as meter:
        meter.wait_for("connected 1")
        proxy.silent = True
        meter.wait_for("connected 0", seconds=47)
        assert "does not answer" in meter.tell()["failure"]
        proxy.silent = False
        proxy.drop()
        meter.wait_for("connected 1", 2)


def test_slow_line(broker: Mosquitto, tmp_path: Path) -> None:
    with TcpProxy(broker.port) as proxy, LinkPeer(tmp_path / "meter", proxy.port) as meter:
        proxy.delay_s = 0.3
        meter.wait_for("connected 1")
        meter.say("send 20")
        broker.publish(DOWN, *(str(n) for n in range(20)))
        wait_until(lambda: meter.tell()["handed"] == 20, 30)
        meter.wait_for("down 19")
        assert (meter.tell()["losses"], meter.tell()["resent"]) == (0, 0)


def test_nobody_there(tmp_path: Path) -> None:
    with TcpProxy(1) as proxy, LinkPeer(tmp_path / "meter", proxy.port) as meter:
        wait_until(lambda: meter.tell()["failures"] > 3)
        assert meter.tell()["alive"]
    with LinkPeer(tmp_path / "closed", 1) as meter:
        wait_until(lambda: "refused" in meter.tell()["failure"])


@pytest.mark.parametrize("reset", [True, False], ids=["rst", "fin"])
def test_cut_at_every_byte(tmp_path: Path, reset: bool) -> None:
    """Connection n ends after n bytes, both ways together; up and down go on all the time."""
    cuts = 800
    with (
        # Few at a time, so that more than what is sent again fits into so many bytes.
        Mosquitto(tmp_path / "broker", options=("max_inflight_messages 3",)) as broker,
        Subscriber(broker.port, "joulegate/1/+/up/#") as heard,
        TcpProxy(broker.port) as proxy,
        LinkPeer(tmp_path / "meter", proxy.port, {"rest_ms": [2, 4]}) as meter,
    ):
        # Only what is subscribed to is kept for one who is away.
        meter.wait_for("connected 1")
        proxy.reset = reset
        proxy.cut_after = lambda number: number - 1 if number <= cuts else None
        proxy.drop()
        meter.say("send 100000")
        sent_down = 0
        while proxy.accepted <= cuts:
            broker.publish(DOWN, *(str(n) for n in range(sent_down, sent_down + 10)))
            sent_down += 10
            meter.tell()
        meter.say("stop")
        wait_until(lambda: meter.tell()["phase"] == "run")
        wait_until(lambda: len(numbers(meter.said("down"))) >= sent_down, 30)
        made = meter.tell()["made"]
        heard.wait_for(lambda it: len(numbers(it.payloads("/up/event"))) >= made)
        assert numbers(heard.payloads("/up/event")) == list(range(1, made + 1))
        assert numbers(meter.said("down")) == list(range(sent_down))
        wait_until(lambda: len(set(heard.payloads("/up/receipt"))) >= sent_down)
        told = meter.tell()
        assert told["resent"] > 0
        assert told["losses"] + told["failures"] >= cuts
