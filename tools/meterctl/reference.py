"""A reference meter and its source, as calibration asks them: bring a point, wait, read.

`typed` asks a person to turn knobs and to type what the reference meter shows. `bench` is the
laboratory of a bench that runs here (`tools.bench serve --control`): it sets the source, lets
time pass at once, and knows what is true. `command:PROGRAM` leaves both to a program of the
laboratory's own.
"""

import json
import shlex
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Protocol

import typer

from tools.bench.process import ROOT
from tools.meterctl.errors import BadInput, LineError

BENCH_FILE = ROOT / "build" / "live" / "control"
_HELD = "socket://"
_PROGRAM_S = 60
_SKIP_S = 60
_SETTLE_S = 3
"""After a change of the source, for whatever averages."""


@dataclass(frozen=True)
class Setting:
    """What the source is to give: rms voltage and current of each line, and by how many degrees
    the current lags."""

    volts: float
    amperes: float
    degrees: float = 0.0

    def text(self) -> str:
        return f"{self.volts:g} V, {self.amperes:g} A, power factor {factor(self.degrees)}"


@dataclass(frozen=True)
class Reading:
    """What the reference meter reads, by line."""

    voltage_mV: list[int]
    current_uA: list[int]
    power_mW: list[int]
    frequency_cHz: int = 5000

    def request(self) -> dict[str, Any]:
        return {"voltage_mV": self.voltage_mV, "current_uA": self.current_uA,
                "power_mW": self.power_mW, "frequency_cHz": self.frequency_cHz}


class Reference(Protocol):
    def bring(self, setting: Setting) -> None:
        """Have the source give this from now on."""

    def wait(self, seconds: float) -> None:
        """Let so much of the meter's time pass."""

    def read(self, setting: Setting, lines: Sequence[str]) -> Reading:
        """Return what the reference meter reads on these lines."""

    def close(self) -> None:
        """Leave the source as it is, and let go of it."""


def factor(degrees: float) -> str:
    """Return the power factor that an angle is, as standards write it."""
    return {0.0: "1", 60.0: "0.5 L", -36.87: "0.8 C"}.get(degrees, f"at {degrees:g} degrees")


class Typed:
    """A person at the source, who types what the reference meter shows."""

    def bring(self, setting: Setting) -> None:
        typer.prompt(f"Set the source to {setting.text()}; Enter when it is steady",
                     default="", show_default=False, err=True)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def read(self, setting: Setting, lines: Sequence[str]) -> Reading:
        found: dict[str, list[int]] = {"V": [], "A": [], "W": []}
        for line in lines:
            for unit, scale in (("V", 1000), ("A", 1000000), ("W", 1000)):
                text = typer.prompt(f"Reference meter, line {line}, {unit}", err=True)
                found[unit].append(whole(f"reference {unit}", text, scale))
        return Reading(found["V"], found["A"], found["W"])

    def close(self) -> None:
        """There is nothing to let go of."""


class Bench:
    """The laboratory of a running bench, over its control line."""

    def __init__(self, url: str) -> None:
        host, _, port = url.removeprefix(_HELD).partition(":")
        try:
            self._socket = socket.create_connection((host, int(port)), timeout=_SKIP_S)
        except (OSError, ValueError) as e:
            raise LineError(f"reference {url}: no laboratory answers: {e}") from None
        self._stream = self._socket.makefile("rw", encoding="ascii", newline="\n")

    def ask(self, line: str) -> dict[str, Any]:
        """Say a line of the laboratory's words and return its answer; BadInput, LineError."""
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
            answer = json.loads(self._stream.readline())
        except (OSError, ValueError) as e:
            raise LineError(f"the laboratory is lost: {e}") from None
        if "error" in answer:
            raise BadInput(str(answer["error"]))
        found: dict[str, Any] = answer["ok"]
        return found

    def bring(self, setting: Setting) -> None:
        self.ask(f"source {setting.volts:g} {setting.amperes:.6g} {setting.degrees:g}")
        self.ask(f"skip {_SETTLE_S}")

    def wait(self, seconds: float) -> None:
        self.ask(f"skip {seconds:g}")

    def read(self, setting: Setting, lines: Sequence[str]) -> Reading:
        found = self.ask("load")
        voltage, current, power = ([found[name]] * len(lines) for name in (
            "voltage_mV", "current_uA", "power_mW"))
        return Reading(voltage, current, power, found["frequency_cHz"])

    def close(self) -> None:
        self._stream.close()
        self._socket.close()


class Program:
    """A program of the laboratory: PROGRAM set VOLTS AMPERES DEGREES brings the source there,
    PROGRAM read prints {"V": [...], "A": [...], "W": [...]}, decimals as texts or numbers."""

    def __init__(self, command: str) -> None:
        self._command = shlex.split(command)
        if not self._command:
            raise BadInput("reference command: must name a program")

    def _run(self, *words: str) -> str:
        try:
            done = subprocess.run(
                [*self._command, *words], capture_output=True, text=True, timeout=_PROGRAM_S,
                check=False)
        except (OSError, subprocess.TimeoutExpired) as e:
            raise LineError(f"reference {self._command[0]}: {e}") from None
        if done.returncode:
            raise LineError(f"reference {self._command[0]}: {done.stderr.strip()[:200]}")
        return done.stdout

    def bring(self, setting: Setting) -> None:
        self._run("set", f"{setting.volts:g}", f"{setting.amperes:g}", f"{setting.degrees:g}")
        time.sleep(_SETTLE_S)

    def wait(self, seconds: float) -> None:
        time.sleep(seconds)

    def read(self, setting: Setting, lines: Sequence[str]) -> Reading:
        text = self._run("read")
        try:
            found = json.loads(text, parse_float=str)
            values = {unit: found[unit] for unit in "VAW"}
        except (ValueError, KeyError, TypeError):
            raise BadInput(f"reference: {text[:60]!r}: must be an object of V, A and W") from None
        read = []
        for unit, scale in (("V", 1000), ("A", 1000000), ("W", 1000)):
            of_lines = values[unit] if isinstance(values[unit], list) else [values[unit]]
            if len(of_lines) != len(lines):
                raise BadInput(f"reference {unit}: {len(of_lines)} values: must be {len(lines)}")
            read.append([whole(f"reference {unit}", str(value), scale) for value in of_lines])
        return Reading(read[0], read[1], read[2])

    def close(self) -> None:
        """There is nothing to let go of."""


def choose(text: str) -> Reference:
    """Return the reference that an option names; BadInput, LineError."""
    if text == "typed":
        return Typed()
    if text == "bench" or text.startswith("bench:"):
        file = Path(text[6:]) / "control" if text[6:] else BENCH_FILE
        try:
            return Bench(file.read_text(encoding="ascii").strip())
        except OSError:
            raise LineError(f"reference {text}: no bench with a laboratory runs here; start "
                            "`tools.bench serve --control 0`") from None
    if text.startswith(_HELD):
        return Bench(text)
    if text.startswith("command:"):
        return Program(text[8:])
    raise BadInput(f"reference {text!r}: must be typed, bench, bench:FOLDER, "
                   "socket://HOST:PORT or command:PROGRAM")


def whole(name: str, text: str, scale: int) -> int:
    """Return a typed decimal as a whole number of 1/scale; BadInput."""
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) >= 10**7:
        raise BadInput(f"{name} {text!r}: must be a number")
    return int((value * scale).to_integral_value())
