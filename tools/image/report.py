"""What was made, as tables for a person or JSON for a program."""

import os
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.image import ram
from tools.image.boards import Board, Family
from tools.image.build import Built, digest
from tools.image.profiles import LEFT_OUT, Profile


def show(console: Console, built: Built) -> None:
    """Print the table of flash and RAM by module, the totals and the files."""
    board = built.board
    table = Table(title=f"{board.name}, {built.profile}")
    table.add_column("module")
    table.add_column("flash, bytes", justify="right")
    if built.ram:
        table.add_column("RAM, bytes", justify="right")
    for file in built.files:
        live = built.ram.get(file.path)
        row = [file.path, f"{len(file.data):,}"]
        table.add_row(*row, *([] if not built.ram else ["" if live is None else f"{live:,}"]))
    flash, live = sum(len(file.data) for file in built.files), sum(built.ram.values())
    table.add_section()
    table.add_row("all", f"{flash:,}", *([f"{live:,}"] if built.ram else []))
    console.print(table)
    if built.ram:
        free = ram.free_part(board, live)
        console.print(f"Heap: {board.heap:,} bytes free on {board.official} "
                      f"({board.heap_source}); {live:,} for modules, about {ram.RUNNING:,} to "
                      f"run: {free:.0%} stays free.")
    if built.profile is Profile.DEVELOPMENT:
        for name, what in LEFT_OUT[board.family].items():
            console.print(f"Left out: {name}, {what}.")
    for path in built.images:
        console.print(f"{os.path.relpath(path)}  {path.stat().st_size:,} bytes", soft_wrap=True)
        console.print(f"  SHA-256 {digest(path)}", soft_wrap=True)


def next_step(board: Board, path: Path) -> str:
    """Return the command that puts a file on the board."""
    path = Path(os.path.relpath(path))
    if path.name == "romfs.bin":
        return f"mpremote romfs deploy {path}"
    if board.family is Family.RP2:
        return f"make flash BOARD={board.name} DRIVE=/media/$USER/RPI-RP2 IMAGE={path}"
    return "esptool " + " ".join(esptool_arguments(board, path, "PORT", "write-flash"))


def esptool_arguments(board: Board, path: Path, port: str, command: str) -> list[str]:
    """Return the arguments of esptool 5 that write or verify a file."""
    chip = board.chip_name.lower().replace("-", "")
    return ["--chip", chip, "--port", port, command, f"{board.file_offset:#x}", str(path)]


def as_json(built: Built) -> dict[str, Any]:
    """Return all of it for a program to read."""
    live = sum(built.ram.values())
    found: dict[str, Any] = {
        "board": built.board.name, "profile": str(built.profile),
        "modules": [{"path": file.path, "flash": len(file.data),
                     "ram": built.ram.get(file.path)} for file in built.files],
        "flash": sum(len(file.data) for file in built.files),
        "images": [{"file": str(path), "bytes": path.stat().st_size, "sha256": digest(path)}
                   for path in built.images],
    }
    if built.ram:
        found |= {"ram": live, "running": ram.RUNNING, "heap": built.board.heap,
                  "free": round(ram.free_part(built.board, live), 3)}
    return found
