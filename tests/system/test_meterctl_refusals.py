"""What meterctl refuses, and lines that are dead, cut or full of noise: text and exit code."""

import ast
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fake_meter import ANSWERS, IDENTITY, STATUS, Board, listener
from tools.meterctl.__main__ import main
from tools.meterctl.answers import SHAPES
from tools.meterctl.errors import LineError
from tools.meterctl.line import Line
from tools.meterctl.meter import Meter, request

Refuse = Callable[..., tuple[Any, str]]
Serve = Callable[[socket.socket], None]

TARIFFS = "data/tariffs/tariffs.json"
TARIFF = TARIFFS + "#cn-beijing-2012"
PROVISION = ("provision", "--meter-id", "4711", "--tariff", TARIFF)
BANNER = b"raw REPL; CTRL-B to exit\r\n>"


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refuse:
    """Return a function that runs a command and returns exit code and error text."""
    def command(*arguments: str) -> tuple[Any, str]:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        output, errors = capsys.readouterr()
        assert "Traceback" not in errors
        assert output == ""
        return ended.value.code, errors

    return command


@pytest.mark.parametrize(("do", "answer", "message"), [
    ("registers", "", "answer to registers: '': must be one JSON object with ok or error; "
                      "is the tool of the firmware's version?"),
    ("registers", "{\"ok\": ", "answer to registers: '{\"ok\":': must be one JSON object"),
    ("registers", "[1]", "answer to registers: '[1]': must be one JSON object"),
    ("registers", "{\"ok\": {}, \"error\": \"x\"}", "must be one JSON object with ok or error"),
    ("registers", {"ok": 1}, "must be one JSON object with ok or error"),
    ("registers", {"ok": {}}, "answer to registers: has no field import_kWh"),
    ("registers", {"ok": {**ANSWERS["registers"], "export_kWh": 1}},
     "answer to registers.export_kWh: 1: must be str"),
    ("registers", {"ok": {**ANSWERS["registers"], "export_kWh": True}},
     "answer to registers.export_kWh: True: must be str"),
    ("self_test", {"ok": {"passed": 1, "tests": []}},
     "answer to self_test.passed: 1: must be bool"),
    ("self_test", {"ok": {"passed": True, "tests": [{"name": "x"}]}},
     "answer to self_test[0]: has no field passed"),
    ("events", {"ok": {"events": [[1, "x"]], "count": 1, "discarded": 0}},
     "answer to events[0]: [1, 'x']: must be [number, time, name, value]"),
    ("settings", {"ok": {"settings": [1]}}, "answer to settings[0]: 1: must be an object"),
    ("tariff", {"ok": {**ANSWERS["tariff"], "next": {}}},
     "answer to tariff.next: has no field digest"),
    ("registers", "\x1b[2J" * 9, "answer to registers: '?[2J?[2J"),
])
def test_an_answer_that_cannot_be_understood(
    board: Board, refused: Refuse, do: str, answer: Any, message: str
) -> None:
    board.answer(**{do: answer})
    code, errors = refused({"self_test": "test"}.get(do, do))
    assert code == 3
    assert errors.startswith(f"error: port {board.port}: ")
    assert message in errors


def test_digits_of_a_number_that_should_be_text_are_shown_as_they_came(
    board: Board, refused: Refuse
) -> None:
    board.answer(registers='{"ok": {"import_kWh": 0.1000000000000000055}}')
    assert "has no field export_kWh" in refused("registers")[1]


def test_an_answer_that_is_too_long(board: Board, refused: Refuse) -> None:
    board.answer(registers="x" * 70000)
    assert refused("registers") == (
        3, f"error: {board.port}: an answer longer than 65536 bytes\n")


@pytest.mark.parametrize(("arguments", "do"), [
    (("registers",), "registers"),
    (("settings", "set", "commit_Wh=150"), "set"),
    (("credit", "1", "2"), "credit"),
    (("clock", "--set"), "clock"),
    (("tariff", "load", TARIFF, "--start", "now"), "tariff_check"),
    (("tariff", "load", TARIFF, "--start", "now"), "upload"),
    (("reset",), "reset"),
])
def test_the_meters_no_is_passed_on(
    board: Board, refused: Refuse, arguments: tuple[str, ...], do: str
) -> None:
    board.answer(**{do: {"error": f"request {do}: the meter is locked, it only reports"}})
    assert refused(*arguments) == (
        1, f"error: the meter refused: request {do}: the meter is locked, it only reports\n")


def test_a_locked_meter_is_not_updated(board: Board, refused: Refuse) -> None:
    board.answer(identity={"ok": {**IDENTITY, "locked": True, "profile": "production"}})
    code, errors = refused("update")
    assert code == 1
    assert errors == ("error: meter 47110815: production image: only a development image is "
                      "updated file by file; flash the production image as a whole\n")


def test_a_meter_is_provisioned_once(board: Board, refused: Refuse) -> None:
    assert refused(*PROVISION) == (1, "error: meter 47110815: is provisioned already\n")
    assert board.requests("upload") == []


def _document(**changes: Any) -> dict[str, Any]:
    content = json.loads(Path(TARIFFS).read_text())["tariffs"]
    return {**next(d for d in content if d["id"] == "cn-beijing-2012"), **changes}


@pytest.mark.parametrize(("text", "message"), [
    (None, "tariff file {file}: No such file or directory"),
    ("{", "tariff file {file}: is no JSON: "),
    ("[" * 100000, "RECURSION"),
    ("[]", "tariff file {file}: has 0 tariffs; name one: {file}#ID"),
    ("[1]", "{file}: tariff: : 1: must be an object"),
    (_document(currency=""), "{file}: tariff: currency: '': must be a text of 1 to 3 characters"),
    (_document(tariff=1), "{file}: tariff: tariff: 1: is no field of this object"),
    (_document(notes="x" * 20000), "bytes, at most 16384"),
    (_document(name="\ud800"), "{file}: "),
    (_document(energy={"*/*": [{"up_to_kWh": None, "price": "99"}]}, tiers={
        "window": "none", "count": "all_energy", "mode": "marginal"}),
     "the credit unit is too fine: 100 kWh must cost at most 2**29 units"),
])
def test_a_bad_tariff_never_leaves_the_computer(
    board: Board, refused: Refuse, tmp_path: Path, text: Any, message: str
) -> None:
    file = tmp_path / "tariff.json"
    if text is not None:
        file.write_text(text if isinstance(text, str) else json.dumps(text))
    for command in (("tariff", "load", str(file), "--start", "now"),
                    ("provision", "--meter-id", "1", "--tariff", str(file))):
        board.answer(identity={"ok": {**IDENTITY, "provisioned": command[0] == "tariff"}})
        code, errors = refused(*command)
        assert code == 2
        assert message == "RECURSION" or message.format(file=file) in errors
    assert board.requests("upload") == []


def test_the_name_of_a_tariff(board: Board, refused: Refuse) -> None:
    code, errors = refused("tariff", "check", TARIFFS + "#none")
    assert code == 2 and "has no tariff 'none'; it has " in errors
    code, errors = refused("tariff", "check", TARIFFS + "#*")
    assert code == 2 and "names 29 tariffs; name one: FILE#ID" in errors


@pytest.mark.parametrize(("arguments", "message"), [
    (("--meter-id", "47-11"), "meter id '47-11': must be 1 to 13 digits or letters"),
    (("--meter-id", "1" * 14), "must be 1 to 13 digits or letters"),
    (("--time", "tomorrow"), "time 'tomorrow': must be `now` or YYYY-MM-DDTHH:MM:SS"),
    (("--time", "0001-01-01T00:00:00+10:00"), "must be `now` or YYYY-MM-DDTHH:MM:SS"),
    (("--setting", "commit_Wh=5"), "setting commit_Wh: '5': must be 100 to 1000 Wh"),
])
def test_provision_refuses_bad_values(
    board: Board, refused: Refuse, arguments: tuple[str, ...], message: str
) -> None:
    board.answer(identity={"ok": {**IDENTITY, "provisioned": False}})
    code, errors = refused(*PROVISION, *arguments)
    assert code == 2 and message in errors
    assert board.requests("provision") == board.requests("upload") == []


@pytest.mark.parametrize(("content", "message"), [
    ("{", "is no JSON"),
    ("[]", "must hold one object of constants"),
    ('{"meter_constant": 3200}', "voltage_V: is required"),
    ('{"meter": 3200}', "meter: must be one of meter_constant, voltage_V"),
    ('{"meter_constant": 3200.0}', "meter_constant: 3200.0: must be an integer"),
    ('{"meter_constant": 3250, "voltage_V": 220, "current_A": 5, "voltage_uV": 275000, '
     '"current_uV": 1000, "gain": 24, "u_gain": 24000, "i_gain_L": 31251}',
     "calibration: meter_constant 3250: must be a multiple of 100"),
])
def test_a_bad_calibration(
    board: Board, refused: Refuse, tmp_path: Path, content: str, message: str
) -> None:
    file = tmp_path / "constants.json"
    file.write_text(content)
    code, errors = refused(*PROVISION, "--calibration", str(file))
    assert code == 2
    assert errors.startswith(f"error: calibration file {file}: ") and message in errors
    code, errors = refused(*PROVISION, "--calibration", str(tmp_path / "none.json"))
    assert code == 2 and "none.json: No such file or directory" in errors


@pytest.mark.parametrize("amount", ["", "1,5", "-1", "1e3", "1.123456", "1" * 13])
def test_a_bad_amount(board: Board, refused: Refuse, amount: str) -> None:
    code, errors = refused("credit", "1", "--", amount)
    assert code == 2 and errors.startswith(f"error: amount {amount!r}: must be a decimal text")


@pytest.mark.parametrize("arguments", [
    ("credit", "-1", "2"), ("credit", "16777216", "2"), ("credit", "x", "2"), ("credit", "1"),
    ("nothing",), ("export",), ("export", "--out", "x", "--format", "xml"), ("events", "--since",
    "-1"), ("--timeout", "0", "status"), ("tariff", "load", TARIFF), ("provision",),
])
def test_usage_is_exit_code_2(board: Board, refused: Refuse, arguments: tuple[str, ...]) -> None:
    assert refused(*arguments)[0] == 2
    assert board.requests() == []


@pytest.mark.parametrize(("port", "code", "message"), [
    ("/dev/none", 3, "port /dev/none: there is no such device"),
    ("/dev/null", 3, "port /dev/null: cannot be opened; "),
    ("socket://127.0.0.1:1", 3, "port socket://127.0.0.1:1: cannot be opened; "),
    ("socket://127.0.0.1:66000", 2, "the number must be at most 65535"),
    ("socket://127.0.0.1", 2, "must be a device or socket://HOST:NUMBER"),
    ("spy:///dev/none", 2, "must be a device or socket://HOST:NUMBER"),
])
def test_a_wrong_port(refused: Refuse, port: str, code: int, message: str) -> None:
    found, errors = refused("--port", port, "status")
    assert found == code and message in errors


def test_no_port_at_all(
    refused: Refuse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.meterctl.ports.list_ports.comports", lambda: [])
    stale = tmp_path / "console"
    monkeypatch.setattr("tools.meterctl.ports.BENCH_FILE", stale)
    for content in (None, "socket://127.0.0.1:1\n", "nonsense", "socket://127.0.0.1:99999"):
        if content is not None:
            stale.write_text(content)
        code, errors = refused("status")
        assert code == 3 and "no meter found" in errors and "--port" in errors


def test_a_running_bench_is_found(
    board: Board, refused: Refuse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("METERCTL_PORT")
    monkeypatch.setattr("tools.meterctl.ports.list_ports.comports", lambda: [])
    monkeypatch.setattr("tools.meterctl.ports.BENCH_FILE", tmp_path / "console")
    with listener(lambda connection: time.sleep(20)) as url:
        (tmp_path / "console").write_text(url + "\n")
        assert url in refused("--timeout", "1", "status")[1]


def _silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def _noise(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M\r\n")
        time.sleep(0.001)


def _hang_up(connection: socket.socket) -> None:
    connection.recv(4096)


@pytest.mark.parametrize("serve", [_silent, _noise, _hang_up])
def test_nothing_answers(refused: Refuse, serve: Serve) -> None:
    began = time.monotonic()
    with listener(serve) as url:
        code, errors = refused("--port", url, "status")
    assert code == 3
    assert errors == (f"error: port {url}: opened, but nothing answers as a meter or "
                      "MicroPython board does; is it powered, and is it the right port?\n")
    assert time.monotonic() - began < 12


def _let_in(connection: socket.socket) -> None:
    """Play the board up to the request for raw-paste mode."""
    while b"\x01" not in connection.recv(4096):
        pass
    connection.sendall(BANNER)
    connection.recv(3)


def _after_banner(answer: bytes, then_close: bool) -> Serve:
    def serve(connection: socket.socket) -> None:
        _let_in(connection)
        for i in range(0, len(answer), 4096):
            connection.sendall(answer[i:i + 4096])
        if not then_close:
            _silent(connection)

    return serve


@pytest.mark.parametrize(("answer", "then_close", "message"), [
    (b"", False, "the answer stops in the middle"),
    (b"", True, "the line is lost ("),
    (b"R\x01", False, "the answer stops in the middle"),
    (b"R\x01\x80", True, "the line is lost ("),
    (b"R\x01\x80\x00!", False, "unexpected read during raw paste: b'!'"),
    (b"R\x01\x80\x00\x04", False, "no whole answer within 1 s"),
    (b"R\x01\x80\x00\x04{\"ok\": ", True, "the line is lost ("),
    (b"R\x01\x80\x00\x04" + b"x" * 66000, False, "an answer longer than 65536 bytes"),
    (b"XY", False, "no whole answer within 1 s"),
])
def test_the_line_breaks_in_mid_exchange(
    refused: Refuse, answer: bytes, then_close: bool, message: str
) -> None:
    timeout = "10" if len(answer) > 65536 else "1"  # a busy host needs a while for so much
    began = time.monotonic()
    with listener(_after_banner(answer, then_close)) as url:
        code, errors = refused("--port", url, "--timeout", timeout, "status")
    assert code == 3
    assert errors.startswith(f"error: {url}: {message}")
    assert time.monotonic() - began < 15


def test_an_endless_answer_ends(refused: Refuse) -> None:
    def drip(connection: socket.socket) -> None:
        _let_in(connection)
        connection.sendall(b"R\x01\x80\x00\x04")
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    with listener(drip) as url:
        assert refused("--port", url, "--timeout", "1", "status") == (
            3, f"error: {url}: no whole answer within 1 s\n")


def test_micropython_without_a_meter(
    tmp_path: Path, refused: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = Board(tmp_path, bare=True)
    try:
        code, errors = refused("--port", bare.port, "status")
    finally:
        bare.close()
    assert code == 3
    assert errors == (f"error: port {bare.port}: MicroPython answers, but no meter: the firmware "
                      "is not installed or does not run; `meterctl install` installs it\n")


def test_an_exception_on_the_meter_is_its_last_line(board: Board, refused: Refuse) -> None:
    board.answer(status={"ok": STATUS})
    (board.folder / "answers.json").unlink()
    assert refused("status") == (1, f"error: {board.port}: OSError: [Errno 2] ENOENT\n")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(
        st.text(max_size=9), inner, max_size=5), max_leaves=12)


@given(st.sampled_from(sorted(SHAPES)), st.data())
def test_whatever_is_answered_is_taken_or_refused_by_name(do: str, data: st.DataObject) -> None:
    """Answers with the right fields and any values, so that the items of lists are met too."""
    answer = data.draw(st.fixed_dictionaries({
        name: _JSON | st.lists(_JSON, max_size=5) for name in SHAPES[do]}) | _JSON)
    meter = Meter(cast(Line, SimpleNamespace(
        port="P", execute=lambda code, seconds: json.dumps({"ok": answer}).encode())))
    try:
        taken = meter.call(do)
    except LineError as e:
        assert str(e).startswith(f"port P: answer to {do}")
    else:
        assert taken == answer


@given(st.text())
def test_any_text_reaches_the_meter_as_one_raw_string(text: str) -> None:
    line = request("x", {"text": text})
    assert line.isascii() and "\n" not in line
    body = line.removeprefix("meter.call(").removesuffix(")")
    assert json.loads(ast.literal_eval(body)) == {"do": "x", "text": text}
