"""How much RAM the modules of an image take, measured on 32-bit MicroPython.

Each .mpy is imported by the WebAssembly port of tools/measure32, whose objects have the size of
a board's, and is charged what stays alive. Modules come in the order of their imports, so that
none is charged for another; those that neither boot.py nor main.py leads to take no RAM. What
a function imports is loaded when a setting, a key or a person asks for it: it is counted for the
programs themselves, for tokens and messages with keys, and for the link with its settings. The
chip's own modules are stood in for.
"""

import ast
import tempfile
from pathlib import Path

from tools.image.boards import Board
from tools.image.compiler import File
from tools.image.errors import ImageError
from tools.image.profiles import PLAIN
from tools.measure32 import MeasureError, measure

FREE_LEAST = 0.30
"""The part of the heap that must be free in steady state (DESIGN, speed and memory)."""
ENTRANCE = "joulegate.vending.entrance"
"""What it leads to is loaded only on a meter with keys."""
NETWORK = "joulegate.link.network"
"""What it leads to is loaded only on a meter with link settings."""
RUNNING = 12 * 1024
"""Bytes that a running meter needs besides its modules: account, tariff, ledger, tasks.

tests/benchmarks/whole_firmware.py takes 17 KiB more than its imports on 64 bits; half of that,
and as much as a third again for the console and the scheduler.
"""


def by_module(files: list[File], keys: bool = False, link: bool = False) -> dict[str, int]:
    """Return the live bytes of each module of `files` that is used: file path -> bytes.

    keys: of a meter with keys for tokens and messages. link: of one with link settings that ask
    for everything: every family of modems, too, of which a meter loads one.
    """
    asked = ([ENTRANCE] if keys else []) + ([NETWORK] if link else [])
    modules = {file.module: file for file in files if file.path not in PLAIN}
    order = _order([file for file in files if file.path in PLAIN], modules, asked)
    stand_ins = sorted(_outside(modules))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for file in modules.values():
            # Native code of another architecture cannot be loaded: its source can.
            name = file.path.replace(".mpy", ".py") if file.native else file.path
            target = root / name.removeprefix("lib/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.source.encode() if file.native else file.data)
        try:
            found = measure({"imports": order, "stand_ins": stand_ins}, [root])["imports"]
        except MeasureError as error:
            raise ImageError(f"RAM cannot be measured: {error}") from error
    return {modules[name].path: max(0, round(size)) for name, size in found.items()}


def free_part(board: Board, modules: int) -> float:
    """Return the part of the heap that stays free with `modules` bytes of modules in RAM."""
    return (board.heap - modules - RUNNING) / board.heap


def check(board: Board, modules: int, least: float = FREE_LEAST) -> None:
    """Refuse an image that leaves less than the part `least` of the board's heap."""
    free = free_part(board, modules)
    if free < least:
        raise ImageError(
            f"{board.name}: the development image takes about {modules + RUNNING} bytes of RAM "
            f"and leaves {free:.0%} of the {board.heap} that {board.official} has free, must "
            f"leave {least:.0%}: build it frozen, `make frozen BOARD={board.name} "
            "MICROPYTHON_DIR=...`")


def _imports(file: File, inside: bool = True) -> list[str]:
    """Return the dotted names that a file imports, a package's own modules among them.

    inside: also those that its functions import.
    """
    names: list[str] = []
    tree = ast.parse(file.source)
    for node in ast.walk(tree) if inside else tree.body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def _order(programs: list[File], modules: dict[str, File], asked: list[str]) -> list[str]:
    """Return the modules that `programs` lead to, each behind those it imports.

    asked: modules that are used in full: what their functions import, and so on, counts too.
    """
    order: list[str] = []
    begun: set[tuple[str, bool]] = set()

    def visit(name: str, inside: bool) -> None:
        if (name, inside) in begun or name not in modules:
            return
        begun.add((name, inside))
        visit(name.rpartition(".")[0], False)
        for other in _imports(modules[name], inside):
            visit(other, inside)
        if name not in order:
            order.append(name)

    for program in programs:
        for name in _imports(program):
            visit(name, False)
    for name in asked:
        visit(name, True)
    return order


def _outside(modules: dict[str, File]) -> set[str]:
    own = {name.partition(".")[0] for name in modules}
    used = {name.partition(".")[0] for file in modules.values() for name in _imports(file)}
    return used - own
