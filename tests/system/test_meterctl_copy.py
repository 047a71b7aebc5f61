"""meterctl brings firmware onto a board: MicroPython on a pty, with a folder as its files."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.fake_meter import IDENTITY, STATUS, Board
from tools.meterctl.__main__ import main
from tools.meterctl.copy import Copy
from tools.meterctl.errors import LineError, MeterctlError
from tools.meterctl.line import Line


@dataclass(frozen=True)
class File:
    path: str
    data: bytes


FILES = [
    File("boot.py", b"boot"), File("board.mpy", bytes(range(256)) * 5), File("empty.mpy", b""),
    File("joulegate/app.mpy", b"app"), File("joulegate/core/meter.mpy", b"it's \\ \"meter\"\r\n"),
    File("main.py", b"main")]


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    monkeypatch.setattr("tools.meterctl.commands.firmware.development_files",
                        lambda board, free: SimpleNamespace(files=FILES))
    made = Board(tmp_path, bare=True)
    monkeypatch.setenv("METERCTL_PORT", made.port)
    yield made
    made.close()


@pytest.fixture
def line(bare: Board) -> Iterator[Line]:
    made = Line(bare.port, 5)
    yield made
    made.close()


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def there(board: Board) -> dict[str, bytes]:
    return {file.path: (board.folder / file.path).read_bytes() for file in FILES}


def wanted() -> dict[str, bytes]:
    return {file.path: file.data for file in FILES}


def test_install_makes_a_board_a_meter(
    bare: Board, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("install", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "board": "METER_RP2040", "files": 6, "copied": [file.path for file in FILES],
        "removed": [], "bytes": sum(len(file.data) for file in FILES)}
    assert there(bare) == wanted()
    assert (bare.folder / "flash").is_dir()
    assert not list(bare.folder.rglob("*.new"))
    # What answers now is a meter; another install would not know its records.
    assert run("install") == 1
    assert capsys.readouterr().err == (
        "error: board: a meter runs on it already, firmware 1.2.3; `meterctl update` brings it "
        "to this version\n")


def test_update_copies_what_differs_and_restarts(
    bare: Board, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("install") == 0
    (bare.folder / "joulegate" / "app.mpy").write_bytes(b"old")
    for stale in ("board.py", "joulegate/gone.mpy", "joulegate/core/meter.py"):
        (bare.folder / stale).write_bytes(b"old")
    (bare.folder / "flash" / "ledger.bin").write_bytes(b"money")
    # Another run of the meter tells of another start.
    bare.answer(status=[{"ok": STATUS}], again={"ok": {**STATUS, "uptime_s": 1}})
    program = bare.folder / "program.py"
    program.write_text(program.read_text().replace(
        "answer = json.load(f).get(do)",
        "answer = json.load(f).get('again' if do == 'status' else do)"))
    capsys.readouterr()
    assert run("update", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["copied"] == ["joulegate/app.mpy"] and told["bytes"] == 3
    assert told["removed"] == ["board.py", "joulegate/core/meter.py", "joulegate/gone.mpy"]
    assert there(bare) == wanted()
    assert (bare.folder / "flash" / "ledger.bin").read_bytes() == b"money"


def test_an_update_that_changes_nothing_does_not_restart(
    bare: Board, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("install") == 0
    capsys.readouterr()
    assert run("update") == 0
    assert capsys.readouterr().out == (
        "METER_RP2040: 0 of 6 files copied, 0 bytes, 0 removed: is up to date\n")
    assert bare.requests("reset") == []


@pytest.mark.parametrize(("old", "new", "arguments", "code", "message"), [
    ("(1, 28, 0, '')", "(1, 27, 0, '')", (), 1,
     "the device runs MicroPython 1.27.0 with .mpy format 6.3, must be 1.28.x with 6.3"),
    ("Raspberry Pi Pico with", "Some board with", (), 2,
     "board 'Some board with RP2040': is none that is known by its name; name one with --board"),
    ("'rp2'", "'esp32'", (), 1, "platform esp32; METER_RP2040 must be rp2"),
    ("", "", ("--board", "METER_ESP32"), 1, "platform rp2; METER_ESP32 must be esp32"),
    ("", "", ("--board", "BENCH"), 2, "board BENCH: it is simulated and takes no image"),
    ("", "", ("--board", "X"), 2, "board 'X': must be one of METER_RP2040"),
    ("version = (1, 28, 0, '')", "version = '1.28'", (), 1, "the device "),
])
def test_a_board_that_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    old: str, new: str, arguments: tuple[str, ...], code: int, message: str,
) -> None:
    monkeypatch.setattr("tests.fake_meter._PROGRAM", _program().replace(old, new))
    board = Board(tmp_path, bare=True)
    try:
        assert run("--port", board.port, "install", *arguments) == code
    finally:
        board.close()
    assert message in capsys.readouterr().err
    assert not (tmp_path / "flash").exists()


def _program() -> str:
    from tests import fake_meter
    return fake_meter._PROGRAM


def test_a_board_of_the_bench_is_not_updated(
    bare: Board, capsys: pytest.CaptureFixture[str]
) -> None:
    bare.answer(identity={"ok": {**IDENTITY, "board": "BENCH"}})
    assert run("install") == 0
    assert run("update") == 1
    assert "error: board BENCH: it is simulated" in capsys.readouterr().err


def test_too_little_room(bare: Board, capsys: pytest.CaptureFixture[str],
                         monkeypatch: pytest.MonkeyPatch) -> None:
    real = Line.execute
    monkeypatch.setattr(Line, "execute", lambda self, code, *rest: (
        b"100\r\n" if "statvfs" in code else real(self, code, *rest)))
    assert run("install") == 1
    assert "error: board: 100 bytes free, 1307 are needed to copy before replacing" in (
        capsys.readouterr().err)


def test_a_copy_that_breaks_off_changes_nothing(
    bare: Board, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare.folder / "joulegate").mkdir()
    (bare.folder / "joulegate" / "app.mpy").write_bytes(b"old")
    work = Copy(line, FILES)
    written = []

    def stop(self: Copy, path: str, data: bytes) -> None:
        if len(written) == 4:
            raise LineError("the cable is out")
        written.append(path)
        real(self, path, data)

    real = Copy._write
    monkeypatch.setattr(Copy, "_write", stop)
    with pytest.raises(LineError):
        work.run(lambda done: None)
    assert (bare.folder / "joulegate" / "app.mpy").read_bytes() == b"old"
    assert not (bare.folder / "boot.py").exists() and not (bare.folder / "main.py").exists()
    monkeypatch.setattr(Copy, "_write", real)
    Copy(line, FILES).run(lambda done: None)
    assert there(bare) == wanted()


def test_a_file_that_reads_back_as_another_is_not_taken(
    bare: Board, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Copy, "_hash", lambda self, path: "0" * 64)
    with pytest.raises(LineError, match=r"file boot\.py\.new: reads back as another"):
        Copy(line, FILES).run(lambda done: None)
    assert not (bare.folder / "boot.py").exists()


def test_a_board_that_fails_to_write_says_so(
    bare: Board, line: Line
) -> None:
    (bare.folder / "boot.py.new").mkdir()
    with pytest.raises(MeterctlError, match=r"file boot\.py\.new: Is a directory"):
        Copy(line, FILES).run(lambda done: None)
