"""Keeps the heap in one piece while modules are loaded."""

import gc

from micropython import const

_BYTES = const(4096)
"""How much is taken from the heap between two collections while modules are loaded."""


class Loading:
    """As a context: modules stay where they are loaded, and without garbage between them the heap
    keeps a large piece.

    Only for the start: a collection takes longer than a tick may be late.
    """

    def __enter__(self) -> None:
        _threshold(_BYTES)

    def __exit__(self, *raised: object) -> None:
        _threshold(-1)


def _nothing(size: int) -> None:
    """Stand in for what only MicroPython has."""


_threshold = getattr(gc, "threshold", _nothing)
