"""Refuse assertRaises(E, callable, ...) in tests that run under MicroPython.

The unittest package 0.4 for MicroPython passes that form even when nothing is raised; the
`with self.assertRaises(E):` form is right on both interpreters.
"""

import ast
from pathlib import Path

from tools.lint.problem import Problem, python_sources

FOLDERS = ("tests/unit", "tests/micropython")
RULE = "assertRaises with a callable always passes under MicroPython: use `with assertRaises(E):`"


def check(root: Path) -> list[Problem]:
    """Find each call of assertRaises with more than the exception, in FOLDERS of `root`."""
    problems: list[Problem] = []
    for folder in FOLDERS:
        for source in python_sources(root, folder):
            if isinstance(source, Problem):
                problems.append(source)
                continue
            for node in ast.walk(source.tree):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr == "assertRaises"
                    and len(node.args) + len(node.keywords) > 1
                ):
                    problems.append(Problem(source.path, node.lineno, RULE))
    return problems
