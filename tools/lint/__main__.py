"""Run every check on the working tree: `python -m tools.lint [ROOT]`; 1 if any rule is broken."""

import sys
from pathlib import Path

from tools.lint import assertions, docs, imports, secrets

CHECKS = (imports.check, assertions.check, docs.check, secrets.check)


def main(arguments: list[str]) -> int:
    """Print each problem as FILE:LINE: rule; 0 when there is none, else 1."""
    root = Path(arguments[0] if arguments else ".").resolve()
    problems = sorted({problem for check in CHECKS for problem in check(root)})
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
