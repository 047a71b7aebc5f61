"""Writes a copy of a source tree that notes each line it runs.

Before each statement of the copy stands `_cv[LINE] = 1`, an assignment to a bytearray of the
module, which allocates nothing; so even tests of allocation hold on the copy.
"""

import ast
import shutil
from pathlib import Path

COUNTER = '''"""Notes which lines ran; written by tools.coverage."""

import json

hits = {}


def new(name, size):
    hits[name] = bytearray(size)
    return hits[name]


def save(path):
    with open(path, "w") as file:
        json.dump({n: [i for i in range(len(b)) if b[i]] for n, b in hits.items()}, file)
'''


def is_counted(node: ast.AST) -> bool:
    """Whether `node` is a statement that runs: no docstring, `global` or `nonlocal`."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return False
    return isinstance(node, ast.stmt) and not isinstance(node, ast.Global | ast.Nonlocal)


def counted_lines(tree: ast.Module) -> set[int]:
    """The numbers of the lines on which a counted statement begins."""
    statements = (node for node in ast.walk(tree) if isinstance(node, ast.stmt))
    return {statement.lineno for statement in statements if is_counted(statement)}


def _note(statements: list[ast.stmt]) -> list[ast.stmt]:
    noted: list[ast.stmt] = []
    for statement in statements:
        if is_counted(statement):
            noted += ast.parse(f"_cv[{statement.lineno}] = 1").body
        noted.append(statement)
    return noted


def instrument_source(text: str, name: str) -> str:
    """The source `text` of module file `name`, noting each line that runs.

    Raises SyntaxError for what does not parse.
    """
    tree = ast.parse(text, filename=name)
    size = max(counted_lines(tree), default=0) + 1
    for node in list(ast.walk(tree)):
        for block in ("body", "orelse", "finalbody"):
            statements = getattr(node, block, None)
            if isinstance(statements, list):
                setattr(node, block, _note(statements))
    head = f"import _cov\n_cv = _cov.new({name!r}, {size})\n"
    return f"{head}{ast.unparse(ast.fix_missing_locations(tree))}\n"


def instrument_tree(source: Path, target: Path) -> None:
    """Replace `target` by an instrumented copy of every Python file under `source`."""
    shutil.rmtree(target, ignore_errors=True)
    for path in sorted(source.rglob("*.py")):
        name = path.relative_to(source)
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(instrument_source(path.read_text("utf-8"), name.as_posix()), "utf-8")
    target.mkdir(parents=True, exist_ok=True)
    (target / "_cov.py").write_text(COUNTER, "utf-8")
