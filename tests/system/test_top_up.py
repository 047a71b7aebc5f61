"""Purchases from tools/vend through a real mosquitto to the relay of a bench meter, each way.

Right, not fast: `make bench` has fifty of each way, and prints how long they take.
"""

import io
import json
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from rich.console import Console

from tools.bench.live import page
from tools.bench.local_broker import LocalBroker, mosquitto
from tools.bench.modem_model import families_with_driver
from tools.bench.networked import METER, UNIT_PLACES, Way
from tools.bench.process import ROOT, BenchError
from tools.bench.top_up import WAIT_S, Result, measure, percentile, table
from tools.measure import top_ups

TIMES = 2
NOT_CONFIRMED = 4
WAYS = [Way("TCP"), Way("TLS", tls=True),
        Way("quectel", family="quectel", part="BG95", delay_ms=200)]

needs_mosquitto = pytest.mark.skipif(mosquitto() is None, reason="mosquitto is not installed")


@needs_mosquitto
@pytest.mark.parametrize("way", WAYS, ids=[way.name for way in WAYS])
def test_each_way(way: Way) -> None:
    result = measure(way, TIMES, restart_after=1)
    assert len(result.closed_s) == len(result.receipt_s) == TIMES
    assert all(0 < seconds < WAIT_S for seconds in result.closed_s)
    assert result.command_s < WAIT_S
    told = result.told
    assert told["connections"] == TIMES
    assert told["counts"] == told["emitted"] > 0
    assert told["balance"] <= 0
    assert told["audit"] == ""


def test_models_with_a_driver() -> None:
    found = families_with_driver()
    assert found["quectel"] == "BG95"
    assert "rak3172" not in found


TOLD = {"late_ms": [9, 1], "longest_late_ms": 1, "longest_slice_ms": 8.2, "connections": 1,
        "counts": 7, "emitted": 7}
GOOD = Result(WAYS[0], [0.1, 0.2], [0.1, 0.2], 0.9, TOLD)
SLOW = Result(WAYS[2], [0.1, 3.1], [0.1, 0.2], 0.9, {
    **TOLD, "counts": 6, "late_ms": [0] * 21 + [1], "longest_slice_ms": 20.1})


def test_table_marks_what_is_missed() -> None:
    cells = [list(column.cells) for column in table([GOOD, SLOW]).columns]
    assert cells[4] == ["0.20", "[bold red]3.10"]
    assert cells[-1] == ["equal", "[bold red]-1"]


def test_rows_of_make_bench() -> None:
    rows = top_ups.rows([GOOD])
    assert [row.unix for row in rows] == [0.2, 1, 8.2, 0]
    assert all(row.reached for row in rows)
    rows = top_ups.rows([GOOD, SLOW])
    assert [row.unix for row in rows] == [0.2, 3.1, 21, 20.1, 1]
    assert [row.reached for row in rows] == [True, False, False, False, False]


def test_the_screen_says_how_the_meter_is_linked() -> None:
    status = {"time": "2007-05-01T00:00:00", "mains": True, "cover": True, "message": "",
              "events": [], "provisioned": False, "link": "connected by modem"}
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(page(status, 1, "20"))
    assert "link: connected by modem" in console.export_text()


@pytest.mark.parametrize(("per_cent", "value"), [(50, 2), (75, 3), (95, 4), (100, 4), (1, 1)])
def test_percentile(per_cent: float, value: float) -> None:
    assert percentile([4, 1, 3, 2], per_cent) == value


@contextmanager
def served(state: Path, *options: str) -> Iterator[IO[str]]:
    """`python -m tools.bench serve` until the end of the `with`; yields its input."""
    with subprocess.Popen(
        [sys.executable, "-m", "tools.bench", "serve", "--state", str(state), "--fresh",
         "--balance", "0", *options],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            assert select.select([process.stdout], [], [], WAIT_S)[0]
            assert process.stdout.readline().startswith("console ")
            yield process.stdin
        finally:
            process.stdin.close()
            assert process.wait(timeout=WAIT_S) == 0


def buy(order: str, state: Path, connection: list[str]) -> float:
    """Sell 20 by the command line, asked until there is an answer; return the balance."""
    # Before the meter's first subscription a broker keeps nothing for it.
    for _ in range(6):
        done = subprocess.run(
            [sys.executable, "-m", "tools.vend", *connection, "--wait", "10", "credit", "20",
             "--order", order, "--meter", METER, "--keys", str(state / "keys.json"),
             "--json"],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != NOT_CONFIRMED:
            break
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["state"] == "confirmed"
    return float(said["receipt"]["balance"] / 10 ** UNIT_PLACES)


@needs_mosquitto
@pytest.mark.parametrize("modem", [(), ("--modem", "quectel")], ids=["sockets", "modem"])
def test_a_meter_for_people(tmp_path: Path, modem: tuple[str, ...]) -> None:
    """What docs/bench.md says to type, with TLS for sockets; the mains is cut and comes back."""
    state = tmp_path / "state"
    with LocalBroker(tmp_path, tls=not modem) as broker:
        trust = ["--ca", str(broker.ca)] if broker.ca else []
        connection = ["--broker", broker.url, *trust]
        with served(state, *connection, *modem) as meter:
            assert 19.99 < buy("first", state, connection) <= 20
            meter.write("mains\n")
            meter.flush()
            time.sleep(1)
            meter.write("mains\n")
            meter.flush()
            assert 39.9 < buy("second", state, connection) <= 40


@pytest.mark.parametrize(("options", "says"), [
    (["--modem", "quectel"], "--ca, --modem: are of use with --broker only"),
    (["--broker", "127.0.0.1:1", "--rate", "2"], "rate 2: must be 1 with --broker"),
    (["--broker", "127.0.0.1:1", "--blank"], "has no keys for it"),
    (["--broker", "http://127.0.0.1"], "must be mqtt://"),
    (["--broker", "mqtts://127.0.0.1"], "--ca is needed with mqtts://"),
    (["--broker", "10.0.0.1", "--modem", "quectel"], "must be on 127.0.0.1 with --modem"),
    (["--broker", "127.0.0.1", "--modem", "acoustic"], "modem 'acoustic': must be one of"),
    (["--broker", "127.0.0.1", "--modem", "rak3172"], "the firmware has no driver for it"),
])
def test_options_refused(tmp_path: Path, options: list[str], says: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.bench", "serve", "--state", str(tmp_path), *options],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and says in done.stderr


def test_a_broker_that_does_not_start(tmp_path: Path) -> None:
    if mosquitto() is None:
        with pytest.raises(BenchError, match="not installed"):
            LocalBroker(tmp_path, False)
        return
    broker = LocalBroker(tmp_path, False)
    (tmp_path / "mosquitto.conf").write_text("nonsense\n")
    began = time.monotonic()
    with pytest.raises(BenchError, match="did not start"):
        broker.__enter__()
    assert time.monotonic() - began < WAIT_S
