"""`python -m tools.docs [--check]`: make every page and picture of docs/ that is made from code.

Each module here that says "print docs/..." in the first line of its docstring prints that page;
one that says "draw ..." writes its own files. One with a FOLDER draws into docs/images/ and its
name, one with a [PART] prints one and is told to "write" all. Without --check what differs is
written; with it nothing stays changed, and the exit code is 1 if anything differs.
"""

import re
import subprocess
import sys
from pathlib import Path

from tools.bench.process import ROOT

FOLDER = Path(__file__).parent
DOCS = ROOT / "docs"
TIMEOUT_S = 300
PRINTS = re.compile(r'^"""`python -m (tools\.docs\.\w+)`: print (docs/[\w/-]+\.\w+)')
DRAWS = re.compile(r'^"""`python -m (tools\.docs\.\w+)`: draw\b')
DRAWS_INTO = re.compile(r'^"""`python -m (tools\.docs\.(\w+)) FOLDER`: draw ')
PARTS = re.compile(r'^"""`python -m (tools\.docs\.\w+) \[PART\]`: print ')


def makers() -> list[tuple[str, str | None]]:
    """Return what `python -m` is to run, with the page it prints, None if it writes by itself."""
    found: list[tuple[str, str | None]] = []
    for path in sorted(FOLDER.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if printed := PRINTS.match(text):
            found.append((printed[1], printed[2]))
        elif drawn := DRAWS.match(text):
            found.append((drawn[1], None))
        elif drawn := DRAWS_INTO.match(text):
            found.append((f"{drawn[1]} docs/images/{drawn[2]}", None))
        elif several := PARTS.match(text):
            found.append((f"{several[1]} write", None))
    return found


def output(module: str) -> str:
    """Run a module and return what it prints; raise RuntimeError with its error output."""
    done = subprocess.run(
        [sys.executable, "-m", *module.split()], cwd=ROOT, capture_output=True, text=True,
        timeout=TIMEOUT_S, check=False)
    if done.returncode:
        raise RuntimeError(f"{module} failed:\n{done.stderr}")
    return done.stdout


def contents() -> dict[Path, bytes]:
    """Return all files of docs/."""
    return {path: path.read_bytes() for path in DOCS.rglob("*") if path.is_file()}


def make() -> dict[Path, bytes]:
    """Make everything in place; return what docs/ was before."""
    before = contents()
    for module, page in makers():
        printed = output(module)
        if page is not None:
            (ROOT / page).write_text(printed, encoding="utf-8")
    return before


def main(arguments: list[str]) -> int:
    """Make docs/ anew, or check that it is as it would be made; return the exit code."""
    if arguments not in ([], ["--check"]):
        print(f"error: {' '.join(arguments)}: must be nothing or --check", file=sys.stderr)
        return 2
    before = make()
    after = contents()
    changed = sorted(path for path in before | after if before.get(path) != after.get(path))
    for path in changed:
        name = path.relative_to(ROOT).as_posix()
        if not arguments:
            print(f"{name}: made anew")
            continue
        print(f"error: {name} differs from what the code makes: python -m tools.docs",
              file=sys.stderr)
        if path in before:
            path.write_bytes(before[path])
        else:
            path.unlink()
    return 1 if arguments and changed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
