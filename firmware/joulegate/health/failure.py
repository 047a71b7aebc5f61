"""The failure that made the meter start again: what it was and where, kept for who looks later.

An exception that nobody handles ends in a reset. Its last lines are stored first, in a file of
bounded length; the next start finds them, and the event log says that there was one.
"""

import io
import os
import sys
from errno import ENOENT

from micropython import const

TEXT_MAX = const(400)


class Failure:
    def __init__(self, path: str) -> None:
        self._path = path
        self.text = ""
        """The stored failure, "" for none."""

    def load(self) -> bool:
        """Read what is stored; return whether it is new since the last start."""
        try:
            with open(self._path, "rb") as f:
                stored = f.read(TEXT_MAX + 1)
        except OSError as e:
            if e.errno != ENOENT:
                self.text = "failure: cannot be read: %s" % e
            return False
        self.text = "".join([chr(c) if 32 <= c < 127 or c == 10 else "?" for c in stored[1:]])
        if stored[:1] != b"N":
            return False
        self._put(b"O" + stored[1:])
        return True

    def keep(self, error: BaseException) -> None:
        """Store an exception with its place; storage that fails is no further failure."""
        out = io.StringIO()
        sys.print_exception(error, out)
        lines = out.getvalue().strip().split("\n")
        # The end says most: the innermost place and the error.
        text = "\n".join([line.strip() for line in lines[-4:]])
        self._put(b"N" + text.encode()[-TEXT_MAX + 1:])

    def _put(self, content: bytes) -> None:
        try:
            with open(self._path + ".new", "wb") as f:
                f.write(content)
            os.rename(self._path + ".new", self._path)
        except OSError:
            pass
