"""Which files a check of the whole tree reads."""

import subprocess
from pathlib import Path

SKIPPED = frozenset({".git", ".venv", "build", "node_modules"})


def project_files(root: Path) -> list[Path]:
    """The files that git tracks or would track under `root`, sorted, relative to it.

    Where there is no git repository, every file outside the folders of SKIPPED.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    except FileNotFoundError:
        done = None
    if done is not None and done.returncode == 0:
        paths = {Path(name) for name in done.stdout.split("\0") if name}
    else:
        paths = {file.relative_to(root) for file in root.rglob("*")}
    return sorted(
        path for path in paths if not SKIPPED & set(path.parts) and (root / path).is_file()
    )
