"""Credit by downlink and receipts by uplink: the firmware's link on a model of a RAK3172."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.execution import micropython
from tests.system.brokers import wait_until
from tests.system.message_meter import KEYS, METER
from tests.system.meter_process import MeterProcess
from tests.system.modem_process import ModemProcess
from tests.system.uplink_meter import ALL_KEYS, HEAD_END
from tools.lorawan.pieces import Gathering, Whole, cut
from tools.uplink.receiver import Received, Receiver
from tools.vend import envelope, instructions

ROOT = Path(__file__).resolve().parents[2]
PORT = 2
SLOWEST = 51


class LorawanMeter(MeterProcess):
    """The meter of tests/lorawan_meter.py; use it with `with`."""

    PROGRAM = "lorawan_meter.py"
    HEAP = "512wK"

    def __init__(self, folder: Path, pty: str) -> None:
        folder.mkdir()
        super().__init__(folder, pty)

    def wait_for(self, name: str, value: Any, seconds: float = 30) -> None:
        """Wait until what it tells has a value under a name."""
        wait_until(lambda: self("told")[name] == value, seconds, lambda: str(self("told")))


class NetworkServer:
    """What a head-end has behind a network server: pieces to messages, and messages to pieces."""

    def __init__(self, module: ModemProcess) -> None:
        self._module = module
        self._seen = 0
        self._tag = 0
        self._number = 0
        self.gathering = Gathering()
        self.receiver = Receiver(METER, ALL_KEYS, self.seal)
        self.got: list[Received] = []
        self.sizes: list[int] = []

    def seal(self, body: dict[int, Any]) -> bytes:
        self._number += 1
        return envelope.seal(HEAD_END, self._number, body)

    def down(self, message: bytes, leave_out: int | None = None, again: bool = False) -> int:
        """Send a message in pieces, all but one if so told; return how many it has."""
        self._tag = (self._tag + (not again)) % 32
        payloads = cut(message, self._tag, SLOWEST)
        for place, payload in enumerate(payloads):
            if place != leave_out:
                self._module.tell(downlink={"port": PORT, "hex": payload.hex()})
        return len(payloads)

    def hear(self) -> list[Received]:
        """Take what has come up; return all of it so far."""
        uplinks = self._module.tell(uplinks=True)["uplinks"]
        for uplink in uplinks[self._seen:]:
            assert uplink["port"] == PORT and uplink["confirmed"]
            payload = bytes.fromhex(uplink["hex"])
            self.sizes.append(len(payload))
            whole = self.gathering.take(payload)
            if whole is not None:
                received = self.receiver.take(
                    f"joulegate/1/{METER}/up/{whole.topic}", whole.message)
                if received is not None:
                    self.got.append(received)
        self._seen = len(uplinks)
        return self.got

    def topics(self) -> list[str]:
        return [received.topic.rsplit("/")[-1] for received in self.hear()]

    def wait_for(self, topic: str, count: int = 1, seconds: float = 40) -> Received:
        """Wait until so many messages of a topic have come; return the last."""
        wait_until(lambda: self.topics().count(topic) >= count, seconds, lambda: str(self.got))
        return [r for r in self.got if r.topic.endswith(topic)][-1]


@pytest.fixture
def module() -> Iterator[ModemProcess]:
    with ModemProcess("--delay", "20", family="rak3172") as running:
        yield running


def credit(tid: int, units: int = 100000) -> bytes:
    """A message of the vending station."""
    return envelope.seal(
        KEYS["vending"], 1800000000 + tid, instructions.body("credit", tid, units))


def test_credit_down_and_receipt_up(module: ModemProcess, tmp_path: Path) -> None:
    with LorawanMeter(tmp_path / "meter", module.pty) as meter:
        server = NetworkServer(module)
        meter.wait_for("connected", True)
        server.wait_for("status")
        message = credit(1)
        # As docs/lorawan.md says: one piece at the slowest rate of Europe.
        assert len(message) <= SLOWEST - 2
        assert server.down(message) == 1
        meter.wait_for("credits", 100000)
        receipt = server.wait_for("receipt")
        assert receipt.body[3] == 1800000001
        # A downlink that comes twice counts once, and its receipt is the same one.
        server.down(message)
        meter.wait_for("received", 2)
        assert meter("told")["credits"] == 100000
        # The head-end says what it has; then nothing is held any more.
        for down in server.receiver.due(0):
            server.down(down)
        wait_until(lambda: acknowledged(server, meter), 40, lambda: str(meter("told")))
        assert max(server.sizes) <= 222
        told = meter("told")
        assert told["alive"] and told["refused"] == 0
        assert "software_failed" not in told["events"]


def acknowledged(server: NetworkServer, meter: LorawanMeter) -> bool:
    """Acknowledge what has come, until nothing is held."""
    server.hear()
    for down in server.receiver.due(0):
        server.down(down)
    return bool(meter("told")["held"] == 0)


def test_long_messages_and_lost_pieces(module: ModemProcess, tmp_path: Path) -> None:
    with LorawanMeter(tmp_path / "meter", module.pty) as meter:
        server = NetworkServer(module)
        meter.wait_for("connected", True)
        server.wait_for("status")
        setting = envelope.seal(KEYS["administrator"], 1, instructions.body(
            "set_setting", "zone", "CET-1CEST,M3.5.0,M10.5.0/3"))
        assert server.down(setting, leave_out=1) == 2
        # A piece is lost: nothing happens, until the sender misses the receipt.
        meter.wait_for("received", 0)
        assert "receipt" not in server.topics()
        server.down(setting, again=True)
        meter.wait_for("received", 1)
        server.wait_for("receipt")


def test_joining_fails_at_first(module: ModemProcess, tmp_path: Path) -> None:
    module.tell(join=False)
    with LorawanMeter(tmp_path / "meter", module.pty) as meter:
        wait_until(lambda: meter("told")["failures"] >= 2)
        told = meter("told")
        assert not told["connected"] and "join" in told["failure"]
        module.tell(join=True)
        meter.wait_for("connected", True)
        NetworkServer(module).wait_for("status")


def test_without_coverage_nothing_is_lost(module: ModemProcess, tmp_path: Path) -> None:
    with LorawanMeter(tmp_path / "meter", module.pty) as meter:
        server = NetworkServer(module)
        meter.wait_for("connected", True)
        server.wait_for("status")
        module.tell(air={"reachable": False})
        meter("event", 12, 7)  # the cover
        module.wait_for("out", "SEND_CONFIRMED_FAILED", 20)
        assert "event" not in server.topics()
        module.tell(air={"reachable": True})
        server.wait_for("event")


def test_the_module_restarts_and_refuses(module: ModemProcess, tmp_path: Path) -> None:
    with LorawanMeter(tmp_path / "meter", module.pty) as meter:
        server = NetworkServer(module)
        meter.wait_for("connected", True)
        server.wait_for("status")
        module.tell(reset=True)
        wait_until(lambda: meter("told")["losses"] == 1)
        meter.wait_for("connected", True)
        server.wait_for("status", 2)
        module.fault("error", {"match": "AT\\+SEND"})
        meter("event", 12, 7)
        server.wait_for("event")
        assert server.down(credit(1)) == 1
        meter.wait_for("credits", 100000)


def test_pieces_of_the_head_end() -> None:
    message = bytes(range(120))
    payloads = cut(message, 31, 51)
    assert [p[:2].hex() for p in payloads] == ["1f00", "1f01", "1f82"]
    assert b"".join(p[2:] for p in payloads) == message
    for wrong in ((b"", 0, 51), (bytes(513), 0, 51), (b"m", 32, 51), (b"m", 0, 10)):
        with pytest.raises(ValueError, match="must be"):
            cut(*wrong)
    # Up: code 2, a repeated piece, a message that was given up, one that comes again.
    up = [bytes((p[0] & 31 | 0x40, p[1])) + p[2:] for p in payloads]
    gathering = Gathering()
    assert [gathering.take(p) for p in (up[0], up[0], up[1])] == [None] * 3
    assert gathering.take(up[2]) == Whole("reading", message)
    assert gathering.take(up[2]) is None
    other = [bytes((p[0] - 1, p[1])) + p[2:] for p in up]
    assert gathering.take(bytes((up[0][0] - 2, 0)) + b"x") is None
    assert [gathering.take(p) for p in other] == [None, None, Whole("reading", message)]
    assert gathering.given_up == 1
    for bad in (b"", b"\x40\x80", b"\x40\x40x", b"\x00\x80x", b"\xe0\x80x"):
        assert gathering.take(bad) is None
    assert gathering.refused == 5


def test_the_pages_have_the_settings() -> None:
    program = (
        "import json\n"
        "from joulegate.storage import link_settings as s\n"
        "print(json.dumps([{name: s.number_rule(name) for name in s.names_in(s.NUMBERS)}, "
        "s.names_in(s.TEXTS), s.SWITCHES, s.LORA_BANDS, s.defaults()]))")
    said = subprocess.run(
        [micropython(), "-c", program], cwd=ROOT, check=True, capture_output=True, text=True,
        env={**os.environ, "MICROPYPATH": str(ROOT / "firmware")}).stdout
    numbers, texts, switches, bands, defaults = json.loads(said)
    pages = {page: (ROOT / "docs" / f"{page}.md").read_text() for page in ("home", "lorawan")}
    for name in [*numbers, *texts, *switches, "lora_band"]:
        page = pages.get({"home": "home", "lora": "lorawan"}.get(name.split("_")[0], ""))
        if page is None:
            continue
        default = defaults[name]
        if name in switches:
            default = str(default).lower()
        elif default == "":
            default = "none"
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        assert row.split("|")[2].strip() == str(default), row
        if name in numbers:
            _, low, high, _ = numbers[name]
            assert row.split("|")[3].strip() == f"{low} to {high}", row
    for band in bands:
        assert band in pages["lorawan"] or band.startswith("AS923-"), band
