"""Random bytes, watched by continuous health tests; fails closed.

Source: NIST SP 800-90B sections 4.3 and 4.4, the repetition count test and the adaptive
proportion test on bytes. They see a generator that is stuck, dead or heavily biased, not one
that is predictable: what comes from the interpreter has been conditioned already. So a claim
of 4 bits a byte is enough for them, and with a false alarm once in 2^30 samples the cut-offs
are those below.
"""

import os

from micropython import const

SIZE_MAX = const(64)
"""Most bytes asked at a time."""
REPETITIONS = const(9)
"""Cut-off of the repetition count: 1 + 30 / 4, rounded up (section 4.4.1)."""
WINDOW = const(512)
PROPORTION = const(71)
"""Cut-off of the adaptive proportion: 1 + CRITBINOM(512, 2^-4, 1 - 2^-30) (section 4.4.2)."""
START_UP = const(1024)
"""Samples tested and thrown away before the first is given out (section 4.3)."""


class RandomError(Exception):
    """The source failed a health test; no byte is given out any more until a restart."""


class RandomSource:
    def __init__(self, read: object = None) -> None:
        """read: a function of a length that answers with so many bytes; None: os.urandom."""
        self._read = os.urandom if read is None else read
        self._last = -1
        self._repeated = 0
        self._first = -1
        self._counted = 0
        self._seen = WINDOW
        self._started = False
        self.failure = ""
        """Which test failed; empty while the source is sound."""

    def take(self, size: int) -> bytes:
        """Return so many random bytes; ValueError outside 1..64, RandomError once unsound."""
        if not 1 <= size <= SIZE_MAX:
            raise ValueError("random bytes %d: must be 1 to %d" % (size, SIZE_MAX))
        if not self._started:
            for _ in range(0, START_UP, SIZE_MAX):
                self._draw(SIZE_MAX)
            self._started = True
        return self._draw(size)

    def _draw(self, size: int) -> bytes:
        if not self.failure:
            try:
                data = self._read(size)
            except OSError as e:
                self.failure = "read: %s" % e
            else:
                self._test(data, size)
        if self.failure:
            raise RandomError("random source: " + self.failure)
        return data

    def _test(self, data: bytes, size: int) -> None:
        if len(data) != size:
            self.failure = "%d bytes in place of %d" % (len(data), size)
            return
        for sample in data:
            if sample == self._last:
                self._repeated += 1
                if self._repeated >= REPETITIONS:
                    self.failure = "%d equal bytes in a row" % REPETITIONS
            else:
                self._last = sample
                self._repeated = 1
            if self._seen == WINDOW:
                self._first = sample
                self._counted = 1
                self._seen = 1
                continue
            self._seen += 1
            if sample == self._first:
                self._counted += 1
                if self._counted >= PROPORTION:
                    self.failure = "one byte %d times in %d" % (PROPORTION, WINDOW)
