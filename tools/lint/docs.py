"""Relative links in the Markdown pages lead to files that exist."""

import re
from pathlib import Path
from urllib.parse import unquote

from tools.lint.files import project_files
from tools.lint.problem import Problem

LINK = re.compile(r"\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^\s*(```|~~~)")
CODE = re.compile(r"`[^`]*`")
ELSEWHERE = re.compile(r"^([a-z][a-z0-9+.-]*:|#|//)", re.IGNORECASE)


def check(root: Path) -> list[Problem]:
    """Find each link to a missing file in the *.md files under `root`, outside code."""
    problems: list[Problem] = []
    for path in project_files(root):
        if path.suffix != ".md":
            continue
        fenced = False
        for number, line in enumerate((root / path).read_text("utf-8").splitlines(), 1):
            if FENCE.match(line):
                fenced = not fenced
            if fenced:
                continue
            for target in LINK.findall(CODE.sub("", line)):
                name = unquote(target.partition("#")[0])
                if ELSEWHERE.match(target) or not name:
                    continue
                base = root if name.startswith("/") else (root / path).parent
                if not (base / name.lstrip("/")).exists():
                    problems.append(Problem(path, number, f"link to {name}, which is not there"))
    return problems
