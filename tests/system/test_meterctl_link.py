"""meterctl's commands of the link against made-up answers: what is shown, sent and refused."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fake_meter import Board

Run = Callable[..., tuple[int, str, str]]

SETTINGS: dict[str, Any] = {
    "host": "broker.example", "port": 8883, "tls": True, "transports": ["wifi", "modem"],
    "wifi": [["home", True], ["open", False]], "ca": "ca-old.der", "certificate": "", "key": "",
    "user": "meter", "password": True, "sim_pin": False,
}
LINK: dict[str, Any] = {
    "phase": "run", "transport": "wifi", "connected": True, "failure": "", "losses": 2,
    "failed_tries": 3, "refused": 0, "longest_step_ms": 12, "long_steps": 0, "signal_dBm": -67,
    "flash": [["deed", 2, 140], ["receipt", 1, 90]],
    "session": {"connections": 3, "published": 40, "resent": 1, "received": 5, "repeated": 1,
                "stray": 0},
    "outbox": {"oldest": 41, "next": 43, "held": 2, "discarded": 0},
    "readings": {"waiting": 0, "discarded": 0}, "bytes": {"spent": 51925, "budget": 0},
    "modem": {"model": "EC21", "registration": "home", "signal_dBm": -71, "sessions": 1,
              "restarts": 0, "failures": 4, "wait_s": 120},
    "sms": {"capable": None, "received": 0, "sent": 0, "discarded": 0},
    "transports": [
        {"name": "modem", "sent": 0, "received": 0, "stalls": None, "longest_stall_ms": None,
         "joined": None},
        {"name": "wifi", "sent": 9000, "received": 800, "stalls": 2, "longest_stall_ms": 31,
         "joined": "home"}],
    "settings": SETTINGS, "wrong": [], "files": [["ca-old.der", 600, "1f" * 32]],
}


@pytest.fixture
def linked(board: Board) -> Board:
    board.answer(link={"ok": LINK}, link_set={"ok": LINK})
    return board


def write(folder: Path, name: str, *parts: bytes) -> str:
    (folder / name).write_bytes(b"".join(parts))
    return str(folder / name)


def test_show(linked: Board, run: Run) -> None:
    code, output, _ = run("link")
    assert code == 0
    for line in (
            "link               run over wifi, connected", "signal             -67 dBm",
            "outbox             2 held, from number 41 to before 43; 0 given up",
            "bytes today        51925 of any number",
            "modem's next try   in 120 s, after 4 failures",
            "SMS                not known yet; 0 received, 0 sent, 0 given up",
            "broker             broker.example, port 8883, TLS",
            "transports         wifi, modem", "Wi-Fi networks     home, open (open)",
            "file               ca-old.der, 600 bytes, SHA-256 1f1f1f1f1f1f1f1f"):
        assert line in output, output
    assert json.loads(run("link", "--json")[1]) == LINK
    code, output, _ = run("link", "settings")
    assert "password     yes" in output and "sim_pin      no" in output
    linked.answer(link={"ok": {"phase": "none"}})
    assert run("link") == (0, "link  none: nothing is set\n", "")
    assert run("link", "settings") == (0, "link: none: nothing is set\n", "")
    assert json.loads(run("link", "--json")[1]) == {"phase": "none"}


@pytest.mark.parametrize(("change", "words"), [
    ({"phase": 1}, "link.phase: 1: must be str"),
    ({"session": {}}, "link.session: has no field connections"),
    ({"files": [["x", 1]]}, "link.files[0]: ['x', 1]: must be [name, size, SHA-256]"),
    ({"transports": [{}]}, "link.transports[0]: has no field name"),
    ({"settings": {**SETTINGS, "wifi": [["home", "secret"]]}}, "link.settings.wifi[0].1"),
    ({"wrong": 5}, "link.wrong: 5: must be list or null"),
])
def test_answers_that_cannot_be_understood(
    linked: Board, run: Run, change: dict[str, Any], words: str
) -> None:
    linked.answer(link={"ok": {**LINK, **change}})
    code, _, errors = run("link")
    assert code == 3 and words in errors, errors


def test_set(linked: Board, run: Run) -> None:
    code, output, errors = run(
        "link", "set", "host=broker.example", "port=8883", "tls=yes", "transports=wifi,modem",
        "user=")
    assert (code, errors) == (0, "")
    assert "transports  wifi, modem" in output
    assert linked.requests("link_set") == [{"do": "link_set", "values": {
        "host": "broker.example", "port": 8883, "tls": True, "transports": ["wifi", "modem"],
        "user": ""}}]
    assert json.loads(run("link", "set", "port=1", "--json")[1]) == SETTINGS


def test_secrets_are_asked_for_or_read(
    linked: Board, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path, "pin", b"0815\n")
    monkeypatch.setattr("typer.prompt", lambda what, **_: f"asked for {what}")
    monkeypatch.setattr(sys, "stdin", io.StringIO("from stdin\n"))
    code, output, errors = run(
        "link", "set", "password=@prompt", f"sim_pin=@{file}", "apn_password=@-")
    assert code == 2 and "apn_password: must not have ' '" in errors
    monkeypatch.setattr(sys, "stdin", io.StringIO("fromstdin\n"))
    code, output, errors = run(
        "link", "set", "password=@prompt", f"sim_pin=@{file}", "apn_password=@-")
    assert (code, errors) == (0, "")
    sent = linked.requests("link_set")[-1]["values"]
    assert sorted(sent.items()) == [
        ("apn_password", "fromstdin"), ("password", "asked for password"), ("sim_pin", "0815")]
    assert "0815" not in output and "stdin" not in output
    run("link", "set", "password=")
    assert linked.requests("link_set")[-1]["values"] == {"password": ""}


@pytest.mark.parametrize(("pairs", "words"), [
    (("host",), "link setting 'host': must be NAME=VALUE"), (("=x",), "must be NAME=VALUE"),
    (("hunter2 hunter3",), "'hunter2': must be"), ((" ",), "link setting '': must be"),
    (("port=1", "port=2"), "port: is given twice"), (("colour=red",), "must be one of port,"),
    (("wifi=home",), "is set by `meterctl link wifi add`"),
    (("password=hunter2",), "password=@prompt, password=@FILE or password=@-"),
    (("sim_pin=@nowhere",), "sim_pin: file nowhere: No such file"),
    (("port=0",), "link setting port: 0: must be 1 to 65535"),
    (("port=x",), "link setting port: 'x': must be 1 to 65535"),
    (("tls=maybe",), "tls: 'maybe': must be true or false"),
    (("transports=pigeon",), "must be a list of wifi, modem, ppp, socket"),
    (("host=a/b",), "must not have '/'"), (("ca=../x",), "ca: '../x'"),
])
def test_settings_that_are_not_sent(
    linked: Board, run: Run, pairs: tuple[str, ...], words: str
) -> None:
    code, _, errors = run("link", "set", *pairs)
    assert code == 2 and words in errors, errors
    assert "hunter3" not in errors and "=hunter2" not in errors
    assert linked.requests() == []


def test_what_the_meter_refuses(linked: Board, run: Run) -> None:
    linked.answer(link_set={"error": "request link_set: the meter is locked, it only reports"})
    assert run("link", "set", "port=1") == (
        1, "", "error: the meter refused: request link_set: the meter is locked, it only "
               "reports\n")


def test_networks(
    linked: Board, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.prompt", lambda what, **_: "longenough")
    assert run("link", "wifi", "add", "shop")[0] == 0
    assert run("link", "wifi", "add", "home", "--password", "none")[0] == 0
    file = write(tmp_path, "password", b"from the file\n")
    assert run("link", "wifi", "add", "home", "--password", f"@{file}")[0] == 0
    assert run("link", "wifi", "remove", "home")[0] == 0
    assert [r["values"]["wifi"] for r in linked.requests("link_set")] == [
        [["home", True], ["open", False], ["shop", "longenough"]],
        [["open", False], ["home", ""]], [["open", False], ["home", "from the file"]],
        [["open", False]]]
    linked.answer(link={"ok": {"phase": "none"}})
    assert run("link", "wifi", "add", "shop")[0] == 0
    assert linked.requests("link_set")[-1]["values"]["wifi"] == [["shop", "longenough"]]


def test_networks_that_are_not_sent(
    linked: Board, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.prompt", lambda what, **_: "hunter2")
    for arguments, words in (
            (("add", "shop", "--password", "hunter2hunter2"), "must be @prompt, @FILE"),
            (("add", "shop"), "its password none or 8 to 63 bytes"),
            (("add", "x" * 33, "--password", "none"), "name must have 1 to 32"),
            (("remove", "shop"), "network shop: must be one of home, open")):
        code, _, errors = run("link", "wifi", *arguments)
        assert code == 2 and words in errors, errors
        assert "hunter2" not in errors
    monkeypatch.setattr("typer.prompt", lambda what, **_: "")
    assert "must be one line" in run("link", "wifi", "add", "shop")[2]
    assert linked.requests("link_set") == []


def test_remove(linked: Board, run: Run) -> None:
    linked.answer(link_file={"ok": {"files": []}})
    assert run("link", "remove", "ca-1.der") == (0, "ca-1.der: removed\n", "")
    assert linked.requests("link_file") == [
        {"do": "link_file", "name": "ca-1.der", "remove": True}]
    assert json.loads(run("link", "remove", "ca-1.der", "--json")[1]) == {"files": []}


def test_a_prompt_shows_nothing_and_standard_output_stays_clean() -> None:
    """Of a real process without a terminal: the question goes to standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.meterctl", "--port", "/nowhere", "link", "set",
         "password=@prompt"], input="hunter2\n", capture_output=True, text=True, timeout=60,
        check=False)
    assert done.stdout == "" and "hunter2" not in done.stderr
