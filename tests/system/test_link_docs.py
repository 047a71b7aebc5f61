"""docs/link.md, section "See it work on your computer": a blank bench meter is brought to a real
mosquitto by the very commands of the page, and everything answers as the page quotes it."""

import os
import re
import shlex
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.system.brokers import free_port, mosquitto_command, wait_until
from tests.system.test_meterctl_docs import missing
from tools.bench.process import ROOT
from tools.meterctl import firmware

PAGE = (ROOT / "docs" / "link.md").read_text(encoding="utf-8")
SECTION = "## See it work on your computer"
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_DEADLINE_S = 60
_LOOKING = frozenset({"link", "test"})


class Walk:
    """The page's terminals: processes that go on, and commands one after the other."""

    def __init__(self, folder: Path) -> None:
        self.changes = {
            "18830": str(free_port()), "17300": str(free_port()), "build/link": f"{folder}/link"}
        self.environment = dict(os.environ, COLUMNS="100")
        self.going: dict[str, subprocess.Popen[str]] = {}
        self.heard: list[str] = []
        self.expected: list[str] = []

    def run(self, command: str, quoted: list[str]) -> None:
        words = shlex.split(self._here(command))
        quoted = [self._here(line) for line in quoted]
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            self.environment[name] = value
        elif words[0] == "mosquitto":
            self.start_broker(words)
        elif words[0] == "mosquitto_sub":
            self.expected = quoted
            self._listen(words)
        elif words[1:4] == ["-m", "tools.bench", "serve"]:
            bench = self._start("bench", [sys.executable, *words[1:]])
            assert bench.stdout is not None
            assert bench.stdout.readline().strip() == quoted[0]
            wait_until(lambda: _takes(int(words[-1])), _DEADLINE_S)
        else:
            self._finish(words, quoted)

    def start_broker(self, words: list[str]) -> None:
        self._start("broker", [mosquitto_command(), *words[1:]])
        wait_until(lambda: _takes(int(words[2])), _DEADLINE_S)

    def stop_broker(self) -> None:
        broker = self.going.pop("broker")
        broker.terminate()
        broker.communicate(timeout=_DEADLINE_S)

    def close(self) -> None:
        for name in list(self.going):
            process = self.going.pop(name)
            if name == "bench":
                assert process.stdin is not None
                process.stdin.close()
            else:
                process.terminate()
            process.wait(timeout=_DEADLINE_S)

    def _here(self, text: str) -> str:
        for old, new in self.changes.items():
            text = text.replace(old, new)
        return text

    def _start(self, name: str, words: list[str]) -> subprocess.Popen[str]:
        self.going[name] = subprocess.Popen(
            words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        return self.going[name]

    def _listen(self, words: list[str]) -> None:
        process = self._start("listener", ["stdbuf", "-oL", *words])

        def listen() -> None:
            assert process.stdout is not None
            for line in process.stdout:
                self.heard.append(line.strip())

        threading.Thread(target=listen, daemon=True).start()

    def _finish(self, words: list[str], quoted: list[str]) -> None:
        tool = ["-m", "tools.meterctl"] if words[0] == "meterctl" else []
        end = time.monotonic() + _DEADLINE_S
        while True:
            done = subprocess.run(
                [sys.executable, *tool, *words[1:]], cwd=ROOT, env=self.environment,
                capture_output=True, text=True, timeout=_DEADLINE_S, check=False)
            assert done.returncode == 0, (words, done.stderr)
            wrong = missing(done.stdout, quoted)
            # A connection needs a moment, and looking again changes nothing.
            if not wrong or words[1:2] != words[-1:] or words[1] not in _LOOKING or (
                    time.monotonic() > end):
                break
            time.sleep(0.2)
        assert wrong == [], (words, done.stdout)


def _takes(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def steps() -> list[tuple[str, list[str]]]:
    """Return the commands of the section, each with the lines quoted after it."""
    found = []
    for block in _BLOCK.findall(PAGE[PAGE.index(SECTION):].split("\n## ")[0]):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *lines = part.splitlines()
            found.append((command, [line for line in lines if line.strip()]))
    return found


def test_the_walk(tmp_path: Path) -> None:
    mosquitto_command()
    walk = Walk(tmp_path)
    try:
        *before, (last, quoted) = steps()
        for command, lines in before:
            walk.run(command, lines)
        wait_until(lambda: not missing("\n".join(walk.heard), walk.expected), _DEADLINE_S,
                   lambda: str(walk.heard))
        walk.stop_broker()
        walk.run(last, quoted)
        walk.start_broker(shlex.split(walk._here(before[0][0])))
        walk.run("meterctl link", ["link run over socket, connected"])
    finally:
        walk.close()


def test_every_setting_of_the_page_is_one() -> None:
    table = PAGE[PAGE.index("| setting | default |"):].split("\n\n")[0]
    known = firmware.module("storage.link_settings").defaults()
    named = {name for row in table.splitlines()[2:]
             for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    others = {name for name in known if name.startswith(("home", "lora"))}
    named -= {"home", "lora"}
    # Wi-Fi networks have commands of their own, and PPP's number no technician needs.
    assert named == set(known) - others - {"wifi", "ppp_number"}


@pytest.mark.parametrize("text", [
    "this meter has none", "no network is known", "does not answer (", "no address",
    "refused, or no way there", "it wants a PIN and none is set", "it refused the PIN",
    "not registered, ", "no answer to AT", "none of the families",
    "the clock is not set", "closed by the other side", "no PUBACK",
    "the broker does not answer"])
def test_every_failure_of_the_page_is_one(text: str) -> None:
    assert text.rstrip(", (") in PAGE
    sources = [file.read_text(encoding="utf-8")
               for file in (ROOT / "firmware" / "joulegate" / "link").rglob("*.py")]
    assert any(text in source for source in sources)
