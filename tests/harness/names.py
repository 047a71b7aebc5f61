"""The tests that a unittest file holds, read from its syntax tree without running it.

Every pytest worker must list the same tests, and listing must cost nothing: so the file is
parsed, never imported.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

HEADER_LINES = 12
HEAP = re.compile(r"^# heapsize: (\d+(?:w?[KM])?)$")
MARK = re.compile(r"^# mark: (\w+)$")
DEFAULT_HEAP = "192wK"
"""Words, so that a 64-bit host stands for a 192 KiB heap of a 32-bit board."""


@dataclass(frozen=True)
class Contents:
    """What a test file says of itself."""

    tests: tuple[str, ...]
    heap: str
    marks: tuple[str, ...]


def _bases(node: ast.ClassDef) -> list[str]:
    return [
        base.attr if isinstance(base, ast.Attribute) else base.id
        for base in node.bases
        if isinstance(base, ast.Attribute | ast.Name)
    ]


def _lineage(name: str, classes: dict[str, ast.ClassDef]) -> list[str]:
    """`name` and all its ancestors that can be told from this file, itself first."""
    known = [name]
    for ancestor in known:
        if ancestor in classes:
            known += [base for base in _bases(classes[ancestor]) if base not in known]
    return known


def read_contents(path: Path) -> Contents:
    """List the tests of `path` as "Class::test", with what its first comment lines ask for.

    `# heapsize: 128wK` sets MicroPython's heap, `# mark: sweep` a pytest mark, within the first
    HEADER_LINES lines. Raises SyntaxError for a file that does not parse.
    """
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text, filename=str(path))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    tests: list[str] = []
    for name in sorted(classes):
        lineage = _lineage(name, classes)
        if "TestCase" not in lineage:
            continue
        methods = {
            node.name
            for ancestor in lineage
            if ancestor in classes
            for node in classes[ancestor].body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and node.name.startswith("test")
        }
        tests += [f"{name}::{method}" for method in sorted(methods)]
    header = text.splitlines()[:HEADER_LINES]
    heaps = [found[1] for line in header if (found := HEAP.match(line))]
    marks = tuple(found[1] for line in header if (found := MARK.match(line)))
    return Contents(tuple(tests), heaps[-1] if heaps else DEFAULT_HEAP, marks)
