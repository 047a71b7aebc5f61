"""Tests that need no hands: who the meter is, its memories, secure element, radio, watchdog."""

from pathlib import Path

from tools.image import drive
from tools.image.boards import board as image_board
from tools.image.errors import ImageError
from tools.meterctl.errors import LineError
from tools.production.dut import SLOW_S
from tools.production.trial import NotDone, Trial

_READ_BACK_S = 60
_HANG_S = 14
"""Longer than a meter hangs without a watchdog."""
_WATCHDOG = 2
"""Value of the event `started` after the watchdog has bitten."""


def identity(trial: Trial) -> None:
    """The board, the image and its version are those of the plan, and nobody uses the meter."""
    found, words = trial.identity, trial.words
    trial.equal("board", found["board"], words["board"])
    trial.equal("image", found["profile"], words["profile"])
    trial.equal("firmware", found["firmware"], words["firmware"])
    if words["micropython"] is not None:
        trial.equal("MicroPython", found["micropython"], words["micropython"])
    trial.check("has no account", not found["provisioned"], not found["provisioned"])
    chip = found["unique_id"]
    others = trial.known_chips - {chip}
    trial.check("serial number is of this chip", not others, chip,
                f"earlier runs found {', '.join(sorted(others))}" if others else "")
    if words["image"] is not None:
        _image(trial, Path(words["image"]))


def _image(trial: Trial, path: Path) -> None:
    """The program in flash is that of the image's file, read back by its SHA-256."""
    problem = ""
    try:
        target = image_board(trial.words["board"])
        with trial.dut.line.exchange(_READ_BACK_S) as transport:
            drive.read_back(target, path, transport)
    except (ImageError, OSError) as e:
        problem = str(e)
    trial.check("program in flash", not problem, path.name, problem, wanted="as in the file")


def self_test(trial: Trial) -> None:
    """What the meter says of its own parts, but for what has a test of its own here."""
    ignored = {name.strip() for name in trial.words["ignore"].split(",")}
    for item in trial.dut.ask("self_test")["tests"]:
        if item["name"] not in ignored:
            trial.check(item["name"], item["passed"], text=item["text"])


def flash(trial: Trial) -> None:
    """A file is written, read back and removed, and there is room."""
    found = trial.dut.part("flash", seconds=SLOW_S, kib=trial.words["write_KiB"])
    wrong_at = found.get("wrong_at")
    trial.check("reads what was written", wrong_at is None, found["tested_KiB"],
                "" if wrong_at is None else f"differs at byte {wrong_at}", unit="KiB")
    trial.within("free", found["free_KiB"], trial.words["free_KiB"], None, "KiB")
    trial.fact("size, KiB", found["total_KiB"])


def fram(trial: Trial) -> None:
    """The FRAM is there, of its size, and keeps four patterns in the byte that is for this."""
    found = trial.dut.part("fram")
    if trial.check("answers", found["fitted"], found["fitted"], found["problem"]):
        trial.check("keeps patterns", not found["problem"], text=found["problem"])
        trial.within("size", found["size"], trial.words["size"], None, "bytes")


def element(trial: Trial) -> None:
    """The secure element answers, and is set up for a meter."""
    found = trial.dut.part("element")
    if trial.check("answers", found["fitted"], found["fitted"]):
        trial.check("is set up", not found["problem"], text=found["problem"])


def wifi(trial: Trial) -> None:
    """A scan finds the station's network, strong enough."""
    found = trial.dut.part("wifi", seconds=SLOW_S)
    if not trial.check("is there", found["fitted"], found["fitted"]):
        return
    networks = [row for row in found["networks"]
                if isinstance(row, list) and len(row) == 3 and isinstance(row[1], int)]
    trial.fact("networks", len(networks))
    wanted = trial.words["network"]
    heard = [row[1] for row in networks if wanted is None or row[0] == wanted]
    if trial.check("hears a network", bool(heard), bool(heard), wanted=wanted):
        trial.within("strongest", max(heard), trial.words["signal_dBm"], None, "dBm")


def watchdog(trial: Trial) -> None:
    """A meter that hangs is reset by its watchdog."""
    before = trial.dut.ask("status")["starts"]
    seconds = trial.words["seconds"]
    began = trial.pace.now()
    try:
        found = trial.dut.part("watchdog", seconds=_HANG_S)
    except LineError:
        found = None
    if found is not None:
        trial.check("resets a meter that hangs", False,
                    text=f"it hung for {found['waited_ms']} ms and was let be")
        return
    trial.dut.reopen(seconds, lambda status: status["starts"] != before)
    trial.fact("back after, s", round(trial.pace.now() - began, 1))
    started = [row[3] for row in trial.dut.ask("events", since=0)["events"]
               if row[2] == "started"]
    if not started:
        raise NotDone("the meter does not say why it has started")
    trial.check("resets a meter that hangs", started[-1] == _WATCHDOG, started[-1],
                wanted=f"cause {_WATCHDOG}")
