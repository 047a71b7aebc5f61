"""What was issued last to each meter: two tokens of one meter never share a minute.

One JSON file, `{"PAN/BASE": TID}`, replaced whole and locked while it is changed.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.vend.sts import StsError


def beside(keys: Path) -> Path:
    """Return where it is kept for the keys of a file: one place for all of a folder's keys, so
    that a token and a message never get the same TID."""
    return keys.with_name("issued.json")


class Issued:
    """The last TID of each meter and base date."""

    def __init__(self, path: Path, last: dict[str, int]) -> None:
        self._path = path
        self._last = last

    def last(self, pan: str, base: int) -> int | None:
        return self._last.get(f"{pan}/{base}")

    def note(self, pan: str, base: int, tid: int) -> None:
        """Remember a TID; on disk when this returns, before the token is shown."""
        self._last[f"{pan}/{base}"] = tid
        new = self._path.with_name(self._path.name + ".new")
        with open(new, "w") as f:
            json.dump(self._last, f, indent=1, sort_keys=True)
            f.flush()
            os.fsync(f.fileno())
        os.replace(new, self._path)


@contextmanager
def opened(path: Path) -> Iterator[Issued]:
    """Open the file for one station at a time; made if there is none. StsError if damaged."""
    with open(path.with_name(path.name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        last = {}
        if path.exists():
            try:
                last = json.loads(path.read_text())
            except ValueError as e:
                raise StsError(f"{path}: is no JSON; mend it, tokens might repeat") from e
            if not isinstance(last, dict) or not all(type(n) is int for n in last.values()):
                raise StsError(f"{path}: must be an object of TIDs; mend it, tokens might repeat")
        yield Issued(path, last)
