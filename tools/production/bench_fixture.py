"""`python -m tools.production.bench_fixture`: a blank meter of the bench, and hands that move its
world.

It speaks what a fixture speaks (docs/production-test.md), so that a plan can be tried, and each
fault seen to be found, without any hardware.
"""

import contextlib
import json
import math
import sys
import tempfile
import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.bench import documents
from tools.bench.live import Meter
from tools.bench.modem_model import ModemModel, part_with_driver
from tools.bench.place import Place
from tools.bench.process import ROOT, BenchError, JsonFile

LOAD = ROOT / "data" / "load" / "household-1min.csv"
TARIFF = ROOT / "data" / "tariffs" / "tariffs.json"
_TARIFF_ID = "cn-beijing-2012"
_STATUS_S = 0.02
_OBEY_S = 20.0
_REST = 5
"""Statuses until what was asked for is surely to be seen."""
_SWITCHES = ("cover", "terminal_cover", "magnet", "button")
_SEEN = {"display": "display", "lamp": "lamps"}
_SOURCE = ("voltage_cV", "current_mA", "active_mW", "reactive_mvar")


class BenchMeter:
    """A blank meter in a process, and a thread that reads what it says of itself."""

    def __init__(self, spec_path: str) -> None:
        self._meter = Meter(spec_path)
        self._news = threading.Condition()
        self._status: dict[str, Any] = {}
        self._sent = self._told = 0
        self._ended = ""
        threading.Thread(target=self._read, daemon=True).start()
        self._await(lambda status: bool(status))

    def _read(self) -> None:
        ended = "the meter of the bench has ended"
        try:
            while True:
                status = self._meter.read()
                if status is None:
                    break
                with self._news:
                    self._status = status
                    self._told += 1
                    self._news.notify_all()
        except (BenchError, ValueError, OSError) as e:
            ended = str(e)
        with self._news:
            self._ended = ended
            self._news.notify_all()

    def _await(self, there: Any) -> None:
        with self._news:
            if not self._news.wait_for(
                    lambda: self._ended or there(self._status), timeout=_OBEY_S):
                raise BenchError("the meter of the bench does not answer")
            if self._ended:
                raise BenchError(self._ended)

    def command(self, line: str) -> str:
        """Give it a line and wait until it is done; return what it says of it. BenchError."""
        self._sent += 1
        self._meter.send(line)
        self._await(lambda status: status["obeyed"] >= self._sent)
        return str(self._status["message"])

    def disturb(self, name: str, value: Any) -> None:
        """Change the world; BenchError for what there is not."""
        said = self.command(f"disturb {name} {json.dumps(value)}")
        if said.startswith("cannot"):
            raise BenchError(said)

    def seen(self, name: str) -> Any:
        """Return what a camera before the meter sees once it has come to rest."""
        rest = self._told + _REST
        self._await(lambda status: self._told >= rest)
        return self._status["seen"][name]

    @property
    def mains(self) -> bool:
        return bool(self._status["mains"])

    def close(self) -> None:
        self._meter.close()


class Unable(Exception):
    """This fixture has no hands for it."""


def act(meter: BenchMeter, what: str, value: Any) -> Any:
    """Do what a fixture is asked for; Unable, BenchError."""
    if what == "name":
        return "bench"
    if what in _SWITCHES:
        meter.disturb(what, bool(value))
    elif what == "brown_out":
        meter.disturb("supply_good", not value)
    elif what == "supply":
        if meter.mains != bool(value):
            meter.command("mains")
    elif what == "source":
        _source(meter, value)
    elif what == "key":
        meter.disturb(what, value)
    elif what in _SEEN:
        return meter.seen(_SEEN[what]) == ([value] if what == "lamp" else value)
    else:
        raise Unable(what)
    return True


def _source(meter: BenchMeter, point: dict[str, Any] | None) -> None:
    if point is None:
        for name in _SOURCE:
            meter.disturb(name, None)
        return
    apparent = point["voltage_V"] * point["current_A"]
    factor = point["power_factor"]
    reactive = apparent * math.sqrt(1 - factor * factor)
    values = (100 * point["voltage_V"], 1000 * point["current_A"], 1000 * apparent * factor,
              1000 * (reactive if point["side"] == "inductive" else -reactive))
    for name, number in zip(_SOURCE, values, strict=True):
        meter.disturb(name, round(number))


@contextlib.contextmanager
def bench(
    state: Path, port: int = 0, rate: int = 1, modem: str | None = None,
) -> Any:
    """Yield a BenchMeter and the address of its console. BenchError."""
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(Place(state, True, port))
        spec: dict[str, Any] = {
            "load": str(LOAD), "tariff": documents.find(f"{TARIFF}#{_TARIFF_ID}")[0],
            "balance": "0", "warnings": [], "rate": rate, "blank": True, "fram": True,
            "display": "ht1621",
            "status_s": _STATUS_S, **place.spec}
        if modem is not None:
            part = part_with_driver(modem)
            if part is None:
                raise BenchError(f"modem {modem!r}: the firmware has no driver for it")
            spec["modem"] = stack.enter_context(ModemModel(modem, part)).pty
        meter = BenchMeter(stack.enter_context(JsonFile(spec)))
        stack.callback(meter.close)
        yield meter, place.url


def main(
    port: Annotated[int, typer.Option(min=1, max=65535, help="TCP port of the console.")] = 17300,
    rate: Annotated[int, typer.Option(min=1, max=100, help="Times real time.")] = 1,
    modem: Annotated[str | None, typer.Option(help="Family of a modem's model.")] = None,
    fault: Annotated[list[str] | None, typer.Option(
        help="NAME=VALUE: something that is wrong from the start, its value JSON.")] = None,
) -> None:
    """Be the fixture of a blank meter of the bench, until the input ends."""
    with tempfile.TemporaryDirectory() as folder, bench(
            Path(folder), port, rate, modem) as (meter, _):
        for item in fault or []:
            name, _, value = item.partition("=")
            meter.disturb(name, json.loads(value))
        for line in sys.stdin:
            print(json.dumps(answer(meter, line)), flush=True)


def answer(meter: BenchMeter, line: str) -> dict[str, Any]:
    """Return the answer to one line of the tool."""
    try:
        asked = json.loads(line)
        return {"ok": act(meter, asked["do"], asked["value"])}
    except Unable:
        return {"unable": True}
    except (BenchError, ValueError, KeyError, TypeError) as e:
        return {"error": f"{type(e).__name__}: {e}"}


if __name__ == "__main__":
    typer.run(main)
