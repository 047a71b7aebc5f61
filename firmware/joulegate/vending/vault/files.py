"""Places for secrets in files of the meter's storage.

A file is overwritten in place in one write, which littlefs makes atomic; a new one is written
under another name first. Two copies stand in two folders, and so in two metadata pairs. Every
file is below 512 bytes, up to where littlefs writes inline.

Whoever can read the flash can read these files, and what littlefs has left of them after they
were removed: docs/keys.md.
"""

import os
from errno import ENOENT

PLAIN = {"ring": ("/keys/ring.bin", "/keys.copy/ring.bin"), "decoder": ("/decoder.bin",)}
"""Where keys lie on a board without protected storage."""

SEALED = {"ring": ("/sealed/ring.bin", "/sealed.copy/ring.bin"),
          "decoder": ("/sealed/decoder.bin", "/sealed.copy/decoder.bin")}
"""Where they lie sealed by a secure element."""


class FilePlaces:
    where = "in files, in clear"

    def __init__(self, folder: str, paths: dict) -> None:
        """folder: of the meter's storage. paths: PLAIN or SEALED."""
        self._folder = folder
        self._paths = paths

    def count(self, name: str) -> int:
        """Return how many copies there are to be."""
        return len(self._paths[name])

    def label(self, name: str, copy: int) -> str:
        """Return what to call a copy in a report."""
        return "keys " + self._folder + self._paths[name][copy]

    def has(self, name: str) -> bool:
        """Return whether there is any copy; OSError."""
        for path in self._paths[name]:
            if _size(self._folder + path) is not None:
                return True
        return False

    def get(self, name: str, copy: int) -> bytes:
        """Return what a file holds; OSError."""
        with open(self._folder + self._paths[name][copy], "rb") as f:
            return f.read(512)

    def put(self, name: str, copy: int, data: bytes) -> None:
        """Write a file, all of it or nothing; OSError."""
        path = self._folder + self._paths[name][copy]
        if _size(path) == len(data):
            with open(path, "r+b") as f:
                f.write(data)
            return
        folder = path.rpartition("/")[0]
        if folder != self._folder and _size(folder) is None:
            os.mkdir(folder)
        with open(path + ".new", "wb") as f:
            f.write(data)
        os.rename(path + ".new", path)

    def remove(self, name: str, copy: int) -> None:
        """Take a file away, if it is there; OSError."""
        path = self._folder + self._paths[name][copy]
        if _size(path) is not None:
            os.remove(path)


def _size(path: str) -> "int | None":
    """Return the size of a file or folder, None when there is none."""
    try:
        return os.stat(path)[6]
    except OSError as e:
        if e.errno != ENOENT:
            raise
    return None
