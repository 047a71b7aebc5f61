"""`python -m tools.vend --broker`: sent through mosquitto, and the receipt waited for."""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from paho.mqtt.client import MQTTMessageInfo

from tests.system.brokers import Authority, Mosquitto, free_port, wait_until
from tests.system.message_meter import KEYS, METER, Meter
from tests.system.vend_rig import FakeMeter, Peer, keys_of, of_firmware, vend
from tools.vend import broker, envelope, exchange, key_file
from tools.vend.envelope import UP
from tools.vend.errors import VendError
from tools.vend.key_file import Key

REFUSED, NOT_CONFIRMED, NO_BROKER = 3, 4, 5


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path, persistence=False) as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with one meter, whose unit is the cent."""
    path = tmp_path / "station"
    path.mkdir()
    key_file.store(path / "keys.json", METER, list(KEYS.values()))
    assert vend("--directory", str(path), "directory", "init").code == 0
    done = vend("--directory", str(path), "directory", "add", "--meter", METER, "--places", "2",
                "--currency", "EUR", "--name", "Flat 3")
    assert done.code == 0, done.err
    return path


class Seller:
    """The tool with its options."""

    def __init__(self, url: str, folder: Path, wait: float = 10, *more: str) -> None:
        self.options = ("--broker", url, "--directory", str(folder), "--wait", str(wait), *more)

    def __call__(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        done = vend(*self.options, *arguments, "--meter", METER, "--json")
        assert done.code == code, (done.out, done.err)
        return {**(json.loads(done.out) if done.out else {}), "error": done.err}


@pytest.fixture
def seller(mosquitto: Mosquitto, folder: Path) -> Seller:
    return Seller(f"mqtt://127.0.0.1:{mosquitto.port}", folder)


def test_the_form_of_the_page(mosquitto: Mosquitto, folder: Path) -> None:
    """What is printed for a person."""
    meter = FakeMeter(METER)
    with Peer(mosquitto.port, lambda _, message: [meter.answer(message)]):
        done = vend("--broker", f"mqtt://127.0.0.1:{mosquitto.port}", "--directory", str(folder),
                    "credit", "--meter", METER, "--amount", "20")
    assert done.code == 0, done.err
    said = done.out.strip().split("; ")
    (tid,) = meter.taken
    assert said[:3] == ["accepted", "balance 20.00 EUR", f"TID {tid}"]
    assert said[3].endswith(" s") and 0 <= float(said[3][:-2]) < 10
    assert meter.taken == {tid: 2000}


def test_the_firmware_takes_all_commands(
    mosquitto: Mosquitto, folder: Path, tmp_path: Path
) -> None:
    seller = Seller(f"mqtt://127.0.0.1:{mosquitto.port}", folder, 30)
    document = tmp_path / "tariff.json"
    document.write_text(json.dumps({
        "id": "other", "currency": "EUR",
        "day_types": {day: "any" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
        "seasons": [{"id": "year", "months": list(range(1, 13))}],
        "periods": {"*/*": [{"from": "00:00", "to": "24:00", "period": "all"}]},
        "tiers": {"window": "none", "count": "all_energy", "mode": "marginal"},
        "energy": {"*/*": [{"up_to_kWh": None, "price": "0.3"}]},
        "tax": {"rate": "0", "included_in_prices": True}}))
    with Meter(tmp_path / "meter") as firmware, Peer(mosquitto.port, of_firmware(firmware)):
        sold = seller("credit", "--amount", "20")
        assert sold["state"] == "confirmed"
        assert sold["receipt"]["status"] == "executed"
        before = sold["receipt"]["balance"]
        assert 0 < sold["seconds"] < 30
        # The same purchase once more: another message, the same TID, taken once.
        again = seller("credit", "--amount", "20", "--tid", str(sold["tid"]))
        assert (again["state"], again["tid"]) == ("confirmed", sold["tid"])
        assert firmware.ask("state")[0] == before
        assert seller("debit", "1.5")["receipt"]["balance"] == before - 150
        assert seller("supply", "off")["state"] == "confirmed"
        assert seller("read", "status")["receipt"]["data"]["reasons"] == 2
        assert seller("supply", "on")["state"] == "confirmed"
        assert seller("setting", "warnings", "300,100")["state"] == "confirmed"
        assert seller("test")["receipt"]["data"] == [2, 2]
        loaded = seller("tariff", str(document), "--start", "2027-01-01")
        assert (loaded["state"], len(loaded["messages"])) == ("confirmed", 3)
        refused = seller("supply", "arm", code=REFUSED)
        assert "unsupported" in refused["error"]
        assert refused["receipt"]["reason"] == "unsupported"
        # A key change needs no second step: the receipt comes by itself.
        old = KEYS["vending"].kid.hex()
        new = seller("keys", "change", old)["kid"]
        kids = [key.kid.hex() for key in key_file.load(folder / "keys.json", METER)]
        assert new in kids and old not in kids
        assert seller("credit", "1")["state"] == "confirmed"


def test_refused(mosquitto: Mosquitto, seller: Seller) -> None:
    meter = FakeMeter(METER, balance=10 ** 9)
    with Peer(mosquitto.port, lambda _, message: [meter.answer(message)]):
        said = seller("credit", "20", "--order", "7", code=REFUSED)
        assert "refused" in said["error"] and "balance" in said["error"]
        assert said["state"] == "refused"
        # Asked again it keeps its TID, under a number of its own: no old receipt answers for it.
        meter.balance = 0
        again = seller("credit", "20", "--order", "7")
    assert (again["state"], again["tid"]) == ("confirmed", said["tid"])
    assert len(set(meter.messages)) == 2


def test_time_out_and_once_more(mosquitto: Mosquitto, seller: Seller, folder: Path) -> None:
    meter = FakeMeter(METER)
    seller.options = (*seller.options, "--wait", "0.6")
    began = time.monotonic()
    said = seller("credit", "20", code=NOT_CONFIRMED)
    assert time.monotonic() - began < 8
    assert "not confirmed" in said["error"] and "the meter may still take it" in said["error"]
    assert f"ask again with --tid {said['tid']}" in said["error"]
    assert (said["state"], said["receipt"]) == ("sent", None)
    with Peer(mosquitto.port, lambda _, message: [meter.answer(message)]):
        seller.options = (*seller.options, "--wait", "10")
        assert "was issued as credit of 2000 units" in seller(
            "credit", "21", "--tid", str(said["tid"]), code=2)["error"]
        assert seller("credit", "20", "--tid", str(said["tid"]))["state"] == "confirmed"
        # A confirmed purchase is not sent any more.
        count = len(meter.messages)
        assert "accepted" in vend(*seller.options, "credit", "20", "--meter", METER, "--tid",
                                  str(said["tid"])).out
    assert len(meter.messages) == count
    assert meter.taken == {said["tid"]: 2000}
    (order,) = json.loads(
        vend("--directory", str(folder), "orders", "list", "--json").out)
    assert (order["state"], order["attempts"]) == ("confirmed", 2)


def test_forged_and_foreign_receipts_are_ignored(mosquitto: Mosquitto, seller: Seller) -> None:
    meter = FakeMeter(METER)
    forger = Key(METER, "meter", b"M1", bytes(16))
    asked = {0: 1, 2: b"V1", 4: 3, 5: 0, 6: 1, 7: METER}

    def answer(_: str, message: bytes) -> list[bytes]:
        kid, number = envelope.heading(message)
        genuine = meter.answer(message)
        own = keys_of(METER)[-1]
        return [
            b"", b"\xd0", b"x" * 600, genuine[:-1] + bytes([genuine[-1] ^ 1]),
            envelope.seal(forger, 9, {**asked, 3: number}, UP),
            # Genuine, but for another message, of another direction, and no receipt at all.
            meter.receipt(kid, number - 1, status=6), meter.receipt(b"A1", number, status=6),
            envelope.seal(own, 10, {**asked, 3: number}, 0),
            envelope.seal(own, 11, {0: 2, 7: METER}, UP),
            envelope.seal(own, 12, {**asked, 3: number, 7: "other"}, UP),
        ] + [genuine] * 3

    with Peer(mosquitto.port, answer):
        said = seller("credit", "20")
        assert said["receipt"]["balance"] == 2000
        # The copies of the receipt before are none for the next.
        assert seller("credit", "5")["receipt"]["balance"] == 2500
    assert len(meter.taken) == 2


def test_only_a_forger_answers(mosquitto: Mosquitto, seller: Seller) -> None:
    forger = Key(METER, "meter", b"M1", bytes(16))

    def answer(_: str, message: bytes) -> list[bytes]:
        kid, number = envelope.heading(message)
        return [envelope.seal(forger, 1, {
            0: 1, 2: kid, 3: number, 4: 3, 5: 0, 6: 2000, 7: METER}, UP)]

    seller.options = (*seller.options, "--wait", "1")
    with Peer(mosquitto.port, answer):
        assert seller("credit", "20", code=NOT_CONFIRMED)["receipt"] is None


def test_broker_restarts_while_waiting(mosquitto: Mosquitto, folder: Path) -> None:
    """The message and the receipt are lost with the broker's memory; both come once more."""
    meter = FakeMeter(METER)
    seen = threading.Event()

    def answer(_: str, message: bytes) -> list[bytes]:
        receipt = meter.answer(message)
        first = not seen.is_set()
        seen.set()
        return [] if first else [receipt]

    seller = Seller(f"mqtt://127.0.0.1:{mosquitto.port}", folder, 30)
    found: dict[str, Any] = {}
    with Peer(mosquitto.port, answer):
        # In a process of its own: standard output cannot be caught in two threads.
        selling = subprocess.Popen(
            [".venv/bin/python", "-m", "tools.vend", *seller.options, "credit", "20", "--meter",
             METER, "--json"], stdout=subprocess.PIPE, text=True)
        assert seen.wait(20)
        mosquitto.kill()
        mosquitto.start()
        out, _ = selling.communicate(timeout=60)
        found = json.loads(out)
    assert selling.returncode == 0
    assert found["state"] == "confirmed"
    assert meter.taken == {found["tid"]: 2000}
    assert len(meter.messages) >= 2 and len(set(meter.messages)) == 1


def test_what_has_no_receipt(
    mosquitto: Mosquitto, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Key(METER, "head_end", b"H1", bytes(range(0x50, 0x60)))
    key_file.store(folder / "keys.json", METER, [*KEYS.values(), key])
    heard: list[tuple[str, bytes]] = []
    seller = Seller(f"mqtt://127.0.0.1:{mosquitto.port}", folder)

    def answer(meter: str, message: bytes) -> list[bytes]:
        heard.append((meter, message))
        return []

    with Peer(mosquitto.port, answer):
        said = seller("ack", "7")
        assert said["state"] == "sent"
        assert "no receipt" in vend(*seller.options, "send-reading", "--meter", METER).out
        wait_until(lambda: len(heard) == 2)
        monkeypatch.setattr(exchange.Client, "publish", lambda *_: MQTTMessageInfo(1))
        seller.options = (*seller.options, "--wait", "0.2")
        assert "the broker did not take it" in seller("ack", "7", code=NOT_CONFIRMED)["error"]
    assert heard[0] == (METER, bytes.fromhex(said["messages"][0]))


def test_interrupted_while_waiting(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(exchange.Exchange, "ask_one", interrupt)
    said = seller("credit", "20", code=NOT_CONFIRMED)
    assert "interrupted: the meter may still take it; ask again with --tid" in said["error"]
    said = seller("supply", "off", code=NOT_CONFIRMED)
    assert said["error"].endswith("may still take it\n")


def test_no_broker_nothing_issued(folder: Path) -> None:
    done = vend("--broker", f"mqtt://127.0.0.1:{free_port()}", "--directory", str(folder),
                "credit", "20", "--meter", METER)
    assert done.code == NO_BROKER
    assert "nothing was sent" in done.err
    assert json.loads(vend("--directory", str(folder), "orders", "list", "--json").out) == []


def test_password(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "seller", "open sesame"],
                   check=True, capture_output=True)
    passwords.chmod(0o600)
    options = ("allow_anonymous false", f"password_file {passwords}")
    with Mosquitto(tmp_path, options=options) as server:
        seller = Seller(f"mqtt://seller@127.0.0.1:{server.port}", folder, 1)
        monkeypatch.delenv(broker.ENVIRONMENT, raising=False)
        assert "no password for user seller" in seller("credit", "20", code=2)["error"]
        monkeypatch.setenv(broker.ENVIRONMENT, "open barley")
        said = seller("credit", "20", code=NO_BROKER)
        assert "Not authorized" in said["error"] and "open barley" not in said["error"]
        monkeypatch.setenv(broker.ENVIRONMENT, "open sesame")
        assert "not confirmed" in seller("credit", "20", code=NOT_CONFIRMED)["error"]
        with_password = Seller("mqtt://seller:open@127.0.0.1", folder)
        said = with_password("credit", "20", code=2)
        assert "does not belong on the command line" in said["error"]
        assert ":open" not in said["error"]


def test_a_broker_that_refuses_the_topic(folder: Path) -> None:
    """It says so in SUBACK; this one knows nothing else."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve() -> None:
            with server.accept()[0] as connection:
                connection.recv(1000)
                connection.sendall(b"\x20\x02\x00\x00")
                subscribe = connection.recv(1000)
                connection.sendall(b"\x90\x03" + subscribe[2:4] + b"\x80")
                rest.append(connection.recv(1000))

        rest: list[bytes] = []
        serving = threading.Thread(target=serve)
        serving.start()
        said = Seller(f"mqtt://127.0.0.1:{server.getsockname()[1]}", folder)(
            "credit", "20", code=NO_BROKER)
        serving.join(10)
    assert f"refuses joulegate/1/{METER}/up/receipt" in said["error"]
    assert "nothing was sent" in said["error"]
    assert rest == [b"\xe0\x00"]


def test_a_host_that_is_no_broker(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange.Exchange.__init__, "__defaults__", (None, None, 0.5))
    with socket.create_server(("127.0.0.1", 0)) as server:
        said = Seller(f"mqtt://127.0.0.1:{server.getsockname()[1]}", folder)(
            "credit", "20", code=NO_BROKER)
    assert "no answer to CONNECT within 0.5 s" in said["error"]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those of a CA and of another, and of two names by the first."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = Authority()
    authority.identity.write(folder, "ca")
    Authority("stranger").identity.write(folder, "stranger")
    for name in ("localhost", "elsewhere"):
        authority.issue(name).write(folder, name)
    authority.issue("localhost", (-9, -1)).write(folder, "late")
    return folder


@pytest.mark.parametrize(("server", "ca", "words"), [
    ("localhost", "ca", ""), ("localhost", "stranger", "certificate verify failed"),
    ("localhost", "", "certificate verify failed"), ("elsewhere", "ca", "Hostname mismatch"),
    ("late", "ca", "certificate has expired"),
])
def test_tls(
    tmp_path: Path, folder: Path, certificates: Path, server: str, ca: str, words: str
) -> None:
    files = [certificates / name for name in ("ca.pem", f"{server}.pem", f"{server}.key.pem")]
    with Mosquitto(tmp_path, tls=(files[0], files[1], files[2])) as found:
        more = ("--ca", str(certificates / f"{ca}.pem")) if ca else ()
        seller = Seller(f"mqtts://localhost:{found.port}", folder, 1, *more)
        said = seller("credit", "20", code=NO_BROKER if words else NOT_CONFIRMED)
        assert words in said["error"]
        assert ("nothing was sent" in said["error"]) == bool(words)


@pytest.mark.parametrize("url", [
    "http://host", "mqtt://", "host", "mqtt://host:0", "mqtt://host:x", "mqtt://host:70000",
    "mqtt://host/topic", "mqtt://host?a=b", "",
])
def test_bad_addresses(url: str) -> None:
    with pytest.raises(VendError, match="broker"):
        broker.parse(url)


def test_addresses() -> None:
    found = broker.parse("mqtt://me%40there@host")
    assert found == broker.Address("host", 1883, "me@there", False)
    assert str(broker.parse("mqtts://[::1]:7")) == "mqtts://[::1]:7"
    assert broker.parse("mqtts://host").port == 8883
    assert broker.parse("mqtt://me@host").in_the_clear
    for harmless in ("mqtt://host", "mqtts://me@host", "mqtt://me@localhost"):
        assert not broker.parse(harmless).in_the_clear


def test_a_password_of_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def get_password(service: str, user: str) -> str:
        asked.append((service, user))
        return "sesame"

    monkeypatch.delenv(broker.ENVIRONMENT, raising=False)
    monkeypatch.setattr(broker.importlib, "import_module", lambda name: SimpleNamespace(
        get_password=get_password, errors=SimpleNamespace(KeyringError=RuntimeError)))
    assert broker.password(broker.parse("mqtt://me@host")) == "sesame"
    assert broker.password(broker.parse("mqtt://host")) is None
    assert asked == [("joulegate", "me@host")]


def test_a_ca_is_for_tls(folder: Path) -> None:
    authority = folder / "ca.pem"
    authority.write_text("nothing")
    for url, words in (("mqtt://127.0.0.1:1", "mqtts://"), ("mqtts://127.0.0.1:1", "ca.pem")):
        said = Seller(url, folder, 1, "--ca", str(authority))("credit", "20", code=2)
        assert words in said["error"]
