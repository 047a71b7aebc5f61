"""`python -m tools.vend`: what it prints, a meter takes."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from tests.system.message_meter import KEYS, METER, Meter
from tests.system.meter_process import ROOT
from tools.vend import key_file
from tools.vend.__main__ import main
from tools.vend.errors import VendError
from tools.vend.key_file import Key
from tools.vend.numbers import Numbers

TARIFF = json.dumps({
    "id": "other", "currency": "EUR",
    "day_types": {day: "any" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
    "seasons": [{"id": "year", "months": list(range(1, 13))}],
    "periods": {"*/*": [{"from": "00:00", "to": "24:00", "period": "all"}]},
    "tiers": {"window": "none", "count": "all_energy", "mode": "marginal"},
    "energy": {"*/*": [{"up_to_kWh": None, "price": "0.3"}]},
    "tax": {"rate": "0", "included_in_prices": True},
})
STARTED = "2026-11-21T12:00:00"
EXECUTED = "executed"


def vend(*arguments: str, code: int = 0) -> str:
    """Run a command in this process, and return what it prints."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(list(arguments))
    assert (ended.value.code or 0) == code, err.getvalue()
    return out.getvalue() if code == 0 else err.getvalue()


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    key_file.store(path, METER, list(KEYS.values()))
    return path


@pytest.fixture
def meter(tmp_path: Path) -> Iterator[Meter]:
    with Meter(tmp_path / "meter") as found:
        yield found


class Sender:
    """The tool and the meter, put together."""

    def __init__(self, meter: Meter, keys: Path) -> None:
        self.meter = meter
        self.options = ("--meter", METER, "--keys", str(keys))
        self.receipt = b""

    def send(self, *arguments: str) -> dict[str, Any]:
        """Have the meter take what a command prints; return what its last receipt says."""
        for line in vend(*arguments, *self.options).split():
            self.receipt = self.meter.send(bytes.fromhex(line)).receipt
        said = json.loads(vend("receipt", self.receipt.hex(), *self.options))
        assert isinstance(said, dict)
        return said


@pytest.fixture
def sender(meter: Meter, keys: Path) -> Sender:
    return Sender(meter, keys)


def test_money(sender: Sender) -> None:
    said = sender.send("credit", "12.5", "--expires", "5000000")
    assert (said["status"], said["balance"]) == (EXECUTED, 1250000 - 1000)
    assert sender.send("debit", "2")["balance"] == 1049000 - 0
    said = sender.send("clear")
    assert (said["balance"], said["data"]) == (0, [1049000])
    assert sender.send("close")["status"] == EXECUTED


def test_a_purchase_sent_once_more(sender: Sender) -> None:
    first = json.loads(vend("credit", "1", "--json", *sender.options))
    again = json.loads(vend("credit", "1", "--tid", str(first["tid"]), "--json", *sender.options))
    assert first["messages"] != again["messages"]
    for said in (first, again):
        assert sender.meter.send(bytes.fromhex(said["messages"][0])).status == 3
    assert sender.meter.ask("state")[1] == 100000
    other = json.loads(vend("credit", "1", "--json", *sender.options))
    assert other["tid"] > first["tid"]


def test_control(sender: Sender, tmp_path: Path) -> None:
    assert sender.send("supply", "off")["status"] == EXECUTED
    assert sender.send("read", "status")["data"]["reasons"] == 2
    assert sender.send("supply", "on")["status"] == EXECUTED
    assert sender.send("supply", "arm")["reason"] == "unsupported"
    assert sender.send("supply", "until", "--until", STARTED)["reason"] == "refused"
    for word in ("keep", "lapse"):
        assert sender.send("supply", word)["status"] == EXECUTED
    said = sender.send("limits", "cut_off=-500", "warnings=300,100", "zone=CET-1")
    assert said["status"] == EXECUTED
    assert sender.send("limits", "cut_off=-500", "other=1")["reason"] == "refused"
    hours = ("mon-fri 17:30-11:00", "12-25 00:00-24:00")
    assert sender.send("schedule", *hours)["status"] == EXECUTED
    assert sender.send("schedule", "none")["status"] == EXECUTED
    assert sender.send("account", "remote", "--limit", "0.5")["data"] == [0]
    assert sender.send("read", "status")["data"]["limit_left"] == 50000
    assert sender.send("account", "remote", "--limit", "800Wh")["data"] == [50000]
    assert sender.send("account", "local")["data"] == [800]
    assert "debts" not in sender.send("read", "status")["data"]
    assert sender.send("debt", "3", "2.5")["data"] == [0]
    assert sender.send("read", "status")["data"]["debts"] == [0, 0, 250000]
    assert sender.send("limits", "debt_percent=40", "debt_cap=100000")["status"] == EXECUTED
    assert sender.send("credit", "2")["data"] == [80000]
    assert sender.send("credit", "2")["data"] == [20000]
    status = sender.send("read", "status")["data"]
    assert (status["debts"], status["debt_recovered"]) == ([0, 0, 150000], 100000)
    assert sender.send("debt", "3", "0")["data"] == [150000]
    for arguments in (("account", "remote"), ("account", "local", "--limit", "5Wh"),
                      ("account", "remote", "--limit", "-5Wh"), ("limits", "cut_off"),
                      ("debt", "1", "0.0000001")):
        assert "error: " in vend(*arguments, *sender.options, code=2)
    assert sender.send("setting", "warnings", "300,100")["status"] == EXECUTED
    assert sender.send("setting", "zone", "CET-1", "--role", "technician")["status"] == EXECUTED
    assert sender.send("setting", "cut_off", "1000000000000")["reason"] == "refused"
    assert sender.send("time", STARTED)["status"] == EXECUTED
    assert sender.send("reset", "alarm")["time"] == STARTED + "+00:00"
    assert sender.send("reset", "lock-out")["reason"] == "unsupported"
    assert sender.send("test")["data"] == [2, 2]
    assert sender.send("read", "registers")["data"] == [0] * 10
    assert sender.send("read", "days", "--first", "0")["reason"] == "unsupported"
    assert sender.send("clear-events", "tamper")["reason"] == "unsupported"
    document = tmp_path / "tariff.json"
    document.write_text(TARIFF)
    assert sender.send("tariff", str(document), "--start", "2027-01-01")["status"] == EXECUTED
    assert sender.meter.ask("state")[2] != "00" * 8


def test_key_change(sender: Sender, keys: Path) -> None:
    options = sender.options
    for role in ("vending", "administrator", "meter"):
        old = KEYS[role].kid.hex()
        assert sender.send("keys", "change", old)["status"] == EXECUTED
        other = sender.meter.send(bytes.fromhex(
            vend("test", *options, "--role", "technician").strip())).receipt
        assert "another message" in vend(
            "keys", "confirm", old, "--receipt", other.hex(), *options, code=2)
        vend("keys", "confirm", old, "--receipt", sender.receipt.hex(), *options)
        assert old not in vend("keys", "list", *options)
    assert sender.send("credit", "1")["status"] == EXECUTED
    assert sender.send("keys", "add", "--role", "vending")["status"] == EXECUTED
    listed = json.loads(vend("keys", "list", *options))
    assert [key["role"] for key in listed].count("vending") == 2
    assert "name one by --kid" in vend("credit", "1", *options, code=2)
    assert sender.send("credit", "1", "--kid", listed[-1]["kid"])["status"] == EXECUTED
    assert sender.send("keys", "remove", listed[-1]["kid"])["status"] == EXECUTED
    vend("keys", "confirm", listed[-1]["kid"], "--receipt", sender.receipt.hex(), *options)
    assert keys.stat().st_mode & 0o777 == 0o600


def test_as_a_program(keys: Path) -> None:
    command = [sys.executable, "-m", "tools.vend", "test", "--meter", METER, "--keys"]
    done = subprocess.run([*command, str(keys)], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.startswith(b"d083")
    done = subprocess.run([*command, "none"], cwd=ROOT, capture_output=True, check=False)
    assert (done.returncode, done.stderr[:12]) == (2, b"error: none:")


def test_make(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    options = ("--meter", METER, "--keys", str(path))
    vend("keys", "make", *options)
    assert path.stat().st_mode & 0o777 == 0o600
    found = key_file.load(path, METER)
    assert [key.role for key in found] == [
        "vending", "administrator", "technician", "meter", "head_end"]
    assert len({key.secret for key in found}) == 5
    assert found[0].secret.hex() not in vend("keys", "list", *options)
    assert "already" in vend("keys", "make", *options, code=2)
    vend("keys", "make", "--meter", "2", "--keys", str(path))
    assert key_file.load(path, METER) == found


def test_bad_input(keys: Path) -> None:
    options = ("--meter", METER, "--keys", str(keys))
    for arguments, words in (
            (("credit", "0.000001", *options), "at most 5 decimals"),
            (("credit", "x", *options), "decimal number"),
            (("credit", "99999", *options), "below"),
            (("time", "noon", *options), "2026-01-31"),
            (("credit", "1", "--meter", "7", "--keys", str(keys)), "no keys of meter 7"),
            (("credit", "1", "--meter", "0" * 14, "--keys", str(keys)), "1 to 13"),
            (("credit", "1", "--kid", "zz", *options), "hexadecimal"),
            (("credit", "1", "--base", "2000", *options), "1993, 2014, 2035"),
            (("receipt", "d083", *options), "COSE_Encrypt0"),
            (("clear-events", "none", *options), "must be one of"),
    ):
        assert words in vend(*arguments, code=2)
    keys.chmod(0o640)
    assert "its mode is 0640, must be 0600" in vend("credit", "1", *options, code=2)


@pytest.mark.parametrize("entry", [
    {"role": "boss", "kid": "01", "key": "00" * 16},
    {"role": "meter", "kid": "", "key": "00" * 16},
    {"role": "meter", "kid": "01", "key": "00" * 15}, {"role": "meter", "kid": "01"}, 7,
    {"role": "meter", "kid": "xx", "key": "00" * 16},
])
def test_bad_key_files(tmp_path: Path, entry: Any) -> None:
    path = tmp_path / "keys.json"
    path.touch(0o600)
    path.write_text(json.dumps({"meters": {METER: [entry]}}))
    with pytest.raises(VendError):
        key_file.load(path, METER)


def test_numbers_are_used_once(tmp_path: Path) -> None:
    path = tmp_path / "numbers"
    numbers = Numbers(path, lambda: 1000.5)
    assert [numbers.next_number(METER, b"V") for _ in range(3)] == [1000, 1001, 1002]
    assert numbers.next_number(METER, b"A") == 1000
    assert Numbers(path, lambda: 500).next_number(METER, b"V") == 1003
    assert Numbers(path, lambda: 5000).next_number(METER, b"V") == 5000
    with pytest.raises(VendError, match="are used"):
        Numbers(path, lambda: 2.0 ** 32).next_number(METER, b"V")
    path.write_text("{")
    with pytest.raises(VendError):
        numbers.next_number(METER, b"V")


def test_stations_never_share_a_number(tmp_path: Path) -> None:
    program = ("import sys; from pathlib import Path; from tools.vend.numbers import Numbers; "
               "n = Numbers(Path(sys.argv[1]), lambda: 1.0); "
               "print(*[n.next_number('1', b'V') for _ in range(50)])")
    running = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "n")], cwd=ROOT,
                                stdout=subprocess.PIPE, text=True) for _ in range(3)]
    found = [int(word) for process in running for word in process.communicate()[0].split()]
    assert sorted(found) == list(range(1, 151))


def test_key_shows_no_secret_by_accident() -> None:
    assert "404142" not in repr(Key(METER, "meter", b"M1", bytes(range(0x40, 0x50))))
