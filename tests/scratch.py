"""Scratch folders of tests: below JOULEGATE_SCRATCH, which the harness makes anew for each run
of a file, or below build/scratch when a file is run by hand.
"""

import os

_FOLDER = 0x4000
_BY_HAND = ("build", "scratch")


def scratch_folder(name: str) -> str:
    """Make an empty folder of this name, whatever was there before; return its path."""
    path = os.getenv("JOULEGATE_SCRATCH")
    if path is None:
        path = "."
        for part in _BY_HAND:
            path = _folder(path, part)
    path = _folder(path, name)
    empty_folder(path)
    return path


def _folder(path: str, name: str) -> str:
    if name not in os.listdir(path):
        _make(path + "/" + name)
    return path + "/" + name


def _make(path: str) -> None:
    try:
        os.mkdir(path)
    except OSError:
        os.stat(path)  # another run may have made it meanwhile


def empty_folder(folder: str) -> None:
    """Remove all that is in a folder."""
    for name in os.listdir(folder):
        path = folder + "/" + name
        if os.stat(path)[0] & _FOLDER:
            empty_folder(path)
            os.rmdir(path)
        else:
            os.remove(path)
