"""A bench meter on a real network: its process, and the way there, by sockets or by a modem."""

import contextlib
import json
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.bench.local_broker import HOST, MODEM_NAME, NAME, LocalBroker
from tools.bench.modem_model import ModemModel
from tools.bench.process import PROGRAMS, BenchError, environment, interpreter
from tools.vend.key_file import Key

METER = "01234567890"
UNIT_PLACES = 5
HEAP = "8m"
BROKER_ADDRESS = "10.64.0.1"
"""Where a modem finds it; the model has this address for the first name it is told."""
BY_ADDRESS = ("bc95",)
"""Families whose driver has no names looked up."""
ANSWER_S = 30.0
_LOAD_W = 1100
_LOAD_MINUTES = 600
_STOP_S = 10
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TARIFF: dict[str, Any] = {
    "id": "flat", "currency": "EUR",
    "day_types": {day: "any" for day in _DAYS},
    "seasons": [{"id": "year", "months": list(range(1, 13))}],
    "periods": {"*/*": [{"from": "00:00", "to": "24:00", "period": "all"}]},
    "tiers": {"window": "month", "count": "all_energy", "mode": "marginal"},
    "energy": {"*/*": [{"up_to_kWh": None, "price": "0.3"}]},
    "fixed": [],
    "tax": {"rate": "0", "included_in_prices": True},
}


@dataclass(frozen=True)
class Way:
    """How a meter reaches its broker. family, part: of a modem's model, empty for sockets of
    this computer, which stand for Wi-Fi. delay_ms: of the modem's network, there and back."""

    name: str
    tls: bool = False
    family: str = ""
    part: str = ""
    delay_ms: int = 0

    @property
    def host(self) -> str:
        """What the meter calls its broker."""
        if not self.family:
            return HOST
        return BROKER_ADDRESS if self.family in BY_ADDRESS else MODEM_NAME


class Moves:
    """What a meter has said last, and how often it began anew."""

    def __init__(self) -> None:
        self.starts = 0
        self.connected = False
        self.contact: bool | None = None
        self.contact_at = 0.0


class NetworkedMeter:
    """The firmware on the bench in real time, its account open and without credit; `with` ends
    it. Relay, metering chip and flash are models, time and network are real."""

    def __init__(
        self, folder: Path, broker: LocalBroker, keys: list[Key], host: str = HOST, pty: str = "",
    ) -> None:
        """host: where the meter finds the broker. pty: of a modem, empty for sockets."""
        self.moves = Moves()
        self._told: queue.Queue[dict[str, Any]] = queue.Queue()
        self._changed = threading.Condition()
        spec = folder / "meter.json"
        more = {"tls": True, "server_name": MODEM_NAME if pty else NAME} if broker.tls else {}
        files = {"ca.der": broker.ca_der} if broker.tls else {}
        spec.write_text(json.dumps(_spec(
            folder, setup(host, broker.port, keys, pty, files, **more))))
        # Not with `with`: it stays open as long as the meter runs.
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [interpreter(), "-X", f"heapsize={HEAP}", str(PROGRAMS / "networked.py"), str(spec)],
            env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._errors, text=True, bufsize=1)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "NetworkedMeter":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(BenchError):  # it has ended before
            self._say("quit")
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        for part in (self._process.stdin, self._process.stdout, self._errors):
            assert part is not None
            with contextlib.suppress(BrokenPipeError):
                part.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                continue  # of a failure, which is told when the process has ended
            with self._changed:
                if "reset" in said:
                    self.moves.starts += 1
                    self.moves.connected = False
                elif "connected" in said:
                    self.moves.connected = said["connected"]
                elif "contact" in said:
                    self.moves.contact = said["contact"]
                    self.moves.contact_at = said["at"]
                else:
                    self._told.put(said["told"])
                self._changed.notify_all()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise BenchError(f"the meter has ended: {self._end()}") from None

    def _end(self) -> str:
        self._errors.seek(0)
        return self._errors.read().strip()[-2000:]

    def wait_for(
        self, what: str, condition: Callable[[Moves], bool], seconds: float = ANSWER_S
    ) -> Moves:
        """Wait until the condition holds of what the meter said; BenchError if it never does."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not condition(self.moves):
                if self._process.poll() is not None:
                    raise BenchError(f"the meter has ended: {self._end()}")
                if not self._changed.wait(min(0.5, deadline - time.monotonic())) and (
                        time.monotonic() >= deadline):
                    break
            else:
                return self.moves
        raise BenchError(f"the meter: not {what} within {seconds:g} s: {self.tell()}")

    def wait_contact(self, closed: bool, seconds: float = ANSWER_S) -> float:
        """Wait until the contact is so; return when it came to be, by time.monotonic()."""
        what = "closed" if closed else "open"
        return self.wait_for(what, lambda m: m.contact is closed, seconds).contact_at

    def wait_connected(self, seconds: float = ANSWER_S) -> None:
        """Wait for the broker."""
        self.wait_for("connected", lambda m: m.connected, seconds)

    def restart(self) -> None:
        """Reset the controller in order; its counts of relay pulses begin anew."""
        starts = self.moves.starts
        self._say("restart")
        self.wait_for("restarted", lambda m: m.starts > starts)

    def tell(self) -> dict[str, Any]:
        """Return what the meter knows of itself; see meter/networked.py."""
        self._say("tell")
        try:
            return self._told.get(timeout=ANSWER_S)
        except queue.Empty:
            raise BenchError(f"the meter does not answer: {self._end()}") from None


@contextlib.contextmanager
def modem_of(way: Way, broker: LocalBroker) -> Iterator[str]:
    """The modem's model of a way, and the path of its line; an empty path without one."""
    if not way.family:
        yield ""
        return
    with ModemModel(way.family, way.part, "--delay", str(way.delay_ms), "--host",
                    f"{MODEM_NAME}={broker.port}") as model:
        yield model.pty


def setup(
    host: str, port: int, keys: list[Key], pty: str = "", files: dict[str, bytes] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Return what meter/network_setup.py is to set up. host: of the broker, for the meter. pty:
    of a modem, empty for sockets. files: DER, by name. more: settings of the link."""
    return {
        "settings": {"host": host, "port": port, "tls": False, "server_name": "",
                     "keepalive_s": 60, "apn": "bench",
                     "transports": ["modem" if pty else "socket"], **more},
        "modem": pty,
        "files": {name: data.hex() for name, data in (files or {}).items()},
        "keys": [{"role": key.role, "kid": key.kid.hex(), "key": key.secret.hex()}
                 for key in keys],
    }


def _spec(folder: Path, network: dict[str, Any]) -> dict[str, Any]:
    now = int(time.time())
    load, place = folder / "load.csv", folder / "place.json"
    first = now // 60 * 60
    rows = [f"{datetime.fromtimestamp(first + 60 * i, UTC):%Y-%m-%dT%H:%M},"
            f"220,{_LOAD_W / 220},{_LOAD_W},0,0" for i in range(_LOAD_MINUTES)]
    load.write_text("time_iso,voltage_V,current_A,active_W,reactive_var,filled\n"
                    + "\n".join(rows) + "\n")
    place.write_text(json.dumps({"second": now, "relay_closed": True}))
    return {"load": str(load), "place": str(place), "tariff": TARIFF, "unit_places": UNIT_PLACES,
            "network": network}
