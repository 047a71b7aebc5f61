"""The vending side's commands for tokens: what they issue, and what they refuse to."""

import json
import stat
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tools.bench.decode_token import decode
from tools.vend import issued, sts
from tools.vend.__main__ import main

ROOT = Path(__file__).resolve().parents[2]
DATA = json.loads((ROOT / "tests/vectors/sts_ea11.json").read_text())
METER = "01234567890"


@dataclass
class Done:
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


def vend(*arguments: str) -> Done:
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as error:
        try:
            main(list(arguments))
        except SystemExit as end:
            return Done(int(end.code or 0), out.getvalue(), error.getvalue())
    raise AssertionError("the command ends the program")


def decoder_key() -> str:
    group = sts.Group(bytes.fromhex(DATA["vending_key"]), DATA["sgc"])
    return sts.dkga04(group, sts.meter_pan(METER)).hex()


@pytest.fixture
def group_file(tmp_path: Path) -> Path:
    path = tmp_path / "group.json"
    path.write_text(json.dumps({"vending_key": DATA["vending_key"], "sgc": DATA["sgc"]}))
    path.chmod(0o600)
    return path


def issue(*arguments: str) -> dict[str, Any]:
    done = vend("token", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_two_tokens_of_a_minute(group_file: Path) -> None:
    common = ("--meter", METER, "--key-file", str(group_file), "--at", "2026-03-01T12:00:30",
              "--amount", "12.5")
    made = [issue(*common) for _ in range(3)]
    first = made[0]["tid"]
    assert [m["tid"] for m in made] == [first, first + 1, first + 2]
    key = decoder_key()
    said = decode([m["tokens"][0] for m in made], key)
    assert [s["amount_kWh"] for s in said] == [12.5] * 3
    assert said[0]["issued"] == "2026-03-01T12:00:00Z"
    assert issued.beside(group_file).exists()


def test_the_reserved_minute_is_left_out() -> None:
    assert [sts.next_tid(datetime(2026, 3, 1, 0, minute), 2014, None) % 1440
            for minute in (0, 1, 2)] == [0, 2, 2]
    midnight = sts.tid_at(datetime(2026, 3, 1), 2014)
    assert sts.next_tid(datetime(2026, 3, 1), 2014, midnight) == midnight + 2


def test_every_kind_is_issued(group_file: Path) -> None:
    common = ("--meter", METER, "--key-file", str(group_file))
    key = decoder_key()
    for arguments, cls, sub, value in (
            (("maximum-power", "--watts", "5000"), 2, 0, 5000),
            (("phase-unbalance", "--watts", "0"), 2, 6, 0),
            (("clear-credit",), 2, 1, 0xFFFF), (("clear-tamper",), 2, 5, 0)):
        (said,) = decode(issue(*arguments, *common)["tokens"], key)
        assert (said["class"], said["subclass"], said["value"]) == (cls, sub, value)
    assert issue("display")["tokens"] == ["56493153725450313471"]
    next_file = group_file.with_name("next.json")
    next_file.write_text(json.dumps(
        {"vending_key": "11" * 20, "sgc": "654321", "krn": 2, "ti": "03"}))
    next_file.chmod(0o600)
    made = issue("key-change", *common, "--next-key-file", str(next_file))["tokens"]
    assert [s["subclass"] for s in decode(made, key)] == [3, 4, 8, 9]


def test_the_decoder_key_goes_to_a_file_of_its_own(group_file: Path, tmp_path: Path) -> None:
    output = tmp_path / "decoder.json"
    arguments = ("decoder-key", "--meter", METER, "--key-file", str(group_file), "--output",
                 str(output))
    done = vend(*arguments)
    assert (done.returncode, done.stdout) == (0, "")
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    found = json.loads(output.read_text())
    assert found["key"] == decoder_key()
    assert (found["ea"], found["base"], found["sgc"], found["ti"]) == (11, 2014, 123457, 1)
    assert vend(*arguments).returncode == 2


def test_keys_that_others_may_read_are_refused(group_file: Path) -> None:
    group_file.chmod(0o640)
    done = vend("token", "--meter", METER, "--key-file", str(group_file),
                  "--amount", "1")
    assert done.returncode == 2
    assert "0600" in done.stderr


@pytest.mark.parametrize("arguments, text", [
    (("--amount", "0"), "amount"), (("--amount", "1.25"), "one decimal"),
    (("--amount", "1e99999999"), "amount"), (("--amount", "nan"), "amount"),
    (("--amount", "2000000"), "must be 0 to"), (("maximum-power",), "--watts"),
    (("key-change",), "--next-key-file"), (("--amount", "1", "--meter", "12"), "digits"),
    (("--amount", "1", "--at", "2012-01-01T00:00:00"), "base date 2014"),
    (("--amount", "1", "--at", "2050-01-01T00:00:00"), "base date 2014"),
])
def test_what_cannot_be_issued_is_named(
    group_file: Path, arguments: tuple[str, ...], text: str
) -> None:
    done = vend("token", "--meter", METER, "--key-file", str(group_file),
                  *arguments)
    assert done.returncode == 2
    assert text in done.stderr
    assert not issued.beside(group_file).exists()


@pytest.mark.parametrize("content, text", [
    ("[]", "object"), ("{", "JSON"), ('{"vending_key": "00", "sgc": "123457"}', "40"),
    ('{"vending_key": "%s"}' % ("00" * 20), "sgc"),
    ('{"vending_key": "%s", "sgc": "1"}' % ("00" * 20), "6 digits"),
    ('{"vending_key": "%s", "sgc": "123457", "base": 2000}' % ("00" * 20), "2014"),
    ('{"vending_key": "%s", "sgc": "123457", "krn": "1"}' % ("00" * 20), "krn"),
    ('{"vending_key": "%s", "sgc": "123457", "colour": 1}' % ("00" * 20), "colour"),
])
def test_bad_group_files_are_named(group_file: Path, content: str, text: str) -> None:
    group_file.write_text(content)
    done = vend("token", "--meter", METER, "--key-file", str(group_file),
                  "--amount", "1")
    assert done.returncode == 2
    assert text in done.stderr


def test_a_damaged_memory_of_issued_tokens_stops_the_station(group_file: Path) -> None:
    for content in ("{", "[]", '{"a": "b"}'):
        issued.beside(group_file).write_text(content)
        done = vend("token", "--meter", METER, "--key-file", str(group_file),
                      "--amount", "1")
        assert done.returncode == 2
        assert "might repeat" in done.stderr
