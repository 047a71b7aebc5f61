"""Copies of the board files for the frozen images that are not the usual one.

For ROMFS the manifest freezes only what starts the modules there: the import path of MicroPython
has frozen modules before /rom, so what is to come from ROMFS must not be frozen as well.
"""

import shutil
from pathlib import Path

from tools.image.boards import Board
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
"""
_RP2 = 'freeze("$(PORT_DIR)/modules", "rp2.py")\n'


def for_romfs(board: Board, target: Path) -> Path:
    """Write the board files below `target`, in place of what is there; return `target`."""
    _copy(board, target)
    for name in START:
        shutil.copyfile(ROOT / "firmware" / name, target / board.name / name)
    manifest = _MANIFEST.format(port=board.family) + (_RP2 if board.family == "rp2" else "")
    (target / board.name / "manifest.py").write_text(manifest)
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
