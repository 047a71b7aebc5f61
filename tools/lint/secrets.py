"""Refuse what must never be published: keys, passwords, home paths, index addresses.

A net with coarse meshes against accidents, not a scanner of secrets. Test vectors are published
keys, so tests/vectors and data are not read, and what they hold may be quoted. A meter's key is
any long hexadecimal number behind the word key; tests make theirs up, so there they may stand.
"""

import re
from itertools import pairwise
from pathlib import Path

from tools.lint.files import project_files
from tools.lint.problem import Problem

VECTOR_FOLDERS = ("tests/vectors/", "data/")
TEST_FOLDER = "tests/"
METER_KEY = re.compile(
    r"(?<!content )key\w*[\"'`)]*\s*(?:[:=|,(]\s*|\s)"
    r"(?:bytes\.fromhex\(|unhexlify\()?[rbf]?[\"'`]?"
    r"([0-9a-fA-F]{32,})(?![0-9a-zA-Z])",
    re.IGNORECASE,
)
"""A key of a meter or of a supply group: 16 bytes or more. The content key of one message, as
docs/messages.md shows it, opens nothing else."""
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
    published = _published(root)
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
            if not path.as_posix().startswith(TEST_FOLDER):
                problems += [
                    Problem(path, number, "looks like a meter's key")
                    for key in METER_KEY.findall(line) if not _made_up(key, published)]
    return problems


def _published(root: Path) -> str:
    """The test vectors, in one text."""
    return "\n".join(
        path.read_text("utf-8").lower() for path in sorted(root.glob("tests/vectors/*.json")))


def _made_up(key: str, published: str) -> bool:
    """Whether a key is nobody's: of published vectors, or bytes that rise evenly."""
    digits = key.lower()
    if digits in published:
        return True
    if len(digits) % 2:
        return False
    values = bytes.fromhex(digits)
    return len({(b - a) % 256 for a, b in pairwise(values)}) == 1
