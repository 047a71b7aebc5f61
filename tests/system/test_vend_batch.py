"""`python -m tools.vend batch`: each order of a file once, whatever interrupts it."""

import csv
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.brokers import Mosquitto
from tests.system.meter_process import ROOT
from tests.system.vend_rig import FakeMeter, Peer, keys_of, vend, write_orders
from tools.vend import key_file

METERS = [f"{number:011}" for number in range(1, 6)]
ROWS = 200
ALL = [(f"2026-{at:04}", METERS[at % len(METERS)], f"{at % 7 + 1}.5") for at in range(ROWS)]
REFUSED, NOT_CONFIRMED = 3, 4


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with five meters, whose unit is the cent."""
    path = tmp_path / "station"
    assert vend("--directory", str(path), "directory", "init").code == 0
    for meter in METERS:
        key_file.store(path / "keys.json", meter, keys_of(meter))
    meters = tmp_path / "meters.csv"
    meters.write_text("meter,places,currency\n" + "".join(f"{m},2,EUR\n" for m in METERS))
    done = vend("--directory", str(path), "directory", "import", str(meters))
    assert done.out == "5 meters\n", done.err
    return path


def arguments(mosquitto: Mosquitto, folder: Path, file: Path, wait: float = 20) -> list[str]:
    return ["--broker", f"mqtt://127.0.0.1:{mosquitto.port}", "--directory", str(folder),
            "--wait", str(wait), "batch", str(file)]


def results(file: Path) -> list[dict[str, str]]:
    with open(file.with_suffix(".result.csv"), newline="") as found:
        return list(csv.DictReader(found))


def orders(folder: Path) -> list[dict[str, Any]]:
    found = json.loads(vend("--directory", str(folder), "orders", "list", "--json").out)
    assert isinstance(found, list)
    return found


def check_all(meters: dict[str, FakeMeter], file: Path) -> None:
    """Every order was taken once, with its own amount."""
    found = results(file)
    assert [(row["order"], row["meter"], row["amount"]) for row in found] == ALL
    assert {row["state"] for row in found} == {"confirmed"}
    for meter in METERS:
        bought = {int(row["tid"]): round(float(row["amount"]) * 100) for row in found
                  if row["meter"] == meter}
        assert meters[meter].taken == bought
        assert len(bought) == ROWS // len(METERS)


def test_two_hundred_with_a_crash(mosquitto: Mosquitto, folder: Path, tmp_path: Path) -> None:
    file = write_orders(tmp_path / "orders.csv", ALL)
    meters = {meter: FakeMeter(meter) for meter in METERS}
    enough = threading.Event()

    def slowly(meter: str, message: bytes) -> list[bytes]:
        receipt = meters[meter].answer(message)
        if sum(len(each.messages) for each in meters.values()) >= ROWS // 3:
            enough.set()
        time.sleep(0.01)
        return [receipt]

    with Peer(mosquitto.port, slowly) as peer:
        selling = subprocess.Popen(
            [sys.executable, "-m", "tools.vend", *arguments(mosquitto, folder, file)], cwd=ROOT,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert enough.wait(60)
        selling.kill()
        selling.wait(10)
        left = orders(folder)
        assert ROWS // 4 < len(left) < ROWS
        before = {order["order"]: order["tid"] for order in left}
        confirmed = sum(order["state"] == "confirmed" for order in left)
        peer.answer = lambda meter, message: [meters[meter].answer(message)]
        done = vend(*arguments(mosquitto, folder, file))
    assert done.code == 0, done.err
    assert done.out.startswith(f"{ROWS} confirmed; ")
    check_all(meters, file)
    after = {order["order"]: order["tid"] for order in orders(folder)}
    assert before.items() <= after.items() and len(after) == ROWS
    # What was confirmed is not sent again; what was in doubt is, byte for byte the same.
    sent = [message for meter in meters.values() for message in meter.messages]
    assert len(set(sent)) == ROWS
    assert len(sent) - ROWS <= len(left) - confirmed
    # A third run sends nothing at all.
    assert vend(*arguments(mosquitto, folder, file)).code == 0
    assert sum(len(meter.messages) for meter in meters.values()) == len(sent)


def test_some_refused_some_silent(mosquitto: Mosquitto, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("order,meter,amount,instruction\n"
                    f"a,{METERS[0]},5,\nb,{METERS[1]},5,credit\nc,{METERS[2]},5,credit\n"
                    f"d,{METERS[0]},1,debit\ne,{METERS[0]},,clear\nf,{METERS[0]},,close\n")
    meters = {meter: FakeMeter(meter) for meter in METERS}
    meters[METERS[1]].balance = 10 ** 9

    def answer(meter: str, message: bytes) -> list[bytes]:
        receipt = meters[meter].answer(message)
        return [] if meter == METERS[2] else [receipt]

    with Peer(mosquitto.port, answer) as peer:
        done = vend(*arguments(mosquitto, folder, file, 1.5))
        assert done.code == NOT_CONFIRMED
        assert "run it again" in done.err
        states = {row["order"]: row["state"] for row in results(file)}
        assert states == {"a": "confirmed", "b": "refused", "c": "sent", "d": "confirmed",
                          "e": "confirmed", "f": "confirmed"}
        assert results(file)[1]["reason"] == "balance"
        peer.answer = lambda meter, message: [meters[meter].answer(message)]
        done = vend(*arguments(mosquitto, folder, file))
        assert (done.code, len(meters[METERS[1]].messages)) == (REFUSED, 1)
        assert "1 of 6 were refused" in done.err
        meters[METERS[1]].balance = 0
        assert vend(*arguments(mosquitto, folder, file), "--again").code == 0
    assert [len(meters[meter].taken) for meter in METERS[:3]] == [1, 1, 1]


@pytest.mark.parametrize(("row", "words"), [
    ("y,1,5", "row 3: meter '1': is not in the directory"),
    (f"y,{METERS[0]},0.001", "row 3: amount 0.001: must be above 0, with at most 2 decimals"),
    (f"y,{METERS[0]},0", "row 3: amount 0: must be above 0"),
    (f"y,{METERS[0]},-5", "row 3: amount -5: must be above 0"),
    (f"y,{METERS[0]},five", "row 3: amount 'five': must be a decimal number"),
    (f"y,{METERS[0]},1e1", "row 3: amount '1e1': must be a decimal number"),
    (f"y,{METERS[0]},1_0", "row 3: amount '1_0': must be a decimal number"),
    (f"y,{METERS[0]},1.{'0' * 30}1", "must be a decimal number"),
    (f"y,{METERS[0]},nan", "row 3: amount 'nan': must be a decimal number"),
    (f"y,{METERS[0]},", "row 3: amount '': must be a decimal number"),
    (f"x,{METERS[0]},5", "row 3: order x: stands there twice"),
    (f",{METERS[0]},5", "row 3: order '': must be 1 to 64 printable"),
    (f"{'y' * 65},{METERS[0]},5", "row 3: order"),
    (f"y,{METERS[0]}", "row 3: has more or fewer cells"),
    (f"y,{METERS[0]},5,credit", "row 3: has more or fewer cells"),
    (f"sold,{METERS[0]},6", "row 3: order sold: was issued as credit of 500 units"),
    (f"sold,{METERS[1]},5", "row 3: order sold: was issued as credit of 500 units"),
])
def test_a_bad_row_stops_all(folder: Path, tmp_path: Path, row: str, words: str) -> None:
    """Nothing is sent, nor is a broker looked for."""
    options = ("--directory", str(folder))
    assert vend(*options, "credit", "5", "--meter", METERS[0], "--order", "sold").code == 0
    file = tmp_path / "orders.csv"
    file.write_text(f"order,meter,amount\nx,{METERS[0]},5\n{row}\n")
    done = vend(*options, "batch", str(file))
    assert done.code == 2
    assert words in done.err and "nothing was done" in done.err
    assert [order["order"] for order in orders(folder)] == ["sold"]
    assert not file.with_suffix(".result.csv").exists()


@pytest.mark.parametrize(("text", "words"), [
    ("", "column order is missing"), ("order,meter\n", "column amount is missing"),
    ("order,meter,amount,colour\n", "column 'colour': must be one of"),
    ("order,meter,amount,meter\n", "column meter: stands there twice"),
    (f'order,meter,amount\n"x,{METERS[0]},5\n', "unexpected end of data"),
    (f"order,meter,amount,instruction\nx,{METERS[0]},5,tip\n", "row 2: instruction 'tip'"),
    (f"order,meter,amount,instruction\nx,{METERS[0]},5,clear\n", "row 2: amount 5: must be empty"),
])
def test_bad_files(folder: Path, tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(text)
    done = vend("--directory", str(folder), "batch", str(file))
    assert (done.code, words in done.err) == (2, True), done.err


def test_many_bad_rows_are_counted(folder: Path, tmp_path: Path) -> None:
    file = write_orders(tmp_path / "orders.csv", [(f"x{at}", "1", "5") for at in range(50)])
    done = vend("--directory", str(folder), "batch", str(file))
    assert "bad rows, 50 of 50" in done.err and "and 30 more" in done.err
    assert "row 21:" in done.err and "row 22:" not in done.err


def test_the_result_never_replaces_the_orders(folder: Path, tmp_path: Path) -> None:
    file = write_orders(tmp_path / "orders.csv", ALL[:1])
    done = vend("--directory", str(folder), "batch", str(file), "--result", str(file))
    assert (done.code, "is the file of orders itself" in done.err) == (2, True)
    assert "no broker" in vend("--directory", str(folder), "batch", str(file)).err
