"""Makes any step of file access fail: opening, seeking, writing, flushing, closing, renaming.

`install()` stands before every import of the firmware: modules keep the `os` they imported. A
step that fails has done nothing. Closing fails in two ways: nothing of the file was committed,
or all was and the error came after. A write to the FRAM is a step, too (lean_fram.py). Reading
is none: it changes nothing that must last.
"""

import builtins
import os as _os
import sys

_open = builtins.open

NOT_DONE = 0
DONE = 1


class Steps:
    """Counts the steps; raises `error` at one of them."""

    def __init__(self) -> None:
        self.taken = 0
        self.closes = []
        """Which of the steps taken were closings."""
        self._at = 0
        self._error = None
        self._way = NOT_DONE
        self._flash = None

    def watch(self, flash: object) -> None:
        """Count from here on; flash: that the files stand on, disturbed when a closing fails."""
        self.taken = 0
        self.closes = []
        self._at = 0
        self._flash = flash

    def fail_at(self, step: int, error: Exception, way: int = NOT_DONE) -> None:
        """Let the N-th step from now raise."""
        self.taken = 0
        self._at = step
        self._error = error
        self._way = way

    @property
    def failed(self) -> bool:
        """Whether the step that was to fail has come."""
        return 0 < self._at <= self.taken

    def take(self) -> None:
        self.taken += 1
        if self.taken == self._at:
            raise self._error

    def close(self, file: object) -> None:
        self.taken += 1
        self.closes.append(self.taken)
        if self.taken != self._at:
            file.close()
            return
        if self._way == DONE:
            file.close()
        else:
            self._flash.cut_power()
            try:
                file.close()
            except OSError:
                pass
            self._flash.restore_power()
        raise self._error


STEPS = Steps()


class _File:
    """A file open for writing."""

    def __init__(self, file: object) -> None:
        self._file = file

    def __enter__(self) -> "_File":
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            STEPS.close(self._file)
        else:
            self._file.close()

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)

    def seek(self, offset: int, whence: int = 0) -> int:
        STEPS.take()
        return self._file.seek(offset, whence)

    def write(self, content: bytes) -> int:
        STEPS.take()
        return self._file.write(content)

    def flush(self) -> None:
        STEPS.take()
        self._file.flush()

    def close(self) -> None:
        STEPS.close(self._file)


class _FaultyOs:
    def __getattr__(self, name: str) -> object:
        return getattr(_os, name)

    def rename(self, old: str, new: str) -> None:
        STEPS.take()
        _os.rename(old, new)

    def remove(self, path: str) -> None:
        STEPS.take()
        _os.remove(path)

    def mkdir(self, path: str) -> None:
        STEPS.take()
        _os.mkdir(path)


def _faulty_open(path: str, mode: str = "r", *more: object) -> object:
    if mode in ("r", "rb"):
        return _open(path, mode, *more)
    STEPS.take()
    return _File(_open(path, mode, *more))


def install() -> None:
    """Put the steps before `open` and `os` of all that is imported from now on."""
    builtins.open = _faulty_open
    sys.modules["os"] = _FaultyOs()
