"""TLS to a real mosquitto: who is believed, and who is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.system.brokers import Authority, Mosquitto, free_port, wait_until
from tests.system.link_peer import DOWN, LinkPeer
from tests.system.tcp_proxy import TcpProxy

NAME = "broker.example"


@dataclass
class World:
    """A broker with TLS on its port and a plain listener for the test, and certificates."""

    folder: Path
    authority: Authority
    broker: Mosquitto
    plain: int

    def meter(self, **settings: Any) -> LinkPeer:
        options = settings.pop("options", {})
        values = {"tls": True, "server_name": NAME, "port": self.broker.port, **settings}
        return LinkPeer(self.folder, values.pop("port"), options, **values)

    def refused(self, words: str, **settings: Any) -> dict[str, Any]:
        """Have a meter try, and see that it fails for this reason every time."""
        with self.meter(**settings) as meter:
            wait_until(lambda: meter.tell()["failures"] > 2, tell=lambda: str(meter.tell()))
            told = meter.tell()
            assert told["connections"] == 0
            assert words in told["failure"], told["failure"]
            return told


def make(tmp_path: Path, days: tuple[int, int] = (-1, 30), mutual: bool = False) -> World:
    authority = Authority()
    folder = tmp_path / "files"
    folder.mkdir()
    authority.identity.write(folder, "ca")
    authority.issue(NAME, days).write(folder, "broker")
    plain = free_port()
    broker = Mosquitto(
        tmp_path / "broker",
        tls=(folder / "ca.pem", folder / "broker.pem", folder / "broker.key.pem"),
        client_certificates=mutual, options=(f"listener {plain} 127.0.0.1",))
    return World(folder, authority, broker, plain)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make(tmp_path)
    with made.broker:
        yield made


def publish(world: World, *payloads: str) -> None:
    world.broker.port, kept = world.plain, world.broker.port
    world.broker.publish(DOWN, *payloads)
    world.broker.port = kept


def test_believed(world: World) -> None:
    with world.meter() as meter:
        meter.wait_for("connected 1")
        publish(world, *(str(n) for n in range(20)), "x" * 512)
        meter.say("send 50")
        meter.wait_for("down " + "x" * 512)
        wait_until(lambda: meter.tell()["handed"] == 50)
        assert meter.said("down")[:20] == [str(n) for n in range(20)]
        told = meter.tell()
        assert told["losses"] == told["failures"] == 0


def test_unknown_authority(world: World) -> None:
    Authority().identity.write(world.folder, "other")
    world.refused("tls", ca="other.der")


def test_wrong_name(world: World) -> None:
    assert "Common Name" in world.refused("tls", server_name="evil.example")["failure"]
    world.refused("tls", server_name="")


def test_own_certificate_does_not_make_an_authority(world: World) -> None:
    """A broker's certificate of another authority with the same name is not believed."""
    Authority().identity.write(world.folder, "namesake")
    world.refused("tls", ca="namesake.der")


@pytest.mark.parametrize("days", [(-30, -1), (2, 30)], ids=["expired", "not yet"])
def test_dates(tmp_path: Path, days: tuple[int, int]) -> None:
    world = make(tmp_path, days)
    with world.broker:
        world.refused("tls")


def test_clock_not_set(world: World) -> None:
    world.refused("the clock is not set", options={"clock": 0})


def test_files(world: World) -> None:
    world.refused("names no file", ca="")
    world.refused("missing.der", ca="missing.der")
    (world.folder / "empty.der").write_bytes(b"")
    world.refused("0 bytes: must be 1 to 4096", ca="empty.der")
    (world.folder / "bad.der").write_bytes(b"no certificate")
    world.refused("tls: invalid cert", ca="bad.der")
    world.refused("setting key names no file", certificate="broker.der")


def test_plain_broker(world: World) -> None:
    world.refused("socket", port=world.plain)


def test_plain_meter(world: World) -> None:
    with world.meter(tls=False) as meter:
        wait_until(lambda: meter.tell()["failures"] > 2)
        assert meter.tell()["connections"] == 0


def test_handshake_cut_at_many_bytes(world: World) -> None:
    with TcpProxy(world.broker.port) as proxy:
        proxy.cut_after = lambda number: number * 23 if number < 90 else None
        with world.meter(port=proxy.port, options={"rest_ms": [2, 4]}) as meter:
            meter.say("send 100000")
            wait_until(lambda: proxy.accepted > 90, 60)
            meter.say("stop")
            wait_until(lambda: meter.tell()["phase"] == "run")
            publish(world, "after all")
            meter.wait_for("down after all")


def test_silence_in_the_handshake_is_no_end(world: World) -> None:
    with TcpProxy(world.broker.port) as proxy:
        proxy.silent = True
        with world.meter(port=proxy.port) as meter:
            wait_until(lambda: meter.tell()["phase"] == "connect")
            assert meter.tell()["longest_stall_ms"] < 1000
            proxy.silent = False
            meter.wait_for("connected 1")


def test_certificate_of_the_meter(tmp_path: Path) -> None:
    world = make(tmp_path, mutual=True)
    world.authority.issue("01234567890").write(world.folder, "meter")
    Authority().issue("01234567890").write(world.folder, "stranger")
    with world.broker:
        with world.meter(certificate="meter.der", key="meter.key.der") as meter:
            meter.wait_for("connected 1")
        with world.meter() as meter:
            wait_until(lambda: meter.tell()["failures"] > 2)
            assert meter.tell()["connections"] == 0
        with world.meter(certificate="stranger.der", key="stranger.key.der") as meter:
            wait_until(lambda: meter.tell()["failures"] > 2)
            assert meter.tell()["connections"] == 0
        world.refused("tls", certificate="meter.der", key="stranger.key.der")
