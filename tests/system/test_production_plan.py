"""Plans and serial numbers of the production test: what is refused, and with which words."""

import copy
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.system.production_rig import PLAN, read
from tools.bench.process import ROOT
from tools.meterctl.errors import BadInput
from tools.production import plan, rules, runner, serial_number
from tools.production.hands import Operator
from tools.production.hands import Unable as CannotDo

Run = Callable[..., tuple[int, str, str]]
POINT = {"voltage_V": 230, "current_A": 5}


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the plan with a value at test.NAME.WORD and the like; None takes it out."""
    content = copy.deepcopy(PLAN)
    *way, last = path.split(".")
    at = content
    for name in way:
        at = at.setdefault(name, {})
    if value is None:
        del at[last]
    else:
        at[last] = value
    return content


def test_values_that_are_not_given() -> None:
    found = read(PLAN).tests
    assert list(found) == [name for name in rules.TESTS if name in PLAN["test"]]
    assert found["relay"] == {"cycles": 1, "open_mA": 40, "load_side": True}
    assert found["metering"]["points"] == [
        {"voltage_V": 230, "current_A": 5, "power_factor": 0.5, "side": "inductive"}]
    assert found["supply"]["voltage_V"] == (207, 253)


def test_every_test_of_the_plan_is_there() -> None:
    assert set(runner.TESTS) == set(rules.TESTS)


@pytest.mark.parametrize(("path", "value", "message"), [
    ("schema", 2, "schema: 2: must be a whole number of 1 to 1"),
    ("schema", True, "schema: True: must be"),
    ("name", "", "name: '': must be 1 to 64 printable characters"),
    ("name", None, "name: is missing"),
    ("serial", None, "serial: is missing"),
    ("lot", "L7", "lot: must be one of schema, name, serial, test"),
    ("serial.pattern", "JG[", "serial.pattern: 'JG[': must be a regular expression (unterm"),
    ("serial.pattern", "", "serial.pattern: '': must be a regular expression of 1 to 100"),
    ("serial.check_digit", "crc", "serial.check_digit: 'crc': must be one of none, luhn"),
    ("test", {}, "test: {}: must be one table a test, one at least"),
    ("test.relai", {}, "test.relai: must be one of identity, self_test,"),
    ("test.relay", 1, "test.relay: 1: must be a table"),
    ("test.relay.cycles", 0, "test.relay.cycles: 0: must be a whole number of 1 to 8"),
    ("test.relay.cycles", 9, "test.relay.cycles: 9: must be"),
    ("test.relay.cycles", 1.5, "test.relay.cycles: 1.5: must be"),
    ("test.relay.load_side", "yes", "test.relay.load_side: 'yes': must be true or false"),
    ("test.relay.pulses", 1, "test.relay.pulses: must be one of cycles, open_mA, load_side"),
    ("test.identity.board", None, "test.identity.board: is missing"),
    ("test.identity.board", "pico", "'pico': must be the name of a board, such as METER_RP"),
    ("test.identity.profile", "test", "'test': must be one of production, development"),
    ("test.supply.voltage_V", [253, 207], "must be [low, high] within 50 to 500 V, rising"),
    ("test.supply.voltage_V", [207], "must be [low, high]"),
    ("test.supply.frequency_Hz", [49, 71], "within 40 to 70 Hz"),
    ("test.clock.limit_ppm", 4, "must be a whole number of 5 to 200000 ppm"),
    ("test.keypad", {"keys": "1123"}, "'1123': must be different keys of 123456789*0#"),
    ("test.modem.baud", 9600, "9600: must be one of 9600, 115200"),
    ("test.metering.points", [], "must be a list of 1 to 12 tables"),
    ("test.metering.points", [{"voltage_V": 230}], "points[0].current_A: is missing"),
    ("test.metering.points", [POINT, {**POINT, "power_factor": 0}],
     "points[1].power_factor: 0: must be 0.1 to 1"),
    ("test.metering.limit_W", "1", "'1': must be 0.05 to 20 %"),
    ("test.rs485", {}, "test.rs485.port: is missing"),
    ("test.relay", None, "test.metering: needs test.relay, which closes the relay for it"),
])
def test_refused(path: str, value: Any, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(changed(path, value))
    assert str(caught.value).startswith("plan test.json: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(("name", "data", "message"), [
    ("plan.toml", b"schema = ", "is no TOML: "),
    ("plan.json", b"{", "is no JSON: "),
    ("plan.json", b"[" * 5000, "is no JSON: "),
    ("plan.json", b"[]", "must be a table"),
    ("plan.toml", b"\xff", "is no TOML: "),
    ("plan.toml", b"#" * 70000, "70000 bytes: must be at most 65536"),
])
def test_a_file_that_is_none(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    with pytest.raises(BadInput, match=re.escape(message)):
        plan.read(file)


def test_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        plan.read(tmp_path / "plan.toml")


def test_the_command_checks_a_plan(tmp_path: Path, run: Run) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(PLAN))
    code, output, errors = run("production", str(file), "--check")
    assert (code, errors) == (0, "")
    assert "BENCH, quick: 16 tests; not in it: element, buzzer, rs485" in output
    file.write_text(json.dumps(changed("test.relay.cycles", 0)))
    code, output, errors = run("production", str(file), "--check")
    assert (code, output) == (2, "")
    assert errors == (f"error: plan {file}: test.relay.cycles: 0: must be a whole number of "
                      "1 to 8\n")


@pytest.mark.parametrize(("arguments", "message"), [
    (("--serial", "JG1"), "serial number 'JG1': must be as the plan has it: JG[0-9]{8}"),
    (("--serial", "../JG00000001"), "must be 1 to 32 letters, digits"),
    (("--lot", "a/b"), "lot 'a/b': must be 1 to 32 letters"),
    (("--serial", "JG00000001", "--operator", "x" * 65), "must be 1 to 64 printable"),
])
def test_nothing_is_done_with_a_bad_word(
    tmp_path: Path, run: Run, arguments: tuple[str, ...], message: str,
) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(PLAN))
    code, output, errors = run(
        "--port", "socket://127.0.0.1:1", "production", str(file), "--out",
        str(tmp_path / "out"), *arguments)
    assert (code, output) == (2, "")
    assert message in errors
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", [
    "", " ", ".JG", "a/b", "a\\b", "a..b", "a b", "JG\n1", "\x1b[2J", "x" * 33, "Ü1", "a\0"])
def test_serial_numbers_that_are_none(text: str) -> None:
    with pytest.raises(BadInput, match="must be 1 to 32 letters"):
        serial_number.read(text, {"pattern": re.compile(".*"), "check_digit": "none"})


def test_serial_numbers_as_a_scanner_types_them() -> None:
    rule = {"pattern": re.compile("JG-[0-9]{8}"), "check_digit": "luhn"}
    assert serial_number.read(" JG-79927398\r\n".replace("98", "97"), {
        **rule, "check_digit": "none"}) == "JG-79927397"
    # ISO/IEC 7812-1's own example is 7992739871 and its check digit 3.
    assert serial_number.luhn("79927398713")
    for digit in "012456789":
        assert not serial_number.luhn("7992739871" + digit)
    with pytest.raises(BadInput, match="its check digit is wrong"):
        serial_number.read("JG-79927397", rule)


def test_an_operator_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import io
    operator = Operator("Li")
    monkeypatch.setattr("sys.stdin", io.StringIO("\nn\ny\nno\n"))
    assert operator.do("cover", False, "Open the cover") is None
    with pytest.raises(CannotDo, match="the operator cannot: Open the cover"):
        operator.do("cover", False, "Open the cover")
    assert operator.do("display", "all", "Is it lit?") is True
    assert operator.do("display", "all", "Is it lit?") is False
    with pytest.raises(CannotDo, match="nobody answers"):
        operator.do("display", "all", "Is it lit?")
    with pytest.raises(CannotDo, match="there is no fixture: key"):
        operator.do("key", "5", None)
    assert "Open the cover [Enter, or n if it cannot be] " in capsys.readouterr().err


PAGE = (ROOT / "docs" / "production-test.md").read_text(encoding="utf-8")


def test_the_page_has_every_test_and_its_values() -> None:
    rows = [row for row in PAGE.splitlines() if row.startswith("| `")]
    for name, words in rules.TESTS.items():
        found = [row for row in rows if f"`{name}`" in row.split("|")[1]]
        assert found, name
        for word, kind in words.items():
            cell = found[0].split("|")[2]
            assert f"`{word}`" in cell, (name, word)
            if isinstance(kind.default, int) and not isinstance(kind.default, bool):
                assert str(kind.default) in cell, (name, word)


def test_the_page_has_a_good_plan() -> None:
    content = PAGE.partition("```toml\n")[2].partition("```")[0]
    found = plan.check("page", content.encode(), tomllib.loads(content))
    assert len(found.tests) == 12
    printed = re.findall(r"^passed +([a-z_]+)", PAGE, re.MULTILINE)
    assert printed == list(found.tests)
