"""Scratch folders of tests, below build/scratch of the working directory."""

import os

_FOLDER = 0x4000


def scratch_folder(name: str) -> str:
    """Make an empty folder of this name, whatever an earlier run left there; return its path."""
    path = ""
    for part in ("build", "scratch", name):
        path = path + "/" + part if path else part
        try:
            os.mkdir(path)
        except OSError:
            pass  # it is there
    _empty(path)
    return path


def _empty(folder: str) -> None:
    for name in os.listdir(folder):
        path = folder + "/" + name
        if os.stat(path)[0] & _FOLDER:
            _empty(path)
            os.rmdir(path)
        else:
            os.remove(path)
