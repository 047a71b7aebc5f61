"""Fetch the MicroPython packages that the firmware and its tests import.

They are upip-style source archives with no build metadata, so pip can neither install nor
download them. `unearth` finds and downloads the pinned version from the configured index; the
archive must have the SHA-256 written here, and only the modules named here are unpacked.

    python -m tools.setup.packages DIRECTORY [peers]

With `peers` come those that only tests speak to, in a folder of their own: what is not ours to
ship must not get near the firmware.
"""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ARCHIVE_LIMIT = 1 << 20
"""No pinned archive is near 1 MiB; a larger one is not what was pinned."""
TIMEOUT_S = 120


class PackageError(Exception):
    """A package that cannot be had, or is not the one pinned."""


@dataclass(frozen=True)
class Package:
    """One pinned package: what to ask for, what must come, and what to take out of it."""

    name: str
    version: str
    sha256: str
    modules: tuple[str, ...]


PACKAGES = (
    Package(
        "micropython-umqtt.simple",
        "1.3.4",
        "b6a2520239e3992c63a7de9370ee9b3d9d27819a90359c521f1c0f7ccab8d12f",
        ("umqtt/simple.py",),
    ),
    Package(
        "micropython-unittest",
        "0.4",
        "83b4a65c44b2f6382bc3dd8fbbe002b5679dbfc3744b99eaa59802e6fd14cf67",
        ("unittest.py",),
    ),
)

PEERS = (
    # GPL-3.0, whatever the index says of it: a master for tests, and no part of anything else.
    Package(
        "micropython-modbus",
        "2.3.7",
        "b9351a66af0ff29dd585900e53827a989dedcb02ec63b1041358165089652271",
        tuple(f"umodbus/{name}.py" for name in (
            "__init__", "common", "const", "functions", "modbus", "serial", "typing", "version")),
    ),
)
SETS = {"": PACKAGES, "peers": PEERS}


def download(package: Package, directory: Path) -> Path:
    """Download the archive of `package` into `directory` and return its path.

    Raises PackageError when the index does not have it or does not answer in time.
    """
    requirement = f"{package.name}=={package.version}"
    command = [sys.executable, "-m", "unearth", "--download", str(directory), requirement]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired as late:
        raise PackageError(f"{requirement}: no answer within {TIMEOUT_S} s") from late
    archives = sorted(directory.glob(f"{package.name}-*.tar.gz"))
    if done.returncode or len(archives) != 1:
        raise PackageError(f"{requirement}: cannot be downloaded: {done.stderr.strip()[-500:]}")
    return archives[0]


def unpack(package: Package, archive: Path, directory: Path) -> None:
    """Check `archive` against the pinned SHA-256 and write its modules under `directory`.

    Members are found by their full name and written by the names pinned here, so nothing that
    an archive says (links, `..`, absolute names) decides where a byte goes. Raises PackageError
    for another hash, a size above ARCHIVE_LIMIT, or a module that is missing or no plain file.
    """
    if archive.stat().st_size > ARCHIVE_LIMIT:
        raise PackageError(f"{archive.name}: larger than {ARCHIVE_LIMIT} bytes")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != package.sha256:
        raise PackageError(f"{archive.name}: SHA-256 is {digest}, pinned is {package.sha256}")
    with tarfile.open(archive) as tar:
        for module in package.modules:
            try:
                member = tar.getmember(f"{package.name}-{package.version}/{module}")
            except KeyError as missing:
                raise PackageError(f"{archive.name}: holds no {module}") from missing
            source = tar.extractfile(member) if member.isfile() else None
            if source is None:
                raise PackageError(f"{archive.name}: {module} is no plain file")
            target = directory / module
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read(ARCHIVE_LIMIT))


def main(arguments: list[str]) -> int:
    """Fetch every pinned package into the directory named; 0, or 1 with the reason."""
    directory, which, *rest = [*arguments, "", ""]
    if not directory or which not in SETS or any(rest):
        print("usage: python -m tools.setup.packages DIRECTORY [peers]", file=sys.stderr)
        return 2
    try:
        with tempfile.TemporaryDirectory() as scratch:
            for package in SETS[which]:
                unpack(package, download(package, Path(scratch)), Path(directory))
    except PackageError as error:
        print(f"packages: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
