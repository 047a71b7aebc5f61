"""The frozen build: MicroPython's own makefiles, out of tree, with the boards of this project.

The time in the image is that of the project's last commit (SOURCE_DATE_EPOCH), so that one
commit gives the same bytes.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from tools.image import board_copy, filesystems, layout, uf2
from tools.image.boards import VERSION, Board, Family
from tools.image.errors import ImageError
from tools.image.paths import BOARDS_FOLDER, FROZEN, IMAGES, ROOT
from tools.image.profiles import Profile

TAIL_LINES = 15
_TOOLS = {Family.RP2: ("cmake", "make", "gcc", "arm-none-eabi-gcc"),
          Family.ESP32: ("cmake", "make", "gcc", "idf.py")}
_VERSION_MACRO = r"^#define MICROPY_VERSION_{part}\s+(\d+)$"
_BOARD_DIR = re.compile(r"^MICROPY_BOARD_DIR:\w+=(.+)$", re.MULTILINE)
_SUBMODULES = {Family.RP2: ("lib/pico-sdk/pico_sdk_init.cmake", "lib/tinyusb/src/tusb.c"),
               Family.ESP32: ("lib/berkeley-db-1.xx/README",)}


def build(board: Board, tree: Path, jobs: int, cmake_args: str = "",
          romfs: bytes | None = None, profile: Profile = Profile.PRODUCTION) -> Path:
    """Build the image of `board` with the MicroPython tree; return the image's path.

    Everything is frozen, or with `romfs` only what starts the modules in that ROMFS, which an
    RP2 image then holds, too; that is of the profile production.
    """
    version(tree)
    check_tools(board, tree)
    target = folder(board, romfs is not None, profile)
    log = target.with_suffix(".log")
    own_boards = BOARDS_FOLDER
    if romfs is not None or profile is Profile.DEVELOPMENT:
        own_boards = target / "boards"
    _begin_anew_elsewhere(target, own_boards / board.name)
    target.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    # Under `make frozen` MAKEFLAGS holds its variables, and they would override the port's.
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")}
    environment["SOURCE_DATE_EPOCH"] = str(commit_time())
    variable = "CMAKE_ARGS" if board.family is Family.RP2 else "IDFPY_FLAGS"
    environment[variable] = cmake_args
    _make(["-C", str(tree / "mpy-cross"), f"-j{jobs}"], environment, log)
    if romfs is not None:
        board_copy.for_romfs(board, own_boards)
    elif profile is Profile.DEVELOPMENT:
        board_copy.for_development(board, own_boards)
    _make(["-C", str(tree / "ports" / board.family), f"BOARD_DIR={own_boards / board.name}",
           f"BUILD={target}", f"-j{jobs}"], environment, log)
    return _collect(board, target, romfs, profile)


def folder(board: Board, romfs: bool, profile: Profile = Profile.PRODUCTION) -> Path:
    """Return the folder that a board is built in."""
    return FROZEN / f"{board.name}{_kind(romfs, profile)}"


def _kind(romfs: bool, profile: Profile) -> str:
    """Return what stands behind a name when the image is not the usual one."""
    if romfs:
        return "-romfs"
    return "-development" if profile is Profile.DEVELOPMENT else ""


def version(tree: Path) -> str:
    """Return the version of a MicroPython tree; ImageError when it is none, or another."""
    header = tree / "py" / "mpconfig.h"
    if not header.is_file():
        raise ImageError(f"MICROPYTHON_DIR {tree}: is no source tree of MicroPython, it has no "
                         "py/mpconfig.h")
    text = header.read_text(encoding="utf-8", errors="replace")
    parts = []
    for part in ("MAJOR", "MINOR", "MICRO"):
        found = re.search(_VERSION_MACRO.format(part=part), text, re.MULTILINE)
        if found is None:
            raise ImageError(f"MICROPYTHON_DIR {tree}: no MICROPY_VERSION_{part} in mpconfig.h")
        parts.append(found[1])
    number = ".".join(parts)
    if not number.startswith(f"{VERSION}."):
        raise ImageError(f"MICROPYTHON_DIR {tree}: is version {number}, must be {VERSION}.x")
    return number


def check_tools(board: Board, tree: Path) -> None:
    """Refuse to begin when a compiler, ESP-IDF or a submodule is not there."""
    if board.family is Family.ESP32 and not os.environ.get("IDF_PATH"):
        raise ImageError("ESP-IDF is not there: IDF_PATH is not set; install the version that "
                         "ports/esp32/README.md names and source its export.sh")
    for tool in _TOOLS[board.family]:
        if shutil.which(tool) is None:
            raise ImageError(f"{tool} is not on PATH: MicroPython's build of {board.family} "
                             "needs it")
    for file in _SUBMODULES[board.family]:
        if not (tree / file).is_file():
            raise ImageError(f"MICROPYTHON_DIR {tree}: {file} is not there: run `make -C "
                             f"ports/{board.family} submodules` in it")


def commit_time() -> int:
    """Return SOURCE_DATE_EPOCH if it is set, else the time of the project's last commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if given.isdigit():
        return int(given)
    done = subprocess.run(["git", "-C", str(ROOT), "log", "-1", "--format=%ct"],
                          capture_output=True, text=True)
    if done.returncode or not done.stdout.strip().isdigit():
        raise ImageError("no time to build by: this is no git repository; set SOURCE_DATE_EPOCH")
    return int(done.stdout)


def _begin_anew_elsewhere(target: Path, board_files: Path) -> None:
    """Remove a build folder that was set up for the board files of another place.

    CMake would go on with those, as in a copy of the project whose folder `build` is shared.
    """
    cache = target / "CMakeCache.txt"
    if cache.is_file():
        found = _BOARD_DIR.search(cache.read_text(encoding="utf-8", errors="replace"))
        if found is None or Path(found[1]) != board_files:
            shutil.rmtree(target)


def _make(arguments: list[str], environment: dict[str, str], log: Path) -> None:
    with log.open("a") as output:
        done = subprocess.run(["make", *arguments], env=environment, stdout=output,
                              stderr=subprocess.STDOUT)
    if done.returncode:
        tail = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        raise ImageError(f"make failed, see {log.relative_to(ROOT)}:\n" + "\n".join(tail))


def _collect(board: Board, target: Path, romfs: bytes | None, profile: Profile) -> Path:
    suffix = "uf2" if board.family is Family.RP2 else "bin"
    image = IMAGES / board.name / f"firmware{_kind(romfs is not None, profile)}.{suffix}"
    image.parent.mkdir(parents=True, exist_ok=True)
    made = target / f"firmware.{suffix}"
    if made.is_file():
        shutil.copyfile(made, image)
    elif board.family is Family.RP2 and (target / "firmware.bin").is_file():
        # Without picotool the Pico SDK stops at the .bin.
        pages = uf2.pages(uf2.FLASH_BASE, (target / "firmware.bin").read_bytes())
        e10 = uf2.e10_block() if board.chip_name == "RP2350" else b""
        image.write_bytes(uf2.write(uf2.Program(board.chip, pages, e10)))
    else:
        raise ImageError(f"MicroPython's build made no {made.name}: see its log")
    layout.check_image(board, romfs is not None, program_bytes(board, target))
    if romfs is not None and board.family is Family.RP2:
        program = uf2.read(image.read_bytes(), board.chip)
        joined = uf2.merge(program, [(0, romfs)], layout.romfs(board)[0])
        image.write_bytes(uf2.write(joined))
    _write_factory(board, image)
    return image


def program_bytes(board: Board, target: Path) -> int:
    """Return the size of the program that was built in the folder `target`, nothing joined."""
    name = "firmware.bin" if board.family is Family.RP2 else "micropython.bin"
    try:
        return (target / name).stat().st_size
    except FileNotFoundError:
        raise ImageError(f"MicroPython's build made no {name}: see its log") from None


def _write_factory(board: Board, image: Path) -> None:
    """Write what a new board is flashed with once: its storage formatted, which no meter does.

    On RP2 it is one file with the image, on ESP32 the storage alone.
    """
    offset, size = layout.storage(board)
    storage = filesystems.blank(size, board.program)
    if board.family is Family.RP2:
        program = uf2.read(image.read_bytes(), board.chip)
        joined = uf2.merge(program, filesystems.used(storage), offset)
        image.with_name(f"{image.stem}-factory.uf2").write_bytes(uf2.write(joined))
    else:
        image.with_name("storage-factory.bin").write_bytes(storage)
