"""Copies of the board files for the frozen images that are not the usual one.

For ROMFS the manifest freezes only what starts the modules there: the import path of MicroPython
has frozen modules before /rom, so what is to come from ROMFS must not be frozen as well. Only
their names are, which would take heap otherwise. And the flash is shared out otherwise: by
JOULEGATE_ROMFS in mpconfigboard.h, and on ESP32 by a partition table of its own.
"""

import shutil
from pathlib import Path

from tools.image import compiler, frozen_names
from tools.image.boards import Board, Family
from tools.image.layout import PARTITIONS, PARTITIONS_ROMFS
from tools.image.paths import BOARDS_FOLDER, ROOT
from tools.image.profiles import PROFILE_MODULE, Profile, profile_source

START = ("boot.py", "main.py")
"""MicroPython runs these by name, frozen or from the root, but not from /rom."""
_MANIFEST = """\
include("$(MPY_DIR)/extmod/asyncio")
require("ssl")
module("_boot.py", base_path="../common/boot_{port}")
module("boot.py")
module("main.py")
module("romfs_names.py")
"""
_RP2 = 'freeze("$(PORT_DIR)/modules", "rp2.py")\n'
_WITH_ROMFS = "#define JOULEGATE_ROMFS (1)\n"


def for_romfs(board: Board, target: Path) -> Path:
    """Write the board files below `target`, in place of what is there; return `target`."""
    _copy(board, target)
    for name in START:
        shutil.copyfile(ROOT / "firmware" / name, target / board.name / name)
    manifest = _MANIFEST.format(port=board.family) + (
        _RP2 if board.family is Family.RP2 else "")
    own = target / board.name
    (own / "romfs_names.py").write_text(
        frozen_names.module(compiler.files(board, Profile.PRODUCTION)))
    (own / "manifest.py").write_text(manifest)
    header = own / "mpconfigboard.h"
    header.write_text(_WITH_ROMFS + header.read_text())
    if board.family is Family.ESP32:
        (own / PARTITIONS_ROMFS).replace(own / PARTITIONS)
    return target


def for_development(board: Board, target: Path) -> Path:
    """Write the board files below `target`, of the profile development; return `target`."""
    _copy(board, target)
    (target / "common" / PROFILE_MODULE).write_text(profile_source(Profile.DEVELOPMENT))
    firmware = target.parent / "firmware"
    shutil.rmtree(firmware, ignore_errors=True)
    shutil.copytree(ROOT / "firmware", firmware, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def _copy(board: Board, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    for name in (board.name, "common"):
        shutil.copytree(BOARDS_FOLDER / name, target / name)
