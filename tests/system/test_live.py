"""The live meter on a terminal of its own: started, topped up, cut off from the mains, stopped."""

import io
import os
import pty
import re
import select
import struct
import subprocess
import sys
import time
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import pytest
from pymodbus.client import ModbusSerialClient
from rich.console import Console

from tools.bench.live import page
from tools.bench.process import ROOT

_DEADLINE_S = 60
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """`python -m tools.bench live` behind a pty of 100 by 40 characters."""

    def __init__(self, *arguments: str) -> None:
        self._master, slave = pty.openpty()
        ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tools.bench", "live", *arguments], cwd=ROOT, stdin=slave,
            stdout=slave, stderr=slave, env=dict(os.environ, TERM="xterm", COLUMNS="100"))
        os.close(slave)
        self.seen = ""

    def press(self, key: str) -> None:
        self.seen = ""
        os.write(self._master, key.encode())

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the first match on the screen since the last key; fails after a deadline."""
        deadline = time.monotonic() + _DEADLINE_S
        while time.monotonic() < deadline:
            found = re.search(pattern, self.seen)
            if found:
                return found
            if select.select([self._master], [], [], 0.5)[0]:
                try:
                    data = os.read(self._master, 65536).decode(errors="replace")
                except OSError:
                    break
                self.seen += _ESCAPES.sub("", data)
        raise AssertionError(f"no {pattern!r} on the screen:\n{self.seen[-3000:]}")

    def end(self) -> int:
        deadline = time.monotonic() + _DEADLINE_S
        while self.process.poll() is None and time.monotonic() < deadline:
            if select.select([self._master], [], [], 0.2)[0]:
                try:
                    os.read(self._master, 65536)
                except OSError:
                    break
        code = self.process.wait(timeout=_DEADLINE_S)
        os.close(self._master)
        return code


def test_keys_act_on_the_meter(tmp_path: Path) -> None:
    screen = Terminal("--state", str(tmp_path))
    assert float(screen.wait_for(r"balance +([0-9.]+) CNY").group(1)) <= 20
    screen.wait_for("ON, relay closed")
    screen.press("t")
    screen.wait_for("top-up of 20 accepted")
    assert float(screen.wait_for(r"balance +(3[0-9.]+) CNY").group(1)) > 39
    screen.press("c")
    screen.wait_for("cover_opened")
    screen.press("b")
    screen.wait_for("button_pressed")
    screen.press("m")
    screen.wait_for("NO POWER")
    screen.press("m")
    screen.wait_for("the meter has started again")
    before = float(screen.wait_for(r"balance +([0-9.]+) CNY").group(1))
    screen.press("q")
    assert screen.end() == 0
    # A stopped meter starts again where it was.
    again = Terminal("--state", str(tmp_path))
    after = float(again.wait_for(r"balance +([0-9.]+) CNY").group(1))
    assert before - 1 < after <= before
    again.press("q")
    assert again.end() == 0


def test_a_token_is_bought_and_typed(tmp_path: Path) -> None:
    screen = Terminal("--state", str(tmp_path), "--display", "ssd1306", "--balance", "3")
    screen.wait_for("Balance")
    screen.press("k")
    digits = screen.wait_for(r"token: ((?:[0-9]{4} ?){5})").group(1).replace(" ", "")
    for digit in digits:
        screen.press(digit)
    screen.wait_for(f"{digits[12:16]} {digits[16:]}")
    screen.press("#")
    screen.wait_for("Token accepted")
    screen.press("q")
    assert screen.end() == 0


def test_needs_a_terminal(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench", "live", "--state", str(tmp_path)], cwd=ROOT,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: live: needs a terminal; `run --headless` does without\n"


@pytest.mark.parametrize("closed", [True, False])
def test_page_tells_whether_supply_is_on(closed: bool) -> None:
    status = {
        "time": "2007-05-01T00:00:00", "mains": True, "cover": True, "message": "", "events": [],
        "provisioned": True,
        "currency": "EUR", "V": "230.00", "A": "1.000", "W": 230, "pf": "1.000", "Hz": "50.00",
        "period": "day", "season": "all", "tier": 1, "tiers": 2, "price": "0.30000",
        "import_kWh": "1.000", "export_kWh": "0.000", "month_kWh": "1.000", "month_cost": "0.30",
        "balance": "5.00000", "days_left": "", "relay": "closed" if closed else "open",
        "reasons": "none" if closed else "credit", "commits": 1, "audit": ""}
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(page(status, 600, "20"))
    text = console.export_text()
    assert ("ON, relay closed" in text) is closed
    assert ("OFF: credit" in text) is not closed


def test_a_master_finds_the_rs485_bus(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tools.bench", "serve", "--rs485", "--state", str(tmp_path)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as meter:
        assert meter.stdin is not None and meter.stdout is not None
        assert meter.stdout.readline().startswith("console socket://")
        name, path = meter.stdout.readline().split()
        assert name == "rs485"
        with ModbusSerialClient(path, baudrate=9600, parity="N", timeout=5) as master:
            assert master.read_input_registers(0, count=1, device_id=1).registers == [1]
        meter.stdin.write("quit\n")
        meter.stdin.close()
        assert meter.wait(timeout=_DEADLINE_S) == 0


def test_the_bus_is_in_real_time(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench", "serve", "--rs485", "--rate", "2", "--state",
         str(tmp_path)], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "error: rate 2: must be 1 with --rs485, whose time is the real one\n")
