"""How long a top-up takes, from tools/vend to the relay's contact, through a real broker.

    python -m tools.bench.top_up [--times N] [--way NAME]...

prints a table. Each way has a mosquitto, a meter and, if need be, a modem's model of its own.
A purchase closes the relay, an administrator's `clear` opens it again, as often as asked. The
firmware allows 20 pulses an hour, so the meter is started again after every few purchases; the
metering chip goes on, and at the end the meter must have counted what the chip has emitted.
"""

import contextlib
import math
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tools.bench.local_broker import LocalBroker
from tools.bench.modem_model import families_with_driver
from tools.bench.networked import METER, UNIT_PLACES, NetworkedMeter, Way, modem_of
from tools.bench.process import ROOT, BenchError
from tools.vend import broker as vend_broker
from tools.vend import key_file
from tools.vend.errors import VendError
from tools.vend.exchange import Exchange, Question, Reply
from tools.vend.instructions import EXECUTED
from tools.vend.station import Station

TIMES = 50
WIDTH = 130
"""Of the table, in characters."""
SOCKET_TARGET_S, MODEM_TARGET_S = 1.0, 3.0
LATE_TARGET_MS = 20
MODEM_DELAY_MS = 600
WAIT_S = 30.0
_WITH_TLS = ("quectel", "simcom", "sim7080")
"""Families of models that have TLS."""
RUN = 8
"""Purchases between two starts: each is two pulses of the relay, of 20 an hour."""
_REST_S = 1.3
"""Between two pulses a second must pass, and the one before be verified."""
_SPREAD_S = 1.0
"""So that purchases fall anywhere between two ticks."""
_CONNECT_S = 60.0
_AT_ONCE = 10
_UNITS = 10 ** (UNIT_PLACES + 1)


@dataclass(frozen=True)
class Result:
    """What a way showed; seconds from the sending of each purchase."""

    way: Way
    closed_s: list[float]
    receipt_s: list[float]
    command_s: float
    """From the start of the command line's process to the contact, once."""
    told: dict[str, Any]

    @property
    def target_s(self) -> float:
        """Within which the contact must have closed."""
        return MODEM_TARGET_S if self.way.family else SOCKET_TARGET_S


def ways() -> list[Way]:
    """Return sockets without and with TLS, and the modems the firmware has a driver for."""
    found = [Way("Wi-Fi, TCP"), Way("Wi-Fi, TLS", tls=True)]
    for family, part in families_with_driver().items():
        found.append(Way(f"{part}, TCP", False, family, part, MODEM_DELAY_MS))
        if family in _WITH_TLS:
            found.append(Way(f"{part}, TLS", True, family, part, MODEM_DELAY_MS))
    return found


class Seller:
    """A vending station with a meter's keys, and an administrator."""

    def __init__(self, folder: Path, broker: LocalBroker) -> None:
        self.folder = folder
        self.broker = broker
        self.path = folder / "keys.json"
        self.keys = [key_file.make(METER, role) for role in key_file.ROLES]
        key_file.store(self.path, METER, self.keys)
        self._stations = {role: Station(METER, self.path, role, places=UNIT_PLACES)
                          for role in ("vending", "administrator")}

    def connect(self) -> Exchange:
        """Connect as `python -m tools.vend --broker` does."""
        address = vend_broker.parse(self.broker.url)
        return Exchange(address, None, vend_broker.tls_context(address, self.broker.ca))

    def ask(
        self, exchange: Exchange, role: str, name: str, units: int | None = None
    ) -> tuple[float, Reply]:
        """Send an instruction about money; return when, and what came of it. BenchError without
        a receipt that says it was done."""
        station = self._stations[role]
        _, message, _ = station.purchase(name, units)
        began = time.monotonic()
        reply = exchange.ask_one(Question(METER, message, station.open), WAIT_S)
        if reply.receipt is None or reply.receipt[4] != EXECUTED:
            raise BenchError(f"{name}: {reply.receipt or 'no receipt'}")
        return began, reply

    def command(self) -> float:
        """Sell by the command line; return when its process was started."""
        trust = ["--ca", str(self.broker.ca)] if self.broker.ca else []
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "tools.vend", "--broker", self.broker.url, *trust,
             "--wait", str(WAIT_S), "credit", "10", "--meter", METER, "--keys", str(self.path),
             "--places", str(UNIT_PLACES)],
            cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchError(f"tools.vend: {done.stderr.strip()}")
        return began


def measure(way: Way, times: int, seed: int = 1, restart_after: int = RUN) -> Result:
    """Send so many purchases, with a reset of the meter after each `restart_after`.

    BenchError; VendError when the broker is lost.
    """
    chance = random.Random(seed)
    closed: list[float] = []
    receipts: list[float] = []
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(LocalBroker(folder / "broker", way.tls))
        seller = Seller(folder, broker)
        pty = stack.enter_context(modem_of(way, broker))
        meter = stack.enter_context(NetworkedMeter(
            folder, broker, seller.keys, way.host, pty))
        meter.wait_connected(_CONNECT_S)
        meter.wait_contact(False)
        exchange = stack.enter_context(seller.connect())

        def rest() -> None:
            time.sleep(_REST_S + _SPREAD_S * chance.random())

        def open_again() -> None:
            time.sleep(_REST_S)
            seller.ask(exchange, "administrator", "clear_credit")
            meter.wait_contact(False)

        rest()
        began = seller.command()
        command_s = meter.wait_contact(True) - began
        open_again()
        for number in range(times):
            if number and number % restart_after == 0:
                rest()
                meter.restart()
                meter.wait_connected(_CONNECT_S)
            rest()
            began, reply = seller.ask(exchange, "vending", "credit", _UNITS)
            closed.append(meter.wait_contact(True) - began)
            receipts.append(reply.seconds)
            open_again()
        told = meter.tell()
    return Result(way, closed, receipts, command_s, told)


def measure_all(
    chosen: Sequence[Way], times: int = TIMES, say: Callable[[str], None] = lambda text: None
) -> list[Result]:
    """Measure ways, a few at a time; in their order."""
    def one(way: Way) -> Result:
        result = measure(way, times)
        say(f"{way.name}: median {percentile(result.closed_s, 50):.2f} s")
        return result

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(one, chosen))


def percentile(values: Sequence[float], per_cent: float) -> float:
    """Return the smallest value that so many per cent do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * per_cent / 100) - 1)]


def of_bins(counts: Sequence[int], per_cent: float) -> int:
    """Return the millisecond that so many per cent of what is counted do not reach beyond."""
    left = sum(counts) * per_cent / 100
    for ms, count in enumerate(counts):
        left -= count
        if left <= 0:
            return ms
    return len(counts)


def table(results: Sequence[Result]) -> Table:
    """Return what was measured: seconds to the contact, to the receipt, and the meter's ticks."""
    made = Table(
        title="From tools/vend through mosquitto to the relay's contact, modems with "
              f"{MODEM_DELAY_MS} ms round trip",
        caption="late: a tick after it was due, 99 of 100 and the latest; held: longest that a "
                "task kept the others waiting;\nboth without what the computer did meanwhile. "
                "counts: of energy, the meter's against the chip's")
    made.add_column("way")
    for column in ("times", "median s", "95 % s", "longest s", "target s", "receipt s",
                   "command s", "late ms", "held ms", "links", "counts"):
        made.add_column(column, justify="right")
    for result in results:
        told = result.told
        longest = max(result.closed_s)
        mark = "" if longest <= result.target_s else "[bold red]"
        made.add_row(
            result.way.name, str(len(result.closed_s)),
            *(f"{mark}{percentile(result.closed_s, p):.2f}" for p in (50, 95, 100)),
            f"< {result.target_s:g}", f"{percentile(result.receipt_s, 50):.2f}",
            f"{result.command_s:.2f}",
            f"{of_bins(told['late_ms'], 99)}, {told['longest_late_ms']:.0f}",
            f"{told['longest_slice_ms']:.0f}", str(told["connections"]),
            "equal" if told["counts"] == told["emitted"] else
            f"[bold red]{told['counts'] - told['emitted']:+d}")
    return made


app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def main(
    times: Annotated[int, typer.Option(min=1, max=1000, help="Purchases a way.")] = TIMES,
    way: Annotated[list[str] | None, typer.Option(
        help="Only the ways with this in their name.")] = None,
) -> None:
    """Measure how long a top-up takes through a real broker."""
    chosen = [w for w in ways() if not way or any(text in w.name for text in way)]
    try:
        Console(width=WIDTH).print(table(measure_all(chosen, times, print)))
    except (BenchError, VendError) as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    app()
