"""What a check reports: the place and the rule broken."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Problem:
    """One broken rule, printed as FILE:LINE: rule."""

    path: Path
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}"


@dataclass(frozen=True)
class Source:
    """A Python file that parsed, its path relative to the root."""

    path: Path
    tree: ast.Module


def python_sources(root: Path, folder: str) -> Iterator[Source | Problem]:
    """Parse every Python file under `root`/`folder`; a file that does not parse is a Problem."""
    for file in sorted((root / folder).rglob("*.py")):
        path = file.relative_to(root)
        try:
            yield Source(path, ast.parse(file.read_text(encoding="utf-8")))
        except (SyntaxError, UnicodeDecodeError) as error:
            yield Problem(path, getattr(error, "lineno", None) or 1, f"does not parse: {error}")
