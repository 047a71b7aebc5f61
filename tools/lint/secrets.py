"""Refuse what must never be published: private keys, passwords, home paths, index addresses.

A net with coarse meshes against accidents, not a scanner of secrets. Test vectors are published
keys, so tests/vectors and data are not read.
"""

import re
from pathlib import Path

from tools.lint.files import project_files
from tools.lint.problem import Problem

VECTOR_FOLDERS = ("tests/vectors/", "data/")
SIZE_LIMIT = 1 << 20
"""Bytes; a larger file is data, not text that somebody typed."""
RULES = (
    (re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----"), "a private key"),
    (
        re.compile(
            r"(?:password|passwd|passphrase|secret|api_?key|(?:auth|access)_?token)\w*"
            r"[\"']?\s*[:=]\s*[rbf]?[\"'][^\"'{}<>\s]{8,}[\"']",
            re.IGNORECASE,
        ),
        "a password or key in plain text",
    ),
    (re.compile(r"\b(?:gh[pousr]_|glpat-|AKIA)[A-Za-z0-9_-]{16,}"), "an access token"),
    (
        re.compile(r"(?<![\w.])(?:/home/\w|/root/\w|/Users/\w|[A-Z]:\\Users\\\w)"),
        "an absolute path of somebody's home",
    ),
    (re.compile(r"\"resolved\":\s*\"https?:"), "the address of a package index in a lock file"),
)


def check(root: Path) -> list[Problem]:
    """Find each line under `root` that looks like one of RULES."""
    problems: list[Problem] = []
    for path in project_files(root):
        file = root / path
        if path.as_posix().startswith(VECTOR_FOLDERS) or file.stat().st_size > SIZE_LIMIT:
            continue
        try:
            lines = file.read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            for pattern, what in RULES:
                if pattern.search(line):
                    problems.append(Problem(path, number, f"looks like {what}"))
    return problems
