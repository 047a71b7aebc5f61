"""Message numbers that were used, in a file beside the keys.

A number is never used twice with a key: it makes the nonce. It is on disk before it is given
out, and never below the clock's seconds, so that a lost file does not bring old ones back.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from tools.vend.errors import VendError

NUMBER_MAX = (1 << 32) - 1


class Numbers:
    """Used numbers by meter and key."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock

    def next_number(self, meter: str, kid: bytes) -> int:
        """A number above all that this key has used; VendError when they have run out."""
        name = f"{meter}/{kid.hex()}"
        lock = self._path.with_name(self._path.name + ".lock")
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                used = json.loads(self._path.read_text()) if self._path.exists() else {}
                number = max(used.get(name, 0) + 1, int(self._clock()))
                if number > NUMBER_MAX:
                    raise VendError(f"{self._path}: {name}: all numbers to {NUMBER_MAX} are used")
                self._store({**used, name: number})
            finally:
                os.close(descriptor)
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise VendError(f"{self._path}: {error}") from None
        return number

    def _store(self, used: dict[str, int]) -> None:
        new = self._path.with_name(self._path.name + ".new")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(used, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
