"""Copy files to a board: only those that differ, and all of them whole before one takes effect.

A file is first written beside its place, as NAME.new, and read back by its SHA-256 on the
board. Renaming comes last, in one go, with what starts the firmware at the end: a copy that
breaks off leaves the board as it was.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from tools.meterctl.errors import LineError, Refused
from tools.meterctl.line import Line

STARTERS = ("boot.py", "main.py")
RECORDS = "flash"
"""The folder of the meter's records; nothing in it is ever touched."""
OWNED = "joulegate"
"""The folder in which what is not of the image is removed."""
_FILE_S = 120
_CHUNK = 512

_HELPERS = """
import os, hashlib, binascii
def _jg_hash(name):
    try:
        f = open(name, 'rb')
    except OSError:
        return ''
    with f:
        total = hashlib.sha256()
        part = memoryview(bytearray(512))
        while True:
            n = f.readinto(part)
            if not n:
                return binascii.hexlify(total.digest()).decode()
            total.update(part[:n])
def _jg_tree(folder):
    try:
        names = list(os.ilistdir(folder))
    except OSError:
        return
    for entry in names:
        path = folder + '/' + entry[0]
        if entry[1] & 0x4000:
            _jg_tree(path)
        else:
            print(path)
def _jg_folder(name):
    try:
        os.mkdir(name)
    except OSError:
        os.stat(name)
def _jg_finish(renamed, removed):
    for name in renamed:
        os.rename(name + '.new', name)
    for name in removed:
        os.remove(name)
"""

Progress = Callable[[int], object]


class File(Protocol):
    """A file of an image: its path on the board, and its bytes."""

    @property
    def path(self) -> str: ...
    @property
    def data(self) -> bytes: ...


class Copy:
    """What is to be done to bring a board's files to those of an image."""

    def __init__(self, line: Line, files: Sequence[File]) -> None:
        """Compare; nothing is changed yet."""
        self._line = line
        line.execute(_HELPERS)
        self._files = {file.path: file.data for file in files}
        self.changed = [path for path, data in self._files.items()
                        if self._hash(path) != hashlib.sha256(data).hexdigest()]
        self.stale = self._stale()
        self.size = sum(len(self._files[path]) for path in self.changed)

    def _hash(self, path: str) -> str:
        return self._line.execute(f"print(_jg_hash({path!r}))", _FILE_S).decode().strip()

    def _stale(self) -> list[str]:
        """Return the files that would be imported in place of one of the image, or for nothing."""
        there = self._line.execute(f"_jg_tree({OWNED!r})").decode().split()
        rewritten = {path + ".new" for path in self.changed}
        stale = {path for path in there if path not in self._files and path not in rewritten}
        # MicroPython takes NAME.py before NAME.mpy.
        twins = (path.removesuffix(".mpy") + ".py" for path in self._files
                 if path.endswith(".mpy"))
        stale |= {twin for twin in twins if self._hash(twin)}
        return sorted(stale)

    def run(self, progress: Progress) -> None:
        """Write, read back, rename; `progress` is told the bytes written so far."""
        for folder in _folders([*self._files, RECORDS + "/"]):
            self._line.execute(f"_jg_folder({folder!r})")
        done = 0
        for path in self.changed:
            self._write(path + ".new", self._files[path])
            done += len(self._files[path])
            progress(done)
        order = sorted(self.changed, key=lambda path: (path in STARTERS, path))
        self._line.execute(f"_jg_finish({order!r}, {self.stale!r})", _FILE_S)

    def _write(self, path: str, data: bytes) -> None:
        with self._line.exchange(_FILE_S) as transport:
            try:
                transport.fs_writefile(path, data, chunk_size=_CHUNK)
            except OSError as e:
                # mpremote tells an error of the board's files by the path, others are the line's.
                if e.strerror != path:
                    raise
                raise Refused(f"board: file {path}: {os.strerror(e.errno or 0)}; nothing was "
                              "changed") from e
        if self._hash(path) != hashlib.sha256(data).hexdigest():
            raise LineError(f"port {self._line.port}: file {path}: reads back as another; "
                            "nothing was changed, try again")


def _folders(paths: Iterable[str]) -> list[str]:
    """Return every folder that the paths need, outer ones first."""
    found: set[str] = set()
    for path in paths:
        parts = path.split("/")[:-1]
        found |= {"/".join(parts[:i + 1]) for i in range(len(parts))}
    return sorted(found)


def check_space(line: Line, size: int) -> None:
    """Refused if the board's file system has not room for so many bytes more."""
    text = line.execute(
        "import os\ns = os.statvfs('.')\nprint(s[0] * s[3])").decode().strip()
    if not text.isdigit():
        raise LineError(f"port {line.port}: free space {text[:40]!r}: must be a number")
    if int(text) < size:
        raise Refused(f"board: {text} bytes free, {size} are needed to copy before replacing")
