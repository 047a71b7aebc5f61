"""Flash by module of a frozen image, from the symbols of its .elf."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.image import layout
from tools.image.boards import Board
from tools.image.build import digest

_NM = re.compile(r"^CMAKE_NM:FILEPATH=(.+)$", re.MULTILINE)
_SYMBOL = re.compile(r"^[0-9a-f]+ ([0-9a-f]+) [rRdDtT] (\S+)$", re.MULTILINE)
_PREFIX = re.compile(r"^(?:const_(?:obj|qstr)_table_data_|const_obj_|fun_data_|children_|"
                     r"proto_fun_|frozen_module_)")
"""How tools/mpy-tool.py of MicroPython names what belongs to a module."""


def sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of constants and bytecode of each frozen module; {} without an .elf.

    folder: where MicroPython was built.
    """
    elf, cache = folder / "firmware.elf", folder / "CMakeCache.txt"
    if not elf.is_file() or not cache.is_file():
        return {}
    tool = _NM.search(cache.read_text())
    if tool is None:
        return {}
    done = subprocess.run([tool[1], "-S", str(elf)], capture_output=True, text=True)
    return by_module(done.stdout, _modules(folder))


def by_module(symbols: str, modules: list[str]) -> dict[str, int]:
    """Add up the lines of `nm -S` by the module whose name their symbol begins with."""
    marks = sorted(((module.replace("/", "_"), module) for module in modules), reverse=True)
    found = dict.fromkeys(modules, 0)
    for size, symbol in _SYMBOL.findall(symbols):
        name = _PREFIX.sub("", symbol)
        if name == symbol:
            continue
        for mark, module in marks:
            if name == mark or name.startswith(f"{mark}_"):
                found[module] += int(size, 16)
                break
    return found


def _modules(folder: Path) -> list[str]:
    frozen = folder / "frozen_mpy"
    return sorted(path.relative_to(frozen).with_suffix("").as_posix()
                  for path in frozen.rglob("*.mpy"))


def show(console: Console, board: Board, image: Path, found: dict[str, int], program: int,
         with_romfs: bool) -> None:
    """Print the table of flash by frozen module, the program's size and room, and the image."""
    table = Table(title=f"{board.name}, frozen")
    table.add_column("module")
    table.add_column("flash, bytes", justify="right")
    for module, size in found.items():
        table.add_row(module, f"{size:,}")
    table.add_section()
    table.add_row("all frozen modules", f"{sum(found.values()):,}")
    console.print(table)
    console.print(f"Program: {program:,} of {layout.image(board, with_romfs):,} bytes.")
    console.print(f"{os.path.relpath(image)}  {image.stat().st_size:,} bytes")
    console.print(f"  SHA-256 {digest(image)}")


def as_json(board: Board, image: Path, found: dict[str, int], program: int,
            with_romfs: bool) -> dict[str, Any]:
    """Return all of it for a program to read."""
    return {"board": board.name, "profile": "production", "modules": found,
            "program": program, "room": layout.image(board, with_romfs),
            "images": [{"file": str(image), "bytes": image.stat().st_size,
                        "sha256": digest(image)}]}
