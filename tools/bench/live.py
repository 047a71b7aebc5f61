"""The live meter: on a terminal with keys that act on its world, or served without a screen."""

import json
import os
import select
import subprocess
import sys
import termios
import tty
from collections.abc import Callable
from types import TracebackType
from typing import Any

from rich import box
from rich.align import Align
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from tools.bench.process import BenchError, command, environment

KEYS = {"m": "mains", "c": "cover", "b": "press", "q": "quit"}
PAD = "0123456789*#"
"""Keys of the terminal that are those of the keypad."""
_STOP_S = 10


class Meter:
    """The MicroPython process that runs the firmware; sends commands, yields its status."""

    def __init__(self, spec_path: str) -> None:
        self._process = subprocess.Popen(
            command("live.py", spec_path), env=environment(), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)
        assert self._process.stdout is not None and self._process.stdin is not None
        self.output = self._process.stdout
        self._input = self._process.stdin

    def send(self, line: str) -> None:
        try:
            self._input.write(line + "\n")
            self._input.flush()
        except BrokenPipeError:
            pass  # it has ended; read() will say so

    def read(self) -> dict[str, Any] | None:
        """Return the next status, None at the end of the run; BenchError if it failed."""
        line = self.output.readline()
        if line:
            status: dict[str, Any] = json.loads(line)
            return status
        self._process.wait(timeout=_STOP_S)
        if self._process.returncode:
            assert self._process.stderr is not None
            raise BenchError(self._process.stderr.read().strip() or "the meter has stopped")
        return None

    def close(self) -> None:
        """End the process; it commits and keeps its place first if it still runs."""
        if self._process.poll() is None:
            self.send("quit")
            try:
                self._process.communicate(timeout=_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


class Keyboard:
    """Single keys without Enter; gives the terminal back as it was."""

    def __enter__(self) -> "Keyboard":
        self._fd = sys.stdin.fileno()
        self._before = termios.tcgetattr(self._fd)
        tty.setcbreak(self._fd)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def key(self) -> str:
        return os.read(self._fd, 1).decode(errors="ignore").lower()


def show(
    spec_path: str, rate: int, top_up: str, url: str, bus: str = "",
    sell: Callable[[str], str] | None = None,
) -> None:
    """Run the live meter until the load ends or `q` is pressed.

    sell: returns the 20 digits of a credit at a time of the meter; with it there are a display
    and a keypad, whose keys are those of the terminal.
    """
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise BenchError("live: needs a terminal; `run --headless` does without")
    console = Console()
    meter = Meter(spec_path)
    when = token = ""
    try:
        view = Live(console=console, screen=True, auto_refresh=False)
        with Keyboard() as keyboard, view:
            while True:
                ready, _, _ = select.select([sys.stdin, meter.output], [], [])
                if sys.stdin in ready:
                    key = keyboard.key()
                    if key == "t":
                        meter.send(f"top_up {top_up}")
                    elif key in KEYS:
                        meter.send(KEYS[key])
                    elif sell and key == "k":
                        token = sell(when)
                    elif sell and key in PAD:
                        meter.send(f"key {key}")
                if meter.output in ready:
                    status = meter.read()
                    if status is None:
                        break
                    when = status["time"]
                    status["token"] = token
                    view.update(page(status, rate, top_up, url, bus), refresh=True)
    finally:
        meter.close()


def serve(spec_path: str, url: str, bus: str = "") -> None:
    """Run the meter with no screen until it ends or the input closes; pass the input on.

    bus: the terminal for masters of its RS485 bus.
    """
    meter = Meter(spec_path)
    try:
        meter.read()  # the console is there by the first status
        print("console", url, flush=True)
        if bus:
            print("rs485", bus, flush=True)
        watched = [meter.output, sys.stdin]
        while True:
            ready, _, _ = select.select(watched, [], [])
            if sys.stdin in ready:
                line = sys.stdin.readline()
                meter.send(line.strip() or "quit")
                if not line:
                    watched.remove(sys.stdin)
            if meter.output in ready and meter.read() is None:
                return
    finally:
        meter.close()


def page(
    status: dict[str, Any], rate: int, top_up: str, url: str = "", bus: str = ""
) -> Panel:
    """Return the whole screen for one status line of the meter."""
    keys = Text.assemble(
        ("t", "bold reverse"), f" top up {top_up}   ", ("m", "bold reverse"),
        " cut mains   " if status["mains"] else " mains back   ", ("c", "bold reverse"),
        " open cover   " if status["cover"] else " close cover   ", ("b", "bold reverse"),
        " press   ", ("q", "bold reverse"), " quit")
    parts: list[Any] = []
    if status["provisioned"]:
        columns = Table.grid(expand=True, padding=(0, 1))
        columns.add_column(ratio=1)
        columns.add_column(ratio=1)
        columns.add_row(_account(status), _line(status))
        columns.add_row(_tariff(status), _energy(status))
        parts.append(columns)
    else:
        parts.append(Align.center(
            Text("\n\nNO POWER\n\n", style="bold red"), vertical="middle"))
    places = [f"link: {status['link']}"] if status.get("link") else []
    places += [f"console at {url}"] if url else []
    places += [f"RS485 at {bus}"] if bus else []
    console = Text("   ".join(places), style="dim", overflow="ellipsis", no_wrap=True)
    if "display" in status:
        parts.append(_display(status))
        keys.append(Text.assemble(("   k", "bold reverse"), " buy a token   ",
                                  ("0-9 * #", "bold reverse"), " type"))
    parts += [_events(status), Text(status["message"], style="italic"), console, keys]
    title = f"[bold]Joulegate[/]  {status['time'].replace('T', '  ')}  x{rate}"
    return Panel(Group(*parts), title=title, box=box.ROUNDED, width=80)


def _display(status: dict[str, Any]) -> Panel:
    """Return what the display shows, and the token that was bought last."""
    digits = status.get("token", "")
    groups = " ".join(digits[at:at + 4] for at in range(0, len(digits), 4))
    lines = Text("\n".join(status["display"]), no_wrap=True)
    lines.append(f"\ntoken: {groups}" if digits else "\n", style="dim")
    return Panel(lines, title="display", title_align="left", box=box.HEAVY)


def _box(title: str, rows: list[tuple[str, Any]]) -> Panel:
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    for name, value in rows:
        table.add_row(name, value)
    return Panel(table, title=title, title_align="left", box=box.ROUNDED)


def _account(s: dict[str, Any]) -> Panel:
    good = s["relay"] == "closed"
    relay = Text("ON, relay closed" if good else f"OFF: {s['reasons']}",
                 style="bold green" if good else "bold red")
    days = s["days_left"] or "--"
    return _box("account", [
        ("balance", Text(f"{s['balance']} {s['currency']}", style="bold")),
        ("days left", days), ("supply", relay),
        ("audit", Text(s["audit"] or "agrees", style="red" if s["audit"] else "green"))])


def _line(s: dict[str, Any]) -> Panel:
    return _box("line", [
        ("voltage", f"{s['V']} V"), ("current", f"{s['A']} A"),
        ("power", Text(f"{s['W']} W", style="bold")),
        ("pf, frequency", f"{s['pf']}  {s['Hz']} Hz")])


def _tariff(s: dict[str, Any]) -> Panel:
    return _box("tariff", [
        ("season / rate", f"{s['season']} / {s['period']}"),
        ("tier", f"{s['tier']} of {s['tiers']}"),
        ("price", f"{s['price']} {s['currency']}/kWh"),
        ("this month", f"{s['month_cost']} {s['currency']}")])


def _energy(s: dict[str, Any]) -> Panel:
    return _box("energy", [
        ("import", f"{s['import_kWh']} kWh"), ("export", f"{s['export_kWh']} kWh"),
        ("this month", f"{s['month_kWh']} kWh"), ("ledger commits", str(s["commits"]))])


def _events(s: dict[str, Any]) -> Panel:
    rows = [(when.replace("T", " "), f"{name}{f'  {value}' if value else ''}")
            for when, name, value in s["events"][-6:]]
    rows += [("", "")] * (6 - len(rows))
    return _box("last events", list(rows))
