"""docs/meterctl.md, section "The whole way, on the bench": a blank bench meter is provisioned,
credited and read by the very commands of the page, and answers as the page quotes it."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools.bench.process import ROOT
from tools.meterctl.__main__ import app

PAGE = ROOT / "docs" / "meterctl.md"
SECTION = "## The whole way, on the bench"
TERMINAL = "## With only a serial terminal"
LOOKING = frozenset({"status", "registers", "events", "tariff", "test"})
_DEADLINE_S = 60
_PORT = "17300"
_FOLDER = "build/first-meter"


def section(title: str) -> str:
    text = PAGE.read_text(encoding="utf-8")
    return text[text.index(title + "\n"):].split("\n## ")[0]


def blocks(title: str, kind: str) -> Iterator[str]:
    for block in re.finditer(r"^```(\w+)\n(.*?)^```$", section(title), re.MULTILINE | re.DOTALL):
        if block[1] == kind:
            yield block[2]


def steps() -> list[tuple[list[str], list[str]]]:
    """Return the commands of the sequence, each with the lines quoted after it."""
    found = []
    for block in blocks(SECTION, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *lines = part.splitlines()
            found.append((shlex.split(command), [line for line in lines if line.strip()]))
    return found


def plain(line: str) -> str:
    """Return a line with its numbers, digests and gaps made alike."""
    line = re.sub(r"digest [0-9a-f]{16}|\b[0-9a-f]{16}(?= from)", "digest", line)
    return re.sub(r" +", " ", re.sub(r"-?\d+(\.\d+)?", "0", line)).strip()


def missing(output: str, quoted: list[str]) -> list[str]:
    """Return what is quoted and does not come in this order in the output."""
    rest = iter([plain(line) for line in output.splitlines()])
    return [line for line in quoted if plain(line) not in rest]


class Sequence:
    """A run of the page's commands, with a free port and a folder of the test's own."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = str(probe.getsockname()[1])
        self.folder = folder
        self.environment = dict(os.environ, COLUMNS="100")
        self.bench: subprocess.Popen[str] | None = None

    def run(self, command: list[str], quoted: list[str]) -> None:
        words = [word.replace(_PORT, self.port).replace(_FOLDER, str(self.folder))
                 for word in command]
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            self.environment[name] = value
        elif words[1:4] == ["-m", "tools.bench", "serve"]:
            self._serve(words[1:])
        else:
            assert words[0] == "meterctl"
            self._meterctl(words[1:], [line.replace(_FOLDER, str(self.folder))
                                       for line in quoted])

    def _serve(self, words: list[str]) -> None:
        self.bench = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        assert self.bench.stdout is not None
        assert self.bench.stdout.readline() == f"console socket://127.0.0.1:{self.port}\n"
        # A person takes longer to type the next command than the meter to start.
        end = time.monotonic() + _DEADLINE_S
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", int(self.port)), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the bench does not listen")

    def _meterctl(self, words: list[str], quoted: list[str]) -> None:
        refused = any(line.startswith("error: ") for line in quoted)
        end = time.monotonic() + _DEADLINE_S
        while True:
            done = subprocess.run(
                [sys.executable, "-m", "tools.meterctl", *words], cwd=ROOT,
                env=self.environment, capture_output=True, text=True, timeout=_DEADLINE_S,
                check=False)
            output = done.stderr if refused else done.stdout
            assert done.returncode == (1 if refused else 0), (words, done.stderr)
            wrong = missing(output, quoted)
            # The relay needs a moment, and looking again changes nothing.
            if not wrong or words[0] not in LOOKING or time.monotonic() > end:
                break
        assert wrong == [], (words, output)

    def close(self) -> None:
        if self.bench is not None:
            assert self.bench.stdin is not None and self.bench.stdout is not None
            self.bench.stdin.close()
            self.bench.wait(timeout=_DEADLINE_S)
            self.bench.stdout.close()


@pytest.fixture(scope="module")
def meter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sequence]:
    """The meter at the end of the documented sequence."""
    sequence = Sequence(tmp_path_factory.mktemp("meter"))
    try:
        for command, quoted in steps():
            sequence.run(command, quoted)
        yield sequence
    finally:
        sequence.close()


@pytest.mark.xdist_group("meterctl-docs")
def test_a_blank_meter_is_provisioned_and_meters(meter: Sequence) -> None:
    assert {command[1] for command, _ in steps() if command[0] == "meterctl"} == {
        "status", "provision", "credit", "registers", "tariff", "events", "test", "export"}
    found = json.loads((meter.folder / "47110815.json").read_text())
    assert found["identity"]["meter_id"] == "47110815"
    assert found["identity"]["provisioned"] is True
    assert found["status"]["supply"] == "on"
    assert int(found["registers"]["import_kWh"].replace(".", "")) > 0
    account = {name: int(found["balance"][name].replace(".", ""))
               for name in ("balance", "credits", "charges")}
    assert account["credits"] == 2000000
    assert account["balance"] == account["credits"] - account["charges"]
    assert account["charges"] > 0 and found["balance"]["audit"] == ""
    assert found["tariff"]["id"] == "cn-beijing-2012"
    assert found["tariff"]["next"]["start"] == "2007-05-31T16:00:00"
    names = [event[2] for event in found["events"]["events"]]
    for name in ("provisioned", "credited", "supply_connected", "tariff_loaded"):
        assert names.count(name) == 1


@pytest.mark.xdist_group("meterctl-docs")
def test_what_is_typed_at_the_console(meter: Sequence) -> None:
    (block,) = blocks(TERMINAL, "text")
    address = ("127.0.0.1", int(meter.port))
    with socket.create_connection(address, timeout=_DEADLINE_S) as terminal:
        seen = _until_prompt(terminal, "\r")
        for part in re.split(r"^> ", block, flags=re.MULTILINE)[1:]:
            typed, *quoted = part.splitlines()
            seen = _until_prompt(terminal, typed + "\r")
            assert seen.startswith(typed)
            assert missing(seen, quoted) == [], seen
        listed = _until_prompt(terminal, "help\r")
    table = section(TERMINAL).partition("\n| type |")[2]
    for words in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE):
        for word in re.findall(r"`(\w+)", words):
            assert re.search(rf"^{word}\b", listed, re.MULTILINE), word


def _until_prompt(terminal: socket.socket, typed: str) -> str:
    terminal.sendall(typed.encode())
    seen = ""
    while not seen.endswith("\r\n> "):
        data = terminal.recv(4096)
        assert data, seen
        seen += data.decode()
    return seen


def test_every_command_is_on_the_page() -> None:
    text = section("## The commands")
    listed = {word for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
              for word in re.findall(r"`([a-z]+)", row)}
    groups = app.registered_commands + app.registered_groups
    names = {entry.name or getattr(entry, "callback", SimpleNamespace(__name__="")).__name__
             for entry in groups}
    assert listed == names


def test_a_wrong_quotation_is_seen() -> None:
    assert missing("one 1.5 kWh\ntwo\n", ["one  7 kWh", "two"]) == []
    assert missing("two\none\n", ["one", "two"]) == ["two"]
    assert missing("supply  off\n", ["supply on"]) == ["supply on"]
