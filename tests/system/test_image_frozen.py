"""The frozen build begins only where it can end, and its table adds symbols up by module."""

import subprocess
import sys
from pathlib import Path

import pytest
from littlefs import LittleFS

from tools.image import board_copy, compiler, frozen, frozen_names, frozen_report, layout, uf2
from tools.image.boards import Board, board
from tools.image.compiler import File
from tools.image.errors import ImageError
from tools.image.profiles import Profile

ROOT = Path(__file__).parents[2]
PICO, ESP32 = board("METER_RP2040"), board("METER_ESP32")


def tree(folder: Path, version: str = "1 28 0") -> Path:
    """As much of MicroPython's source as is looked at before the build."""
    (folder / "py").mkdir(parents=True)
    macros = zip(("MAJOR", "MINOR", "MICRO"), version.split(), strict=False)
    (folder / "py/mpconfig.h").write_text(
        "".join(f"#define MICROPY_VERSION_{name} {number}\n" for name, number in macros))
    return folder


def test_the_version_of_the_tree(tmp_path: Path) -> None:
    assert frozen.version(tree(tmp_path / "a", "1 28 3")) == "1.28.3"
    with pytest.raises(ImageError, match=r"is version 1\.29\.0, must be 1\.28\.x"):
        frozen.version(tree(tmp_path / "b", "1 29 0"))
    with pytest.raises(ImageError, match="no MICROPY_VERSION_MICRO"):
        frozen.version(tree(tmp_path / "c", "1 28"))
    with pytest.raises(ImageError, match="is no source tree of MicroPython"):
        frozen.version(tmp_path / "d")


def test_esp_idf_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDF_PATH", raising=False)
    with pytest.raises(ImageError, match="ESP-IDF is not there: IDF_PATH is not set"):
        frozen.build(ESP32, tree(tmp_path), 1)


def test_a_compiler_and_the_submodules_are_asked_for(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tree(tmp_path / "tree")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImageError, match="cmake is not on PATH"):
        frozen.build(PICO, source, 1)
    for name in ("cmake", "make", "gcc", "arm-none-eabi-gcc"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(ImageError, match=r"pico_sdk_init.cmake is not there: run `make -C"):
        frozen.build(PICO, source, 1)


def test_the_time_is_that_of_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    told = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True,
                          text=True, check=True).stdout
    assert frozen.commit_time() == int(told)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert frozen.commit_time() == 86400


@pytest.mark.parametrize("target", [PICO, ESP32], ids=lambda target: target.name)
def test_a_build_for_romfs_freezes_the_start_alone(target: Board, tmp_path: Path) -> None:
    boards = board_copy.for_romfs(target, tmp_path / "boards")
    manifest = (boards / target.name / "manifest.py").read_text()
    assert "joulegate" not in manifest and "board.py" not in manifest
    assert f"../common/boot_{target.family}" in manifest
    assert (boards / f"common/boot_{target.family}/_boot.py").is_file()
    for name in ("boot.py", "main.py"):
        assert (boards / target.name / name).read_bytes() == (
            ROOT / "firmware" / name).read_bytes()
    header = (boards / target.name / "mpconfigboard.h").read_text()
    assert header.startswith("#define JOULEGATE_ROMFS (1)\n")
    assert "romfs_names.py" in manifest and (boards / target.name / "romfs_names.py").is_file()
    if target is ESP32:
        own = ROOT / "boards" / target.name
        assert (boards / target.name / "partitions.csv").read_bytes() == (
            own / "partitions-romfs.csv").read_bytes()
        assert not (boards / target.name / "partitions-romfs.csv").exists()
    assert board_copy.for_romfs(target, tmp_path / "boards") == boards


@pytest.mark.parametrize(("target", "with_romfs", "room"), [
    (PICO, False, 1024 * 1024), (PICO, True, 448 * 1024),
    (ESP32, False, 1728 * 1024), (ESP32, True, 1472 * 1024)])
def test_an_image_larger_than_its_room_is_refused(
        target: Board, with_romfs: bool, room: int) -> None:
    assert layout.image(target, with_romfs) == room
    layout.check_image(target, with_romfs, room)
    with pytest.raises(ImageError, match=f"{room + 1} bytes, more than the {room}"):
        layout.check_image(target, with_romfs, room + 1)


def test_romfs_ends_where_the_storage_begins() -> None:
    for target in (PICO, ESP32):
        offset, size = layout.romfs(target)
        assert offset + size == layout.storage(target)[0]


def test_a_build_folder_of_another_place_is_not_gone_on_with(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen, "version", lambda tree: "1.28.0")
    monkeypatch.setattr(frozen, "check_tools", lambda board, tree: None)
    monkeypatch.setattr(frozen, "FROZEN", tmp_path)
    monkeypatch.setattr(frozen, "_make", lambda words, environment, log: None)
    monkeypatch.setattr(frozen, "_collect", lambda *parts: tmp_path)
    folder = tmp_path / PICO.name
    for place, kept in ((ROOT / "boards" / PICO.name, True), (tmp_path / "other", False)):
        folder.mkdir(exist_ok=True)
        (folder / "CMakeCache.txt").write_text(f"A:STRING=1\nMICROPY_BOARD_DIR:PATH={place}\n")
        frozen.build(PICO, tmp_path, 1)
        assert (folder / "CMakeCache.txt").exists() == kept


def test_the_size_of_the_program_is_that_of_the_build(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"made no micropython\.bin"):
        frozen.program_bytes(ESP32, tmp_path)
    (tmp_path / "firmware.bin").write_bytes(b"program")
    assert frozen.program_bytes(PICO, tmp_path) == 7


def compiled(name: str, text: str) -> File:
    return File(name.replace(".py", ".mpy"), compiler.compile_mpy(name, text, PICO.march), text)


def test_the_names_of_a_mpy() -> None:
    file = compiled("here.py", "import far.away.thing\ndef measured_voltage(print):\n"
                               "    return print.phase_angle, 'a b', 'a text of more than ten'\n")
    assert sorted(frozen_names.names(file.data)) == [
        "a b", "far", "far.away.thing", "here.py", "measured_voltage", "phase_angle"]
    native = compiled("here.py", "import micropython\n@micropython.native\n"
                                 "def measured_voltage():\n    return 1\n")
    assert native.native and "measured_voltage" in frozen_names.names(native.data)
    assert frozen_names.names(b"print()\n") == []


@pytest.mark.parametrize("target", [PICO, ESP32], ids=lambda target: target.name)
def test_all_names_of_the_romfs_are_frozen_but_those_of_files(target: Board) -> None:
    files = compiler.files(target, Profile.PRODUCTION)
    module = compiled("names_here.py", frozen_names.module(files))
    frozen_ones = set(frozen_names.names(module.data))
    brought = {name for file in files for name in frozen_names.names(file.data)}
    left = brought - frozen_ones
    assert left and all(name.endswith(".py") for name in left)
    assert frozen_ones - brought == {"names_here.py"}


def test_a_build_for_development_has_its_profile_and_all_else(tmp_path: Path) -> None:
    boards = board_copy.for_development(PICO, tmp_path / "build" / "boards")
    assert 'NAME = "development"' in (boards / "common" / "image_profile.py").read_text()
    usual = (ROOT / "boards" / PICO.name / "manifest.py").read_text()
    assert (boards / PICO.name / "manifest.py").read_text() == usual
    # Where common/manifest.py, which is not changed, looks for it.
    assert (boards / "common" / "../../firmware/joulegate/app.py").is_file()


def test_variables_of_make_do_not_reach_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, str]] = []
    monkeypatch.setattr(frozen, "version", lambda tree: "1.28.0")
    monkeypatch.setattr(frozen, "check_tools", lambda board, tree: None)
    monkeypatch.setattr(frozen, "FROZEN", tmp_path)
    monkeypatch.setattr(frozen, "_make", lambda words, environment, log: seen.append(environment))
    monkeypatch.setattr(frozen, "_collect", lambda *parts: tmp_path)
    monkeypatch.setenv("MAKEFLAGS", " -- BOARD=METER_RP2040 CMAKE_ARGS=-DX=1")
    frozen.build(PICO, tmp_path, 1, "-DX=1")
    assert len(seen) == 2
    assert all("MAKEFLAGS" not in one and one["CMAKE_ARGS"] == "-DX=1" for one in seen)


def test_symbols_are_added_up_by_module() -> None:
    symbols = """\
10053000 00000025 r fun_data_joulegate_core_meter_Meter
10053030 00000010 r proto_fun_joulegate_core_meter__lt_module_gt_
10053040 00000008 r const_qstr_table_data_joulegate_core_meter_id
10053050 00000100 T mp_obj_print
10053060 00000004 r children_board__lt_module_gt_
"""
    found = frozen_report.by_module(
        symbols, ["board", "joulegate/core/meter", "joulegate/core/meter_id"])
    assert found == {"board": 4, "joulegate/core/meter": 0x35, "joulegate/core/meter_id": 8}


def test_the_command_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.image", "frozen", "METER_RP2040", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and done.stderr.startswith("error: MICROPYTHON_DIR")


def test_a_new_board_gets_an_empty_storage(tmp_path: Path) -> None:
    image = tmp_path / "firmware.uf2"
    program = uf2.pages(uf2.FLASH_BASE, b"program" * 100)
    image.write_bytes(uf2.write(uf2.Program(PICO.chip, program)))
    frozen._write_factory(PICO, image)
    joined = uf2.read((tmp_path / "firmware-factory.uf2").read_bytes(), PICO.chip)
    flash = bytearray(b"\xff" * PICO.flash)
    for address, page in joined.pages.items():
        flash[address - uf2.FLASH_BASE:address - uf2.FLASH_BASE + len(page)] = page
    assert flash[:7] == b"program"
    size = 1024 * 1024
    fs = LittleFS(block_size=4096, block_count=size // 4096, prog_size=256, mount=False)
    fs.context.buffer = flash[-size:]
    fs.mount()
    assert fs.listdir("/") == []
    frozen._write_factory(ESP32, image)
    assert (tmp_path / "storage-factory.bin").stat().st_size == layout.storage(ESP32)[1]
