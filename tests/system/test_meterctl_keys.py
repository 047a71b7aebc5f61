"""meterctl's commands of the token gate: against made-up answers, and once on a bench meter."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fake_meter import ANSWERS, IDENTITY, Board
from tools.bench.process import ROOT
from tools.vend import envelope, key_file

Run = Callable[..., tuple[int, str, str]]

METER = "47110815"
DIGITS = "01234567890123456789"


@pytest.fixture
def decoder(tmp_path: Path) -> Path:
    file = tmp_path / "decoder.json"
    file.touch(0o600)
    file.write_text(json.dumps({"key": "0f" * 16, "ea": 11}))
    return file


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    file = tmp_path / "keys.json"
    key_file.store(file, METER, [key_file.make(METER, role) for role in key_file.ROLES])
    return file


def test_token(board: Board, run: Run) -> None:
    said = (0, "token: accepted, the balance is 20.95000\n", "")
    assert run("token", DIGITS) == said
    assert run("token", "0123-4567", "8901 2345", "6789") == said
    assert board.requests("token") == [{"do": "token", "digits": DIGITS}] * 2
    assert json.loads(run("token", DIGITS, "--json")[1]) == ANSWERS["token"]


def test_a_token_that_is_not_taken(board: Board, run: Run) -> None:
    board.answer(token={"ok": {**ANSWERS["token"], "accepted": False, "reason": "used",
                               "text": "tid 7 was used"}})
    assert run("token", DIGITS) == (1, "", "error: token: not accepted: used: tid 7 was used\n")
    for digits in (DIGITS[1:], DIGITS + "0", "x" * 20, "\u0663" * 20):
        assert run("token", digits)[0] == 2
    assert len(board.requests("token")) == 1


def test_messages_and_receipts(board: Board, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "messages"
    file.write_text("d083\nd084\n")
    assert run("message", str(file)) == (0, "d083\nd083\n", "")
    assert [r["hex"] for r in board.requests("message")] == ["d083", "d084"]
    assert json.loads(run("message", str(file), "--json")[1]) == [ANSWERS["message"]] * 2


def test_the_first_message_refused_is_the_last_sent(
    board: Board, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "messages"
    file.write_text("d083 d084 d085")
    board.answer(message=[{"ok": ANSWERS["message"]}, {"ok": {
        **ANSWERS["message"], "accepted": False, "text": "tag: is wrong", "receipt": ""}}])
    assert run("message", str(file)) == (
        1, "d083\n", "error: message 2 of 3: not accepted: tag: is wrong\n")


@pytest.mark.parametrize(("text", "words"), [
    ("", "0 messages: must be 1 to 256"), ("d0 x", "message 2: must be hexadecimal"),
    ("00" * 513, "513 bytes, at most 512"), ("00 " * 257, "257 messages"),
    ("\u00e9", "can't decode"),
])
def test_bad_files_of_messages(
    board: Board, run: Run, tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "messages"
    file.write_text(text)
    code, _, errors = run("message", str(file))
    assert code == 2 and words in errors
    assert run("message", "nowhere")[0] == 2
    assert board.requests("message") == []


def test_keys_are_installed(board: Board, run: Run, decoder: Path, ring: Path) -> None:
    arguments = ("--decoder", str(decoder), "--messages", str(ring), "--meter-id", METER)
    assert run("keys", "install", *arguments) == (
        0, "decoder key: installed\nkeys for messages: installed; "
           "they must be changed before they are used\n", "")
    (sent,) = board.requests("message_keys")
    assert sent["factory"] is True
    assert [key["role"] for key in sent["keys"]] == list(key_file.ROLES)
    assert board.requests("token_key")[0]["key"] == json.loads(decoder.read_text())
    code, output, _ = run("keys", "install", *arguments[2:], "--final", "--json")
    assert (code, json.loads(output)) == (0, {"installed": ["message_keys"]})
    assert board.requests("message_keys")[1]["factory"] is False


def test_keys_that_are_not_sent(board: Board, run: Run, decoder: Path, ring: Path) -> None:
    for arguments, words in (
            ((), "needs --decoder, --messages or both"),
            (("--final", "--decoder", str(decoder)), "are taken with --messages only"),
            (("--messages", str(ring)), "meter id '': must be"),
            (("--messages", str(ring), "--meter-id", "7"), "has no keys of meter 7"),
            (("--decoder", "nowhere"), "nowhere"), (("--decoder", str(ring)), "with `key`")):
        code, _, errors = run("keys", "install", *arguments)
        assert code == 2 and words in errors, errors
    for file, arguments in (
            (decoder, ("--decoder",)), (ring, ("--meter-id", METER, "--messages"))):
        file.chmod(0o644)
        code, _, errors = run("keys", "install", *arguments, str(file))
        assert code == 2 and "its mode is 0644, must be 0600" in errors
        file.chmod(0o600)
    board.answer(identity={"ok": {**IDENTITY, "meter_id": "5"}})
    code, _, errors = run("keys", "install", "--messages", str(ring), "--meter-id", METER)
    assert (code, errors) == (
        1, f"error: meter 5: the keys are those of meter {METER}\n")
    assert board.requests("token_key") == board.requests("message_keys") == []


def test_login(board: Board, run: Run, ring: Path) -> None:
    assert run("login", "--keys", str(ring))[:2] == (
        0, f"meter {METER}: logged in as technician, key "
           f"{key_file.choose(key_file.load(ring, METER), 'technician').kid.hex()}\n")
    key = key_file.choose(key_file.load(ring, METER), "technician")
    assert board.requests("login") == [{
        "do": "login", "kid": key.kid.hex(),
        "proof": envelope.login_proof(key, bytes(16)).hex()}]
    told = json.loads(run("login", "--keys", str(ring), "--role", "administrator", "--json")[1])
    assert told["role"] == "administrator"
    assert run("logout") == (0, "logged out\n", "")
    assert json.loads(run("logout", "--json")[1]) == {}


def test_login_refused(board: Board, run: Run, ring: Path) -> None:
    for arguments, words in (
            (("--role", "vending"), "role 'vending': must be"), (("--kid", "x"), "kid 'x'"),
            (("--kid", "00"), "none")):
        code, _, errors = run("login", "--keys", str(ring), *arguments)
        assert code == 2 and words in errors
    for challenge in ("", "00" * 15, "x" * 32):
        board.answer(challenge={"ok": {"challenge": challenge}})
        code, _, errors = run("login", "--keys", str(ring))
        assert code == 3 and "must be 32 hexadecimal digits" in errors
    assert board.requests("login") == []


def test_the_whole_way_on_the_bench(tmp_path: Path, ring: Path) -> None:
    """Keys made by tools/vend, a meter provisioned, credited by a message and by a token."""
    bench = subprocess.Popen(
        [sys.executable, "-m", "tools.bench", "serve", "--blank", "--rate", "60", "--state",
         str(tmp_path / "meter"), "--port", "0"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert bench.stdin is not None and bench.stdout is not None
    try:
        port = bench.stdout.readline().split()[1]
        group = tmp_path / "group.json"
        group.touch(0o600)
        group.write_text(json.dumps({"vending_key": "1f" * 20, "sgc": "123457", "base": 1993}))
        vending = ("--meter", "01234567890", "--key-file", str(group))
        _run("vend", "decoder-key", *vending, "--output", str(tmp_path / "decoder.json"))
        options = ("--port", port)
        _run("meterctl", *options, "keys", "install",
             "--decoder", str(tmp_path / "decoder.json"), "--messages", str(ring),
             "--meter-id", METER, "--final")
        _run("meterctl", *options, "provision", "--meter-id", METER, "--tariff",
             "data/tariffs/tariffs.json#cn-beijing-2012", "--time", "meter")
        # The bench lives in 2007, before the base date of new meters.
        digits = _run("vend", "token", "--amount", "10", *vending, "--at",
                      "2007-05-01T00:00:00").strip()
        said = _run("meterctl", *options, "token", digits, "--json")
        assert json.loads(said)["accepted"], said
        (tmp_path / "message").write_text(
            _run("vend", "credit", "5", "--meter", METER, "--keys", str(ring)))
        receipt = _run("meterctl", *options, "message", str(tmp_path / "message")).strip()
        told = json.loads(
            _run("vend", "receipt", receipt, "--meter", METER, "--keys", str(ring)))
        assert (told["status"], told["reason"]) == ("executed", ""), told
        _run("meterctl", *options, "login", "--keys", str(ring))
        assert re.fullmatch(r"\d+", str(told["balance"]))
    finally:
        bench.stdin.close()
        bench.wait(timeout=60)
        bench.stdout.close()


def _run(tool: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", f"tools.{tool}", *arguments], cwd=ROOT, capture_output=True,
        text=True, timeout=60, check=False, env=dict(os.environ, COLUMNS="100"))
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout
