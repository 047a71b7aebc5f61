"""The directory of meters, the orders, and the database that both are in."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from tests.system.message_meter import KEYS, METER, Meter
from tests.system.meter_process import ROOT
from tests.system.vend_rig import FakeMeter, vend
from tools.vend import database, instructions, issued, key_file, orders
from tools.vend.database import TidRow
from tools.vend.directory import Entry
from tools.vend.errors import VendError
from tools.vend.numbers import Numbers
from tools.vend.station import Station


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory with one meter."""
    path = tmp_path / "station"
    assert run(path, "directory", "init") == ""
    key_file.store(path / "keys.json", METER, list(KEYS.values()))
    run(path, "directory", "add", "--meter", METER, "--places", "2", "--currency", "EUR",
        "--name", "Flat 3", "--place", "Cellar")
    return path


@pytest.fixture
def meter(tmp_path: Path) -> Iterator[Meter]:
    with Meter(tmp_path / "meter") as found:
        yield found


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    done = vend("--directory", str(folder), *arguments)
    assert done.code == code, (done.out, done.err)
    return done.err if code else done.out


def listed(folder: Path, *more: str) -> list[dict[str, Any]]:
    return list(json.loads(run(folder, "orders", "list", "--json", *more)))


def test_directory(folder: Path) -> None:
    assert (folder / "vend.db").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    entry = {"meter": METER, "key_file": "keys.json", "name": "Flat 3", "place": "Cellar",
             "base": 2014, "places": 2, "currency": "EUR"}
    assert json.loads(run(folder, "directory", "list", "--json")) == [entry]
    shown = run(folder, "directory", "show", "--meter", METER)
    assert json.loads(shown)["kids"][0] == {"kid": KEYS["vending"].kid.hex(), "role": "vending"}
    for key in KEYS.values():
        assert key.secret.hex() not in shown
        assert key.secret not in (folder / "vend.db").read_bytes()
    table = run(folder, "directory", "list")
    assert all(word in table for word in ("Flat 3", "Cellar", "EUR", METER))
    assert "is there already" in run(folder, "directory", "init", code=2)
    assert "--replace changes them" in run(
        folder, "directory", "add", "--meter", METER, "--places", "3", code=2)
    run(folder, "directory", "add", "--meter", METER, "--replace", "--name", "Flat 4")
    # What is not given stays: above all the size of the unit.
    entry["name"] = "Flat 4"
    assert json.loads(run(folder, "directory", "list", "--json")) == [entry]
    assert "has no keys of meter 7" in run(folder, "directory", "add", "--meter", "7", code=2)
    assert "has no meter 7" in run(folder, "directory", "show", "--meter", "7", code=2)
    assert "has no meter 7" in run(folder, "credit", "1", "--meter", "7", code=2)


@pytest.mark.parametrize(("values", "words"), [
    ({"meter": "0" * 14}, "1 to 13"), ({"meter": "é"}, "1 to 13"), ({"base": 2000}, "2014"),
    ({"key_file": "../keys.json"}, "without a folder"), ({"key_file": ""}, "without a folder"),
    ({"places": 6}, "0 to 5"), ({"places": -1}, "0 to 5"), ({"currency": "eur"}, "3 capitals"),
    ({"name": "x" * 81}, "at most 80"), ({"place": "a\nb"}, "printable"),
])
def test_bad_entries(values: dict[str, Any], words: str) -> None:
    with pytest.raises(VendError, match=words):
        Entry(**({"meter": METER, "key_file": "keys.json"} | values))


def test_import_is_all_or_nothing(folder: Path) -> None:
    for number in ("1", "2"):
        key_file.store(folder / "more.json", number, list(KEYS.values()))
    file = folder / "meters.csv"
    file.write_text("meter,keys,name,base\n1,more.json,,2035\n2,more.json,,2000\n3,,,x\n4,,,\n"
                    "1,more.json,,\n")
    said = run(folder, "directory", "import", str(file), code=2)
    for words in ("bad rows, 4 of 5", "row 3: base 2000", "row 4: base 'x': must be a whole",
                  "has no keys of meter 4", "row 6: meter 1: stands there twice"):
        assert words in said
    assert len(json.loads(run(folder, "directory", "list", "--json"))) == 1
    file.write_text("meter,keys,name,base\n1,more.json,\"Müller, A.\",2035\n2,more.json,,\n")
    assert run(folder, "directory", "import", str(file)) == "2 meters\n"
    found = json.loads(run(folder, "directory", "list", "--json"))
    assert sorted((entry["name"], entry["base"]) for entry in found) == [
        ("", 2014), ("Flat 3", 2014), ("Müller, A.", 2035)]
    assert run(folder, "directory", "import", str(file)) == "2 meters\n"
    file.write_text("meter,place\n1,Cellar\n")
    assert "row 2: meter 1: is in the directory with other values" in run(
        folder, "directory", "import", str(file), code=2)
    run(folder, "directory", "import", str(file), "--replace")
    _, entry, _ = json.loads(run(folder, "directory", "list", "--json"))
    assert [entry[name] for name in ("name", "place", "base", "key_file")] == [
        "Müller, A.", "Cellar", 2035, "more.json"]


def test_what_the_directory_knows_need_not_be_typed(folder: Path, meter: Meter) -> None:
    said = json.loads(run(folder, "credit", "--meter", METER, "--amount", "20.5", "--json"))
    receipt = meter.send(bytes.fromhex(said["messages"][0])).receipt
    assert meter.ask("state")[1] == 2050
    (order,) = listed(folder)
    assert (order["state"], order["base"], order["units"]) == ("issued", 2014, 2050)
    # Brought by hand, the receipt is noted too.
    run(folder, "receipt", receipt.hex(), "--meter", METER)
    (order,) = listed(folder)
    assert (order["state"], order["balance"]) == ("confirmed", 1050)
    assert "20.50 EUR" in run(folder, "orders", "list")
    assert listed(folder, "--state", "sent") == listed(folder, "--meter", "7") == []
    assert "state 'lost'" in run(folder, "orders", "list", "--state", "lost", code=2)
    # The same with the key file alone: the directory beside it is the same truth.
    keys = ("--keys", str(folder / "keys.json"))
    other = json.loads(vend("credit", "1", "--meter", METER, "--json", *keys).out)
    assert other["tid"] > said["tid"]
    assert len(listed(folder)) == 2
    for option, words in (("--places", "places 5: the directory has 2"),
                          ("--base", "base 5: the directory has 2014")):
        assert words in run(folder, "credit", "1", "--meter", METER, option, "5", code=2)
    run(folder, "directory", "add", "--meter", METER, "--base", "1993", "--replace")
    assert "outside what base date 1993 counts" in run(
        folder, "credit", "1", "--meter", METER, code=2)


def test_where_keys_and_directory_are(folder: Path, tmp_path: Path) -> None:
    key_file.store(tmp_path / "keys.json", METER, list(KEYS.values()))
    assert "must lie in" in run(folder, "credit", "1", "--meter", METER, "--keys",
                                str(tmp_path / "keys.json"), code=2)
    assert "no keys: name their file" in vend("credit", "1", "--meter", METER).err
    assert "no directory: name its folder" in vend("orders", "list").err
    assert "vend.db" in run(tmp_path, "orders", "list", code=2)
    assert not (tmp_path / "vend.db").exists()


def test_a_meter_of_the_directory_has_one_memory(folder: Path, tmp_path: Path) -> None:
    sell = ("credit", "1", "--meter", METER, "--issued-file")
    assert "are kept in" in run(folder, *sell, str(tmp_path / "other.db"), code=2)
    assert not (tmp_path / "other.db").exists()
    run(folder, *sell, str(folder / "vend.db"))
    key_file.store(tmp_path / "keys.json", METER, list(KEYS.values()))
    done = vend(*sell, str(tmp_path / "other.db"), "--keys", str(tmp_path / "keys.json"))
    assert done.code == 0 and (tmp_path / "vend.db").exists()
    assert len(listed(folder)) == 1


def test_amount_is_given_once(folder: Path) -> None:
    for more in ((), ("20", "--amount", "20")):
        assert "must be given once" in run(folder, "credit", "--meter", METER, *more, code=2)
    assert listed(folder) == []


def test_an_order_is_issued_once(folder: Path) -> None:
    sell = ("credit", "20", "--meter", METER, "--json", "--order")
    first = json.loads(run(folder, *sell, "A 1"))
    done = vend("--directory", str(folder), *sell, "A 1")
    assert json.loads(done.out) == first
    assert "was issued before" in done.err and str(first["tid"]) in done.err
    assert json.loads(run(folder, *sell, "A 2"))["tid"] == first["tid"] + 1
    for others, words in (
            (("credit", "21", "--meter", METER, "--order", "A 1"), "not as credit of 2100 units"),
            (("debit", "20", "--meter", METER, "--order", "A 1"), "not as debit"),
            (("clear", "--meter", METER, "--order", "A 1"), "not as clear_credit for"),
            ((*sell, "A 1", "--tid", "7"), "its TID is"),
            ((*sell, "A 9", "--tid", str(first["tid"])), "is that of order A 1"),
            ((*sell, "A 9", "--expires", "5"), "must not expire"),
            ((*sell, "A 9", "--tid", "16777215"), "cannot have been issued yet"),
            ((*sell, " A"), "printable ASCII"), ((*sell, "Ä"), "printable ASCII"),
    ):
        assert words in run(folder, *others, code=2)
    assert [order["order"] for order in listed(folder)] == ["A 1", "A 2"]


def test_an_order_outlives_its_key(folder: Path) -> None:
    """Its message is made anew with the key that is there now, its TID stays."""
    sell = ("credit", "20", "--meter", METER, "--json", "--order", "1")
    first = json.loads(run(folder, *sell))
    keys = [key for key in KEYS.values() if key.role != "vending"]
    key_file.store(folder / "keys.json", METER, [key_file.make(METER, "vending"), *keys])
    again = json.loads(run(folder, *sell))
    assert again["tid"] == first["tid"] and again["messages"] != first["messages"]
    assert json.loads(run(folder, *sell)) == again


@pytest.mark.parametrize(("status", "reason", "again", "state"), [
    (3, 0, False, "confirmed"), (6, 6, False, "refused"), (6, 6, True, "refused"),
    (6, 4, False, "refused"), (6, 4, True, None), (6, 5, True, None), (8, 7, False, None),
])
def test_what_a_receipt_makes_of_an_order(
    status: int, reason: int, again: bool, state: str | None
) -> None:
    receipt = {0: 1, 2: b"V1", 3: 9, 4: status, 5: reason, 6: 0, 7: METER}
    assert instructions.is_receipt(receipt)
    assert orders.judged(receipt, again) == state


@pytest.mark.parametrize("change", [{0: 2}, {2: "V1"}, {3: None}, {6: True}, {1: "now"}])
def test_what_is_no_receipt(change: dict[int, Any]) -> None:
    assert not instructions.is_receipt(
        {0: 1, 2: b"V1", 3: 9, 4: 3, 5: 0, 6: 0, 7: METER} | change)


def test_a_refused_order_keeps_its_receipt(folder: Path) -> None:
    """Of two receipts for one message the later counts, until one says that it was done."""
    station = Station(METER, folder / "keys.json", "vending")
    meter = FakeMeter(METER, balance=10 ** 9)
    _, message, _ = station.purchase("credit", 2000, number="1")
    for balance, state in ((10 ** 9, "refused"), (0, "confirmed"), (10 ** 9, "confirmed")):
        meter.balance = balance
        receipt = station.open(meter.answer(message))
        with database.transaction(station.orders) as session:
            assert orders.note_receipt(session, METER, receipt) == state


def test_a_refused_order_asked_for_again(folder: Path) -> None:
    """It is as if issued anew, but for its TID."""
    station = Station(METER, folder / "keys.json", "vending")
    meter = FakeMeter(METER, balance=10 ** 9)
    first, message, _ = station.purchase("credit", 2000, number="1")
    with database.transaction(station.orders) as session:
        orders.note_receipt(session, METER, station.open(meter.answer(message)))
    assert [listed(folder)[0][name] for name in ("state", "reason")] == ["refused", "balance"]
    for _ in range(2):
        again, message, known = station.purchase("credit", 2000, number="1")
        assert (known, again["tid"], again["state"], again["reason"]) == (
            True, first["tid"], "issued", "")
        meter.messages.append(message)
    assert len(set(meter.messages)) == 2


def test_tokens_and_messages_share_their_numbers(folder: Path) -> None:
    group = folder / "group.json"
    group.write_text(json.dumps({"vending_key": "11" * 20, "sgc": "123457"}))
    group.chmod(0o600)
    first = json.loads(run(folder, "credit", "1", "--meter", METER, "--json"))["tid"]
    token = json.loads(run(folder, "token", "--meter", METER, "--key-file", str(group),
                           "--amount", "1", "--json"))["tid"]
    assert (token, json.loads(run(folder, "credit", "1", "--meter", METER, "--json"))["tid"]) == (
        first + 1, first + 2)


def test_what_was_issued_before_is_taken_over(tmp_path: Path) -> None:
    """Of the files that came before the database."""
    keys = tmp_path / "keys.json"
    pan, name = issued.pan(METER), f"{METER}/{b'V1'.hex()}"
    (tmp_path / "issued.json").write_text(json.dumps({f"{pan}/2014": 16_000_000}))
    (tmp_path / "keys.json.numbers").write_text(json.dumps({name: 4 * 10 ** 9}))
    (tmp_path / "other.json.numbers").write_text(json.dumps({name: 7}))
    with issued.opened(issued.beside(keys)) as memory:
        assert memory.last(pan, 2014) == 16_000_000
    assert Numbers(issued.beside(keys)).next_number(METER, b"V1") == 4 * 10 ** 9 + 1


@pytest.mark.parametrize("content", ["{", "[]", '{"a": "b"}', '{"a": 1}', '{"a/b": 1}', "7"])
def test_damaged_files_of_before_stop_the_station(tmp_path: Path, content: str) -> None:
    (tmp_path / "issued.json").write_text(content)
    for _ in range(2):
        with pytest.raises(VendError, match="might repeat"), issued.opened(tmp_path / "vend.db"):
            pass
    (tmp_path / "issued.json").unlink()
    with issued.opened(tmp_path / "vend.db") as memory:
        assert memory.last("1", 2014) is None


def test_damaged_and_foreign_databases(tmp_path: Path) -> None:
    path = tmp_path / "vend.db"
    path.touch(0o600)
    for content, words in ((b"{", "is no vending database"),
                           (b"SQLite format 3\0" + bytes(2000), "not a database|malformed")):
        path.write_bytes(content)
        with pytest.raises(VendError, match=words), database.transaction(path):
            pass
    path.unlink()
    with database.transaction(path) as session:
        session.connection().exec_driver_sql("PRAGMA user_version = 9")
    with pytest.raises(VendError, match="of version 9, this program knows 1"), (
            database.transaction(path)):
        pass
    path.chmod(0o644)
    with pytest.raises(VendError, match="0644, must be 0600"), database.transaction(path):
        pass
    with pytest.raises(VendError, match="No such file"), (
            database.transaction(tmp_path / "none" / "vend.db")):
        pass


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "vend.db"
    with pytest.raises(RuntimeError), database.transaction(path) as session:
        session.add(TidRow(pan="1", base=2014, last=7))
        session.flush()
        raise RuntimeError
    with issued.opened(path) as memory:
        assert memory.last("1", 2014) is None
        memory.note("1", 2014, 9)
        memory.note("1", 2014, 8)
    with issued.opened(path) as memory:
        assert memory.last("1", 2014) == 9


def test_one_tid_is_of_one_order(folder: Path) -> None:
    run(folder, "credit", "1", "--meter", METER, "--order", "1")
    with pytest.raises((VendError, IntegrityError)), database.transaction(
            folder / "vend.db") as session:
        order = orders.find(session, "1")
        assert order is not None
        values = {column.name: getattr(order, column.name) for column in order.__table__.columns}
        session.add(type(order)(**(values | {"number": "2"})))


def test_stations_at_once_issue_each_order_once(folder: Path) -> None:
    program = ("import sys; from pathlib import Path; from tools.vend.station import Station; "
               f"s = Station('{METER}', Path(sys.argv[1]), 'vending'); "
               "[s.purchase('credit', 100, number=str(n)) for n in range(20)]")
    command = [sys.executable, "-c", program, str(folder / "keys.json")]
    running = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    found = listed(folder)
    assert len(found) == len({order["tid"] for order in found}) == 20
