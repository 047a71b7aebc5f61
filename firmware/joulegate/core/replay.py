"""The replay store: which purchases have been taken.

A purchase has one identity in every encoding, its TID: 24 bits, rising with the time of issue
as STS tokens count it. The store keeps the latest MARKS of them; it travels in the ledger's
hot record, so a credit and its mark can never part. Once it is full, a TID below the lowest
kept one is refused as old, since nothing can tell any more whether it was used.

TIDs count minutes from one of three base dates, and mean nothing beside those of another one.
So the store says which it holds, in the same record.
"""

from array import array

from micropython import const

MARKS = const(50)
TID_MAX = const(0xFFFFFF)
BASE_2014 = const(1)
BASE_LAST = const(2)
"""Bases by number: 0 is 1993, 1 is 2014, 2 is 2035."""


class Replay:
    def __init__(self) -> None:
        self.marks = array("I", [0] * MARKS)
        self.base = BASE_2014
        """Number of the base date that the marks count from."""

    def used(self, tid: int) -> bool:
        for mark in self.marks:  # MicroPython's arrays do not know `in`
            if mark == tid:
                return True
        return False

    def old(self, tid: int) -> bool:
        """Return whether a TID lies below all of a full store."""
        return tid < min(self.marks)

    def use_base(self, base: int) -> bool:
        """Count from another base date and forget what counted from the old one.

        Return whether it is another one; the ledger is to be committed then.
        """
        if base == self.base:
            return False
        self.base = base
        for i in range(MARKS):
            self.marks[i] = 0
        return True

    def mark(self, tid: int) -> None:
        """Remember a TID in place of the lowest."""
        lowest = 0
        for i in range(1, MARKS):
            if self.marks[i] < self.marks[lowest]:
                lowest = i
        self.marks[lowest] = tid
