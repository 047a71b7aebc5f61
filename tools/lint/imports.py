"""Who may import whom: the import rule of the design, checked from the syntax tree.

An import counts wherever it stands, also inside a function. Names are judged, not files: an
import of a module that is not written yet is judged like one that is.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from tools.lint.cycles import find_cycles
from tools.lint.problem import Problem, Source, python_sources

PACKAGE = "joulegate"
CORE_BUILTINS = frozenset({"micropython", "array", "struct", "binascii"})
"""What `core` may use besides itself: no clock, no hardware, no input or output."""
MIDDLE = frozenset({"drivers", "storage", "vending"})
OUTER = frozenset({"link", "bus", "panel", "console", "health"})
BOARD_AREAS = frozenset({"core", "drivers", "panel"})
HOST_FOLDERS = frozenset({"tools", "boards", "tests", "world", "meter"})
"""Not on the meter: the folders of the repository, and the packages of tools/bench."""
ENTRY_FILES = frozenset({"firmware/main.py", "firmware/boot.py"})
"""The files outside the package that start it; they alone know that there is a board."""


def area_of(module: str) -> str:
    """The folder of the package that `module` is in; "top" for a module beside the folders.

    "app" for the composition root, "" for what is not of the package.
    """
    parts = module.split(".")
    if parts[0] != PACKAGE:
        return ""
    if len(parts) > 1 and parts[1] in MIDDLE | OUTER | {"core", "app"}:
        return parts[1]
    return "top"


def allowed_areas(area: str) -> frozenset[str]:
    """The areas that a module of `area` may import, besides its own."""
    if area in MIDDLE or area == "top":
        return frozenset({"core"})
    if area in OUTER:
        return MIDDLE | {"core"}
    if area == "app":
        return MIDDLE | OUTER | {"core", "top"}
    return frozenset()


def imported(tree: ast.Module, module: str, is_package: bool) -> Iterator[tuple[int, str]]:
    """Give (line, full dotted name) of each import in `tree`, the source of `module`.

    `from a import b` gives a.b, since b may be a module; relative names are made absolute.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = module.split(".")
                cut = len(package) - node.level + is_package
                base = ".".join([*package[: max(cut, 0)], *([base] if base else [])])
            for alias in node.names:
                yield node.lineno, base if alias.name == "*" else f"{base}.{alias.name}"
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "__import__"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield node.lineno, str(node.args[0].value)


def module_name(path: Path, base: str) -> str:
    """The dotted name of the file `path` when `base` is on sys.path."""
    parts = path.relative_to(base).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _judge_firmware(source: Source, module: str, name: str, boards: frozenset[str]) -> str:
    """Say which rule the import of `name` by `module` breaks; "" for none."""
    top = name.split(".")[0]
    area, target = area_of(module), area_of(name)
    is_entry = source.path.as_posix() in ENTRY_FILES
    if top in HOST_FOLDERS or top in boards:
        return f"firmware never imports {top}: it is not on the meter"
    if top == "board":
        return "" if is_entry else "only main.py and boot.py import board"
    if area == "core" and not target and top not in CORE_BUILTINS:
        return f"core imports only itself and {', '.join(sorted(CORE_BUILTINS))}, not {top}"
    if not area or not target or target == area != "top" or name == PACKAGE:
        return ""
    if target == "top" and name.split(".")[:2] == module.split(".")[:2]:
        return ""
    if target not in allowed_areas(area):
        allowed = ", ".join(sorted(allowed_areas(area))) or "nothing else of the package"
        return f"{area} may import {allowed}, not {target} ({name})"
    return ""


def _judge_outside(folder: str, name: str) -> str:
    """Say which rule an import of `name` in boards/ or the bench's world breaks; "" for none."""
    top = name.split(".")[0]
    if folder == "boards" and top == PACKAGE and area_of(name) not in BOARD_AREAS:
        return f"boards may import joulegate.core, drivers and panel, not {name}"
    if folder != "boards" and top == PACKAGE:
        return f"a model never imports the firmware, and {name} is of it"
    return ""


def _edges(
    names: list[tuple[int, str]], module: str, modules: frozenset[str]
) -> Iterator[tuple[str, int]]:
    """Give (imported module, line) for each of `names` that is a module of the firmware."""
    for line, name in names:
        target = name if name in modules else name.rpartition(".")[0]
        if target in modules and target != module:
            yield target, line


def check(root: Path) -> list[Problem]:
    """Judge every import under firmware/, boards/ and tools/bench/world/ of `root`."""
    problems: list[Problem] = []
    boards = frozenset(folder.name for folder in (root / "boards").glob("*") if folder.is_dir())
    names: dict[str, list[tuple[int, str]]] = {}
    paths: dict[str, Path] = {}
    for source in python_sources(root, "firmware"):
        if isinstance(source, Problem):
            problems.append(source)
            continue
        module = module_name(source.path, "firmware")
        is_package = source.path.name == "__init__.py"
        names[module] = list(imported(source.tree, module, is_package))
        paths[module] = source.path
        for line, name in names[module]:
            if rule := _judge_firmware(source, module, name, boards):
                problems.append(Problem(source.path, line, rule))
    for folder in ("boards", "tools/bench/world"):
        for source in python_sources(root, folder):
            if isinstance(source, Problem):
                problems.append(source)
                continue
            module = module_name(source.path, folder)
            for line, name in imported(source.tree, module, source.path.name == "__init__.py"):
                if rule := _judge_outside(folder, name):
                    problems.append(Problem(source.path, line, rule))
    known = frozenset(names)
    graph = {module: dict(_edges(names[module], module, known)) for module in sorted(known)}
    for cycle in find_cycles(graph):
        line = graph[cycle[0]][cycle[1]]
        circle = " -> ".join(cycle)
        problems.append(Problem(paths[cycle[0]], line, f"imports go in a circle: {circle}"))
    return problems
