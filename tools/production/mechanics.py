"""Tests in which somebody or a fixture moves, looks or listens: contacts, keys, display, relay."""

from typing import Any

from tools.production.hands import Unable
from tools.production.trial import NotDone, Trial

KEYS = "123456789*0#"
"""By the bits of board.keypad().scan()."""
_FIXTURE_S = 2.0
"""How long a contact that a fixture has moved may take to be seen."""
_REST_S = 1.05
"""Between two pulses of the relay; the meter refuses a shorter rest than 1 s."""
_SETTLE_S = 0.4
"""From a pulse to contacts that are at rest."""
_PROOF_S = 3.0
"""Within this the readings are those of after a pulse: the meter reads current once a second."""


def supply(trial: Trial) -> None:
    """The mains is measured within its range, and the input that announces its end works."""
    status = trial.dut.ask("status")
    for what, name in (("voltage", "V"), ("frequency", "Hz")):
        low, high = trial.words[f"{what}_{name}"]
        trial.within(what, float(status[name]), low, high, name)
    trial.check("supply is good", _inputs(trial)["supply_good"][0])
    if trial.words["brown_out"]:
        trial.hands.do("brown_out", True, "Let the supply sag until the power-fail input falls")
        seen = _await(trial, "supply_good", False)
        trial.hands.do("brown_out", False, "Bring the supply back")
        trial.check("its fall is announced", seen)
        trial.check("it is good again", _await(trial, "supply_good", True))


def _inputs(trial: Trial) -> dict[str, list[bool]]:
    """Return [now, low since last asked, high since last asked] of each input."""
    found: dict[str, Any] = trial.dut.part("inputs")["inputs"]
    return {name: [bool(level) for level in levels] for name, levels in found.items()
            if isinstance(levels, list) and len(levels) == 3}


def _await(trial: Trial, name: str, level: bool) -> bool:
    """Return whether an input comes to a level; one that it had since last asked counts."""
    seconds = trial.words["seconds"] if trial.hands.wants_wait() else _FIXTURE_S

    def there() -> bool:
        now, low, high = _inputs(trial)[name]
        return now == level or (high if level else low)

    return trial.wait_for(seconds, there)


def _contact(trial: Trial, name: str, rest: bool, act: str, back: str) -> None:
    """An input follows its contact there and back, and no other input moves with it."""
    found = _inputs(trial)
    if name not in found:
        trial.check("is there", False, text="the board has no such input")
        return
    if not trial.check("at rest", found[name][0] == rest, found[name][0],
                       wanted="yes" if rest else "no"):
        return
    trial.hands.do(name, not rest, act)
    seconds = trial.words["seconds"] if trial.hands.wants_wait() else _FIXTURE_S
    moved: set[str] = set()

    def came(level: bool) -> bool:
        levels = _inputs(trial)
        moved.update(other for other, (now, low, high) in levels.items()
                     if other != name and ((low and high) or now != found[other][0]))
        now, low, high = levels[name]
        return now == level or (high if level else low)

    trial.check("moves", trial.wait_for(seconds, lambda: came(not rest)))
    trial.hands.do(name, rest, back)
    trial.check("moves back", trial.wait_for(
        seconds, lambda: came(rest) and _inputs(trial)[name][0] == rest))
    trial.check("moves alone", not moved, text=", ".join(sorted(moved)))


def cover(trial: Trial) -> None:
    _contact(trial, "cover", True, "Open the cover", "Close the cover")


def terminal_cover(trial: Trial) -> None:
    _contact(trial, "terminal_cover", True, "Open the terminal cover", "Close the terminal cover")


def magnet(trial: Trial) -> None:
    _contact(trial, "magnet", False, "Hold the magnet to the meter", "Take the magnet away")


def button(trial: Trial) -> None:
    _contact(trial, "button", False, "Hold the button down", "Let the button go")


def keypad(trial: Trial) -> None:
    """Every key closes its own contact, and a fixture's key no other one."""
    found = trial.dut.part("keypad")
    if not trial.check("is there", found["fitted"], found["fitted"]):
        return
    trial.check("no key is stuck", not found["keys"], text=_names(found["keys"] or 0))
    wanted = trial.words["keys"]
    try:
        for key in wanted:
            _one_key(trial, key)
    except Unable:
        trial.result.checks = [c for c in trial.result.checks if not c.what.startswith("key ")]
        _all_keys(trial, wanted)


def _one_key(trial: Trial, key: str) -> None:
    bit = 1 << KEYS.index(key)
    seen = 0
    trial.dut.part("keypad")  # forgets what was pressed before
    trial.hands.do("key", key, None)

    def came() -> bool:
        nonlocal seen
        seen |= trial.dut.part("keypad")["pressed"] or 0
        return bool(seen & bit)

    trial.wait_for(_FIXTURE_S, came)
    trial.hands.do("key", None, None)
    trial.check(f"key {key}", seen == bit, _names(seen), wanted=f"{key} alone")


def _all_keys(trial: Trial, wanted: str) -> None:
    trial.dut.part("keypad")
    trial.hands.do("keypad", wanted, "Press every key once, one after the other")
    seen = 0

    def came() -> bool:
        nonlocal seen
        seen |= trial.dut.part("keypad")["pressed"] or 0
        return all(seen >> KEYS.index(key) & 1 for key in wanted)

    trial.wait_for(trial.words["seconds"] if trial.hands.wants_wait() else _FIXTURE_S, came)
    for key in wanted:
        trial.check(f"key {key}", bool(seen >> KEYS.index(key) & 1))


def _names(bits: int) -> str:
    return "".join(key for i, key in enumerate(KEYS) if bits >> i & 1) or "none"


def display(trial: Trial) -> None:
    """All segments light, and all go out."""
    if not trial.check("is there", trial.dut.part("display", on=True)["fitted"]):
        return
    try:
        trial.pace.sleep(0.5)
        _seen(trial, "display", "all", "Is every segment of the display on?", "all on")
        trial.dut.part("display", on=False)
        trial.pace.sleep(0.5)
        _seen(trial, "display", "none", "Is every segment of the display off?", "all off")
    finally:
        trial.dut.part("display")


def lamps(trial: Trial) -> None:
    """Each lamp lights by its own name, and alone."""
    names = trial.words["names"].split(",")
    there = trial.dut.part("lamps", on=[])["lamps"]
    for name in names:
        if trial.check(f"{name} is there", name in there):
            trial.dut.part("lamps", on=[name])
            _seen(trial, "lamp", name, f"Is the lamp {name} lit, and no other?", f"{name} lights")
    trial.dut.part("lamps", on=[])


def buzzer(trial: Trial) -> None:
    if trial.check("is there", trial.dut.part("buzzer", on=True)["fitted"]):
        try:
            _seen(trial, "buzzer", True, "Does the buzzer sound?", "sounds")
        finally:
            trial.dut.part("buzzer", on=False)


def _seen(trial: Trial, what: str, value: Any, question: str, check: str) -> None:
    """Have somebody look: an operator's yes, a fixture's true."""
    said = trial.hands.do(what, value, question)
    if not isinstance(said, bool):
        raise NotDone(f"{question} was answered by {said!r}: must be true or false")
    trial.check(check, said)


def relay(trial: Trial) -> None:
    """It opens and closes as often as the plan says, proven on its load side, pulses counted."""
    cycles = trial.words["cycles"]
    before = trial.dut.part("relay")
    if before["pulses_left"] < 2 * cycles:
        trial.check("pulses left", False, before["pulses_left"], "restart the meter")
        return
    for _ in range(cycles):
        for close in (False, True):
            trial.pace.sleep(_REST_S)
            trial.dut.part("relay", close=close)
            trial.pace.sleep(_SETTLE_S)
            _position(trial, close)
    after = trial.dut.part("relay")
    trial.check("pulses", after["pulses"] - before["pulses"] == 2 * cycles,
                after["pulses"] - before["pulses"], wanted=str(2 * cycles))


def _position(trial: Trial, close: bool) -> None:
    found: dict[str, Any] = {}
    most = trial.words["open_mA"]

    def proven() -> bool:
        found.update(trial.dut.part("relay"))
        return found.get("load_voltage") is close and (close or found["current_mA"] <= most)

    trial.wait_for(_PROOF_S, proven)
    what = "closes" if close else "opens"
    voltage = found.get("load_voltage")
    if trial.words["load_side"]:
        trial.check(what, voltage is close, voltage,
                    "" if voltage is not None else "there is no detector",
                    wanted="load side live" if close else "load side dead")
    if not close:
        trial.within("current while open", found["current_mA"], None, most, "mA")
