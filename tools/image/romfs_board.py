"""A copy of the board files whose manifest freezes only what starts the modules in ROMFS.

The import path of MicroPython has frozen modules before /rom: what is to come from ROMFS must
not be frozen as well.
"""

import shutil
from pathlib import Path

from tools.image.boards import Board
from tools.image.paths import BOARDS_FOLDER, ROOT

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


def write(board: Board, target: Path) -> Path:
    """Write the board files below `target`, in place of what is there; return `target`."""
    shutil.rmtree(target, ignore_errors=True)
    for name in (board.name, "common"):
        shutil.copytree(BOARDS_FOLDER / name, target / name)
    for name in START:
        shutil.copyfile(ROOT / "firmware" / name, target / board.name / name)
    manifest = _MANIFEST.format(port=board.family) + (_RP2 if board.family == "rp2" else "")
    (target / board.name / "manifest.py").write_text(manifest)
    return target
