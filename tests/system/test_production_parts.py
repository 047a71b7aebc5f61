"""What the production test finds of parts that the bench has not, on made-up answers."""

import os
import pty
import tty
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tools.production import rules
from tools.production.dut import SHAPES
from tools.production.hands import FixtureError, Unable
from tools.production.mechanics import KEYS
from tools.production.pace import Pace
from tools.production.report import FAILED, NOT_DONE, PASSED, Result
from tools.production.runner import TESTS
from tools.production.trial import NotDone, Trial


class Dut:
    """Answers what a part would, and can have parts that are broken."""

    def __init__(self) -> None:
        self.down: list[str] = []
        self.wired = {key: key for key in KEYS}
        self.lit: list[str] = []
        self.lamps = {"credit": "credit", "alarm": "alarm"}
        self.shown = ""
        self.shows = {"all": "all", "none": "none"}
        self.sounds = False
        self.networks: list[Any] = [["line", -51, 6], ["weak", -88, 1]]
        self.missing: set[str] = set()
        self.bus: int | None = None
        self.deaf = self.mute = False

    def part(self, name: str, *, seconds: float | None = None, **words: Any) -> dict[str, Any]:
        if name in self.missing:
            return {"fitted": False, "networks": [], "lamps": [], "received": ""}
        answer: dict[str, Any] = getattr(self, "_" + name)(**words)
        assert set(answer) >= {
            field for field, types in SHAPES[name].items() if type(None) not in types}
        return answer

    def _keypad(self) -> dict[str, Any]:
        bits = 0
        for key in self.down:
            for contact in self.wired.get(key, ""):
                bits |= 1 << KEYS.index(contact)
        return {"fitted": True, "keys": bits, "pressed": bits}

    def _display(self, on: bool | None = None) -> dict[str, Any]:
        self.shown = {None: "page", True: self.shows["all"], False: self.shows["none"]}[on]
        return {"fitted": True}

    def _lamps(self, on: list[str]) -> dict[str, Any]:
        self.lit = [self.lamps[name] for name in on]
        return {"lamps": sorted(self.lamps)}

    def _buzzer(self, on: bool) -> dict[str, Any]:
        self.sounds = on
        return {"fitted": True}

    def _wifi(self) -> dict[str, Any]:
        return {"fitted": True, "networks": self.networks}

    def _rs485(self, baud: int, parity: int | None, send: str = "") -> dict[str, Any]:
        assert self.bus is not None
        if send and not self.mute:
            os.write(self.bus, bytes.fromhex(send))
        received = b""
        os.set_blocking(self.bus, False)
        try:
            received = b"" if send or self.deaf else os.read(self.bus, 512)
        except BlockingIOError:
            received = b""
        return {"fitted": True, "received": received.hex()}


class Hands:
    """A fixture that looks at what the meter of made-up answers shows."""

    name = "made up"

    def __init__(self, dut: Dut) -> None:
        self.dut = dut
        self.operator = False

    def do(self, what: str, value: Any, ask: str | None) -> Any:
        if self.operator and ask is None:
            raise Unable(what)
        if what == "key":
            self.dut.down = [] if value is None else [value]
        elif what == "keypad":
            self.dut.down = list(value)
        elif what == "display":
            return self.dut.shown == value
        elif what == "lamp":
            return self.dut.lit == [value]
        elif what == "buzzer":
            return self.dut.sounds
        return True

    def wants_wait(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def dut() -> Dut:
    return Dut()


def test(name: str, dut: Dut, hands: Hands | None = None, **words: Any) -> Result:
    """Run one test and return what it found, with a verdict as the runner gives it."""
    result = Result(name, NOT_DONE, "")
    trial = Trial(
        result, rules.check_table(name, words, rules.TESTS[name]), dut,  # type: ignore[arg-type]
        hands or Hands(dut), Pace(100), {}, set())
    TESTS[name](trial)
    bad = [check.what for check in result.checks if not check.passed]
    result.verdict = FAILED if bad else PASSED
    result.text = ", ".join(bad)
    return result


test.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize("operator", [False, True])
def test_keypad(dut: Dut, operator: bool) -> None:
    hands = Hands(dut)
    hands.operator = operator
    assert test("keypad", dut, hands).verdict == PASSED
    dut.down = []
    dut.wired["5"] = ""
    assert test("keypad", dut, hands).text == "key 5"
    dut.down = []
    assert test("keypad", dut, Hands(dut), keys="123").verdict == PASSED


def test_keys_that_close_others_are_found(dut: Dut) -> None:
    dut.wired["1"], dut.wired["2"] = "2", "1"
    dut.wired["9"] = "98"
    assert test("keypad", dut).text == "key 1, key 2, key 9"


def test_a_key_that_is_stuck_is_found(dut: Dut) -> None:
    dut.down = ["#"]
    assert "no key is stuck" in test("keypad", dut).text


@pytest.mark.parametrize(("broken", "found"), [
    ({}, ""), ({"all": "most"}, "all on"), ({"none": "one"}, "all off")])
def test_display(dut: Dut, broken: dict[str, str], found: str) -> None:
    dut.shows.update(broken)
    assert test("display", dut).text == found
    assert dut.shown == "page"


def test_lamps(dut: Dut) -> None:
    assert test("lamps", dut).verdict == PASSED
    assert dut.lit == []
    dut.lamps = {"credit": "alarm", "alarm": "credit"}
    assert test("lamps", dut).text == "credit lights, alarm lights"
    assert test("lamps", dut, names="red").text == "red is there"


def test_buzzer(dut: Dut) -> None:
    assert test("buzzer", dut).verdict == PASSED
    assert not dut.sounds
    dut._buzzer = lambda on: {"fitted": True}  # type: ignore[method-assign]
    assert test("buzzer", dut).text == "sounds"


def test_wifi(dut: Dut) -> None:
    assert test("wifi", dut).verdict == PASSED
    assert test("wifi", dut, network="line", signal_dBm=-60).verdict == PASSED
    assert test("wifi", dut, network="weak").text == "strongest"
    assert test("wifi", dut, network="other").text == "hears a network"
    dut.networks = [["line", "loud", 6], 7]
    assert test("wifi", dut).text == "hears a network"


@pytest.mark.parametrize("name", ["keypad", "display", "lamps", "buzzer", "wifi"])
def test_what_is_missing_is_found(dut: Dut, name: str) -> None:
    dut.missing.add(name)
    assert test(name, dut).verdict == FAILED


def test_an_answer_that_is_neither_yes_nor_no(dut: Dut) -> None:
    hands = Hands(dut)
    hands.do = lambda what, value, ask: "perhaps"  # type: ignore[method-assign]
    with pytest.raises(NotDone, match="must be true or false"):
        test("buzzer", dut, hands)
    assert not dut.sounds


@pytest.fixture
def line(dut: Dut) -> Iterator[str]:
    """A serial line: the meter at one end, a port of this computer at the other."""
    own, other = pty.openpty()
    tty.setraw(other)
    dut.bus = own
    yield os.ttyname(other)
    os.close(own)
    os.close(other)


@pytest.mark.parametrize(("deaf", "mute", "found"), [
    (False, False, ""), (True, False, "hears"), (False, True, "is heard")])
def test_rs485(dut: Dut, line: str, deaf: bool, mute: bool, found: str) -> None:
    dut.deaf, dut.mute = deaf, mute
    assert test("rs485", dut, port=line).text == found


def test_a_port_that_is_not_there(dut: Dut, line: str) -> None:
    with pytest.raises(NotDone, match="cannot be opened"):
        test("rs485", dut, port="/nonexistent/port")


def test_a_fixture_that_fails_in_the_middle_leaves_all_dark(dut: Dut) -> None:
    def fail(what: str, value: Any, ask: str | None) -> Any:
        raise FixtureError("air is off")

    hands = Hands(dut)
    hands.do = fail  # type: ignore[method-assign]
    for name, left in (("display", lambda: dut.shown == "page"),
                       ("buzzer", lambda: not dut.sounds)):
        made: Callable[[], bool] = left
        with pytest.raises(FixtureError):
            test(name, dut, hands)
        assert made()
