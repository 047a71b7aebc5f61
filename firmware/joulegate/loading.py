"""Keeps the heap in one piece, while modules are loaded and ever after."""

import gc

from micropython import const

_LOADING_BYTES = const(4096)
"""How much is taken from the heap between two collections while modules are loaded."""
IN_USE_BYTES = const(32768)
"""The same at all other times. While a meter starts it leaves a free piece of 97 kB instead of
3 kB on an RP2040. Later MeteringTask collects before it comes to that, but for messages in a row:
what each of them changes would be strewn over all of the heap."""


class Loading:
    """As a context: modules stay where they are loaded, and without garbage between them the heap
    keeps a large piece.

    Only for the start: a collection takes longer than a tick may be late.
    """

    def __enter__(self) -> None:
        self._before = _threshold()
        _threshold(_LOADING_BYTES)

    def __exit__(self, *raised: object) -> None:
        _threshold(self._before)


def _nothing(size: int = 0) -> int:
    """Stand in for what only MicroPython has."""
    return size


_threshold = getattr(gc, "threshold", _nothing)
